// Package voice keeps complaints and suggestions (投诉和建议): what a villager says, the village's answer in writing within some
// working days, and what the villager thinks of the answer. Who speaks is known to those who answer and to nobody else;
// what is said about the village's own officials goes to the town, past them. What is overdue, or answered badly, the town
// sees. Nothing here touches points, standing or anything else of who spoke.
package voice

import (
	"context"
	"strings"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/storage"
)

// Limits of one call.
const (
	MaxText      = 500 // characters
	MaxNote      = 200
	MaxPhotos    = 3
	MaxOpen      = 10 // of one household that wait for an answer
	DefaultLimit = 20
	MaxLimit     = 50
)

// Photos is the kind of use of photos that are shown with a voice.
const Photos = "voice"

// Kinds of texts that are checked; the ref is the voice.
const (
	textOfVoices  = "voice"
	textOfAnswers = "voice_answer"
)

// Who may do what. Nobody answers the own or a kin household; what is meant for the town is kept from the village on top of this.
var (
	MaySpeak = access.Need{Scope: access.Self, Roles: []access.Role{access.GroupLeader, access.TeamMember, access.FirstSecretary}}
	MaySee   = access.Need{Scope: access.Village, Roles: access.Everyone}
	// MayAnswer is for the village; over a region, for what has come up to it.
	MayAnswer = access.Need{Scope: access.Village, Roles: []access.Role{access.TeamMember, access.FirstSecretary, access.Supervisor, access.CountyAdmin}}
	MayLookUp = access.Need{Scope: access.Region, Roles: []access.Role{access.Supervisor, access.CountyAdmin}}

	listens = access.Need{Scope: access.Village, Roles: []access.Role{access.TeamMember, access.FirstSecretary, access.VillageSupervisor, access.Supervisor, access.CountyAdmin}}
	above   = access.Need{Scope: access.Village, Roles: []access.Role{access.Supervisor, access.CountyAdmin}}
)

var (
	ErrInvalid   = errs.New(errs.Invalid, "voice_invalid", "填写的内容有误，请按提示修改")
	ErrNoVoice   = errs.New(errs.NotFound, "voice_not_found", "没有找到这一条，请刷新后再看")
	ErrMany      = errs.New(errs.Conflict, "voice_too_many", "您家还有10条没有答复，请等答复后再提")
	ErrState     = errs.New(errs.Conflict, "voice_state", "这一条已经办过了，请刷新后再看")
	ErrNotAuthor = errs.New(errs.Forbidden, "voice_not_author", "只有反映的人可以办理")
	ErrForTown   = errs.New(errs.Conflict, "voice_for_town", "这一条要由镇里答复")
	ErrHousehold = errs.New(errs.NotFound, "voice_household_not_found", "本村没有这一户，请重新选择")
)

// Kinds and states of a voice.
const (
	Complaint  = "complaint"
	Suggestion = "suggestion"

	Open      = "open"
	Answered  = "answered"
	Withdrawn = "withdrawn"
)

// Why the town sees a voice of a village.
const (
	Overdue     = "overdue"
	Unsatisfied = "unsatisfied"
)

// Ratings of an answer.
const (
	Bad  = 1
	Fair = 2
	Good = 3
)

var names = map[string]string{Complaint: "投诉", Suggestion: "建议", Open: "等待答复", Answered: "已答复", Withdrawn: "已撤回"}

// Voice is one thing that was said. Who said it is left out for everybody but its author and those who answer.
type Voice struct {
	ID          id.ID        `json:"id"`
	Kind        string       `json:"kind" enum:"complaint,suggestion"`
	KindName    string       `json:"kind_name"`
	ToTown      bool         `json:"to_town" doc:"about the village's officials: only the town and county see and answer it"`
	Text        string       `json:"text"`
	TextHeld    bool         `json:"text_held,omitempty" doc:"the content check holds the text back"`
	State       string       `json:"state" enum:"open,answered,withdrawn"`
	StateName   string       `json:"state_name"`
	Mine        bool         `json:"mine" doc:"the caller said it, or it was entered for the caller's household"`
	Household   id.ID        `json:"household,omitempty" doc:"for those who answer and the author"`
	Number      string       `json:"number,omitempty"`
	Name        string       `json:"name,omitempty" doc:"who said it"`
	EnteredFor  bool         `json:"entered_for" doc:"an official wrote it down for somebody without a phone"`
	MadeAt      int64        `json:"made_at" doc:"milliseconds since 1970 UTC"`
	DueOn       clock.Day    `json:"due_on" doc:"last day for the answer"`
	Late        bool         `json:"late" doc:"still open after that day"`
	RaisedOn    clock.Day    `json:"raised_on,omitempty" doc:"since when the town sees it"`
	RaisedWhy   string       `json:"raised_why,omitempty" enum:"overdue,unsatisfied"`
	Answer      string       `json:"answer,omitempty"`
	AnsweredAt  int64        `json:"answered_at,omitempty"`
	AnswererID  id.ID        `json:"-"`
	Answerer    string       `json:"answerer,omitempty"`
	Rating      int          `json:"rating" doc:"3 good, 2 fair, 1 bad; 0 not rated"`
	RatingNote  string       `json:"rating_note,omitempty"`
	MayBeShown  bool         `json:"may_be_shown" doc:"the author agrees that the village reads it, without a name"`
	Shown       bool         `json:"shown" doc:"the village reads it with its answer"`
	Photos      []media.Shot `json:"photos,omitempty"`
	Village     id.ID        `json:"village_id"`
	VillageName string       `json:"village_name,omitempty" doc:"in lists of a region"`
	Steps       []Step       `json:"steps,omitempty" doc:"of one voice, for its author and those who answer"`
	Repeated    bool         `json:"repeated,omitempty"`

	author, member, household id.ID
}

// Step is what happened to a voice.
type Step struct {
	At   int64  `json:"at" doc:"milliseconds since 1970 UTC"`
	Step string `json:"step" enum:"said,answered,raised,rated,withdrawn"`
	Text string `json:"text,omitempty"`
	By   string `json:"by,omitempty" doc:"name of the official"`
}

// Workdays is the day n working days after a day.
type Workdays func(day clock.Day, n int) clock.Day

// Service is the use cases of this package.
type Service struct {
	db     *storage.DB
	now    clock.Clock
	photos *media.Service
	names  func(ctx context.Context, users ...id.ID) (map[id.ID]string, error)
	after  Workdays
	days   int // working days for an answer
}

// New makes the service; days is how many working days an answer may take.
func New(db *storage.DB, now clock.Clock, photos *media.Service, names func(ctx context.Context, users ...id.ID) (map[id.ID]string, error), after Workdays, days int) *Service {
	return &Service{db: db, now: now, photos: photos, names: names, after: after, days: days}
}

// text checks a piece of writing and takes the blanks round it off.
func text(path, name, value string, must bool, most int) (string, error) {
	value = strings.TrimSpace(value)
	msg := ""
	switch n := utf8.RuneCountInString(value); {
	case must && n == 0:
		msg = "请填写" + name
	case n > most:
		msg = name + "太长了，请写短一些"
	case !utf8.ValidString(value):
		msg = name + "里有不能识别的字符"
	}
	if msg != "" {
		return "", ErrInvalid.With("%s", msg).WithFields(errs.Field{Path: path, Msg: msg})
	}
	return value, nil
}

// sees says what an actor may do with a voice: as its author, as one who listens, as one of the village who may read what is shown.
func (v *Voice) sees(a access.Actor) (author, listener bool) {
	place := access.Place{Village: v.Village}
	author = v.author != 0 && v.author == a.User()
	if v.author == 0 {
		for _, h := range a.Homes() {
			author = author || h.Household == v.household
		}
	}
	if v.ToTown {
		return author, a.Allow(above, place) == nil
	}
	return author, a.Allow(listens, place) == nil
}
