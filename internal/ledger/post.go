package ledger

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// TopicPosted is the outbox topic of changed score totals.
const TopicPosted = "posted"

// PostedEvent tells which accounts' totals of which score wallets and spans have changed, or, with no wallets, that the
// account was closed.
type PostedEvent struct {
	Accounts []id.ID      `json:"accounts"`
	Wallets  []string     `json:"wallets,omitempty"`
	Spans    []clock.Span `json:"spans,omitempty"`
}

var errNoCounted = errors.New("ledger: posting without a counted day")

// Post writes postings of one village, in the order given, in the caller's transaction: five statements for a single
// one, a few more for a batch of hundreds. book is the scheme version that names the wallets and their floors.
//
// What depends on the balance is resolved here under the lock: StopAtFloor takes only what is above the wallet's floor,
// Rest goes on with what the StopAtFloor or Rest line of the same account before it could not take, RestAdd without a
// floor; Zero takes whatever is there; none but RestAdd touches lots past their day. ErrPosted if (village, kind, ref) has been posted before; ErrAccountClosed;
// ErrNotEnough if a spend, hold or transfer would take more than there is.
func Post(tx *storage.Tx, book *scheme.Scheme, postings ...Posting) ([]Posted, error) {
	if len(postings) == 0 {
		return nil, nil
	}
	accounts, err := check(postings)
	if err != nil {
		return nil, err
	}
	if err := Guard(tx, accounts, nil); err != nil {
		return nil, err
	}
	s, err := load(tx.Query, book, clock.DayOf(postings[0].At), accounts)
	if err != nil {
		return nil, err
	}
	posted := make([]Posted, len(postings))
	for i := range postings {
		if posted[i], err = s.resolve(tx, &postings[i]); err != nil {
			return nil, err
		}
	}
	return posted, write(tx, s, posted)
}

// check finds what no caller may send, and lists the accounts.
func check(postings []Posting) ([]id.ID, error) {
	lines := 0
	seen := map[id.ID]bool{}
	var accounts []id.ID
	need := func(a id.ID) {
		if !seen[a] {
			seen[a] = true
			accounts = append(accounts, a)
		}
	}
	for i := range postings {
		p := &postings[i]
		if _, ok := kinds[p.Kind]; !ok || p.Ref == "" || len(p.Ref) > MaxRef || p.Village == 0 || p.At.IsZero() {
			return nil, fmt.Errorf("ledger: malformed posting %q %q", p.Kind, p.Ref)
		}
		if p.Village != postings[0].Village {
			return nil, fmt.Errorf("ledger: postings of two villages in one call")
		}
		if !p.Counted.Valid() {
			return nil, errNoCounted
		}
		if p.Occurred == 0 {
			p.Occurred = p.Counted
		}
		if utf8.RuneCountInString(p.Title) > MaxTitle {
			p.Title = string([]rune(p.Title)[:MaxTitle-1]) + "…"
		}
		if lines += len(p.Lines); lines > MaxLines {
			return nil, errs.New(errs.TooLarge, "ledger_too_many_lines", "一次入账太多，请分批办理")
		}
		for j := range p.Lines {
			l := &p.Lines[j]
			if l.Bucket == "" {
				l.Bucket = Available
			}
			if l.Account == 0 || l.Wallet == "" || l.Amount.Abs() > points.Max {
				return nil, fmt.Errorf("ledger: malformed line of %q %q", p.Kind, p.Ref)
			}
			need(l.Account)
			if l.ToAccount != 0 {
				need(l.ToAccount)
			}
		}
	}
	return accounts, nil
}

// resolve turns the lines of a posting into entries and moves the state on.
func (s *state) resolve(tx *storage.Tx, p *Posting) (Posted, error) {
	out := Posted{ID: tx.NewID(), Entries: make([]Entry, 0, len(p.Lines))}
	left := map[id.ID]points.Amount{} // what a deduction could not take so far, by account
	for i := range p.Lines {
		l := &p.Lines[i]
		asked := l.Amount
		if l.Intent == scheme.Rest || l.Intent == scheme.RestAdd {
			l.Amount = left[l.Account]
		}
		from := slot{l.Account, l.Wallet, l.Bucket}
		b, err := s.at(from, "")
		if err != nil {
			return out, err
		}
		amount, err := s.amount(p, l, b)
		if err != nil {
			return out, err
		}
		if l.Intent == scheme.StopAtFloor || l.Intent == scheme.Rest {
			left[l.Account] = l.Amount - amount
		}
		l.Amount = asked
		if amount == 0 {
			continue
		}
		parts := []lot{{l.ExpiresOn, amount}}
		if amount < 0 && l.ExpiresOn == 0 && !l.exact && l.Bucket != Pending { // pending lots belong each to its case
			parts = s.draw(b, -amount)
			for j := range parts {
				parts[j].amount = -parts[j].amount
			}
		}
		to, transfers := l.destination()
		for _, part := range parts {
			s.enter(tx, &out, p, l, from, b, part)
			if !transfers {
				continue
			}
			dest, err := s.at(to, b.kind)
			if err != nil {
				return out, err
			}
			s.enter(tx, &out, p, l, to, dest, lot{part.expires, -part.amount})
		}
	}
	return out, kept(p.Kind, out.Entries)
}

// destination is the other side of a line that moves points instead of making or ending them.
func (l *Line) destination() (slot, bool) {
	if l.To == "" && l.ToAccount == 0 {
		return slot{}, false
	}
	to := slot{l.Account, l.Wallet, l.Bucket}
	if l.To != "" {
		to.bucket = l.To
	}
	if l.ToAccount != 0 {
		to.account = l.ToAccount
	}
	return to, true
}

// amount is what the line really moves, now that the balance is known.
func (s *state) amount(p *Posting, l *Line, b *balance) (points.Amount, error) {
	switch l.Intent {
	case scheme.Zero:
		return min(0, -s.unexpired(b)), nil
	case scheme.StopAtFloor, scheme.Rest:
		floor := points.Amount(0)
		if w, ok := s.book.Wallet(l.Wallet); ok {
			floor = w.Floor
		}
		return min(0, max(l.Amount, floor-s.unexpired(b))), nil
	}
	if l.Amount < 0 && !l.owing && (p.Kind == Redeem || kinds[p.Kind] == move && !ofCases(p.Kind)) && b.amount+l.Amount < 0 {
		return 0, ErrNotEnough.With("可用积分不够：需要%s分，只有%s分", -l.Amount, max(b.amount, 0))
	}
	return l.Amount, nil
}

// ofCases reports whether a kind moves what one case has between the buckets: it knows its own points, whatever those of
// other cases leave of the balance.
func ofCases(k Kind) bool { return k == Effect || k == Freeze }

func (s *state) enter(tx *storage.Tx, out *Posted, p *Posting, l *Line, k slot, b *balance, part lot) {
	seq, after := s.move(k, b, part.amount, part.expires)
	out.Entries = append(out.Entries, Entry{
		ID: tx.NewID(), Village: p.Village, Posting: out.ID, Line: len(out.Entries), Kind: p.Kind, Ref: p.Ref,
		Batch: p.Batch, Corrects: p.Corrects, By: p.By,
		Account: k.account, Wallet: k.wallet, Bucket: k.bucket, Seq: seq, Amount: part.amount, BalanceAfter: after,
		ExpiresOn: part.expires, Occurred: p.Occurred, Counted: p.Counted, At: clock.Ms(p.At),
		Case: p.Case, Member: l.Member, Group: l.Group, Item: p.Item, Class: p.Class, Scheme: p.Scheme, Title: p.Title,
	})
}

// kept holds each kind to its sign: the second place, beside the scheme and the features, where it is checked.
func kept(k Kind, entries []Entry) error {
	rule := kinds[k]
	sums := map[string]points.Amount{}
	for _, e := range entries {
		if (rule == gain && e.Amount < 0) || (rule == loss && e.Amount > 0) {
			return fmt.Errorf("ledger: a %s of %s", k, e.Amount)
		}
		sums[e.Wallet] += e.Amount
	}
	if rule == move {
		for w, sum := range sums {
			if sum != 0 {
				return fmt.Errorf("ledger: %s leaves %s in wallet %s", k, sum, w)
			}
		}
	}
	return nil
}
