package activity_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/activity"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/media"
	"hefen/internal/message"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/stepcode"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

const rules = `
format: 1
title: 测试细则
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend, floor: 0}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: eco, name: 人居环境}
  - {code: fault, name: 反向约束}
items:
  - {code: meet, name: 参加村民会, class: eco, points: 5, review: {direct: true}}
  - {code: rare, name: 一次性活动, class: eco, points: 7, caps: [{per: year, times: 1}], review: {direct: true}}
  - {code: shot, name: 拍照清扫, class: eco, points: 3, evidence: [photo], review: {direct: true}}
  - {code: trash, name: 乱倒垃圾, class: fault, points: -10}
records: {backdate_days: 30}
`

// start is when the events of the tests begin, in the morning of a day.
var start = clock.MakeDay(2026, 6, 15).Start().Add(9 * time.Hour)

type world struct {
	t        *testing.T
	db       *storage.DB
	at       atomic.Int64
	activity *activity.Service
	photos   *media.Service

	village       id.ID
	homes, people []id.ID // people: the householders; the first household has one more
	wife          id.ID
	phones        []access.Actor // of the householders
	team, second  access.Actor
	n             atomic.Int64
}

func newWorld(t *testing.T, db *storage.DB, households int) *world {
	t.Helper()
	w := &world{t: t, db: db}
	w.set(start)
	ctx := t.Context()
	villages, books := village.New(db, w.now, ledger.OpenAccounts), rulebook.New(db, w.now)
	users := access.New(db, w.now, nil)
	folder, err := media.NewFolder(t.TempDir())
	w.must(err)
	w.photos = media.New(db, w.now, folder, config.Default().Photos)
	records := cases.New(db, w.now, villages, books, users, w.photos)
	w.activity = activity.New(db, w.now, records, books, villages, w.photos, users.Names)
	region := func(r village.Region, err error) id.ID { w.must(err); return r.ID }
	county := region(villages.CreateCounty(ctx, village.NewRegion{Code: "431229", Name: "靖州县", From: 20200101}))
	town := region(villages.CreateTown(ctx, county, village.NewRegion{Code: "431229100", Name: "渠阳镇", From: 20200101}))
	w.village = region(villages.CreateVillage(ctx, town, village.NewRegion{Code: "431229100201", Name: "林源村", From: 20200101}))
	group := region(villages.CreateGroup(ctx, w.village, village.NewRegion{Code: "01", Name: "一组", From: 20200101}))
	for i := range households {
		members := []village.NewMember{{Name: "张大山", Relation: village.Head}}
		if i == 0 {
			members = append(members, village.NewMember{Name: "李小云", Relation: "配偶"})
		}
		h, _, err := villages.CreateHousehold(ctx, village.Write{Village: w.village, By: 9, On: 20240101}, village.NewHousehold{Number: fmt.Sprintf("%03d", i+1), Group: group, Members: members})
		w.must(err)
		d, err := villages.Detail(ctx, w.village, h, 20260615)
		w.must(err)
		w.homes, w.people = append(w.homes, h), append(w.people, d.People[0].ID)
		if i == 0 {
			w.wife = d.People[1].ID
		}
		w.phones = append(w.phones, accesstest.Villager(t, db, w.now, w.village, d.People[0].ID))
	}
	place := access.Place{Village: w.village}
	secretary := accesstest.Official(t, db, w.now, access.FirstSecretary, place)
	w.team, w.second = accesstest.Official(t, db, w.now, access.TeamMember, place), accesstest.Official(t, db, w.now, access.TeamMember, place)
	_, _, err = books.Adopt(ctx, secretary, w.village, rulebook.AdoptRequest{RequestID: w.request(), Source: rules, AdoptedOn: 20250101, FromDay: 20250101})
	w.must(err)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) now() time.Time       { return clock.FromMs(w.at.Load()) }
func (w *world) set(at time.Time)     { w.at.Store(clock.Ms(at)) }
func (w *world) pass(d time.Duration) { w.at.Add(d.Milliseconds()) }
func (w *world) request() string      { return fmt.Sprintf("request-%016d", w.n.Add(1)) }

func (w *world) call(item string, change func(*activity.CallRequest)) activity.Activity {
	w.t.Helper()
	r := activity.CallRequest{RequestID: w.request(), Item: item, Title: "村民大会", Place: "村委会", StartsAt: clock.Ms(start), EndsAt: clock.Ms(start.Add(2 * time.Hour))}
	if change != nil {
		change(&r)
	}
	v, err := w.activity.Call(w.t.Context(), w.team, w.village, r)
	w.must(err)
	return v
}

// code is what the organiser's phone shows at an instant, computed as the phone does from its secret.
func (w *world) code(event id.ID, at time.Time) string {
	w.t.Helper()
	s, err := w.activity.CodeSecret(w.t.Context(), w.team, w.village, event)
	w.must(err)
	secret, err := base64.StdEncoding.DecodeString(s.Secret)
	w.must(err)
	return s.Prefix + event.String() + "-" + stepcode.At(secret, stepcode.Step(at), s.Digits)
}

func (w *world) checkIn(a access.Actor, event id.ID, change func(*activity.CheckInRequest)) (activity.Attendee, error) {
	r := activity.CheckInRequest{RequestID: w.request(), Code: w.code(event, w.now())}
	if change != nil {
		change(&r)
	}
	return w.activity.CheckIn(context.Background(), a, w.village, event, r)
}

func (w *world) closeBy(a access.Actor, event id.ID) (activity.Activity, error) {
	return w.activity.Close(w.t.Context(), a, w.village, event, activity.CloseRequest{})
}

func (w *world) expect(household id.ID, want points.Amount) {
	w.t.Helper()
	bs, err := ledger.Balances(context.Background(), w.db, household)
	w.must(err)
	var got points.Amount
	for _, b := range bs {
		if b.Wallet == "spend" {
			got += b.Amount
		}
	}
	if got != want*points.Point {
		w.t.Errorf("household has %s, want %s", got, want*points.Point)
	}
}

// audit holds the ledger and the cases to their laws, and the lists to their counts.
func (w *world) audit() {
	w.t.Helper()
	ledgertest.Audit(w.t, w.db)
	r, err := cases.Audit(context.Background(), w.db)
	w.must(err)
	if !r.OK() {
		w.t.Fatalf("audit:\n%s", r)
	}
	bad := dbtest.Rows(w.t, w.db, "SELECT v.id FROM activities v WHERE v.joined <> (SELECT COUNT(*) FROM attendees t WHERE t.activity_id = v.id AND t.state <> 'removed')")
	if len(bad) > 0 {
		w.t.Errorf("the count of %v is not the list's", bad)
	}
}

func each(t *testing.T, households int, test func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, households)
		test(t, w)
		w.audit()
	})
}

func TestFromCallToRecords(t *testing.T) {
	each(t, 4, func(t *testing.T, w *world) {
		v := w.call("meet", func(r *activity.CallRequest) { r.Announce = true })
		if got := dbtest.Rows(t, w.db, "SELECT COUNT(*) FROM messages WHERE kind = 'activity'")[0]; got != "4" {
			t.Errorf("%s households were told, want 4", got)
		}
		seat, err := w.checkIn(w.phones[0], v.ID, nil)
		if err != nil || seat.State != activity.In || seat.How != activity.ByCode || seat.Name != "张大山" || seat.Number != "001" {
			t.Errorf("checked in %+v, %v", seat, err)
		}
		if _, err := w.checkIn(w.phones[0], v.ID, nil); !errors.Is(err, activity.ErrIn) {
			t.Errorf("checked in twice: %v", err)
		}
		typed := w.code(v.ID, w.now())
		if _, err := w.checkIn(w.phones[1], v.ID, func(r *activity.CheckInRequest) { r.Code = typed[len(typed)-6:] }); err != nil {
			t.Errorf("typed: %v", err)
		}
		v, err = w.activity.Enter(t.Context(), w.team, w.village, v.ID, activity.EnterRequest{RequestID: w.request(), People: []id.ID{w.wife, w.homes[2], w.people[0]}})
		if err != nil || v.Joined != 4 {
			t.Errorf("entered %+v, %v", v, err)
		}
		got, err := w.activity.Get(t.Context(), w.phones[0], w.village, v.ID)
		if err != nil || len(got.Mine) != 2 || got.Organiser != "驻村队员" || got.Left != 0 {
			t.Errorf("the household sees %+v, %v", got, err)
		}
		v, err = w.closeBy(w.team, v.ID)
		if err != nil || v.State != activity.Closed || v.Recorded != 4 || v.Left != 0 {
			t.Errorf("closed %+v, %v", v, err)
		}
		w.expect(w.homes[0], 10) // two of its people
		w.expect(w.homes[1], 5)
		w.expect(w.homes[2], 5)
		w.expect(w.homes[3], 0)
		if v, err = w.closeBy(w.second, v.ID); err != nil || v.Recorded != 4 {
			t.Errorf("closed again %+v, %v", v, err)
		}
		w.expect(w.homes[0], 10)
		if _, err := w.checkInAfter(v.ID); !errors.Is(err, activity.ErrOver) {
			t.Errorf("checked in after the end: %v", err)
		}
		list, err := w.activity.Attendees(t.Context(), w.team, w.village, v.ID, 0, 3)
		if err != nil || len(list.Items) != 3 || list.Next == "" || list.Items[0].Batch == 0 {
			t.Errorf("list %+v, %v", list, err)
		}
	})
}

func (w *world) checkInAfter(event id.ID) (activity.Attendee, error) {
	return w.activity.CheckIn(context.Background(), w.phones[3], w.village, event, activity.CheckInRequest{RequestID: w.request(), Code: "123456"})
}

func TestWhichCodesCount(t *testing.T) {
	each(t, 4, func(t *testing.T, w *world) {
		v, other := w.call("meet", nil), w.call("meet", nil)
		now := w.now()
		try := func(name string, a access.Actor, want error, change func(*activity.CheckInRequest)) {
			t.Helper()
			if _, err := w.checkIn(a, v.ID, change); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
		code := func(at time.Time) func(*activity.CheckInRequest) {
			return func(r *activity.CheckInRequest) { r.Code = w.code(v.ID, at) }
		}
		try("of two steps ago", w.phones[0], activity.ErrCode, code(now.Add(-time.Minute)))
		try("of another event", w.phones[0], activity.ErrCode, func(r *activity.CheckInRequest) { r.Code = w.code(other.ID, now) })
		try("of no form", w.phones[0], activity.ErrCode, func(r *activity.CheckInRequest) { r.Code = "你好" })
		try("of the step before", w.phones[0], nil, code(now.Add(-30*time.Second)))
		for range 5 {
			try("wrong", w.phones[1], activity.ErrCode, func(r *activity.CheckInRequest) { r.Code = "HF3-" + v.ID.String() + "-00000x" })
		}
		try("right after five wrong ones", w.phones[1], activity.ErrWait, nil)
		w.pass(11 * time.Minute)
		try("right after the wait", w.phones[1], nil, nil)
		w.set(start.Add(-3 * time.Hour))
		try("early", w.phones[2], activity.ErrEarly, nil)
		w.set(start.Add(5 * time.Hour))
		try("late", w.phones[2], activity.ErrLate, nil)
		w.set(start)
		stranger := accesstest.Official(t, w.db, w.now, access.Keeper, access.Place{Village: w.village})
		try("by one who does not live here", stranger, access.ErrForbidden, nil)
		accesstest.Stand(t, w.db, w.phones[0].User(), w.village, w.wife)
		both := accesstest.Actor(t, w.db, w.now, w.phones[0].User())
		try("for nobody named of two", both, activity.ErrWho, nil)
		try("for somebody else", both, activity.ErrWho, func(r *activity.CheckInRequest) { r.Member = w.people[2] })
		try("for the wife", both, nil, func(r *activity.CheckInRequest) { r.Member = w.wife })
		if _, err := w.activity.CodeSecret(t.Context(), w.phones[0], w.village, v.ID); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("a villager gets the secret: %v", err)
		}
	})
}

// What arrives later than it was scanned is accepted by the organiser, or left out.
func TestWithoutSignal(t *testing.T) {
	each(t, 4, func(t *testing.T, w *world) {
		v := w.call("meet", nil)
		scanned := w.now()
		code := w.code(v.ID, scanned)
		w.pass(26 * time.Hour)
		offline := func(a access.Actor, at time.Time) (activity.Attendee, error) {
			return w.activity.CheckIn(context.Background(), a, w.village, v.ID, activity.CheckInRequest{RequestID: w.request(), Code: code, ScannedAt: clock.Ms(at)})
		}
		if _, err := offline(w.phones[0], scanned.Add(5*time.Minute)); !errors.Is(err, activity.ErrCode) {
			t.Errorf("with a code of another time: %v", err)
		}
		if _, err := offline(w.phones[0], w.now().Add(time.Hour)); !errors.Is(err, activity.ErrInvalid) {
			t.Errorf("from the future: %v", err)
		}
		a, err := offline(w.phones[0], scanned.Add(40*time.Second))
		if err != nil || a.State != activity.Asked || a.How != activity.Offline {
			t.Errorf("came later: %+v, %v", a, err)
		}
		_, err = offline(w.phones[1], scanned)
		w.must(err)
		mark := func(remove bool, seats ...id.ID) error {
			_, err := w.activity.Mark(t.Context(), w.team, w.village, v.ID, activity.MarkRequest{RequestID: w.request(), Attendees: seats, Remove: remove})
			return err
		}
		w.must(mark(false, a.ID))
		if err := mark(false, 5); !errors.Is(err, activity.ErrNobody) {
			t.Errorf("accepted nobody: %v", err)
		}
		got, err := w.closeBy(w.team, v.ID)
		if err != nil || got.Recorded != 1 {
			t.Errorf("closed %+v, %v", got, err)
		}
		w.expect(w.homes[0], 5)
		w.expect(w.homes[1], 0)
		if err := mark(true, a.ID); !errors.Is(err, activity.ErrRecorded) {
			t.Errorf("removed after the record: %v", err)
		}
		w.pass(8 * 24 * time.Hour)
		if _, err := offline(w.phones[2], scanned); !errors.Is(err, activity.ErrOver) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestRoomAndRemoval(t *testing.T) {
	each(t, 5, func(t *testing.T, w *world) {
		v := w.call("meet", func(r *activity.CallRequest) { r.Capacity = 3 })
		code := w.code(v.ID, w.now())
		var in, full atomic.Int64
		var wg sync.WaitGroup
		for _, a := range w.phones {
			r := activity.CheckInRequest{RequestID: w.request(), Code: code}
			wg.Go(func() {
				switch _, err := w.activity.CheckIn(context.Background(), a, w.village, v.ID, r); {
				case err == nil:
					in.Add(1)
				case errors.Is(err, activity.ErrFull):
					full.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if in.Load() != 3 || full.Load() != 2 {
			t.Errorf("%d came in and %d found it full", in.Load(), full.Load())
		}
		list, err := w.activity.Attendees(t.Context(), w.team, w.village, v.ID, 0, 0)
		w.must(err)
		gone := list.Items[0]
		got, err := w.activity.Mark(t.Context(), w.team, w.village, v.ID, activity.MarkRequest{RequestID: w.request(), Attendees: []id.ID{gone.ID}, Remove: true})
		if err != nil || got.Joined != 2 {
			t.Errorf("removed: %+v, %v", got, err)
		}
		for _, a := range w.phones {
			if a.IsOwn(gone.Household) {
				if _, err := w.checkIn(a, v.ID, nil); !errors.Is(err, activity.ErrRemoved) {
					t.Errorf("came back by itself: %v", err)
				}
			}
		}
		if got, err = w.activity.Enter(t.Context(), w.team, w.village, v.ID, activity.EnterRequest{RequestID: w.request(), People: []id.ID{gone.Member}}); err != nil || got.Joined != 3 {
			t.Errorf("entered again: %+v, %v", got, err)
		}
		if got, err = w.closeBy(w.team, v.ID); err != nil || got.Recorded != 3 {
			t.Errorf("closed %+v, %v", got, err)
		}
	})
}

// Nobody records the own household: it is left for another official. Whom the rules refuse is left out with the reason.
func TestWhoIsLeftOut(t *testing.T) {
	each(t, 4, func(t *testing.T, w *world) {
		accesstest.Grant(t, w.db, w.phones[0].User(), access.TeamMember, access.Place{Village: w.village})
		neighbour := accesstest.Actor(t, w.db, w.now, w.phones[0].User())
		first := w.call("rare", nil)
		_, err := w.checkIn(w.phones[1], first.ID, nil)
		w.must(err)
		_, err = w.closeBy(w.team, first.ID)
		w.must(err)

		v := w.call("rare", nil)
		for _, a := range w.phones {
			_, err := w.checkIn(a, v.ID, nil)
			w.must(err)
		}
		if _, err := w.activity.Enter(t.Context(), neighbour, w.village, v.ID, activity.EnterRequest{RequestID: w.request(), People: []id.ID{w.wife}}); !errors.Is(err, access.ErrOwn) {
			t.Errorf("enters the own wife: %v", err)
		}
		got, err := w.closeBy(neighbour, v.ID)
		if err != nil || got.Recorded+got.Left != 4 || got.Left != 1 {
			t.Errorf("closed %+v, %v", got, err)
		}
		w.expect(w.homes[0], 0)
		if got, err = w.closeBy(w.second, v.ID); err != nil || got.Left != 0 || got.Recorded != 4 {
			t.Errorf("closed by another %+v, %v", got, err)
		}
		w.expect(w.homes[0], 7)
		w.expect(w.homes[1], 7) // once a year; the second record counts nothing
		w.expect(w.homes[2], 7)
	})
}

func (w *world) photo(a access.Actor, seed int) media.Ref {
	w.t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for x := range 40 {
		for y := range 30 {
			img.Set(x, y, color.RGBA{uint8(x * 5), uint8(y * 7), uint8(seed * 40), 255})
		}
	}
	var b bytes.Buffer
	w.must(jpeg.Encode(&b, img, nil))
	u, err := w.photos.Put(w.t.Context(), media.Sender{Village: w.village, User: a.User()}, b.Bytes())
	w.must(err)
	return media.Ref{Photo: u.Photo}
}

// An item that asks for a photo: each brings one of their own, taken on the spot; those entered by hand go with one of the event.
func TestPhotosOnTheSpot(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		v := w.call("shot", nil)
		if !v.NeedsPhoto {
			t.Error("the item's photo is not asked for")
		}
		if _, err := w.checkIn(w.phones[0], v.ID, nil); !errors.Is(err, activity.ErrPhoto) {
			t.Errorf("without a photo: %v", err)
		}
		ref := w.photo(w.phones[0], 1)
		if _, err := w.checkIn(w.phones[1], v.ID, func(r *activity.CheckInRequest) { r.Photo = &ref }); !errors.Is(err, media.ErrNotUploaded) {
			t.Errorf("with somebody else's photo: %v", err)
		}
		seat, err := w.checkIn(w.phones[0], v.ID, func(r *activity.CheckInRequest) { r.Photo = &ref })
		if err != nil || len(seat.Photos) != 1 {
			t.Errorf("%+v, %v", seat, err)
		}
		for _, c := range []struct {
			who access.Actor
			may bool
		}{{w.phones[0], true}, {w.team, true}, {w.phones[1], false}} {
			if err := w.activity.MaySeePhotos(t.Context(), c.who, w.village, seat.ID); (err == nil) != c.may {
				t.Errorf("sees the photo: %v, want %v", err, c.may)
			}
		}
		_, err = w.activity.Enter(t.Context(), w.team, w.village, v.ID, activity.EnterRequest{RequestID: w.request(), People: []id.ID{w.people[2]}})
		w.must(err)
		if _, err := w.closeBy(w.team, v.ID); !errors.Is(err, cases.ErrEvidence) {
			t.Errorf("closed without a photo of the event: %v", err)
		}
		if got, err := w.activity.Get(t.Context(), w.team, w.village, v.ID); err != nil || got.State != activity.Open {
			t.Errorf("after the refusal %+v, %v", got, err)
		}
		got, err := w.activity.Close(t.Context(), w.team, w.village, v.ID, activity.CloseRequest{Photos: []media.Ref{w.photo(w.team, 3)}})
		if err != nil || got.Recorded != 2 {
			t.Errorf("closed %+v, %v", got, err)
		}
		w.expect(w.homes[0], 3)
		w.expect(w.homes[2], 3)
	})
}

// Closing dies at the worst moment: the records are made, nobody is marked. Another official goes on when the lease has ended.
func TestClosingGoesOnAfterDeath(t *testing.T) {
	each(t, 4, func(t *testing.T, w *world) {
		v := w.call("meet", nil)
		for _, a := range w.phones[:3] {
			_, err := w.checkIn(a, v.ID, nil)
			w.must(err)
		}
		_, err := w.closeBy(w.team, v.ID)
		w.must(err)
		w.must(w.db.InTx(t.Context(), func(tx *storage.Tx) error {
			if _, err := tx.Exec("UPDATE attendees SET batch_id = 0 WHERE activity_id = ?", v.ID); err != nil {
				return err
			}
			_, err := tx.Exec("UPDATE activities SET state = 'closing', closer = ?, lease_until = ? WHERE id = ?", w.team.User(), clock.Ms(w.now().Add(time.Minute)), v.ID)
			return err
		}))
		if _, err := w.closeBy(w.second, v.ID); !errors.Is(err, activity.ErrClosing) {
			t.Errorf("took over a closing that may be alive: %v", err)
		}
		w.pass(61 * time.Second)
		got, err := w.closeBy(w.second, v.ID)
		if err != nil || got.Recorded != 3 || got.State != activity.Closed {
			t.Errorf("went on: %+v, %v", got, err)
		}
		for _, h := range w.homes[:3] {
			w.expect(h, 5)
		}
	})
}

// Closing is cut off again and again at random moments, by two officials in turn: in the end each has one record.
func TestClosingUnderRandomCuts(t *testing.T) {
	each(t, 30, func(t *testing.T, w *world) {
		v := w.call("rare", func(r *activity.CallRequest) { r.Photo = true })
		for i, a := range w.phones[:10] { // with photos: a request each
			ref := w.photo(a, i)
			_, err := w.checkIn(a, v.ID, func(r *activity.CheckInRequest) { r.Photo = &ref })
			w.must(err)
		}
		_, err := w.activity.Enter(t.Context(), w.team, w.village, v.ID, activity.EnterRequest{RequestID: w.request(), People: w.people[10:]})
		w.must(err)
		r := rand.New(rand.NewPCG(3, 4))
		for i := range 12 {
			ctx, cut := context.WithTimeout(t.Context(), time.Duration(1+r.IntN(12))*time.Millisecond)
			_, _ = w.activity.Close(ctx, []access.Actor{w.team, w.second}[i%2], w.village, v.ID, activity.CloseRequest{})
			cut()
			w.pass(2 * time.Minute)
		}
		got, err := w.closeBy(w.second, v.ID)
		if err != nil || got.Recorded != 30 || got.Left != 0 {
			t.Errorf("in the end %+v, %v", got, err)
		}
		for _, h := range w.homes {
			w.expect(h, 7)
		}
		if got := dbtest.Rows(t, w.db, "SELECT COUNT(*) FROM cases")[0]; got != "30" {
			t.Errorf("%s records, want 30", got)
		}
	})
}

func TestCallChangeCancel(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		v := w.call("meet", nil)
		base := activity.CallRequest{Item: "meet", Title: "改期", Place: "晒谷场", StartsAt: clock.Ms(start.Add(time.Hour)), EndsAt: clock.Ms(start.Add(3 * time.Hour))}
		with := func(change func(*activity.CallRequest)) activity.CallRequest {
			r := base
			r.RequestID = w.request()
			change(&r)
			return r
		}
		for name, bad := range map[string]activity.CallRequest{
			"blank title":  with(func(r *activity.CallRequest) { r.Title = " " }),
			"long place":   with(func(r *activity.CallRequest) { r.Place = strings.Repeat("长", 41) }),
			"ends first":   with(func(r *activity.CallRequest) { r.EndsAt = r.StartsAt }),
			"long ago":     with(func(r *activity.CallRequest) { r.StartsAt = 1 }),
			"deduction":    with(func(r *activity.CallRequest) { r.Item = "trash" }),
			"unknown item": with(func(r *activity.CallRequest) { r.Item = "nothing" }),
			"huge":         with(func(r *activity.CallRequest) { r.Capacity = 5000 }),
		} {
			if _, err := w.activity.Call(t.Context(), w.team, w.village, bad); err == nil {
				t.Errorf("%s: called", name)
			}
			bad.RequestID = w.request()
			if _, err := w.activity.Change(t.Context(), w.team, w.village, v.ID, bad); err == nil {
				t.Errorf("%s: changed", name)
			}
		}
		got, err := w.activity.Change(t.Context(), w.team, w.village, v.ID, with(func(*activity.CallRequest) {}))
		if err != nil || got.Title != "改期" || got.Place != "晒谷场" {
			t.Errorf("changed %+v, %v", got, err)
		}
		_, err = w.checkIn(w.phones[0], v.ID, nil)
		w.must(err)
		cancel := activity.CancelRequest{RequestID: w.request(), Why: "下雨"}
		for _, repeated := range []bool{false, true} {
			if got, err = w.activity.Cancel(t.Context(), w.team, w.village, v.ID, cancel); err != nil || got.State != activity.Cancelled || got.Repeated != repeated {
				t.Errorf("cancelled %+v, %v", got, err)
			}
		}
		ms, err := message.List(t.Context(), w.db, message.Reader{Households: []id.ID{w.homes[0]}}, 0, 5)
		if err != nil || len(ms) != 1 || ms[0].Title != "活动取消：改期" {
			t.Errorf("told %+v, %v", ms, err)
		}
		if _, err := w.closeBy(w.team, v.ID); !errors.Is(err, activity.ErrOver) {
			t.Errorf("closed a cancelled event: %v", err)
		}
		later := w.call("meet", func(r *activity.CallRequest) { r.StartsAt += 48 * 3600_000; r.EndsAt += 48 * 3600_000 })
		if _, err := w.closeBy(w.team, later.ID); !errors.Is(err, activity.ErrEarly) {
			t.Errorf("closed before it began: %v", err)
		}
		p, err := w.activity.List(t.Context(), w.phones[0], w.village, activity.Filter{Limit: 1})
		if err != nil || len(p.Items) != 1 || p.Next == "" || p.Items[0].ID != later.ID {
			t.Errorf("page %+v, %v", p, err)
		}
		if _, err := w.activity.Get(t.Context(), w.phones[0], w.village, 7); !errors.Is(err, activity.ErrNone) {
			t.Errorf("an event of nowhere: %v", err)
		}
	})
}
