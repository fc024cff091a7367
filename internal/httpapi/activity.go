package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/activity"
)

func (s *Server) registerActivities(a *api) {
	const all, one = "/villages/{village}/activities", "/villages/{village}/activities/{activity}"
	register(a, post(all, "call-activity", "发起活动：参加的人签到，结束后按事项各记一条"), activity.MayOrganise, s.callActivity)
	register(a, get(all, "list-activities", "活动，新的在前，和自家谁签到了"), activity.MaySee, s.listActivities)
	register(a, get(one, "get-activity", "一个活动"), activity.MaySee, s.getActivity)
	register(a, post(one, "change-activity", "修改活动：名称、地点、时间、名额、每人的分值"), activity.MayOrganise, s.changeActivity)
	register(a, post(one+"/cancel", "cancel-activity", "取消活动，已签到的人会收到消息"), activity.MayOrganise, s.cancelActivity)
	register(a, get(one+"/code", "get-activity-code", "组织者的手机显示签到码要用的密钥；取到以后没有信号也能显示"), activity.MayOrganise, s.activityCode)
	register(a, post(one+"/checkins", "check-in", "签到：扫组织者手机上的码，或输入六位数字"), activity.MayCheckIn, s.checkIn)
	register(a, get(one+"/attendees", "list-attendees", "签到名单"), activity.MayOrganise, s.attendees)
	register(a, post(one+"/attendees", "enter-attendees", "补登没有手机的人"), activity.MayOrganise, s.enterAttendees)
	register(a, post(one+"/attendees/mark", "mark-attendees", "确认没有信号时的签到，或者划掉没有来的人"), activity.MayOrganise, s.markAttendees)
	closing := post(one+"/close", "close-activity", "结束活动，全部入账；中断了再办一次会接着办，每人只记一次")
	closing.Doc = "按细则不能记的人写明原因留在名单上；办理人本人和亲属家的人留给其他工作人员再办一次。"
	register(a, closing, activity.MayOrganise, s.closeActivity)
}

type callInput struct {
	InVillage
	Body activity.CallRequest
}

func (s *Server) callActivity(ctx context.Context, by access.Actor, in *callInput) (activity.Activity, error) {
	return s.Activity.Call(ctx, by, in.Village.ID, in.Body)
}

type activitiesInput struct {
	InVillage
	State  string  `query:"state" enum:"open,closing,closed,cancelled" doc:"空为全部"`
	Cursor idParam `query:"cursor" doc:"上一页给出的 next"`
	Limit  int     `query:"limit" minimum:"0" maximum:"50"`
}

func (s *Server) listActivities(ctx context.Context, by access.Actor, in *activitiesInput) (activity.Page, error) {
	return s.Activity.List(ctx, by, in.Village.ID, activity.Filter{State: in.State, Before: in.Cursor.ID, Limit: in.Limit})
}

type InActivity struct {
	InVillage
	Activity idParam `path:"activity"`
}

func (s *Server) getActivity(ctx context.Context, by access.Actor, in *InActivity) (activity.Activity, error) {
	return s.Activity.Get(ctx, by, in.Village.ID, in.Activity.ID)
}

type changeActivityInput struct {
	InActivity
	Body activity.CallRequest
}

func (s *Server) changeActivity(ctx context.Context, by access.Actor, in *changeActivityInput) (activity.Activity, error) {
	return s.Activity.Change(ctx, by, in.Village.ID, in.Activity.ID, in.Body)
}

type cancelActivityInput struct {
	InActivity
	Body activity.CancelRequest
}

func (s *Server) cancelActivity(ctx context.Context, by access.Actor, in *cancelActivityInput) (activity.Activity, error) {
	return s.Activity.Cancel(ctx, by, in.Village.ID, in.Activity.ID, in.Body)
}

func (s *Server) activityCode(ctx context.Context, by access.Actor, in *InActivity) (activity.Secret, error) {
	return s.Activity.CodeSecret(ctx, by, in.Village.ID, in.Activity.ID)
}

type checkInInput struct {
	InActivity
	Body activity.CheckInRequest
}

func (s *Server) checkIn(ctx context.Context, by access.Actor, in *checkInInput) (activity.Attendee, error) {
	return s.Activity.CheckIn(ctx, by, in.Village.ID, in.Activity.ID, in.Body)
}

type attendeesInput struct {
	InActivity
	Cursor idParam `query:"cursor" doc:"上一页给出的 next"`
	Limit  int     `query:"limit" minimum:"0" maximum:"200"`
}

func (s *Server) attendees(ctx context.Context, by access.Actor, in *attendeesInput) (activity.Attendees, error) {
	return s.Activity.Attendees(ctx, by, in.Village.ID, in.Activity.ID, in.Cursor.ID, in.Limit)
}

type enterInput struct {
	InActivity
	Body activity.EnterRequest
}

func (s *Server) enterAttendees(ctx context.Context, by access.Actor, in *enterInput) (activity.Activity, error) {
	return s.Activity.Enter(ctx, by, in.Village.ID, in.Activity.ID, in.Body)
}

type markAttendeesInput struct {
	InActivity
	Body activity.MarkRequest
}

func (s *Server) markAttendees(ctx context.Context, by access.Actor, in *markAttendeesInput) (activity.Activity, error) {
	return s.Activity.Mark(ctx, by, in.Village.ID, in.Activity.ID, in.Body)
}

type closeActivityInput struct {
	InActivity
	Body activity.CloseRequest
}

func (s *Server) closeActivity(ctx context.Context, by access.Actor, in *closeActivityInput) (activity.Activity, error) {
	return s.Activity.Close(ctx, by, in.Village.ID, in.Activity.ID, in.Body)
}
