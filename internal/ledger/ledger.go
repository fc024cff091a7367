// Package ledger is the append-only book of a village (积分台账) and the only writer of accounts, balances, totals, lots
// and entries. Everything a villager sees is a fold over entries; the other tables are that fold, kept in the same
// transaction and checked by Audit. docs/ledger.md holds the locking, idempotency and correction rules.
//
// Invariants (the laws of docs/ledger.md, each with a test):
//   - an entry is never updated or deleted; a correction is a new posting that names what it corrects;
//   - per account, wallet and bucket: seq has no gap, balance_after chains, the balance is the sum;
//   - each kind of posting keeps its declared sign, and those that only move points sum to 0;
//   - (village, kind, ref) is posted once;
//   - totals read score wallets only.
package ledger

import (
	"time"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
)

// Bucket is where points of a wallet stand.
type Bucket string

const (
	Available Bucket = "available" // counts and can be spent
	Pending   Bucket = "pending"   // decided, not yet effective or under objection
	Held      Bucket = "held"      // reserved for goods
)

// Kind says what a posting is for. Its rule is in kinds.
type Kind string

const (
	Award      Kind = "award"      // a deed that gives points
	Deduct     Kind = "deduct"     // a deed that costs points
	Grant      Kind = "grant"      // base score at the start of a period
	Opening    Kind = "opening"    // balances brought from a paper book
	Carry      Kind = "carry"      // what a new period takes over
	Reset      Kind = "reset"      // a wallet emptied at a period's end
	Expire     Kind = "expire"     // a lot past its last day
	Prize      Kind = "prize"      // an issued award
	Redeem     Kind = "redeem"     // points spent for goods
	Reversal   Kind = "reverse"    // undoes a posting entry by entry
	Adjust     Kind = "adjust"     // the difference after a case was corrected
	Effect     Kind = "effect"     // pending becomes available
	Freeze     Kind = "freeze"     // available becomes pending: an objection
	Hold       Kind = "hold"       // available becomes held
	Release    Kind = "release"    // held becomes available again
	Succession Kind = "succession" // from one household's account to another's
)

// sign is what the entries of a kind may add up to, per wallet.
type sign int

const (
	gain sign = iota // every entry is at least 0
	loss             // every entry is at most 0
	free             // any
	move             // the entries of each wallet sum to 0
)

var kinds = map[Kind]sign{
	Award: gain, Grant: gain, Opening: free, Carry: gain, Prize: gain,
	Deduct: loss, Reset: loss, Expire: loss, Redeem: loss,
	Reversal: free, Adjust: free,
	Effect: move, Freeze: move, Hold: move, Release: move, Succession: move,
}

// Limits of one call.
const (
	MaxLines = 20_000 // lines of one Post
	MaxRef   = 80
	MaxTitle = 120 // characters; longer titles are cut
)

var (
	ErrNotEnough     = errs.New(errs.Conflict, "ledger_not_enough", "可用积分不够，请减少数量或换一样")
	ErrInDebt        = errs.New(errs.Conflict, "ledger_in_debt", "积分已是负数，补足之前不能兑换")
	ErrPosted        = errs.New(errs.Conflict, "ledger_already_posted", "这一笔已经入账，不会重复入账")
	ErrAccountClosed = errs.New(errs.Conflict, "ledger_account_closed", "这一户或这个人的积分账户已经停用，请核对户编号")
	ErrNothing       = errs.New(errs.NotFound, "ledger_nothing_to_correct", "没有找到要更正的这一笔")
)

// Posting is one event: its lines become entries together or not at all.
type Posting struct {
	Village  id.ID // in whose book it stands: the household's village
	Kind     Kind
	Ref      string // what it is for, e.g. the case id; once per village and kind
	Batch    id.ID  // common to the postings of one batch, or zero
	Corrects id.ID  // posting that this one corrects, or zero
	By       id.ID  // user, zero for the program
	Title    string // what the passbook says, in Chinese, as it was called then
	At       time.Time
	Occurred clock.Day // day of the deed
	Counted  clock.Day // day in whose boards and period it counts; see CountedOn
	Case     id.ID
	Item     string
	Class    string
	Scheme   id.ID // version that decided
	Lines    []Line
}

// Line moves one wallet of one account. A line that moves points between buckets or accounts says where to in To or
// ToAccount and has a negative amount: the other side is written by Post, lot for lot.
type Line struct {
	Account   id.ID
	Wallet    string
	Bucket    Bucket // empty means Available
	Amount    points.Amount
	Intent    scheme.Intent // empty means Add
	ExpiresOn clock.Day     // last day on which the points can be spent; zero: no limit
	To        Bucket
	ToAccount id.ID
	Member    id.ID // who did the deed, as it was then
	Group     id.ID // the group then

	exact bool // a reversal: this amount of this lot, whatever there is
	owing bool // goods are out already: the wallet may go into debt
}

// Entry is one line of the book as it stands (流水).
type Entry struct {
	ID           id.ID         `json:"id"`
	Village      id.ID         `json:"-"`
	Posting      id.ID         `json:"posting"`
	Line         int           `json:"-"`
	Kind         Kind          `json:"kind" doc:"award, deduct, redeem, reverse, adjust, opening …"`
	Ref          string        `json:"ref" doc:"what it is for: the id of a case, a redemption …"`
	Batch        id.ID         `json:"batch,omitempty"`
	Corrects     id.ID         `json:"corrects,omitempty" doc:"the posting it corrects"`
	By           id.ID         `json:"-"`
	Account      id.ID         `json:"account"`
	Wallet       string        `json:"wallet"`
	Bucket       Bucket        `json:"bucket" enum:"available,pending,held"`
	Seq          int64         `json:"seq" doc:"number of the entry within account, wallet and bucket, without gaps"`
	Amount       points.Amount `json:"amount" doc:"hundredths of a point, with sign"`
	BalanceAfter points.Amount `json:"balance_after"`
	ExpiresOn    clock.Day     `json:"expires_on,omitempty"`
	Occurred     clock.Day     `json:"occurred_on" doc:"day of the deed"`
	Counted      clock.Day     `json:"counted_on" doc:"day in whose boards and period it counts"`
	At           int64         `json:"created_at" doc:"milliseconds since 1970 UTC"`
	Case         id.ID         `json:"case,omitempty"`
	Member       id.ID         `json:"member,omitempty"`
	Group        id.ID         `json:"group,omitempty"`
	Item         string        `json:"item,omitempty"`
	Class        string        `json:"class,omitempty"`
	Scheme       id.ID         `json:"-"`
	Title        string        `json:"title" doc:"what it was for, in words, as it was called then"`
}

// Posted is what a posting really moved. Where a deduction stopped at a floor, or a wallet was emptied, the entries say
// less or more than the lines asked; a line that moved nothing has no entry.
type Posted struct {
	ID      id.ID
	Entries []Entry
}

// Moved is what the posting did to one wallet of an account, over all buckets.
func (p Posted) Moved(account id.ID, wallet string) points.Amount {
	var sum points.Amount
	for _, e := range p.Entries {
		if e.Account == account && e.Wallet == wallet {
			sum += e.Amount
		}
	}
	return sum
}
