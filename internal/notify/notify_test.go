package notify_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/message"
	"hefen/internal/notify"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/wechat"
)

func (w *world) titles(a access.Actor, limit int) (all []string, unread int) {
	w.t.Helper()
	var before id.ID
	for {
		p, err := w.notify.Inbox(w.t.Context(), a, before, limit)
		w.must(err)
		for _, i := range p.Items {
			all = append(all, i.Title)
			if i.Unread {
				unread++
			}
		}
		if p.Next == "" {
			return all, unread
		}
		before, err = id.Parse(p.Next)
		w.must(err)
	}
}

func TestInboxFoldsTheLedger(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		w.award(w.home, 0, "环境清扫", 500, 0)
		w.tell(message.Message{Household: w.home, Title: "一条消息", Body: "说明"}, message.Message{User: w.son.User(), Title: "只给儿子"}, message.Message{Title: "给村干部"})
		w.award(w.next, 0, "邻居的", 300, 0)
		w.award(w.home, 77, "有记录的", 200, 0)
		w.tell(message.Message{Household: w.home, Title: "评定通过", About: message.About{Kind: "case", ID: 77}}) // the same step, the same instant
		for _, c := range []struct {
			who  access.Actor
			want string
		}{
			{w.father, "评定通过 一条消息 加分：环境清扫"},
			{w.son, "评定通过 只给儿子 一条消息 加分：环境清扫"},
			{w.neighbour, "加分：邻居的"},
			{w.secretary, "给村干部"},
		} {
			for _, limit := range []int{1, 2, 50} {
				if got, _ := w.titles(c.who, limit); strings.Join(got, " ") != c.want {
					t.Errorf("with pages of %d: %q, want %q", limit, got, c.want)
				}
			}
		}
		p, err := w.notify.Inbox(t.Context(), w.father, 0, 50)
		w.must(err)
		if got := p.Items[2]; got.Amount != 500 || got.Kind != message.Decided || got.Household != w.home || !got.Unread || p.Unread != 3 {
			t.Errorf("posting %+v, %d unread", got, p.Unread)
		}
		n, err := w.notify.Mark(t.Context(), w.father, notify.MarkRequest{Upto: p.Items[1].ID})
		if err != nil || n.Unread != 1 {
			t.Errorf("%+v unread after the second was seen (%v)", n, err)
		}
		if n, err = w.notify.Mark(t.Context(), w.father, notify.MarkRequest{Upto: p.Items[0].ID}); err != nil || n.Unread != 0 {
			t.Errorf("%+v unread after all were seen (%v)", n, err)
		}
		if n, err = w.notify.Unread(t.Context(), w.son); err != nil || n.Unread != 4 {
			t.Errorf("the son has %+v unread (%v): the father's mark is not his", n, err)
		}
		w.award(w.home, 0, "新的", 100, 0)
		if n, err = w.notify.Unread(t.Context(), w.father); err != nil || n.Unread != 1 {
			t.Errorf("%+v unread after a new posting (%v)", n, err)
		}
		if _, err := w.notify.Inbox(t.Context(), access.Actor{}, 0, 0); !errors.Is(err, access.ErrSignIn) {
			t.Errorf("a visitor gets %v", err)
		}
		w.audit()
	})
}

// However long the pages, nothing is shown twice and nothing is lost.
func TestPagesOfAnyLengthShowEverythingOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		r := rand.New(rand.NewPCG(1, 2))
		var want []string
		for i := range 60 {
			title := fmt.Sprint(i)
			if r.IntN(2) == 0 {
				w.award(w.home, 0, title, 100, 0)
				title = "加分：" + title
			} else {
				w.tell(message.Message{Household: w.home, Title: title})
			}
			want = append([]string{title}, want...)
		}
		for _, limit := range []int{1, 3, 7, 19, 50} {
			if got, _ := w.titles(w.father, limit); strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("pages of %d show\n%v, want\n%v", limit, got, want)
			}
		}
	})
}

func TestSubscribe(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		r := notify.SubscribeRequest{RequestID: w.request(), Templates: []string{"t-points"}}
		for i, repeated := range []bool{false, true} {
			got, err := w.notify.Subscribe(t.Context(), w.father, r)
			if err != nil || got.Repeated != repeated || got.Items[0].Remaining != 1 || got.Items[1].Remaining != 0 {
				t.Errorf("try %d: %+v, %v", i, got, err)
			}
		}
		w.subscribe(w.father, "t-points", "t-rest")
		got, err := w.notify.Subscriptions(t.Context(), w.father)
		if err != nil || got.Items[0].Remaining != 2 || got.Items[1].Remaining != 1 {
			t.Errorf("%+v, %v", got, err)
		}
		for _, bad := range [][]string{{"unknown"}, {"t-points", "t-points"}} {
			if _, err := w.notify.Subscribe(t.Context(), w.father, notify.SubscribeRequest{RequestID: w.request(), Templates: bad}); !errors.Is(err, notify.ErrTemplate) {
				t.Errorf("%v: %v", bad, err)
			}
		}
	})
}

func TestSendAtMostOnceToWhoSubscribed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		w.tell(message.Message{Household: w.home, Title: "订阅以前的"})
		w.pass(time.Second)
		w.subscribe(w.father, "t-points")
		w.tell(message.Message{Household: w.home, Title: "甲"}, message.Message{Household: w.next, Title: "没订阅的"})
		w.award(w.home, 0, "环境清扫", 500, 0)
		n, err := w.push(w.notify)
		if err != nil || n != 1 {
			t.Fatalf("sent %d (%v), want one for one subscription", n, err)
		}
		m := w.wx.Sent()[0]
		if m.OpenID != "demo-father" || m.Template != "t-points" || m.Page != "pages/messages/index" || m.Data["thing1"] != "您家有一条积分记录" ||
			m.Data["thing3"] != "试验村" || m.Data["time2"] != "2026年5月20日 12:00" {
			t.Errorf("sent %+v", m)
		}
		for range 2 {
			if n, err := w.push(w.service()); n != 0 || err != nil {
				t.Errorf("sent %d more (%v)", n, err)
			}
		}
		w.subscribe(w.father, "t-points") // what went by without a subscription is not sent later
		if n, err := w.push(w.notify); n != 0 || err != nil {
			t.Errorf("sent %d old ones (%v)", n, err)
		}
		w.pass(time.Second)
		w.award(w.home, 0, "又一次", 500, 0)
		if n, err := w.push(w.notify); n != 1 || err != nil {
			t.Errorf("sent %d for a posting (%v)", n, err)
		}
		w.subscribe(w.father, "t-points")
		w.pass(time.Second)
		w.award(w.home, 5, "有记录的", 500, 0)
		w.tell(message.Message{Household: w.home, Title: "评定", About: message.About{Kind: "case", ID: 5}})
		w.subscribe(w.son, "t-points")
		if n, err := w.push(w.notify); n != 2 || err != nil {
			t.Errorf("sent %d (%v), want one to each for the step, not two for its posting and its message", n, err)
		}
		w.audit()
	})
}

func TestWhomAMessageGoesTo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		for _, a := range []access.Actor{w.father, w.son, w.neighbour, w.secretary} {
			for range 5 {
				w.subscribe(a, "t-points")
			}
		}
		for _, c := range []struct {
			name string
			m    message.Message
			want string
		}{
			{"a household", message.Message{Household: w.home}, "demo-father demo-son"},
			{"a member with a phone", message.Message{Household: w.home, Member: w.son.Homes()[0].Member}, "demo-son"},
			{"a member without one", message.Message{Household: w.home, Member: 5}, "demo-father demo-son"},
			{"a user", message.Message{User: w.neighbour.User()}, "demo-neighbour"},
			{"the officials", message.Message{}, "demo-boss"},
		} {
			before := len(w.wx.Sent())
			c.m.Title = c.name
			w.tell(c.m)
			if _, err := w.push(w.notify); err != nil {
				t.Fatal(err)
			}
			var to []string
			for _, m := range w.wx.Sent()[before:] {
				to = append(to, m.OpenID)
			}
			if got := strings.Join(to, " "); got != c.want {
				t.Errorf("%s: to %q, want %q", c.name, got, c.want)
			}
		}
	})
}

// An unknown outcome is not sent again; a refusal is not either, and gives the subscription back unless the person took it.
func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer error
		state  string
		left   int
		fails  bool
	}{
		{"no_answer", wechat.ErrAway, "unknown", 1, true},
		{"something_else", errors.New("odd"), "unknown", 1, true},
		{"consent_taken_back", wechat.ErrNoConsent, "refused", 0, false},
		{"too_many", wechat.ErrBusy, "refused", 2, true},
		{"setup", wechat.ErrSetup, "refused", 2, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, dbtest.Open(t, storage.SQLite))
			w.subscribe(w.father, "t-points")
			w.subscribe(w.father, "t-points")
			w.tell(message.Message{Household: w.home, Title: "甲"})
			w.wx.answer = func(wechat.Message) error { return c.answer }
			if n, err := w.push(w.notify); n != 0 || (err != nil) != c.fails {
				t.Errorf("sent %d, %v", n, err)
			}
			w.wx.answer = nil
			if n, err := w.push(w.service()); n != 0 || err != nil {
				t.Errorf("sent %d again (%v)", n, err)
			}
			if w.wx.tried() != 1 {
				t.Errorf("tried %d times", w.wx.tried())
			}
			got := dbtest.Rows(t, w.db, "SELECT p.state, s.remaining FROM notify_pushes p JOIN notify_subscriptions s ON s.user_id = p.user_id")
			if len(got) != 1 || got[0] != fmt.Sprintf("%s|%d", c.state, c.left) {
				t.Errorf("noted %v, want %s|%d", got, c.state, c.left)
			}
		})
	}
}

// The program dies after marking and before, or while, sending: nobody sends it again.
func TestDeathWhileSending(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		w.subscribe(w.father, "t-points")
		w.tell(message.Message{Household: w.home, Title: "甲"})
		w.wx.answer = func(wechat.Message) error { panic("power cut") }
		func() {
			defer func() {
				if recover() == nil {
					t.Error("it did not die")
				}
			}()
			_, _ = w.push(w.notify)
		}()
		w.wx.answer = nil
		if n, err := w.push(w.service()); n != 0 || err != nil || w.wx.tried() != 1 {
			t.Errorf("sent %d after the restart (%v), tried %d times", n, err, w.wx.tried())
		}
		if got := dbtest.Rows(t, db, "SELECT state FROM notify_pushes")[0]; got != "sending" {
			t.Errorf("state %s, want one that says the outcome is unknown", got)
		}
	})
}

func TestTwoServersSendEachOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		for range 20 {
			w.subscribe(w.father, "t-points")
		}
		for i := range 15 {
			w.tell(message.Message{Household: w.home, Title: fmt.Sprint(i)})
		}
		w.must(w.lanes.Drain(t.Context()))
		var wg sync.WaitGroup
		for range 4 {
			s := w.service()
			wg.Go(func() {
				if err := s.NotePostings(t.Context()); err != nil {
					t.Error(err)
				}
				if _, err := s.Send(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		got, err := w.notify.Subscriptions(t.Context(), w.father)
		if err != nil || w.wx.tried() != 15 || got.Items[0].Remaining != 5 {
			t.Errorf("tried %d times, %+v left (%v)", w.wx.tried(), got.Items[0], err)
		}
	})
}

func TestStaleNewsIsDropped(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, storage.SQLite))
	w.subscribe(w.father, "t-points")
	w.tell(message.Message{Household: w.home, Title: "甲"})
	w.must(w.lanes.Drain(t.Context()))
	w.pass(25 * time.Hour)
	if n, err := w.notify.Send(t.Context()); n != 0 || err != nil || w.wx.tried() != 0 {
		t.Errorf("sent %d (%v)", n, err)
	}
	w.pass(100 * 24 * time.Hour)
	if n, err := w.notify.Purge(t.Context()); n != 1 || err != nil {
		t.Errorf("purged %d (%v), want the push", n, err)
	}
}

func TestTellExpiring(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		w.award(w.home, 0, "月底到期", 500, 20260531)
		w.award(w.home, 0, "月底到期", 250, 20260531)
		w.award(w.next, 0, "年底到期", 300, 20261231)
		w.award(w.next, 0, "不过期", 300, 0)
		run := func(want int) {
			t.Helper()
			if n, err := w.notify.TellExpiring(t.Context()); err != nil || n != want {
				t.Errorf("told %d (%v), want %d", n, err, want)
			}
		}
		run(1)
		run(0)
		got, _ := w.titles(w.father, 1)
		if got[0] != "7.5分将在2026年5月31日到期" {
			t.Errorf("told %q", got[0])
		}
		w.pass(5 * 24 * time.Hour)
		run(1) // six days are left
		run(0)
		var wg sync.WaitGroup // several servers after midnight
		w.award(w.next, 0, "快到期", 100, 20260610)
		for range 4 {
			s := w.service()
			wg.Go(func() {
				if _, err := s.TellExpiring(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := dbtest.Rows(t, db, "SELECT COUNT(*) FROM messages WHERE kind = 'expiring'")[0]; got != "3" {
			t.Errorf("%s messages, want 3", got)
		}
		w.audit()
	})
}

func TestTemplatesAreChecked(t *testing.T) {
	good := settings.Templates[0]
	with := func(change func(*config.Template)) config.Template {
		c := good
		c.Fields = map[string]string{"thing1": "what"}
		change(&c)
		return c
	}
	for name, bad := range map[string][]config.Template{
		"no id":           {with(func(c *config.Template) { c.ID = "" })},
		"no kinds":        {with(func(c *config.Template) { c.Kinds = nil })},
		"unknown kind":    {with(func(c *config.Template) { c.Kinds = []string{"weather"} })},
		"kind twice":      {good, with(func(c *config.Template) { c.ID = "other" })},
		"id twice":        {good, with(func(c *config.Template) { c.Kinds = []string{"notice"} })},
		"unknown source":  {with(func(c *config.Template) { c.Fields["thing1"] = "name" })},
		"odd keyword":     {with(func(c *config.Template) { c.Fields["Thing"] = "what" })},
		"phrase of words": {with(func(c *config.Template) { c.Fields["phrase2"] = "what" })},
		"number":          {with(func(c *config.Template) { c.Fields["number2"] = "what" })},
		"time in a thing": {with(func(c *config.Template) { c.Fields["thing2"] = "time" })},
	} {
		if _, err := notify.New(nil, nil, nil, &post{}, config.Notify{Templates: bad}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := notify.New(nil, nil, nil, nil, config.Notify{}); err != nil {
		t.Error(err)
	}
}

// WeChat refuses a message whose texts are too long for their keywords.
func TestTextsFitTheirKeywords(t *testing.T) {
	for _, k := range message.Kinds {
		data := notify.Filled(k, strings.Repeat("村", 40), noon.UnixMilli())
		for keyword, most := range map[string]int{"thing1": 20, "thing2": 20, "phrase3": 5, "time4": 24, "date5": 24} {
			n := utf8.RuneCountInString(data[keyword])
			if n == 0 || n > most {
				t.Errorf("%s: %s is %q", k, keyword, data[keyword])
			}
		}
	}
}
