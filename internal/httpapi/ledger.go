package httpapi

import (
	"context"
	"errors"
	"slices"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/village"
)

// mayReadPassbook: the people of the household, and whoever holds an office in its village.
var mayReadPassbook = access.Need{Roles: access.Officials, Scope: access.Self}

func (s *Server) registerLedger(a *api) {
	register(a, get("/villages/{village}/households/{household}/passbook", "get-passbook", "积分存折：余额、年度积分、名次、最近几笔").tagged("passbook"), mayReadPassbook, s.passbook)
	register(a, get("/villages/{village}/households/{household}/entries", "list-entries", "积分流水，新的在前，一件事一行").tagged("passbook"), mayReadPassbook, s.entries)
}

type InPassbook struct {
	InHousehold
	Member idParam `query:"member" doc:"按人积分的村：看哪一位的；空为本人或户主"`
}

// walletView is what stands in a wallet.
type walletView struct {
	Code      string        `json:"code"`
	Name      string        `json:"name"`
	Kind      string        `json:"kind" enum:"score,spend,base"`
	Available points.Amount `json:"available"`
	Pending   points.Amount `json:"pending"`
	Held      points.Amount `json:"held"`
}

// passbookView is the first page of a passbook.
type passbookView struct {
	Household  village.Household `json:"household"`
	Member     id.ID             `json:"member,omitempty" doc:"whose book it is, where persons are scored"`
	MemberName string            `json:"member_name,omitempty"`
	Account    id.ID             `json:"account"`
	Wallets    []walletView      `json:"wallets"`
	Spendable  points.Amount     `json:"spendable" doc:"what can be redeemed today"`
	Debt       bool              `json:"debt" doc:"a spend wallet is below zero: nothing can be redeemed"`
	YearScore  points.Amount     `json:"year_score"`
	MonthScore points.Amount     `json:"month_score"`
	Rank       int64             `json:"rank" doc:"this year, 0 while there is none"`
	Of         int64             `json:"of"`
	Barred     string            `json:"barred" doc:"why nothing can be redeemed now; empty if something can"`
	Entries    []entryView       `json:"entries" doc:"the last five"`
}

// entryView is one event of the book: what it did to what can be spent and to the score.
type entryView struct {
	ID           id.ID         `json:"id"`
	Kind         ledger.Kind   `json:"kind" doc:"award, deduct, redeem, reverse, adjust, opening …"`
	KindName     string        `json:"kind_name"`
	Title        string        `json:"title"`
	Amount       points.Amount `json:"amount" doc:"what it did to the wallets that can be spent; to the score where it touched only that"`
	BalanceAfter points.Amount `json:"balance_after" doc:"of the wallet named"`
	Wallet       string        `json:"wallet"`
	WalletName   string        `json:"wallet_name"`
	Bucket       ledger.Bucket `json:"bucket" enum:"available,pending,held"`
	Score        points.Amount `json:"score" doc:"what it did to the ranked score"`
	OccurredOn   clock.Day     `json:"occurred_on"`
	CountedOn    clock.Day     `json:"counted_on"`
	CreatedAt    int64         `json:"created_at" doc:"milliseconds since 1970 UTC"`
	Case         id.ID         `json:"case,omitempty"`
	Reasons      []string      `json:"reasons" doc:"why, in plain Chinese"`
	Lines        []entryLine   `json:"lines" doc:"every wallet it moved"`
}

type entryLine struct {
	Wallet       string        `json:"wallet"`
	WalletName   string        `json:"wallet_name"`
	Bucket       ledger.Bucket `json:"bucket" enum:"available,pending,held"`
	Amount       points.Amount `json:"amount"`
	BalanceAfter points.Amount `json:"balance_after"`
	ExpiresOn    clock.Day     `json:"expires_on,omitempty"`
}

// holder is whose book is asked for.
type holder struct {
	household village.Detail
	account   id.ID
	member    id.ID
	name      string
	rules     *scheme.Scheme
	today     clock.Day
}

// holder finds the household in the village of the path, and the person where persons are scored.
func (s *Server) holder(ctx context.Context, by access.Actor, in *InPassbook) (holder, error) {
	h := holder{today: clock.DayOf(s.Now())}
	var err error
	if h.household, err = s.Village.Detail(ctx, in.Village.ID, in.Household.ID, h.today); err != nil {
		return h, err
	}
	v, err := s.Book.InForce(ctx, in.Village.ID, h.today)
	if err != nil {
		return h, err
	}
	h.rules, h.account = v.Scheme, in.Household.ID
	if h.rules.Subject != scheme.SubjectPerson {
		return h, nil
	}
	people := h.household.People
	at := slices.IndexFunc(people, func(m village.Member) bool { return m.ID == in.Member.ID })
	if in.Member.ID == 0 {
		if at = slices.IndexFunc(people, func(m village.Member) bool { return by.IsMember(m.ID) }); at < 0 {
			at = max(0, slices.IndexFunc(people, func(m village.Member) bool { return m.Relation == village.Head }))
		}
	}
	if at < 0 || at >= len(people) {
		return h, village.ErrNoMember
	}
	h.member, h.account, h.name = people[at].ID, people[at].ID, people[at].Name
	return h, nil
}

// account is holder for a list of entries, which shows nothing of the household: it asks only whether it is there.
func (s *Server) account(ctx context.Context, by access.Actor, in *InPassbook) (holder, error) {
	h := holder{today: clock.DayOf(s.Now()), account: in.Household.ID}
	v, err := s.Book.InForce(ctx, in.Village.ID, h.today)
	if err != nil {
		return h, err
	}
	h.rules = v.Scheme
	if h.rules.Subject == scheme.SubjectPerson {
		return s.holder(ctx, by, in)
	}
	_, err = s.Village.Subjects(ctx, in.Village.ID, h.today, []id.ID{in.Household.ID})
	if errors.Is(err, village.ErrNotInForce) {
		err = village.ErrNoHousehold
	}
	return h, err
}

func (s *Server) passbook(ctx context.Context, by access.Actor, in *InPassbook) (passbookView, error) {
	h, err := s.holder(ctx, by, in)
	if err != nil {
		return passbookView{}, err
	}
	out := passbookView{Household: h.household.Household, Member: h.member, MemberName: h.name, Account: h.account}
	if err := s.wallets(ctx, &h, &out); err != nil {
		return out, err
	}
	out.Spendable, err = ledger.Spendable(ctx, s.DB, h.rules, h.account, h.today)
	var refusal error
	if errors.Is(err, ledger.ErrInDebt) {
		out.Debt, refusal, err = true, err, nil
	}
	if err != nil {
		return out, err
	}
	year, err := s.Board.Rank(ctx, in.Village.ID, clock.YearSpan(h.today), h.account)
	if err != nil {
		return out, err
	}
	out.YearScore, out.Rank, out.Of = year.Amount, year.Rank, year.Of
	if out.MonthScore, err = ledger.Total(ctx, s.DB, h.account, h.rules.ScoreWallet(), clock.MonthSpan(h.today)); err != nil {
		return out, err
	}
	tags, err := standing.Of(ctx, s.DB, h.account, h.today)
	if err != nil {
		return out, err
	}
	if barred := standing.RefuseSpending(tags); barred != nil {
		refusal = barred
	}
	if e := errs.As(refusal); e != nil {
		out.Barred = e.Msg
	}
	out.Entries, _, err = s.entryPage(ctx, &h, 0, 5)
	return out, err
}

// wallets lists the wallets of the rules in force, and others that still hold something.
func (s *Server) wallets(ctx context.Context, h *holder, out *passbookView) error {
	balances, err := ledger.Balances(ctx, s.DB, h.account)
	if err != nil {
		return err
	}
	for _, w := range h.rules.Wallets {
		out.Wallets = append(out.Wallets, walletView{Code: w.Code, Name: w.Name, Kind: w.Kind})
	}
	for _, b := range balances {
		i := slices.IndexFunc(out.Wallets, func(w walletView) bool { return w.Code == b.Wallet })
		if i < 0 {
			if b.Amount == 0 {
				continue
			}
			i = len(out.Wallets)
			out.Wallets = append(out.Wallets, walletView{Code: b.Wallet, Name: b.Wallet, Kind: b.Kind})
		}
		w := &out.Wallets[i]
		switch b.Bucket {
		case ledger.Available:
			w.Available = b.Amount
		case ledger.Pending:
			w.Pending = b.Amount
		case ledger.Held:
			w.Held = b.Amount
		}
	}
	return nil
}

type entriesInput struct {
	InPassbook
	Cursor idParam `query:"cursor" doc:"上一页给出的 next"`
	Limit  int     `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

type entryPage struct {
	Items []entryView `json:"items"`
	Next  string      `json:"next" doc:"cursor of the next page; empty at the end"`
}

func (s *Server) entries(ctx context.Context, by access.Actor, in *entriesInput) (entryPage, error) {
	h, err := s.account(ctx, by, &in.InPassbook)
	if err != nil {
		return entryPage{}, err
	}
	items, next, err := s.entryPage(ctx, &h, in.Cursor.ID, in.Limit)
	if err != nil {
		return entryPage{}, err
	}
	page := entryPage{Items: items}
	if next != 0 {
		page.Next = next.String()
	}
	return page, nil
}

// linesPerEvent is how many lines most events have at most; where they have more, entryPage reads on.
const linesPerEvent = 3

// entryPage reads the newest events before a cursor. The lines of an event follow one another in an account's book,
// because they were written under its lock.
func (s *Server) entryPage(ctx context.Context, h *holder, before id.ID, limit int) ([]entryView, id.ID, error) {
	read := (limit + 1) * linesPerEvent
	var events [][]ledger.Entry
	for more := true; more && len(events) <= limit; {
		rows, err := ledger.Entries(ctx, s.DB, h.account, before, read)
		if err != nil {
			return nil, 0, err
		}
		for _, e := range rows {
			if n := len(events); n == 0 || events[n-1][0].Posting != e.Posting {
				events = append(events, nil)
			}
			events[len(events)-1] = append(events[len(events)-1], e)
			before = e.ID
		}
		more = len(rows) == read
	}
	var next id.ID
	if len(events) > limit {
		events = events[:limit]
		next = events[limit-1][len(events[limit-1])-1].ID
	}
	views := make([]entryView, len(events))
	var cs []id.ID
	for i, lines := range events {
		views[i] = h.event(lines)
		if views[i].Case != 0 && !slices.Contains(cs, views[i].Case) {
			cs = append(cs, views[i].Case)
		}
	}
	reasons, err := s.Cases.Reasons(ctx, cs)
	if err != nil {
		return nil, 0, err
	}
	for i := range views {
		views[i].Reasons = append([]string{}, reasons[views[i].Case]...)
	}
	return views, next, nil
}

// event makes one line of the lines of a posting, which come newest first.
func (h *holder) event(lines []ledger.Entry) entryView {
	last := lines[0]
	out := entryView{ID: last.Posting, Kind: last.Kind, KindName: kindNames[last.Kind], Title: last.Title, OccurredOn: last.Occurred,
		CountedOn: last.Counted, CreatedAt: last.At, Case: last.Case, Lines: make([]entryLine, len(lines))}
	main := -1
	for i := range lines {
		e := &lines[i]
		name, kind := e.Wallet, ""
		if w, ok := h.rules.Wallet(e.Wallet); ok {
			name, kind = w.Name, w.Kind
		}
		out.Lines[len(lines)-1-i] = entryLine{e.Wallet, name, e.Bucket, e.Amount, e.BalanceAfter, e.ExpiresOn}
		if e.Wallet == h.rules.ScoreWallet() {
			out.Score += e.Amount
		}
		if kind == scheme.KindSpend {
			out.Amount += e.Amount
			if main < 0 || e.Bucket == ledger.Available && lines[main].Bucket != ledger.Available {
				main = i
				out.WalletName = name
			}
		}
	}
	if main < 0 { // only scores or the base moved
		main = 0
		out.Amount = lines[0].Amount
		out.WalletName = out.Lines[len(lines)-1].WalletName
	}
	out.Wallet, out.Bucket, out.BalanceAfter = lines[main].Wallet, lines[main].Bucket, lines[main].BalanceAfter
	return out
}

var kindNames = map[ledger.Kind]string{
	ledger.Award: "加分", ledger.Deduct: "扣分", ledger.Grant: "基础分", ledger.Opening: "期初积分", ledger.Carry: "结转", ledger.Reset: "清零",
	ledger.Expire: "到期", ledger.Prize: "奖励", ledger.Redeem: "兑换", ledger.Reversal: "冲正", ledger.Adjust: "更正", ledger.Effect: "公示期满生效",
	ledger.Freeze: "冻结", ledger.Hold: "预约占用", ledger.Release: "解除占用", ledger.Succession: "分户迁移",
}
