// Package notify tells people what happens to them: on the page inside the app (消息), which folds the rows of package message
// and the postings of the ledger into one list, and by WeChat's subscription messages for who asked for them.
//
// A subscription message is sent at most once. It is first noted (waiting), then marked and paid for with one of the
// person's subscriptions in one transaction (sending), then sent; what came of it is noted last. A push that was being sent
// when the program died, or that got no answer, stays unknown and is never sent again: the page has it anyway.
package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/errs"
	"hefen/internal/message"
	"hefen/internal/storage"
	"hefen/internal/wechat"
)

// MayRead is for anybody who is signed in: everyone reads their own messages.
var MayRead = access.Need{Scope: access.Signed}

// desk are the roles to which the messages for a village's officials go.
var desk = []access.Role{access.TeamMember, access.FirstSecretary}

var (
	ErrTemplate = errs.New(errs.Invalid, "notify_template", "没有这种微信提醒，请更新小程序后再试")
	ErrMark     = errs.New(errs.Invalid, "notify_mark", "请写明看到了哪一条消息")
)

// Template is a subscription message of the mini-program, as approved by WeChat, and which kinds of messages it carries.
type Template struct {
	ID     string
	Title  string // what the person is asked to agree to
	Page   string
	Kinds  []message.Kind
	Fields map[string]string // keyword of the template → what fills it
}

// Service is the use cases of this package.
type Service struct {
	db           *storage.DB
	now          clock.Clock
	people       *access.Service
	wx           wechat.Client // nil: nothing is sent
	templates    []Template
	expiringDays int
	wake         chan struct{}
}

// New makes the service. wx may be nil: then there are no subscriptions and the page is all. It refuses templates that could
// never be filled.
func New(db *storage.DB, now clock.Clock, people *access.Service, wx wechat.Client, cfg config.Notify) (*Service, error) {
	s := &Service{db: db, now: now, people: people, wx: wx, expiringDays: cfg.ExpiringDays, wake: make(chan struct{}, 1)}
	if wx == nil {
		return s, nil
	}
	if _, fake := wx.(*wechat.Fake); fake && len(cfg.Templates) == 0 {
		s.templates = demoTemplates
		return s, nil
	}
	for i, t := range cfg.Templates {
		made := Template{ID: t.ID, Title: t.Title, Page: t.Page, Fields: t.Fields}
		for _, k := range t.Kinds {
			made.Kinds = append(made.Kinds, message.Kind(k))
		}
		if err := made.check(s.templates); err != nil {
			return nil, fmt.Errorf("config: notify.templates[%d]: %w", i, err)
		}
		s.templates = append(s.templates, made)
	}
	return s, nil
}

func (t *Template) check(others []Template) error {
	if t.ID == "" || t.Title == "" || len(t.Kinds) == 0 || len(t.Fields) == 0 {
		return errors.New("id, title, kinds and fields must be set")
	}
	if len(t.ID) > 64 {
		return errors.New("id is longer than 64 characters")
	}
	for _, k := range t.Kinds {
		if !slices.Contains(message.Kinds, k) {
			return fmt.Errorf("kind %q is none of %v", k, message.Kinds)
		}
		for _, o := range others {
			if slices.Contains(o.Kinds, k) {
				return fmt.Errorf("kind %q has a template already", k)
			}
		}
	}
	for _, o := range others {
		if o.ID == t.ID {
			return fmt.Errorf("id %q stands twice; give one template several kinds", t.ID)
		}
	}
	for keyword, source := range t.Fields {
		if err := fits(keyword, source); err != nil {
			return err
		}
	}
	return nil
}

// template is what carries a kind of message; nil where none does.
func (s *Service) template(kind message.Kind) *Template {
	for i := range s.templates {
		if slices.Contains(s.templates[i].Kinds, kind) {
			return &s.templates[i]
		}
	}
	return nil
}

// demoTemplates stand in for approved ones where WeChat is the fake.
var demoTemplates = []Template{
	{ID: "demo-points", Title: "积分变动提醒", Page: messagesPage, Kinds: []message.Kind{message.Decided, message.Deduct, message.Expiring, message.Lifted, message.Published},
		Fields: map[string]string{"thing1": "what", "time2": "time", "thing3": "village"}},
	{ID: "demo-goods", Title: "兑换和预约提醒", Page: messagesPage, Kinds: []message.Kind{message.Redeemed, message.Reserved},
		Fields: map[string]string{"thing1": "what", "time2": "time", "thing3": "hint"}},
	{ID: "demo-answers", Title: "办理结果提醒", Page: messagesPage, Kinds: []message.Kind{message.Objected, message.Answered, message.Waiting, message.Activity, message.Notice},
		Fields: map[string]string{"phrase1": "kind", "thing2": "what", "date3": "date"}},
}

const messagesPage = "pages/messages/index"

// Start registers the handler of messages just written; where nothing can be sent the topic has no reader.
func (s *Service) Start(ctx context.Context, lanes *storage.Lanes) error {
	if len(s.templates) == 0 {
		return s.db.Mute(ctx, message.Topic)
	}
	lanes.Handle(message.Topic, s.noteLane)
	return nil
}

// Run notes what the ledger has posted and sends what waits, until ctx ends. Several servers may run it.
func (s *Service) Run(ctx context.Context, failed func(error)) {
	if len(s.templates) == 0 {
		return
	}
	t := time.NewTicker(20 * time.Second)
	defer t.Stop()
	rest := time.Time{}
	for {
		if err := s.NotePostings(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
		if s.now().After(rest) {
			if _, err := s.Send(ctx); err != nil && ctx.Err() == nil {
				failed(err)
				rest = s.now().Add(time.Minute)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-t.C:
		}
	}
}
