package httpapi

import (
	"context"
	"slices"

	"hefen/internal/access"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/voice"
)

// mayJudge: who looks at what the content check leaves to a person.
var mayJudge = access.Need{Scope: access.Village, Roles: []access.Role{access.TeamMember, access.FirstSecretary}}

func (s *Server) registerVoices(a *api) {
	const voices, one = "/villages/{village}/voices", "/villages/{village}/voices/{voice}"
	register(a, post("/villages/{village}/households/{household}/voices", "speak", "投诉和建议：本户的人提，或由工作人员替没有手机的人写下").tagged("voices"), voice.MaySpeak, s.speak)
	register(a, get(voices, "list-voices", "投诉和建议：自己提的、村里公开的；答复的人看到全部"), voice.MaySee, s.listVoices)
	register(a, get(one, "get-voice", "一条投诉或建议和它经过的每一步"), voice.MaySee, s.getVoice)
	register(a, post(one+"/answer", "answer-voice", "书面答复；到了镇里的由镇里答复"), voice.MayAnswer, s.answerVoice)
	register(a, post(one+"/rate", "rate-voice", "反映的人评价答复；不满意的镇里会看到"), voice.MaySee, s.rateVoice)
	register(a, post(one+"/withdraw", "withdraw-voice", "答复以前撤回"), voice.MaySee, s.withdrawVoice)
	register(a, get("/regions/{region}/voices", "list-raised-voices", "镇县：各村超期没有答复、答复不满意的，和直接提给镇里的").tagged("voices"), voice.MayLookUp, s.listRaisedVoices)

	register(a, get("/villages/{village}/content-reviews", "list-content-reviews", "内容检查拿不准、要人看一眼的文字和照片"), mayJudge, s.listReviews)
	register(a, post("/villages/{village}/content-reviews/{review}", "judge-content", "可以显示，或者不显示"), mayJudge, s.judgeContent)
}

type speakInput struct {
	InHousehold
	Body voice.SpeakRequest
}

func (s *Server) speak(ctx context.Context, by access.Actor, in *speakInput) (voice.Voice, error) {
	return s.Voice.Speak(ctx, by, in.Village.ID, in.Household.ID, in.Body)
}

// VoicePage is what lists of voices are asked with.
type VoicePage struct {
	State  string  `query:"state" enum:"open,answered,withdrawn" doc:"空为全部"`
	Cursor idParam `query:"cursor" doc:"上一页给出的 next"`
	Limit  int     `query:"limit" minimum:"0" maximum:"50"`
}

type voicesInput struct {
	InVillage
	VoicePage
	Of string `query:"of" enum:"mine,shown,all" default:"all" doc:"自己提的、村里公开的、全部（只对答复的人，其他人看到自己提的）"`
}

func (s *Server) listVoices(ctx context.Context, by access.Actor, in *voicesInput) (voice.Page, error) {
	return s.Voice.List(ctx, by, in.Village.ID, voice.Filter{Of: in.Of, State: in.State, Before: in.Cursor.ID, Limit: in.Limit})
}

type InVoice struct {
	InVillage
	Voice idParam `path:"voice"`
}

func (s *Server) getVoice(ctx context.Context, by access.Actor, in *InVoice) (voice.Voice, error) {
	return s.Voice.Get(ctx, by, in.Village.ID, in.Voice.ID)
}

type answerVoiceInput struct {
	InVoice
	Body voice.AnswerRequest
}

func (s *Server) answerVoice(ctx context.Context, by access.Actor, in *answerVoiceInput) (voice.Voice, error) {
	return s.Voice.Answer(ctx, by, in.Village.ID, in.Voice.ID, in.Body)
}

type rateVoiceInput struct {
	InVoice
	Body voice.RateRequest
}

func (s *Server) rateVoice(ctx context.Context, by access.Actor, in *rateVoiceInput) (voice.Voice, error) {
	return s.Voice.Rate(ctx, by, in.Village.ID, in.Voice.ID, in.Body)
}

type voiceStepInput struct {
	InVoice
	Body voice.StepRequest
}

func (s *Server) withdrawVoice(ctx context.Context, by access.Actor, in *voiceStepInput) (voice.Voice, error) {
	return s.Voice.Withdraw(ctx, by, in.Village.ID, in.Voice.ID, in.Body)
}

type raisedInput struct {
	Region idParam `path:"region"`
	VoicePage
}

func (s *Server) listRaisedVoices(ctx context.Context, by access.Actor, in *raisedInput) (voice.Page, error) {
	return s.Voice.Raised(ctx, by, in.Region.ID, voice.Filter{State: in.State, Before: in.Cursor.ID, Limit: in.Limit})
}

type reviewsInput struct {
	InVillage
	Cursor idParam `query:"cursor" doc:"上一页给出的 next"`
	Limit  int     `query:"limit" minimum:"0" maximum:"50"`
}

func (s *Server) listReviews(ctx context.Context, by access.Actor, in *reviewsInput) (media.Reviews, error) {
	list, err := s.Media.Reviews(ctx, media.Viewer{User: by.User(), Official: true}, in.Village.ID, in.Cursor.ID, in.Limit)
	if err != nil {
		return list, err
	}
	var senders []id.ID
	for _, r := range list.Items {
		if !slices.Contains(senders, r.By) {
			senders = append(senders, r.By)
		}
	}
	names, err := s.Access.Names(ctx, senders...)
	for i := range list.Items {
		list.Items[i].Sender = names[list.Items[i].By]
	}
	return list, err
}

type judgeInput struct {
	InVillage
	Review idParam `path:"review"`
	Body   media.JudgeRequest
}

func (s *Server) judgeContent(ctx context.Context, by access.Actor, in *judgeInput) (media.Judged, error) {
	return s.Media.Judge(ctx, sender(by, in.Village), in.Review.ID, in.Body)
}
