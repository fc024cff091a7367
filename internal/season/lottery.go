package season

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

var (
	ErrNumber = errs.New(errs.Invalid, "season_number", "请填写抽出的号码，以及号码是怎么来的、有谁在场，各最多200字")
	ErrNoLots = errs.New(errs.Conflict, "season_no_lots", "这次评比不需要抽签")
	ErrLots   = errs.New(errs.Conflict, "season_lots", "还要抽签，抽完才能发放")
)

// Draw enters the number drawn in public for a frozen list. It settles all drawings; there is one number for a list.
func (s *Service) Draw(ctx context.Context, a access.Actor, in, round id.ID, r Step) (Award, error) {
	for _, text := range []string{r.Number, r.How} {
		if n := utf8.RuneCountInString(text); strings.TrimSpace(text) == "" || n > 200 {
			return Award{}, ErrNumber
		}
	}
	return s.step(ctx, a, in, round, "season.draw", r, []string{awardFrozen}, func(tx *storage.Tx, w *Award, at time.Time) error {
		if w.Number != "" {
			return ErrAwardState.With("已经抽过签，号码是“%s”", w.Number)
		}
		var lots int
		if err := tx.QueryRow("SELECT COUNT(*) FROM award_drawings WHERE round_id = ?", round).Scan(&lots); err != nil {
			return err
		}
		if lots == 0 {
			return ErrNoLots
		}
		v, err := s.book.Version(ctx, w.rules)
		if err != nil {
			return err
		}
		d, err := ofRules(v, w.Code, w.Span)
		if err != nil {
			return err
		}
		_, standings, err := open(w.list)
		if err != nil {
			return err
		}
		people, err := peopleOf(tx, round)
		if err != nil {
			return err
		}
		if err := writeOutcome(tx, round, scheme.Award(v.Scheme, d.Round, d.span, standings, []byte(r.Number)), people); err != nil {
			return err
		}
		_, err = tx.Exec("UPDATE award_rounds SET number = ?, how = ?, drawn_at = ?, drawn_by = ? WHERE id = ?", r.Number, strings.TrimSpace(r.How), clock.Ms(at), a.User(), round)
		return err
	})
}

// Evidence is what somebody needs to draw the lots of a round again: the sealed list, the rules, the number, and who won.
type Evidence struct {
	Award    id.ID     `json:"award"`
	Name     string    `json:"name"`
	Hash     string    `json:"hash" doc:"SHA-256 of list, as it was published before the number was drawn"`
	List     string    `json:"list" doc:"the sealed text"`
	Rules    string    `json:"rules" doc:"the rules file whose SHA-256 stands in the list"`
	FrozenAt int64     `json:"frozen_at" doc:"milliseconds since 1970 UTC"`
	Number   string    `json:"number" doc:"drawn in public"`
	How      string    `json:"how"`
	DrawnAt  int64     `json:"drawn_at" doc:"milliseconds since 1970 UTC"`
	Drawings []Drawing `json:"drawings"`
	Winners  []Winner  `json:"winners" doc:"by account"`

	Seal *ledger.SealedNote `json:"seal,omitempty" doc:"the hash in the village's seal, made when the list was frozen; absent before"`
}

// Winner is an account with the tier it won and its rewards.
type Winner struct {
	Account id.ID    `json:"account"`
	Tier    int      `json:"tier"`
	Prizes  []string `json:"prizes"`
}

// Evidence gives the evidence of a round to those who supervise.
func (s *Service) Evidence(ctx context.Context, a access.Actor, in, round id.ID) (Evidence, error) {
	if err := a.Allow(MaySee, access.Place{Village: in}); err != nil {
		return Evidence{}, err
	}
	return s.EvidenceOf(ctx, in, round)
}

// EvidenceOf is Evidence for a command on the server.
func (s *Service) EvidenceOf(ctx context.Context, in, round id.ID) (Evidence, error) {
	w, err := s.award(ctx, in, round, false)
	if err != nil {
		return Evidence{}, err
	}
	e := Evidence{Award: w.ID, Name: w.Name, Hash: w.Hash, FrozenAt: w.FrozenAt, Number: w.Number, How: w.How, DrawnAt: w.DrawnAt, Drawings: w.Drawings, Winners: []Winner{}}
	if err := s.db.QueryRow(ctx, "SELECT list FROM award_rounds WHERE id = ?", round).Scan(&e.List); err != nil {
		return e, fmt.Errorf("read list: %w", err)
	}
	source, err := s.book.Source(ctx, w.rules)
	if err != nil {
		return e, err
	}
	e.Rules = string(source)
	switch sealed, err := ledger.ProveNote(ctx, s.db, ledger.NoteAward, round); {
	case err == nil:
		e.Seal = &sealed
	case !errors.Is(err, ledger.ErrNoNote):
		return e, err
	}
	rows, err := s.db.Query(ctx, "SELECT account_id, tier, prizes FROM award_places WHERE round_id = ? AND wins = 1 ORDER BY account_id", round)
	err = each(rows, err, func(r *sql.Rows) error {
		var x Winner
		var prizes string
		if err := r.Scan(&x.Account, &x.Tier, &prizes); err != nil {
			return err
		}
		var list []scheme.Prize
		if err := json.Unmarshal([]byte(prizes), &list); err != nil {
			return err
		}
		x.Prizes = prizeTexts(list)
		e.Winners = append(e.Winners, x)
		return nil
	})
	return e, err
}

// prizeTexts is each prize with its reference.
func prizeTexts(list []scheme.Prize) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].Ref + " " + list[i].Words
	}
	return out
}

// Verified is the verdict on a drawing.
type Verified struct {
	Standings int      // how many accounts the list has
	Drawings  int      // drawings that were done again
	Wrong     []string // what does not agree, in Chinese; none: everything does
	Unsealed  bool     // the list never went into the village's seal: that it was there before the number rests on the server's word
}

// Verify computes a round again from its evidence alone: the seal, the rules, every drawing and every winner must agree.
func Verify(e Evidence) (Verified, error) {
	var v Verified
	wrong := func(format string, args ...any) { v.Wrong = append(v.Wrong, fmt.Sprintf(format, args...)) }
	if got := HashOf(e.List); got != e.Hash {
		wrong("名单的封存码是%s，公布的是%s", got, e.Hash)
	}
	list, standings, err := open(e.List)
	if err != nil {
		return v, err
	}
	v.Standings = len(standings)
	if sum := sha256.Sum256([]byte(e.Rules)); hex.EncodeToString(sum[:]) != list.Rules {
		wrong("细则文件不是名单上写的那一份")
	}
	if e.Number != "" && e.FrozenAt > e.DrawnAt {
		wrong("名单是抽签以后才定的")
	}
	v.Unsealed = e.Seal == nil
	e.checkSeal(wrong)
	book, _ := scheme.Parse([]byte(e.Rules))
	if book == nil {
		return v, errors.New("the rules file cannot be read")
	}
	at := slices.IndexFunc(book.Rounds, func(r scheme.Round) bool { return r.Code == list.Code })
	if at < 0 {
		return v, errors.New("the rules have no such round")
	}
	var seed []byte
	if e.Number != "" {
		seed = []byte(e.Number)
	}
	out := scheme.Award(book, &book.Rounds[at], list.Span, standings, seed)
	v.Drawings = len(out.Drawings)
	compareDrawings(out.Drawings, e.Drawings, wrong)
	var winners []Winner
	for i := range out.Places {
		if p := &out.Places[i]; p.Wins {
			winners = append(winners, Winner{p.Account, p.Tier, prizeTexts(p.Prizes)})
		}
	}
	slices.SortFunc(winners, func(a, b Winner) int { return int(min(max(a.Account-b.Account, -1), 1)) })
	if !slices.EqualFunc(winners, e.Winners, func(a, b Winner) bool {
		return a.Account == b.Account && a.Tier == b.Tier && slices.Equal(a.Prizes, b.Prizes)
	}) {
		wrong("重新计算的获奖名单和公布的不一样")
	}
	return v, nil
}

// checkSeal holds the list against the village's seal, which was made before the number was drawn.
func (e *Evidence) checkSeal(wrong func(string, ...any)) {
	if e.Seal == nil {
		return
	}
	if err := e.Seal.Check(); err != nil {
		wrong("名单在封账里的证明算不出封账号%s", e.Seal.Head.Code())
	}
	if !e.Seal.Says(ledger.NoteAward, e.Award, HashOf(e.List)) {
		wrong("名单不是定名单时封进封账的那一份")
	}
	if e.Number != "" && e.Seal.Head.At > e.DrawnAt {
		wrong("名单是抽签以后才封进封账的")
	}
}

func compareDrawings(again []scheme.Drawing, stored []Drawing, wrong func(string, ...any)) {
	if len(again) != len(stored) {
		wrong("重新抽签有%d次，记录是%d次", len(again), len(stored))
		return
	}
	for i, d := range again {
		if x := stored[i]; d.Seats != x.Seats || !slices.Equal(d.Accounts, x.Accounts) || !slices.Equal(d.Drawn, x.Drawn) {
			wrong("第%d次抽签（%s）重新抽出的结果和记录不一样", d.No, d.What)
		}
	}
}

// peopleOf reads back who stands behind the accounts of a round.
func peopleOf(tx *storage.Tx, round id.ID) (map[id.ID]*person, error) {
	out := map[id.ID]*person{}
	rows, err := tx.Query("SELECT account_id, household_id, member_id, number, name, group_id, group_name FROM award_places WHERE round_id = ?", round)
	err = each(rows, err, func(r *sql.Rows) error {
		var p person
		err := r.Scan(&p.account, &p.household, &p.member, &p.number, &p.name, &p.group, &p.groupName)
		out[p.account] = &p
		return err
	})
	return out, err
}
