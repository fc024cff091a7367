package season

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/message"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// States of a prize.
const (
	prizeDue       = "due"       // to be collected
	prizePosted    = "posted"    // points that stand in the book
	prizeCollected = "collected" // handed out
	prizeVoid      = "void"      // the account was closed before it was issued
)

// Issue gives the rewards of a frozen list: points are posted, everything else is due for collection. It may be killed at
// any moment and asked again: each prize is named by round, account and reward, in the book and in the list of prizes.
func (s *Service) Issue(ctx context.Context, a access.Actor, in, round id.ID, r Step) (Award, error) {
	w, err := s.step(ctx, a, in, round, "season.issue", r, []string{awardFrozen, awardIssuing, awardIssued}, func(tx *storage.Tx, w *Award, at time.Time) error {
		return beginIssue(tx, w, a.User())
	})
	if err != nil {
		return Award{}, err
	}
	if err := s.IssueBy(ctx, a.User(), in, round); err != nil {
		return Award{}, err
	}
	return s.award(ctx, in, round, w.Repeated)
}

// beginIssue marks a frozen list as being issued; lots must have been drawn.
func beginIssue(tx *storage.Tx, w *Award, by id.ID) error {
	if w.State != awardFrozen {
		return nil
	}
	var lots int
	if err := tx.QueryRow("SELECT COUNT(*) FROM award_drawings WHERE round_id = ?", w.ID).Scan(&lots); err != nil {
		return err
	}
	if lots > 0 && w.Number == "" {
		return ErrLots
	}
	_, err := tx.Exec("UPDATE award_rounds SET state = ?, issued_by = ? WHERE id = ?", awardIssuing, by, w.ID)
	return err
}

// IssueBy goes on with an award that is being issued until all of it is.
func (s *Service) IssueBy(ctx context.Context, by, in, round id.ID) error {
	w, err := s.award(ctx, in, round, false)
	if err != nil {
		return err
	}
	v, err := s.book.Version(ctx, w.rules)
	if err != nil {
		return err
	}
	at := s.now()
	for {
		done := true
		err := s.db.InTx(ctx, func(tx *storage.Tx) error {
			done = true
			w, err := hold(tx, in, round, awardIssuing, awardIssued)
			if err != nil || w.State == awardIssued {
				return err
			}
			of, err := winners(tx, round, w.cursor, chunkAccounts)
			if err != nil {
				return err
			}
			if done = len(of) < chunkAccounts; done {
				if _, err := tx.Exec("UPDATE award_rounds SET state = ?, issued_at = ? WHERE id = ?", awardIssued, clock.Ms(at), round); err != nil {
					return err
				}
			}
			if len(of) == 0 {
				return nil
			}
			if err := giveOut(tx, &w, v.Scheme, of, by, at); err != nil {
				return err
			}
			_, err = tx.Exec("UPDATE award_rounds SET cursor_id = ? WHERE id = ?", of[len(of)-1].account, round)
			return err
		})
		if err != nil {
			return fmt.Errorf("issue award: %w", err)
		}
		if done {
			return nil
		}
	}
}

// winner is one account with its prizes.
type winner struct {
	account, household, member id.ID
	open                       bool
	prizes                     []scheme.Prize
}

// winners are the next ones, by account.
func winners(tx *storage.Tx, round, after id.ID, limit int) ([]winner, error) {
	var out []winner
	rows, err := tx.Query(fmt.Sprintf(`SELECT p.account_id, p.household_id, p.member_id, p.prizes, CASE WHEN a.closed_on = %d THEN 1 ELSE 0 END FROM award_places p JOIN accounts a ON a.id = p.account_id
		WHERE p.round_id = ? AND p.wins = 1 AND p.account_id > ? ORDER BY p.account_id LIMIT %d`, clock.Forever, limit), round, after)
	err = each(rows, err, func(r *sql.Rows) error {
		var w winner
		var prizes string
		var open int
		if err := r.Scan(&w.account, &w.household, &w.member, &prizes, &open); err != nil {
			return err
		}
		w.open = open == 1
		out = append(out, w)
		return json.Unmarshal([]byte(prizes), &out[len(out)-1].prizes)
	})
	if err != nil {
		return nil, fmt.Errorf("read winners: %w", err)
	}
	return out, nil
}

// giveOut posts the points of some winners and writes down what is due to them.
func giveOut(tx *storage.Tx, w *Award, book *scheme.Scheme, of []winner, by id.ID, at time.Time) error {
	today := clock.DayOf(at)
	counted, err := ledger.CountedOn(tx, w.village, today)
	if err != nil {
		return err
	}
	var open []id.ID
	for i := range of {
		if of[i].open {
			open = append(open, of[i].account)
		}
	}
	if err := ledger.Guard(tx, open, nil); err != nil { // an account closed since it was read: the whole is tried again
		return err
	}
	const width = 22
	var args []any
	var postings []ledger.Posting
	var told []message.Message
	for i := range of {
		x := &of[i]
		var due []string
		for j := range x.prizes {
			p := &x.prizes[j]
			isPoints := p.Kind == scheme.RewardPoints || p.Kind == scheme.RewardDividend && p.Points > 0
			state, note := prizeDue, ""
			switch {
			case !x.open:
				state, note = prizeVoid, "发放前这个账户已经停用"
			case isPoints:
				state = prizePosted
				postings = append(postings, ledger.Posting{Village: w.village, Kind: ledger.Prize, Ref: prizeRef(w, p.Ref, x.account), Batch: w.ID, By: by,
					Title: w.Name + "：" + p.Words, At: at, Occurred: today, Counted: counted, Scheme: w.rules,
					Lines: []ledger.Line{{Account: x.account, Wallet: p.Wallet, Amount: p.Points, Member: x.member}}})
			default:
				due = append(due, p.Words)
			}
			choice, err := json.Marshal(p.Choice)
			if err != nil {
				return err
			}
			args = append(args, int64(tx.NewID()), int64(w.ID), int64(w.village), int64(x.account), int64(x.household), p.Ref, p.Kind, p.Wallet, int64(p.Points), p.Fen, p.Name, p.Count,
				string(choice), short(p.Words, 400), state, "", 0, "", note, clock.Ms(at), 0, 0)
		}
		if len(due) > 0 && x.household != 0 {
			told = append(told, message.Message{Village: w.village, Household: x.household, Member: x.member, Kind: message.Notice, At: at,
				Title: w.Name, Body: "您家在" + w.Span.Chinese() + w.Name + "中获得：" + strings.Join(due, "；") + "。请到村里领取。", About: message.About{Kind: "award", ID: w.ID}})
		}
	}
	err = tx.Insert(`INSERT INTO award_prizes (id, round_id, village_id, account_id, household_id, ref, kind, wallet, points, fen, name, pieces, choice, words, state, chosen, shop_id, receiver, note, issued_at, collected_at, collected_by) VALUES `,
		width, args)
	if err != nil {
		return fmt.Errorf("write prizes: %w", err)
	}
	if _, err := ledger.Post(tx, book, postings...); err != nil {
		return err
	}
	return message.Tell(tx, told...)
}

// prizeRef names a prize in the book of the village. It does not change when a list is withdrawn and published anew.
func prizeRef(w *Award, ref string, account id.ID) string {
	return fmt.Sprintf("award:%s:%d:%s:%s", w.Code, w.Span, ref, account)
}

// Prize is one reward of one winner.
type Prize struct {
	ID          id.ID           `json:"id"`
	Award       id.ID           `json:"award"`
	AwardName   string          `json:"award_name"`
	Span        clock.Span      `json:"span"`
	Account     id.ID           `json:"account"`
	Household   id.ID           `json:"household"`
	Number      string          `json:"number"`
	Name        string          `json:"name" doc:"of the winner"`
	Ref         string          `json:"ref" doc:"which reward of the round"`
	Kind        string          `json:"kind" enum:"points,goods,choice,privilege,title,dividend"`
	Wallet      string          `json:"wallet,omitempty"`
	Points      points.Amount   `json:"points,omitempty"`
	Fen         int64           `json:"fen,omitempty" doc:"dividend of money"`
	What        string          `json:"what,omitempty" doc:"goods, privilege, title"`
	Pieces      int             `json:"pieces,omitempty"`
	Choice      []scheme.Basket `json:"choice,omitempty" doc:"baskets of which one may be chosen"`
	Words       string          `json:"words" doc:"what it is, in words"`
	State       string          `json:"state" enum:"due,posted,collected,void"`
	Chosen      string          `json:"chosen,omitempty"`
	Shop        id.ID           `json:"shop,omitempty" doc:"whose stock it came from"`
	Receiver    string          `json:"receiver,omitempty" doc:"who signed for it"`
	Note        string          `json:"note,omitempty"`
	CollectedAt int64           `json:"collected_at,omitempty" doc:"milliseconds since 1970 UTC"`
	Undoable    bool            `json:"undoable,omitempty" doc:"collected today: may still be undone"`
	Repeated    bool            `json:"repeated,omitempty" doc:"the request had been carried out before"`

	handed id.ID
}

const prizeColumns = `p.id, p.round_id, w.name, w.span, p.account_id, p.household_id, COALESCE(x.number, ''), COALESCE(x.name, ''), p.ref, p.kind, p.wallet, p.points, p.fen, p.name, p.pieces, p.choice, p.words,
	p.state, p.chosen, p.shop_id, p.receiver, p.note, p.collected_at, p.handed_id`

const prizesFrom = " FROM award_prizes p JOIN award_rounds w ON w.id = p.round_id LEFT JOIN award_places x ON x.round_id = p.round_id AND x.account_id = p.account_id "

// prizes reads some, by a condition on p.
func prizes(read query, where string, args ...any) ([]Prize, error) {
	out := []Prize{}
	rows, err := read("SELECT "+prizeColumns+prizesFrom+where, args...)
	err = each(rows, err, func(r *sql.Rows) error {
		var p Prize
		var choice string
		if err := r.Scan(&p.ID, &p.Award, &p.AwardName, &p.Span, &p.Account, &p.Household, &p.Number, &p.Name, &p.Ref, &p.Kind, &p.Wallet, &p.Points, &p.Fen, &p.What, &p.Pieces, &choice, &p.Words,
			&p.State, &p.Chosen, &p.Shop, &p.Receiver, &p.Note, &p.CollectedAt, &p.handed); err != nil {
			return err
		}
		out = append(out, p)
		return json.Unmarshal([]byte(choice), &out[len(out)-1].Choice)
	})
	if err != nil {
		return nil, fmt.Errorf("read prizes: %w", err)
	}
	return out, nil
}
