package cases_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// proving is the rules of the tests with items that ask for evidence.
var proving = strings.Replace(rules, "records: {withdraw", `  - {code: shot, name: 清理沟渠, class: good, points: 4, evidence: [photo], review: {direct: true}}
  - {code: paper, name: 优秀学生, class: good, points: 6, evidence: [certificate, photo], evidence_all: true}
  - {code: either, name: 邻里帮扶, class: good, points: 7, evidence: [photo, both], review: {direct: true}}
  - {code: signed, name: 配合调解, class: good, points: 3, evidence: [signature], review: {direct: true}}
  - {code: maybe, name: 照看老人, class: good, points: 2, evidence: [photo, none], review: {direct: true}}
  - {code: yards, name: 庭院检查, class: good, evidence: [photo], grades: [{code: a, name: 好, points: 4}, {code: z, name: 一般, points: 0}, {code: d, name: 差, points: -4}]}
records: {withdraw`, 1)

// photo uploads a picture of its own by an actor.
func (w *world) photo(by access.Actor) cases.Evidence {
	w.t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 40, 30))
	n := w.requests.Add(1)
	for x := range 40 {
		for y := range 30 {
			img.Set(x, y, color.RGBA{uint8(x*5 + int(n)), uint8(y * 7), uint8(n * 40), 255})
		}
	}
	var b bytes.Buffer
	w.must(png.Encode(&b, img))
	u, err := w.photos.Put(context.Background(), media.Sender{Village: w.village, User: by.User()}, b.Bytes())
	w.must(err)
	return cases.Evidence{Kind: "photo", Ref: media.Ref{Photo: u.Photo}}
}

func as(kind string, e cases.Evidence) cases.Evidence { e.Kind = kind; return e }

// villager is somebody of a household.
func (w *world) villager(household id.ID) access.Actor {
	w.t.Helper()
	d, err := w.villages.Detail(context.Background(), w.village, household, clock.DayOf(w.now()))
	w.must(err)
	return accesstest.Villager(w.t, w.db, w.now, w.village, d.People[0].ID)
}

func TestEvidenceIsAsked(t *testing.T) {
	each(t, 4, func(t *testing.T, w *world) {
		w.adopt(proving, today)
		mine, another := w.photo(w.member), w.photo(w.second)
		byHash := cases.Evidence{Kind: "photo", Ref: media.Ref{SHA256: strings.Repeat("0", 64)}}
		both := func(household id.ID, note string) cases.Evidence {
			return cases.Evidence{Kind: "both", Household: household, Note: note}
		}
		many := make([]cases.Evidence, 10)
		for i := range many {
			many[i] = mine
		}
		for _, c := range []struct {
			name, item string
			evidence   []cases.Evidence
			want       error // nil: recorded
			state      cases.State
		}{
			{"none_where_a_photo_is_asked", "shot", nil, cases.ErrEvidence, ""},
			{"a_photo", "shot", []cases.Evidence{mine}, nil, cases.Effective},
			{"a_certificate_is_no_photo", "shot", []cases.Evidence{as("certificate", mine)}, cases.ErrEvidence, ""},
			{"photo_of_another", "shot", []cases.Evidence{another}, media.ErrNotUploaded, ""},
			{"photo_that_has_not_come", "shot", []cases.Evidence{byHash}, media.ErrNotUploaded, ""},
			{"photo_without_a_name", "shot", []cases.Evidence{{Kind: "photo"}}, cases.ErrProof, ""},
			{"unknown_kind", "shot", []cases.Evidence{mine, {Kind: "selfie"}}, cases.ErrProof, ""},
			{"too_many", "shot", many, cases.ErrProof, ""},
			{"one_of_two_that_are_all_asked", "paper", []cases.Evidence{mine}, cases.ErrEvidence, ""},
			{"all_that_are_asked", "paper", []cases.Evidence{mine, as("certificate", w.photo(w.member))}, nil, cases.Submitted},
			{"signature", "signed", []cases.Evidence{as("signature", w.photo(w.member))}, nil, cases.Effective},
			{"no_signature", "signed", []cases.Evidence{mine}, cases.ErrEvidence, ""},
			{"nothing_where_none_is_enough", "maybe", nil, nil, cases.Effective},
			{"more_than_is_asked", "sweep", []cases.Evidence{w.photo(w.member)}, nil, cases.Effective},
			{"either_nothing", "either", nil, cases.ErrEvidence, ""},
			{"either_photo", "either", []cases.Evidence{w.photo(w.member)}, nil, cases.Effective},
			{"either_oral", "either", []cases.Evidence{both(w.homes[1], "户主王大山当面说")}, nil, cases.Effective},
			{"either_asked", "either", []cases.Evidence{both(w.homes[1], "")}, nil, cases.Submitted},
			{"asked_but_there_is_a_photo", "either", []cases.Evidence{both(w.homes[1], ""), w.photo(w.member)}, nil, cases.Effective},
			{"own_word", "either", []cases.Evidence{both(w.homes[0], "自己说的")}, cases.ErrProof, ""},
			{"nobody_s_word", "either", []cases.Evidence{both(0, "有人说")}, cases.ErrProof, ""},
			{"word_of_nowhere", "either", []cases.Evidence{both(99, "有人说")}, village.ErrNotInForce, ""},
			{"a_note_that_says_nothing", "either", []cases.Evidence{both(w.homes[1], "是")}, cases.ErrProof, ""},
			{"the_same_household_twice", "either", []cases.Evidence{both(w.homes[1], ""), both(w.homes[1], "户主说的")}, cases.ErrProof, ""},
		} {
			r := cases.Request{RequestID: w.request(), Item: c.item, Subjects: w.homes[:1], Evidence: c.evidence}
			if c.want != nil {
				w.refuses(c.name, c.want, func() error {
					_, err := w.cases.Record(context.Background(), w.member, w.village, r)
					if e := errs.As(err); e == nil || e.Kind == errs.Internal {
						t.Errorf("%s: %v", c.name, err)
					}
					return err
				})
				continue
			}
			for again := range 2 {
				got, err := w.cases.Record(context.Background(), w.member, w.village, r)
				if err != nil || got.Items[0].State != c.state || got.Repeated != (again == 1) {
					t.Errorf("%s: %+v %v", c.name, got, err)
				}
			}
			if _, err := w.cases.Preview(context.Background(), w.member, w.village, cases.Request{Item: c.item, Subjects: w.homes[:1]}); err != nil && errs.KindOf(err) == errs.Invalid {
				t.Errorf("%s: a preview asks for evidence: %v", c.name, err)
			}
		}
		own := accesstest.Official(t, w.db, w.now, access.TeamMember, access.Place{Village: w.village})
		d, err := w.villages.Detail(context.Background(), w.village, w.homes[2], today)
		w.must(err)
		accesstest.Stand(t, w.db, own.User(), w.village, d.People[0].ID)
		own = accesstest.Actor(t, w.db, w.now, own.User())
		w.refuses("the word of the own household", access.ErrOwn, func() error {
			_, err := w.cases.Record(context.Background(), own, w.village, cases.Request{RequestID: w.request(), Item: "either", Subjects: w.homes[:1],
				Evidence: []cases.Evidence{both(w.homes[2], "我家说的")}})
			return err
		})
	})
}

// A record that rests on the other household's word waits for it, whoever would approve; one of its people gives it in the
// app, or an official notes it.
func TestConfirm(t *testing.T) {
	each(t, 4, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.adopt(proving, today)
		asked := func() id.ID {
			got, err := w.cases.Record(ctx, w.member, w.village, cases.Request{RequestID: w.request(), Item: "either", Subjects: w.homes[:1],
				Evidence: []cases.Evidence{{Kind: "both", Household: w.homes[1]}}})
			w.must(err)
			return got.Items[0].ID
		}
		first, other := asked(), asked()
		neighbour, stranger, doer := w.villager(w.homes[1]), w.villager(w.homes[2]), w.villager(w.homes[0])
		w.refuses("approval before the word", cases.ErrUnconfirmed, func() error {
			_, err := w.cases.Approve(ctx, w.second, w.village, first, w.step(""))
			return err
		})
		list, err := w.cases.AskedOf(ctx, neighbour, w.village, w.homes[1])
		if err != nil || len(list) != 2 || list[0].ItemName != "邻里帮扶" {
			t.Errorf("asked: %+v %v", list, err)
		}
		if _, err := w.cases.AskedOf(ctx, stranger, w.village, w.homes[1]); !errs.As(err).Is(access.ErrForbidden) {
			t.Errorf("a stranger's look: %v", err)
		}
		for name, who := range map[string]access.Actor{"stranger": stranger, "doer": doer} {
			w.refuses(name, cases.ErrNotAsked, func() error {
				_, err := w.cases.Confirm(ctx, who, w.village, first, w.step("我确认"))
				return err
			})
		}
		w.refuses("an official without a note", cases.ErrOralNote, func() error {
			_, err := w.cases.Confirm(ctx, w.second, w.village, first, w.step(""))
			return err
		})
		step := w.step("")
		for range 2 {
			got, err := w.cases.Confirm(ctx, neighbour, w.village, first, step)
			if err != nil || got.How != "app" || got.ConfirmedAt == 0 {
				t.Fatalf("confirm: %+v %v", got, err)
			}
		}
		w.refuses("a second word", cases.ErrConfirmed, func() error {
			_, err := w.cases.Confirm(ctx, w.second, w.village, first, w.step("户主说的"))
			return err
		})
		if got, err := w.cases.Confirm(ctx, w.second, w.village, other, w.step("户主王大山电话里说")); err != nil || got.How != "oral" {
			t.Errorf("oral: %+v %v", got, err)
		}
		for _, c := range []id.ID{first, other} {
			if a, err := w.cases.Approve(ctx, w.second, w.village, c, w.step("")); err != nil || a.State != cases.Effective {
				t.Errorf("approve: %+v %v", a, err)
			}
		}
		v, err := w.cases.Get(ctx, w.second, w.village, first)
		if err != nil || len(v.Confirmations) != 1 || v.Confirmations[0].Household != w.homes[1] {
			t.Errorf("view: %+v %v", v.Confirmations, err)
		}
		unasked := w.record("sweep", today, w.homes[3]).Items[0].ID
		w.refuses("a case that asks nobody", cases.ErrNotAsked, func() error {
			_, err := w.cases.Confirm(ctx, w.second, w.village, unasked, w.step("说过"))
			return err
		})
		w.expect(w.homes[0], 14, 14)
	})
}

// Who may see a case sees its photos; another household, another village and a keeper do not.
func TestPhotosAreSeenWithTheirCase(t *testing.T) {
	each(t, 4, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.adopt(proving, today)
		r, err := w.cases.Record(ctx, w.member, w.village, cases.Request{RequestID: w.request(), Item: "shot", Subjects: w.homes[:2], Evidence: []cases.Evidence{w.photo(w.member)}})
		w.must(err)
		batch := r.Items[0].Batch
		elsewhere := accesstest.Official(t, w.db, w.now, access.TeamMember, access.Place{Village: 77})
		keeper := accesstest.Official(t, w.db, w.now, access.Keeper, access.Place{Village: w.village, Shop: 5})
		for name, c := range map[string]struct {
			who access.Actor
			see bool
		}{
			"author": {w.member, true}, "colleague": {w.second, true}, "secretary": {w.secretary, true}, "first": {w.villager(w.homes[0]), true}, "second": {w.villager(w.homes[1]), true},
			"supervisor": {accesstest.Official(t, w.db, w.now, access.VillageSupervisor, access.Place{Village: w.village}), true},
			"neighbour":  {w.villager(w.homes[2]), false}, "foreign_official": {elsewhere, false}, "keeper": {keeper, false}, "visitor": {access.Actor{}, false},
		} {
			err := w.cases.MaySeePhotos(ctx, c.who, w.village, batch, 0)
			if (err == nil) != c.see || err != nil && errs.KindOf(err) != errs.NotFound {
				t.Errorf("%s: %v", name, err)
			}
			if !c.see {
				continue
			}
			page, err := w.cases.List(ctx, c.who, w.village, cases.Filter{})
			if err != nil || len(page.Items) == 0 || len(page.Items[0].Photos) != 1 || page.Items[0].Photos[0].URL == "" {
				t.Errorf("%s: %+v %v", name, page.Items, err)
			}
		}
		if err := w.cases.MaySeePhotos(ctx, w.villager(w.homes[0]), w.village, batch, w.homes[1]); errs.KindOf(err) != errs.NotFound {
			t.Errorf("the part of another household: %v", err)
		}
		answer, err := w.cases.AddEvidence(ctx, w.second, w.village, r.Items[0].ID, cases.EvidenceRequest{RequestID: w.request(), Evidence: []cases.Evidence{w.photo(w.second)}})
		if err != nil || len(answer.Photos) != 2 || answer.Photos[1].Part != w.homes[0] {
			t.Errorf("added: %+v %v", answer.Photos, err)
		}
		other, err := w.cases.Get(ctx, w.villager(w.homes[1]), w.village, r.Items[1].ID)
		if err != nil || len(other.Photos) != 1 {
			t.Errorf("the photo of one is shown with the other: %+v %v", other.Photos, err)
		}
	})
}

func TestInspectionEvidence(t *testing.T) {
	each(t, 4, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.adopt(proving, today)
		in, err := w.cases.StartInspection(ctx, w.member, w.village, cases.InspectionRequest{RequestID: w.request(), Item: "yards"})
		w.must(err)
		lines := []cases.LineInput{{Household: w.homes[0], Rev: 1, Seen: true, Grade: "a"}, {Household: w.homes[1], Rev: 1, Seen: true, Grade: "z"}, {Household: w.homes[2], Rev: 1, Seen: true, Grade: "d"}}
		_, err = w.cases.SaveLines(ctx, w.member, w.village, in.ID, cases.LinesRequest{RequestID: w.request(), Lines: lines})
		w.must(err)
		decide := func() error {
			_, err := w.cases.DecideInspection(ctx, w.member, w.village, in.ID, w.step(""))
			return err
		}
		rows := 0
		w.refuses("rows without photos", cases.ErrRows, func() error {
			err := decide()
			rows = len(errs.As(err).Fields)
			return err
		})
		if rows != 2 {
			t.Errorf("%d rows are named, want 2: a row of 0 points proves nothing", rows)
		}
		add := func(household id.ID) error {
			_, err := w.cases.AddInspectionEvidence(ctx, w.member, w.village, in.ID, cases.EvidenceRequest{RequestID: w.request(), Household: household, Evidence: []cases.Evidence{w.photo(w.member)}})
			return err
		}
		w.refuses("a household that is not on the list", cases.ErrRows, func() error { return add(4711) })
		w.must(add(w.homes[0]))
		w.must(add(w.homes[2]))
		w.must(decide())
		_, err = w.cases.DecideInspection(ctx, w.second, w.village, in.ID, w.step(""))
		w.must(err)
		if got, err := w.cases.Inspection(ctx, w.second, w.village, in.ID); err != nil || len(got.Photos) != 2 {
			t.Errorf("inspection: %+v %v", got.Photos, err)
		}
		page, err := w.cases.List(ctx, w.villager(w.homes[2]), w.village, cases.Filter{})
		if err != nil || len(page.Items) != 1 || len(page.Items[0].Photos) != 1 || page.Items[0].Photos[0].Part != w.homes[2] {
			t.Errorf("a household sees %+v %v", page.Items, err)
		}
		w.refuses("after the decision", cases.ErrState, func() error { return add(w.homes[1]) })
	})
}

// An interrupted record leaves no photo behind, and the photo can be used by the next try.
func TestRefusedRecordAttachesNothing(t *testing.T) {
	each(t, 2, func(t *testing.T, w *world) {
		w.adopt(proving, today)
		e := w.photo(w.member)
		for range 5 { // four are worth points, the fifth is over the month's cap
			_, _ = w.cases.Record(context.Background(), w.member, w.village, cases.Request{RequestID: w.request(), Item: "sweep", Subjects: w.homes[:1]})
		}
		before := countUses(w)
		_, err := w.cases.Record(context.Background(), w.member, w.village, cases.Request{RequestID: w.request(), Item: "clean", Subjects: w.homes[:1], Grade: "none", Evidence: []cases.Evidence{e}})
		if err == nil || countUses(w) != before {
			t.Errorf("refused: %v, %d uses", err, countUses(w)-before)
		}
		_, err = w.cases.Record(context.Background(), w.member, w.village, cases.Request{RequestID: w.request(), Item: "shot", Subjects: w.homes[:1], Evidence: []cases.Evidence{e}})
		if err != nil || countUses(w) != before+1 {
			t.Errorf("recorded: %v, %d uses", err, countUses(w)-before)
		}
	})
}

func countUses(w *world) (n int) {
	w.must(w.db.InTx(context.Background(), func(tx *storage.Tx) error {
		return tx.QueryRow("SELECT COUNT(*) FROM media_uses").Scan(&n)
	}))
	return n
}
