package publication

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/media"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

const rules = `
format: 1
title: 公示试验细则
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend, floor: 0}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: eco, name: 人居环境}
  - {code: fault, name: 反向约束}
items:
  - {code: sweep, name: 参加清扫, class: eco, points: 5, review: {direct: true}}
  - {code: trash, name: 乱倒垃圾, class: fault, points: -3}
boards: {mask: false}
records: {withdraw_minutes: 10, backdate_days: 30, effect: after_publication, publish_days: 7}
`

var today = clock.MakeDay(2026, 6, 30)

type world struct {
	t        testing.TB
	db       *storage.DB
	time     atomic.Int64
	cases    *cases.Service
	villages *village.Service
	pub      *Service
	village  id.ID
	groups   [2]id.ID
	homes    []id.ID
	heads    []id.ID

	member, second, secretary access.Actor
	requests                  atomic.Int64
}

func (w *world) now() time.Time { return time.UnixMilli(w.time.Load()) }

func (w *world) pass(days int) { w.time.Add(int64(days) * 24 * 3600 * 1000) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) request() string { return fmt.Sprintf("request-%012d", w.requests.Add(1)) }

func newWorld(t testing.TB, db *storage.DB, households int) *world {
	t.Helper()
	ctx := context.Background()
	w := &world{t: t, db: db}
	w.time.Store(today.Start().Add(9 * time.Hour).UnixMilli())
	w.villages = village.New(db, w.now, ledger.OpenAccounts)
	book := rulebook.New(db, w.now)
	people := access.New(db, w.now, nil)
	folder, err := media.NewFolder(t.TempDir())
	w.must(err)
	w.cases = cases.New(db, w.now, w.villages, book, people, media.New(db, w.now, folder, config.Default().Photos))
	w.pub = New(db, w.now, w.cases, w.villages, book)
	start := clock.MakeDay(2020, 1, 1)
	county, err := w.villages.CreateCounty(ctx, village.NewRegion{Code: fmt.Sprint(db.NewID()), Name: "靖州县", From: start})
	w.must(err)
	town, err := w.villages.CreateTown(ctx, county.ID, village.NewRegion{Code: "431229100", Name: "渠阳镇", From: start})
	w.must(err)
	v, err := w.villages.CreateVillage(ctx, town.ID, village.NewRegion{Code: "431229100201", Name: "林源村", From: start})
	w.must(err)
	w.village = v.ID
	for i := range w.groups {
		g, err := w.villages.CreateGroup(ctx, v.ID, village.NewRegion{Code: fmt.Sprintf("%02d", i+1), Name: fmt.Sprintf("%d组", i+1), From: start})
		w.must(err)
		w.groups[i] = g.ID
	}
	place := access.Place{Village: v.ID}
	w.secretary = accesstest.Official(t, db, w.now, access.FirstSecretary, place)
	w.member = accesstest.Official(t, db, w.now, access.TeamMember, place)
	w.second = accesstest.Official(t, db, w.now, access.TeamMember, place)
	_, _, err = book.Adopt(ctx, w.secretary, v.ID, rulebook.AdoptRequest{RequestID: w.request(), Source: rules, AdoptedOn: 20250101, FromDay: 20250101})
	w.must(err)
	for n := range households {
		h, _, err := w.villages.CreateHousehold(ctx, village.Write{Village: w.village, By: 9, On: 20240101}, village.NewHousehold{Number: fmt.Sprintf("%04d", n+1), Group: w.groups[n%2],
			Members: []village.NewMember{{Name: []string{"张", "王", "李", "赵"}[n%4] + "大山", Relation: village.Head}}})
		w.must(err)
		w.homes = append(w.homes, h)
		var m id.ID
		w.must(db.QueryRow(ctx, "SELECT member_id FROM memberships WHERE household_id = ?", h).Scan(&m))
		w.heads = append(w.heads, m)
	}
	return w
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 4)
		test(t, w)
		w.audit()
	})
}

func (w *world) audit() {
	w.t.Helper()
	ledgertest.Audit(w.t, w.db)
	for _, audit := range []func(context.Context, *storage.DB) (ledger.Report, error){cases.Audit, ledger.AuditSeals, Audit} {
		r, err := audit(context.Background(), w.db)
		w.must(err)
		if !r.OK() {
			w.t.Fatalf("audit:\n%s", r)
		}
	}
}

func (w *world) record(item string, homes ...id.ID) []id.ID {
	w.t.Helper()
	r, err := w.cases.Record(context.Background(), w.member, w.village, cases.Request{RequestID: w.request(), Item: item, Subjects: homes, OccurredOn: clock.DayOf(w.now())})
	w.must(err)
	var out []id.ID
	for _, c := range r.Items {
		out = append(out, c.ID)
		if c.State == cases.Submitted {
			_, err := w.cases.Approve(context.Background(), w.second, w.village, c.ID, cases.Step{RequestID: w.request()})
			w.must(err)
		}
	}
	return out
}

var june = Range{From: 20260601, To: 20260630}

func (w *world) publish(r Range) Notice {
	w.t.Helper()
	p, err := w.pub.Preview(context.Background(), w.member, w.village, r)
	w.must(err)
	n, err := w.pub.Publish(context.Background(), w.member, w.village, PublishRequest{RequestID: w.request(), Range: r, Digest: p.Digest})
	w.must(err)
	return n
}

func (w *world) page(n id.ID) Page {
	w.t.Helper()
	p, err := w.pub.Page(context.Background(), w.member, w.village, n)
	w.must(err)
	return p
}

func (w *world) line(p Page, c id.ID) LineNow {
	w.t.Helper()
	for _, l := range p.Lines {
		if l.Case == c && !l.Share {
			return l
		}
	}
	w.t.Fatalf("case %s is not on the page", c)
	return LineNow{}
}

// TestPublish: what the preview shows is published once, with a number, a hash of its bytes and the seal of the ledger
// that holds its entries; its cases begin their days and take effect when they are over.
func TestPublish(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		made := append(w.record("sweep", w.homes[0], w.homes[1]), w.record("trash", w.homes[2])...)
		r := PublishRequest{RequestID: w.request(), Range: june}
		p, err := w.pub.Preview(ctx, w.member, w.village, june)
		w.must(err)
		if p.Sum != (Sum{Cases: 3, Homes: 3, Plus: 10 * points.Point, Minus: -3 * points.Point}) || len(p.Honour) != 2 || len(p.Warning) != 0 || p.Honour[0].Rank != 1 || p.Honour[1].Rank != 1 {
			t.Errorf("%+v", p.Snapshot)
		}
		r.Digest = strings.Repeat("0", 32)
		if _, err := w.pub.Publish(ctx, w.member, w.village, r); !errors.Is(err, ErrChanged) {
			t.Errorf("published what no preview showed: %v", err)
		}
		r.Digest = p.Digest
		n, err := w.pub.Publish(ctx, w.member, w.village, r)
		w.must(err)
		if n.No != "2026年第1号" || n.Seal.Size == 0 || n.ObjectUntil != today.Add(7) || n.PublicUntil != today.Add(29) || n.Cases != 3 {
			t.Errorf("%+v", n)
		}
		again, err := w.pub.Publish(ctx, w.member, w.village, r)
		w.must(err)
		if again.ID != n.ID || !again.Repeated {
			t.Errorf("repeated: %+v", again)
		}
		if _, err := w.pub.Preview(ctx, w.member, w.village, june); !errors.Is(err, ErrNoCases) {
			t.Errorf("published twice: %v", err)
		}
		snapshot, err := w.pub.Copy(ctx, w.member, w.village, n.ID)
		w.must(err)
		if sum := sha256.Sum256(snapshot); hex.EncodeToString(sum[:]) != n.Hash || !strings.Contains(string(snapshot), n.Seal.Root) {
			t.Errorf("hash %s of %s", n.Hash, snapshot)
		}
		var posting id.ID
		w.must(w.db.QueryRow(ctx, "SELECT posting_id FROM entries WHERE case_id = ? LIMIT 1", made[0]).Scan(&posting))
		if _, err := ledger.Prove(ctx, w.db, w.homes[0], posting, n.Seal.Size); err != nil {
			t.Errorf("an entry of the notice is not in its seal: %v", err)
		}
		if l := w.line(w.page(n.ID), made[0]); l.Now != "" || l.Name != "张大山" || !l.Waits || l.Points != 5*points.Point {
			t.Errorf("%+v", l)
		}
		w.pass(8)
		if n, err := w.cases.TakeEffect(ctx); err != nil || n != 3 {
			t.Errorf("%d took effect: %v", n, err)
		}
		w.record("sweep", w.homes[3])
		second := w.publish(Range{Group: w.groups[1], From: 20260701, To: 20260708})
		if second.No != "2026年第2号" || second.Group != w.groups[1] {
			t.Errorf("%+v", second)
		}
		if list, err := w.pub.List(ctx, w.second, w.village, 0, 1); err != nil || len(list.Items) != 1 || list.Items[0].ID != second.ID || list.Next == "" {
			t.Errorf("%+v %v", list, err)
		}
	})
}

// TestCorrections: the print stays, the page says what has become of a line, and a correction of its own number tells it once.
func TestCorrections(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		made := w.record("sweep", w.homes[0], w.homes[1], w.homes[2])
		n := w.publish(june)
		before, err := w.pub.Copy(ctx, w.member, w.village, n.ID)
		w.must(err)
		if _, err := w.pub.Correct(ctx, w.member, w.village, n.ID, CorrectRequest{RequestID: w.request()}); !errors.Is(err, ErrNoChange) {
			t.Errorf("corrected without a change: %v", err)
		}
		w.pass(8)
		if _, err := w.cases.TakeEffect(ctx); err != nil {
			t.Fatal(err)
		}
		_, err = w.cases.Reverse(ctx, w.second, w.village, made[1], cases.Step{RequestID: w.request(), Why: "记错了人"})
		w.must(err)
		p := w.page(n.ID)
		if l := w.line(p, made[1]); p.Changes != 1 || l.Now != NowReversed || l.Points != 5*points.Point || l.NowIs != 0 {
			t.Errorf("%d changes, %+v", p.Changes, l)
		}
		r := CorrectRequest{RequestID: w.request()}
		c, err := w.pub.Correct(ctx, w.member, w.village, n.ID, r)
		w.must(err)
		again, err := w.pub.Correct(ctx, w.member, w.village, n.ID, r)
		w.must(err)
		if c.No != "2026年第2号" || c.Corrects != n.ID || again.ID != c.ID || !again.Repeated {
			t.Errorf("%+v, again %+v", c, again)
		}
		cp := w.page(c.ID)
		if l := w.line(cp, made[1]); len(cp.Lines) != 1 || cp.CorrectsNo != n.No || *l.Was != 5*points.Point || l.Points != 0 || !l.Taken || l.Why != "记错了人" || l.Now != "" {
			t.Errorf("%+v", cp.Lines)
		}
		if p := w.page(n.ID); p.Changes != 0 || len(p.Later) != 1 {
			t.Errorf("%d changes after the correction, %d corrections", p.Changes, len(p.Later))
		}
		if _, err := w.pub.Correct(ctx, w.member, w.village, n.ID, CorrectRequest{RequestID: w.request()}); !errors.Is(err, ErrNoChange) {
			t.Errorf("corrected twice: %v", err)
		}
		if _, err := w.pub.Correct(ctx, w.member, w.village, c.ID, CorrectRequest{RequestID: w.request()}); !errors.Is(err, ErrCorrects) {
			t.Errorf("a correction of a correction: %v", err)
		}
		if after, err := w.pub.Copy(ctx, w.member, w.village, n.ID); err != nil || string(after) != string(before) {
			t.Errorf("the snapshot changed: %v", err)
		}
	})
}

// TestNames: a household's wish holds for what is out as well; the public page masks everybody, names no household and
// closes.
func TestNames(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		made := w.record("sweep", w.homes[0], w.homes[1])
		n := w.publish(june)
		own := accesstest.Villager(t, w.db, w.now, w.village, w.heads[0])
		if names, err := w.pub.NamesOf(ctx, own, w.village, w.homes[0]); err != nil || names.Masked || names.ByRule {
			t.Errorf("%+v %v", names, err)
		}
		if _, err := w.pub.SetNames(ctx, own, w.village, w.homes[1], NamesRequest{RequestID: w.request(), Masked: true}); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("a neighbour's name: %v", err)
		}
		_, err := w.pub.SetNames(ctx, own, w.village, w.homes[0], NamesRequest{RequestID: w.request(), Masked: true})
		w.must(err)
		p := w.page(n.ID)
		if w.line(p, made[0]).Name != "张*山" || w.line(p, made[1]).Name != "王大山" || p.Honour[0].Name != "张*山" {
			t.Errorf("%+v", p)
		}
		mine, err := w.pub.Page(ctx, own, w.village, n.ID)
		w.must(err)
		for _, l := range mine.Lines {
			if l.Mine != (l.Name == "张*山") || !l.Mine && (l.Case != 0 || l.Household != 0) {
				t.Errorf("a villager sees %+v", l)
			}
		}
		token := strings.TrimPrefix(n.Link, PagePath)
		public, err := w.pub.Public(ctx, token)
		w.must(err)
		for _, l := range public.Lines {
			if !strings.Contains(l.Name, "*") || l.Household != 0 || l.Case != 0 || l.Number != "" {
				t.Errorf("everybody sees %+v", l)
			}
		}
		for _, h := range public.Honour {
			if !strings.Contains(h.Name, "*") || h.Household != 0 {
				t.Errorf("everybody sees %+v", h)
			}
		}
		if _, err := w.pub.Public(ctx, strings.Repeat("a", 26)); !errors.Is(err, ErrNoNotice) {
			t.Errorf("a guessed address: %v", err)
		}
		w.pass(30)
		if _, err := w.pub.Public(ctx, token); !errors.Is(err, ErrClosed) {
			t.Errorf("after its days: %v", err)
		}
	})
}

// TestMinorsAreMasked: also where rules and household show names in full.
func TestMinorsAreMasked(t *testing.T) {
	s, problems := parsed()
	if s == nil {
		t.Fatal(problems)
	}
	k := &naming{scheme: s, groups: map[id.ID]string{}, minors: map[id.ID]bool{7: true}, asked: map[id.ID]bool{}}
	if l := k.line(&cases.NoticeLine{Household: 1, Name: "张大山", Member: 7, MemberName: "张小山"}); l.Name != "张大山" || l.Member != "张*山" {
		t.Errorf("%+v", l)
	}
	if l := k.line(&cases.NoticeLine{Household: 1, Name: "张小山", Member: 7, MemberName: "张小山"}); l.Name != "张*山" {
		t.Errorf("%+v", l)
	}
}

// TestHide: a good deed disappears from the page; the points stay unless they are given up, and what is not one's own or
// cost points stays shown.
func TestHide(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		made := append(w.record("sweep", w.homes[0], w.homes[1]), w.record("trash", w.homes[0])...)
		n := w.publish(june)
		w.pass(8)
		if _, err := w.cases.TakeEffect(ctx); err != nil {
			t.Fatal(err)
		}
		own := accesstest.Villager(t, w.db, w.now, w.village, w.heads[0])
		hide := func(a access.Actor, c id.ID, giveUp bool) (Hidden, error) {
			home := w.homes[0]
			if c == made[1] {
				home = w.homes[1]
			}
			return w.pub.Hide(ctx, a, w.village, home, HideRequest{RequestID: w.request(), Case: c, Why: "不想张扬", GiveUp: giveUp})
		}
		if _, err := hide(own, made[2], false); !errors.Is(err, ErrNotOwn) {
			t.Errorf("a deduction hidden: %v", err)
		}
		if _, err := w.pub.Hide(ctx, own, w.village, w.homes[0], HideRequest{RequestID: w.request(), Case: made[1], Why: "x"}); !errors.Is(err, ErrNotOwn) {
			t.Errorf("a neighbour's deed hidden: %v", err)
		}
		h, err := hide(own, made[0], false)
		w.must(err)
		if l := w.line(w.page(n.ID), made[0]); h.Reversed || h.Waits || l.Now != NowHidden || strings.Contains(l.Name, "张") || l.NowIs != 5*points.Point {
			t.Errorf("%+v %+v", h, l)
		}
		if p := w.page(n.ID); len(p.Honour) != 1 || p.Honour[0].Name != "王大山" {
			t.Errorf("the deed still shows among the honoured: %+v", p.Honour)
		}
		if h, err = hide(own, made[0], true); err != nil || !h.Waits {
			t.Errorf("given up in the pages: %+v %v", h, err)
		}
		if h, err = hide(w.second, made[1], true); err != nil || !h.Reversed {
			t.Errorf("given up at the desk: %+v %v", h, err)
		}
		if p := w.page(n.ID); p.Changes != 1 {
			t.Errorf("%d changes", p.Changes)
		}
	})
}

// TestPublishOnce: two who publish the same list at the same time make one notice, and two lists get two numbers.
func TestPublishOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.record("sweep", w.homes...)
		p, err := w.pub.Preview(ctx, w.member, w.village, june)
		w.must(err)
		var done, refused atomic.Int64
		var wg sync.WaitGroup
		for _, a := range []access.Actor{w.member, w.second, w.secretary} {
			wg.Go(func() {
				_, err := w.pub.Publish(ctx, a, w.village, PublishRequest{RequestID: w.request(), Range: june, Digest: p.Digest})
				switch errs.KindOf(err) {
				case errs.Conflict:
					refused.Add(1)
				default:
					if err != nil {
						t.Error(err)
					}
					done.Add(1)
				}
			})
		}
		wg.Wait()
		if done.Load() != 1 || refused.Load() != 2 {
			t.Errorf("%d published, %d refused", done.Load(), refused.Load())
		}
	})
}

// TestAuditFindsAForgedNotice: a changed snapshot, seal or list is named.
func TestAuditFindsAForgedNotice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		w.record("sweep", w.homes...)
		n := w.publish(june)
		for _, forgery := range []string{"UPDATE notices SET snapshot = REPLACE(snapshot, '500', '900')", "UPDATE notices SET seal_size = seal_size + 1", "UPDATE cases SET notice_id = 0"} {
			if err := db.InTx(context.Background(), func(tx *storage.Tx) error { _, err := tx.Exec(forgery); return err }); err != nil {
				t.Fatal(err)
			}
			r, err := Audit(context.Background(), db)
			if err != nil || r.OK() || !strings.Contains(r.String(), n.ID.String()) {
				t.Errorf("%s: %s %v", forgery, r, err)
			}
		}
	})
}

func parsed() (*scheme.Scheme, []scheme.Problem) { return scheme.Parse([]byte(rules)) }

// TestUnchanged: a case that was corrected between the reading and the marking stops the notice.
func TestUnchanged(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, storage.SQLite), 2)
	w.record("sweep", w.homes...)
	found, err := w.cases.ForNotice(context.Background(), w.village, 0, june.From, june.To)
	w.must(err)
	look := func() error {
		return w.db.InTx(context.Background(), func(tx *storage.Tx) error { return unchanged(tx, found) })
	}
	w.must(look())
	found[1].Revision++
	if err := look(); !errors.Is(err, ErrChanged) {
		t.Errorf("another revision: %v", err)
	}
	found[1].Revision--
	found[0].Points++
	if err := look(); !errors.Is(err, ErrChanged) {
		t.Errorf("another worth: %v", err)
	}
}
