// Package activity is events at which people earn points by being there (活动签到): an official calls one, its phone shows a code
// that changes every 30 seconds, and whoever scans or types it on the spot has checked in, each person once. Those without a
// phone are entered by the organiser. Closing an event makes a record of package cases of each who was there, by the rules of
// the item; nobody is recorded twice, however often closing is tried again.
package activity

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// Limits of one call.
const (
	MaxCapacity  = 2000 // people at one event
	MaxLate      = 50   // people entered at a time
	MaxTitle     = 40   // characters
	MaxPlace     = 40
	MaxWhy       = 200
	DefaultLimit = 20
	MaxLimit     = 50
)

// Before and After bound when the code of an event is taken, before it begins and after it ends.
const (
	Before = 2 * time.Hour
	After  = 2 * time.Hour
	// Behind is how long after it was scanned a check-in without signal may arrive.
	Behind = 7 * 24 * time.Hour
)

// Photos is the kind of use of photos taken at a check-in; the ref is the attendance.
const Photos = "activity"

// Who may do what. Whoever may record deeds may call an event; nobody enters, accepts or records the own or a kin household.
var (
	MayOrganise = cases.MayRecord
	MaySee      = access.Need{Roles: access.Everyone, Scope: access.Village}
	MayCheckIn  = access.Need{Roles: []access.Role{access.Villager}, Scope: access.Village}
)

var (
	ErrInvalid  = errs.New(errs.Invalid, "activity_invalid", "填写的内容有误，请按提示修改")
	ErrNone     = errs.New(errs.NotFound, "activity_not_found", "没有找到这个活动，请刷新后再看")
	ErrNobody   = errs.New(errs.NotFound, "activity_attendee_not_found", "签到名单里没有这个人，请刷新后再看")
	ErrOver     = errs.New(errs.Conflict, "activity_over", "这个活动已经结束或取消，不能再签到")
	ErrEarly    = errs.New(errs.Conflict, "activity_not_open", "还没到签到时间，活动开始前两小时可以签到")
	ErrLate     = errs.New(errs.Conflict, "activity_late", "签到时间已经过了，请找组织者补登")
	ErrFull     = errs.New(errs.Conflict, "activity_full", "人数已满，请联系组织者")
	ErrCode     = errs.New(errs.Conflict, "activity_code", "签到码不对或者已经变了，请看着组织者的手机重新扫码或输入")
	ErrWait     = errs.New(errs.TooMany, "activity_code_wait", "签到码错了好几次，请等十分钟再试，或找组织者登记")
	ErrIn       = errs.New(errs.Conflict, "activity_checked_in", "已经签到过了，不用再签")
	ErrRemoved  = errs.New(errs.Conflict, "activity_removed", "组织者已经取消了这次签到，请找组织者")
	ErrPhoto    = errs.New(errs.Invalid, "activity_photo", "这个活动签到要现场拍一张照片，请拍照后再签到")
	ErrWho      = errs.New(errs.Invalid, "activity_who", "请选择是谁来参加活动")
	ErrClosing  = errs.New(errs.Conflict, "activity_closing", "正在入账，请稍等一分钟再看")
	ErrRecorded = errs.New(errs.Conflict, "activity_recorded", "已经入账，不能再改；有误请在记录里更正")
)

// States of an event.
const (
	Open      = "open"
	Closing   = "closing" // records are being made
	Closed    = "closed"
	Cancelled = "cancelled"
)

// How somebody came onto the list, and where the attendance stands.
const (
	ByCode  = "code"
	Offline = "offline" // scanned without signal: the organiser accepts it
	ByHand  = "late"    // entered by the organiser

	In      = "in"
	Asked   = "asked" // waits for the organiser
	Removed = "removed"
)

var stateNames = map[string]string{Open: "签到中", Closing: "正在入账", Closed: "已结束", Cancelled: "已取消"}

// Activity is an event.
type Activity struct {
	ID         id.ID         `json:"id"`
	Village    id.ID         `json:"village_id"`
	Item       string        `json:"item"`
	ItemName   string        `json:"item_name"`
	Title      string        `json:"title"`
	Place      string        `json:"place"`
	StartsAt   int64         `json:"starts_at" doc:"milliseconds since 1970 UTC"`
	EndsAt     int64         `json:"ends_at"`
	Capacity   int           `json:"capacity" doc:"0: as many as come"`
	Joined     int           `json:"joined" doc:"who is on the list"`
	NeedsPhoto bool          `json:"needs_photo" doc:"a photo on the spot at check-in"`
	Points     points.Amount `json:"points,omitempty" doc:"items with a range: what each gets"`
	Grade      string        `json:"grade,omitempty"`
	Quantity   int64         `json:"quantity,omitempty" doc:"items by quantity: thousandths of the unit for each"`
	State      string        `json:"state" enum:"open,closing,closed,cancelled"`
	StateName  string        `json:"state_name"`
	Why        string        `json:"why,omitempty" doc:"why it was cancelled"`
	Organiser  string        `json:"organiser" doc:"name of who called it"`
	Mine       []Attendee    `json:"mine" doc:"the caller and the caller's people who are on the list"`
	Recorded   int           `json:"recorded" doc:"of the list: records have been made"`
	Left       int           `json:"left" doc:"closed: not recorded, to be recorded by another official"`
	Repeated   bool          `json:"repeated,omitempty"`

	organiser id.ID
}

// Attendee is one person on the list of an event.
type Attendee struct {
	ID        id.ID        `json:"id"`
	Household id.ID        `json:"household"`
	Member    id.ID        `json:"member,omitempty"`
	Number    string       `json:"number"`
	Name      string       `json:"name"`
	How       string       `json:"how" enum:"code,offline,late"`
	State     string       `json:"state" enum:"in,asked,removed"`
	At        int64        `json:"at" doc:"milliseconds since 1970 UTC"`
	Batch     id.ID        `json:"batch,omitempty" doc:"of the record that was made"`
	Refused   string       `json:"refused,omitempty" doc:"why no record could be made"`
	Photos    []media.Shot `json:"photos,omitempty"`
	Repeated  bool         `json:"repeated,omitempty"`

	by id.ID
}

// who is the one id by which a person, or a household without a named person, stands on a list once.
func (t *Attendee) who() id.ID {
	if t.Member != 0 {
		return t.Member
	}
	return t.Household
}

// Service is the use cases of this package.
type Service struct {
	db       *storage.DB
	now      clock.Clock
	cases    *cases.Service
	rules    *rulebook.Book
	villages *village.Service
	photos   *media.Service
	names    func(ctx context.Context, users ...id.ID) (map[id.ID]string, error)
}

// New makes the service.
func New(db *storage.DB, now clock.Clock, records *cases.Service, rules *rulebook.Book, villages *village.Service, photos *media.Service,
	names func(ctx context.Context, users ...id.ID) (map[id.ID]string, error)) *Service {
	return &Service{db: db, now: now, cases: records, rules: rules, villages: villages, photos: photos, names: names}
}

func wrong(path, msg string) error {
	return ErrInvalid.With("%s", msg).WithFields(errs.Field{Path: path, Msg: msg})
}

// text checks a piece of writing and takes the blanks round it off.
func text(path, name, value string, must bool, most int) (string, error) {
	value = strings.TrimSpace(value)
	switch n := utf8.RuneCountInString(value); {
	case must && n == 0:
		return "", wrong(path, "请填写"+name)
	case n > most:
		return "", wrong(path, name+"太长了，请写短一些")
	case !utf8.ValidString(value):
		return "", wrong(path, name+"里有不能识别的字符")
	}
	return value, nil
}

// day is the day on which an event counts: that on which it began.
func (v *Activity) day() clock.Day { return clock.DayOf(clock.FromMs(v.StartsAt)) }
