package voice_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/media"
	"hefen/internal/message"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
	"hefen/internal/voice"
	"hefen/internal/wechat"
)

// friday before a weekend: seven working days later is the Tuesday after the next week.
var friday = clock.MakeDay(2026, 5, 22)

// checks is a WeChat that passes everything but 违规 (risky) and 拿不准 (for a person).
type checks struct{ wechat.Fake }

func (c *checks) CheckText(ctx context.Context, openid, text string) (wechat.Verdict, error) {
	if strings.Contains(text, "拿不准") {
		return wechat.Review, nil
	}
	return c.Fake.CheckText(ctx, openid, text)
}

type world struct {
	t     *testing.T
	db    *storage.DB
	at    atomic.Int64
	voice *voice.Service
	media *media.Service
	lanes *storage.Lanes

	town, village, home, next id.ID
	villager, neighbour       access.Actor
	team, secretary, watcher  access.Actor
	supervisor                access.Actor
	n                         atomic.Int64
}

func newWorld(t *testing.T, db *storage.DB) *world {
	t.Helper()
	w := &world{t: t, db: db}
	w.on(friday)
	ctx := t.Context()
	people := village.New(db, w.now, ledger.OpenAccounts)
	region := func(r village.Region, err error) id.ID { w.must(err); return r.ID }
	county := region(people.CreateCounty(ctx, village.NewRegion{Code: "510131", Name: "试验县", From: 20260101}))
	w.town = region(people.CreateTown(ctx, county, village.NewRegion{Code: "510131100", Name: "试验镇", From: 20260101}))
	w.village = region(people.CreateVillage(ctx, w.town, village.NewRegion{Code: "510131100201", Name: "试验村", From: 20260101}))
	group := region(people.CreateGroup(ctx, w.village, village.NewRegion{Code: "01", Name: "一组", From: 20260101}))
	users := access.New(db, w.now, &checks{})
	home := func(number, name string) (id.ID, access.Actor) {
		h, _, err := people.CreateHousehold(ctx, village.Write{Village: w.village, By: 1, On: 20260101}, village.NewHousehold{Number: number, Group: group,
			Members: []village.NewMember{{Name: name, Relation: village.Head}}})
		w.must(err)
		d, err := people.Detail(ctx, w.village, h, friday)
		w.must(err)
		u, err := users.AddUser(ctx, "h"+number, name, "")
		w.must(err)
		w.must(users.Stand(ctx, u, d.People[0].ID, w.village))
		return h, accesstest.Actor(t, db, w.now, u)
	}
	w.home, w.villager = home("001", "张三")
	w.next, w.neighbour = home("002", "李四")
	official := func(role access.Role) access.Actor {
		return accesstest.Official(t, db, w.now, role, access.Place{Village: w.village})
	}
	w.team, w.secretary, w.watcher = official(access.TeamMember), official(access.FirstSecretary), official(access.VillageSupervisor)
	w.supervisor = accesstest.Official(t, db, w.now, access.Supervisor, access.Place{Region: w.town})
	store, err := media.NewFolder(t.TempDir())
	w.must(err)
	w.media = media.New(db, w.now, store, config.Photos{MaxBytes: 1 << 20, PerDay: 100})
	w.media.CheckedBy(&checks{}, users.OpenID)
	w.lanes = storage.NewLanes(db, storage.LaneOptions{})
	w.must(w.media.Start(ctx, w.lanes))
	w.voice = voice.New(db, w.now, w.media, users.Names, clock.Weekdays, 7)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) now() time.Time  { return clock.FromMs(w.at.Load()) }
func (w *world) on(d clock.Day)  { w.at.Store(clock.Ms(d.Start().Add(12 * time.Hour))) }
func (w *world) request() string { return fmt.Sprintf("request-%016d", w.n.Add(1)) }

func (w *world) speak(a access.Actor, household id.ID, change func(*voice.SpeakRequest)) (voice.Voice, error) {
	r := voice.SpeakRequest{RequestID: w.request(), Kind: voice.Complaint, Text: "路灯坏了没人修"}
	if change != nil {
		change(&r)
	}
	return w.voice.Speak(w.t.Context(), a, w.village, household, r)
}

func (w *world) said(change func(*voice.SpeakRequest)) voice.Voice {
	w.t.Helper()
	v, err := w.speak(w.villager, w.home, change)
	w.must(err)
	return v
}

func (w *world) answer(a access.Actor, v id.ID, show bool) (voice.Voice, error) {
	return w.voice.Answer(w.t.Context(), a, w.village, v, voice.AnswerRequest{RequestID: w.request(), Answer: "明天换灯泡", Show: show})
}

func (w *world) rate(a access.Actor, v id.ID, rating int) (voice.Voice, error) {
	return w.voice.Rate(w.t.Context(), a, w.village, v, voice.RateRequest{RequestID: w.request(), Rating: rating})
}

// texts lists what an actor reads in a list, with the name where one is shown.
func (w *world) texts(a access.Actor, of string) string {
	w.t.Helper()
	p, err := w.voice.List(w.t.Context(), a, w.village, voice.Filter{Of: of})
	w.must(err)
	var s []string
	for _, v := range p.Items {
		s = append(s, v.Text+"/"+v.Name)
	}
	return strings.Join(s, " ")
}

func (w *world) messages(to id.ID) string {
	w.t.Helper()
	list, err := message.List(w.t.Context(), w.db, message.Reader{User: to, Desks: []id.ID{to}}, 0, 20)
	w.must(err)
	var s []string
	for _, m := range list {
		s = append(s, m.Title)
	}
	return strings.Join(s, " ")
}

func (w *world) audit() {
	w.t.Helper()
	ledgertest.Audit(w.t, w.db)
}

func TestFromWordToRating(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		r := voice.SpeakRequest{RequestID: w.request(), Kind: voice.Suggestion, Text: "  建个凉亭 ", MayBeShown: true}
		v, err := w.voice.Speak(t.Context(), w.villager, w.village, w.home, r)
		w.must(err)
		if v.State != voice.Open || v.DueOn != 20260602 || !v.Mine || v.Text != "建个凉亭" || v.Name != "张三" {
			t.Errorf("said %+v", v)
		}
		again, err := w.voice.Speak(t.Context(), w.villager, w.village, w.home, r)
		if err != nil || again.ID != v.ID || !again.Repeated {
			t.Errorf("sent again: %+v, %v", again, err)
		}
		if got := w.messages(w.village); got != "有一条建议等待答复" {
			t.Errorf("the officials were told %q", got)
		}
		w.must(w.lanes.Drain(t.Context()))
		if _, err := w.answer(w.neighbour, v.ID, true); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("a neighbour answers: %v", err)
		}
		v, err = w.answer(w.team, v.ID, true)
		if err != nil || v.State != voice.Answered || v.Answerer != "驻村队员" || !v.Shown {
			t.Errorf("answered %+v, %v", v, err)
		}
		if got := w.messages(w.villager.User()); got != "您的建议有了答复" {
			t.Errorf("the author was told %q", got)
		}
		if _, err := w.answer(w.secretary, v.ID, false); !errors.Is(err, voice.ErrState) {
			t.Errorf("answered twice: %v", err)
		}
		if _, err := w.rate(w.neighbour, v.ID, voice.Good); !errors.Is(err, voice.ErrNoVoice) {
			t.Errorf("a neighbour rates: %v", err)
		}
		if _, err := w.rate(w.team, v.ID, voice.Good); !errors.Is(err, voice.ErrNotAuthor) {
			t.Errorf("the answerer rates: %v", err)
		}
		v, err = w.rate(w.villager, v.ID, voice.Fair)
		if err != nil || v.Rating != voice.Fair || v.RaisedOn != 0 || len(v.Steps) != 3 {
			t.Errorf("rated %+v, %v", v, err)
		}
		if _, err := w.rate(w.villager, v.ID, voice.Bad); !errors.Is(err, voice.ErrState) {
			t.Errorf("rated twice: %v", err)
		}
		if _, err := w.voice.Withdraw(t.Context(), w.villager, w.village, v.ID, voice.StepRequest{RequestID: w.request()}); !errors.Is(err, voice.ErrState) {
			t.Errorf("withdrawn after the answer: %v", err)
		}
		if got := dbtest.Rows(t, db, "SELECT COUNT(*) FROM entries")[0]; got != "0" {
			t.Error("speaking moved points")
		}
		w.audit()
	})
}

// Who speaks is known to the author and to those who answer; what is for the town, to the town alone.
func TestWhoReadsWhat(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		open := w.said(func(r *voice.SpeakRequest) { r.Text = "公开的"; r.MayBeShown = true })
		w.said(func(r *voice.SpeakRequest) { r.Text = "私下的" })
		secret := w.said(func(r *voice.SpeakRequest) { r.Text = "关于村干部的"; r.ToTown = true })
		w.must(w.lanes.Drain(t.Context()))
		_, err := w.answer(w.team, open.ID, true)
		w.must(err)
		for _, c := range []struct {
			name  string
			who   access.Actor
			of    string
			reads string
		}{
			{"author", w.villager, "mine", "关于村干部的/张三 私下的/张三 公开的/张三"},
			{"neighbour", w.neighbour, "all", ""},
			{"neighbour of what is shown", w.neighbour, "shown", "公开的/"},
			{"team", w.team, "all", "私下的/张三 公开的/张三"},
			{"village supervisor", w.watcher, "all", "私下的/张三 公开的/张三"},
			{"town", w.supervisor, "all", "关于村干部的/张三 私下的/张三 公开的/张三"},
		} {
			if got := w.texts(c.who, c.of); got != c.reads {
				t.Errorf("%s reads %q, want %q", c.name, got, c.reads)
			}
		}
		for _, a := range []access.Actor{w.team, w.secretary, w.watcher, w.neighbour} {
			if _, err := w.voice.Get(t.Context(), a, w.village, secret.ID); !errors.Is(err, voice.ErrNoVoice) {
				t.Errorf("the village reads what is about it: %v", err)
			}
			if err := w.voice.MaySeePhotos(t.Context(), a, w.village, secret.ID); !errors.Is(err, voice.ErrNoVoice) {
				t.Errorf("and its photos: %v", err)
			}
		}
		if _, err := w.answer(w.secretary, secret.ID, false); !errors.Is(err, voice.ErrNoVoice) {
			t.Errorf("and answers it: %v", err)
		}
		if got := w.messages(w.supervisor.User()); got != "有一条投诉等待答复" {
			t.Errorf("the town was told %q", got)
		}
		if got := w.messages(w.village); strings.Count(got, "投诉") != 2 {
			t.Errorf("the village was told %q of the two that are for it", got)
		}
		if v, err := w.answer(w.supervisor, secret.ID, false); err != nil || v.State != voice.Answered {
			t.Errorf("the town answers: %+v, %v", v, err)
		}
		p, err := w.voice.Raised(t.Context(), w.supervisor, w.town, voice.Filter{})
		if err != nil || len(p.Items) != 1 || p.Items[0].Text != "关于村干部的" || p.Items[0].VillageName != "试验村" {
			t.Errorf("the town's list %+v, %v", p, err)
		}
		if _, err := w.answer(w.team, open.ID, true); !errors.Is(err, voice.ErrState) {
			t.Errorf("answered twice: %v", err)
		}
	})
}

func TestOverdueGoesToTheTown(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		v := w.said(nil)
		raise := func(want int) {
			t.Helper()
			if n, err := w.voice.RaiseOverdue(t.Context()); err != nil || n != want {
				t.Errorf("raised %d (%v), want %d", n, err, want)
			}
		}
		w.on(20260602)
		raise(0)
		if _, err := w.answer(w.supervisor, v.ID, false); !errors.Is(err, voice.ErrState) {
			t.Errorf("the town answers before the term has ended: %v", err)
		}
		w.on(20260603)
		raise(1)
		raise(0)
		if got := w.messages(w.supervisor.User()); got != "有一条投诉超过期限没有答复" {
			t.Errorf("the town was told %q", got)
		}
		got, err := w.voice.Get(t.Context(), w.villager, w.village, v.ID)
		if err != nil || !got.Late || got.RaisedOn != 20260603 || got.RaisedWhy != voice.Overdue {
			t.Errorf("%+v, %v", got, err)
		}
		if got, err = w.answer(w.team, v.ID, false); err != nil || got.State != voice.Answered { // late, but an answer
			t.Errorf("%+v, %v", got, err)
		}
		if got, err = w.rate(w.villager, v.ID, voice.Bad); err != nil || got.RaisedWhy != voice.Overdue {
			t.Errorf("%+v, %v", got, err)
		}
		if got, err = w.answer(w.supervisor, v.ID, false); err != nil || got.Rating != 0 || got.Answerer != "镇县督导" {
			t.Errorf("the town answers once more: %+v, %v", got, err)
		}
		if _, err = w.rate(w.villager, v.ID, voice.Good); err != nil {
			t.Errorf("and is rated: %v", err)
		}
		if _, err = w.answer(w.supervisor, v.ID, false); !errors.Is(err, voice.ErrState) {
			t.Errorf("answered again though all was well: %v", err)
		}
		second := w.said(nil)
		_, err = w.answer(w.team, second.ID, false)
		w.must(err)
		if got, err = w.rate(w.villager, second.ID, voice.Bad); err != nil || got.RaisedWhy != voice.Unsatisfied {
			t.Errorf("a bad rating: %+v, %v", got, err)
		}
		p, err := w.voice.Raised(t.Context(), w.supervisor, w.town, voice.Filter{})
		if err != nil || len(p.Items) != 2 {
			t.Errorf("the town's list %+v, %v", p, err)
		}
	})
}

func TestRefusals(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		for _, c := range []struct {
			name string
			who  access.Actor
			home id.ID
			do   func(*voice.SpeakRequest)
			want error
		}{
			{"blank", w.villager, w.home, func(r *voice.SpeakRequest) { r.Text = " \n" }, voice.ErrInvalid},
			{"long", w.villager, w.home, func(r *voice.SpeakRequest) { r.Text = strings.Repeat("长", 501) }, voice.ErrInvalid},
			{"kind", w.villager, w.home, func(r *voice.SpeakRequest) { r.Kind = "open" }, voice.ErrInvalid},
			{"of_another_household", w.villager, w.next, nil, access.ErrForbidden},
			{"household_of_nowhere", w.team, 5, nil, voice.ErrHousehold},
			{"member_of_another_household", w.team, w.home, func(r *voice.SpeakRequest) { r.Member = w.neighbour.Homes()[0].Member }, voice.ErrHousehold},
			{"photo_of_somebody_else", w.villager, w.home, func(r *voice.SpeakRequest) { r.Photos = []media.Ref{{Photo: 9}} }, media.ErrNotUploaded},
		} {
			if _, err := w.speak(c.who, c.home, c.do); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		if got := dbtest.Rows(t, db, "SELECT (SELECT COUNT(*) FROM voices) + (SELECT COUNT(*) FROM messages) + (SELECT COUNT(*) FROM requests)")[0]; got != "0" {
			t.Errorf("%s rows of what was refused", got)
		}
		for range voice.MaxOpen {
			w.said(nil)
		}
		if _, err := w.speak(w.villager, w.home, nil); !errors.Is(err, voice.ErrMany) {
			t.Errorf("one too many: %v", err)
		}
		list, err := w.voice.List(t.Context(), w.villager, w.village, voice.Filter{Of: "mine", Limit: 3})
		if err != nil || len(list.Items) != 3 || list.Next == "" {
			t.Fatalf("page %+v, %v", list, err)
		}
		if _, err := w.answer(w.team, list.Items[0].ID, true); !errors.Is(err, voice.ErrInvalid) {
			t.Errorf("shown without the author's consent: %v", err)
		}
		v, err := w.voice.Withdraw(t.Context(), w.villager, w.village, list.Items[0].ID, voice.StepRequest{RequestID: w.request()})
		if err != nil || v.State != voice.Withdrawn {
			t.Errorf("withdrawn %+v, %v", v, err)
		}
		if _, err := w.speak(w.villager, w.home, nil); err != nil {
			t.Errorf("room again: %v", err)
		}
	})
}

// An official writes it down for a household without a phone: the household sees it once it has one, and nobody answers for the own.
func TestEnteredForAHousehold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		v, err := w.speak(w.team, w.home, func(r *voice.SpeakRequest) { r.Member = w.villager.Homes()[0].Member })
		if err != nil || !v.EnteredFor || v.Name != "张三" || v.Mine {
			t.Errorf("entered %+v, %v", v, err)
		}
		if got := w.texts(w.villager, "mine"); got != "路灯坏了没人修/张三" {
			t.Errorf("the household reads %q", got)
		}
		boss := accesstest.User(t, db, "书记也是村民")
		accesstest.Stand(t, db, boss, w.village, w.villager.Homes()[0].Member)
		accesstest.Grant(t, db, boss, access.FirstSecretary, access.Place{Village: w.village})
		if _, err := w.answer(accesstest.Actor(t, db, w.now, boss), v.ID, false); !errors.Is(err, access.ErrOwn) {
			t.Errorf("answers for the own household: %v", err)
		}
		_, err = w.answer(w.team, v.ID, false)
		w.must(err)
		list, err := message.List(t.Context(), db, message.Reader{Households: []id.ID{w.home}}, 0, 5)
		if err != nil || len(list) != 1 || list[0].Member != w.villager.Homes()[0].Member {
			t.Errorf("the household was told %+v, %v", list, err)
		}
	})
}

// Two officials answer at once: one of them does.
func TestAnsweredOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		v := w.said(nil)
		var done atomic.Int64
		var wg sync.WaitGroup
		for range 6 {
			r := voice.AnswerRequest{RequestID: w.request(), Answer: "好"}
			wg.Go(func() {
				switch _, err := w.voice.Answer(context.Background(), w.team, w.village, v.ID, r); {
				case err == nil:
					done.Add(1)
				case !errors.Is(err, voice.ErrState):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if done.Load() != 1 || w.messages(w.villager.User()) != "您的投诉有了答复" {
			t.Errorf("%d answers", done.Load())
		}
	})
}

// What the content check holds back is read by its author and, unless it is forbidden, by those who answer; a person decides
// what the check cannot.
func TestContentCheck(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		show := func(text string) func(*voice.SpeakRequest) {
			return func(r *voice.SpeakRequest) { r.Text = text; r.MayBeShown = true }
		}
		for _, v := range []voice.Voice{w.said(show("违规的话")), w.said(show("拿不准的话")), w.said(show("好话"))} {
			_, err := w.answer(w.team, v.ID, true)
			w.must(err)
		}
		if got := w.texts(w.neighbour, "shown"); got != "/ / /" {
			t.Errorf("before the check the village reads %q", got)
		}
		if got := w.texts(w.team, "all"); got != "好话/张三 拿不准的话/张三 违规的话/张三" {
			t.Errorf("before the check the team reads %q", got)
		}
		w.must(w.lanes.Drain(t.Context()))
		if got := w.texts(w.neighbour, "shown"); got != "好话/ / /" {
			t.Errorf("the village reads %q", got)
		}
		if got := w.texts(w.team, "all"); got != "好话/张三 拿不准的话/张三 /张三" {
			t.Errorf("the team reads %q", got)
		}
		if got := w.texts(w.villager, "mine"); got != "好话/张三 拿不准的话/张三 违规的话/张三" {
			t.Errorf("the author reads %q", got)
		}
		p, err := w.voice.List(t.Context(), w.villager, w.village, voice.Filter{Of: "mine"})
		if err != nil || p.Items[0].Answer != "明天换灯泡" {
			t.Errorf("the author does not read an answer that waits for a person: %+v, %v", p, err)
		}
		w.reviews()
	})
}

// reviews judges the one text that waits, and tries who may.
func (w *world) reviews() {
	w.t.Helper()
	ctx := w.t.Context()
	list, err := w.media.Reviews(ctx, media.Viewer{User: w.team.User(), Official: true}, w.village, 0, 10)
	if err != nil {
		w.t.Fatal(err)
	}
	var r media.Review
	for _, x := range list.Items { // the answers come from officials whom WeChat has never seen: they wait for a person too
		if x.Kind == "voice" {
			r = x
		}
	}
	if len(list.Items) != 4 || r.Text != "拿不准的话" || r.KindName != "投诉和建议" {
		w.t.Fatalf("waiting: %+v", list.Items)
	}
	judge := func(by id.ID, accept bool, request string) (media.Judged, error) {
		return w.media.Judge(ctx, media.Sender{Village: w.village, User: by}, r.ID, media.JudgeRequest{RequestID: request, Accept: accept})
	}
	if _, err := judge(w.villager.User(), true, w.request()); !errors.Is(err, media.ErrOwnReview) {
		w.t.Errorf("the sender judges: %v", err)
	}
	request := w.request()
	for i, repeated := range []bool{false, true} {
		if got, err := judge(w.team.User(), true, request); err != nil || !got.Accepted || got.Repeated != repeated {
			w.t.Errorf("try %d: %+v, %v", i, got, err)
		}
	}
	if _, err := judge(w.secretary.User(), false, w.request()); !errors.Is(err, media.ErrNoReview) {
		w.t.Errorf("judged twice: %v", err)
	}
	if got := w.texts(w.neighbour, "shown"); got != "好话/ 拿不准的话/ /" {
		w.t.Errorf("after the judgement the village reads %q", got)
	}
	if got := dbtest.Rows(w.t, w.db, "SELECT COUNT(*) FROM content_checks WHERE kind = 'voice' AND text <> ''")[0]; got != "0" {
		w.t.Errorf("%s texts are kept though nobody has to judge them", got)
	}
}
