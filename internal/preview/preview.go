// Package preview shows what other rules would have done to a village's real cases: what would have been issued, who
// would stand where, what it would cost. It changes nothing.
package preview

import (
	"context"
	"slices"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// MayPreview: who prepares or files rules.
var MayPreview = access.Need{Roles: []access.Role{access.FirstSecretary, access.TeamMember, access.Supervisor, access.CountyAdmin}, Scope: access.Village}

// Limits of one preview.
const (
	MaxDays   = 3 * 366
	MaxCases  = 200_000
	listedTop = 20 // accounts named among those who gain and lose most
)

var (
	ErrDays     = errs.New(errs.Invalid, "preview_days", "请填写起止日期，开始不能晚于结束，最多三年")
	ErrTooMany  = errs.New(errs.TooLarge, "preview_too_many", "这段时间的记录太多，请缩短日期再试")
	ErrChange   = errs.New(errs.Invalid, "preview_change", "请填写改成多少分；加分的还是加分，扣分的还是扣分")
	ErrOtherWay = errs.New(errs.Invalid, "preview_subject", "新细则的积分对象（按户、按人）和现在不同，旧记录不能直接套用")
)

// Service reads what a preview needs.
type Service struct {
	db       *storage.DB
	cases    *cases.Service
	villages *village.Service
	rules    *rulebook.Book
	market   *market.Service
}

// New makes the service.
func New(db *storage.DB, cs *cases.Service, villages *village.Service, rules *rulebook.Book, shop *market.Service) *Service {
	return &Service{db: db, cases: cs, villages: villages, rules: rules, market: shop}
}

// Report is what the new rules would have made of the cases.
type Report struct {
	Title    string           `json:"title" doc:"of the new rules"`
	From     clock.Day        `json:"from"`
	To       clock.Day        `json:"to"`
	Cases    int              `json:"cases" doc:"decided anew"`
	Refused  []Refused        `json:"refused,omitempty" doc:"records that the new rules cannot decide"`
	Old      points.Amount    `json:"old" doc:"points issued by the rules of then: awards only"`
	New      points.Amount    `json:"new"`
	OldTaken points.Amount    `json:"old_taken" doc:"points taken, without sign"`
	NewTaken points.Amount    `json:"new_taken"`
	Classes  []Line           `json:"classes" doc:"by class of item, net"`
	Months   []Line           `json:"months" doc:"by month of the deed, net"`
	Moved    int              `json:"moved" doc:"accounts whose rank would differ"`
	Gainers  []Account        `json:"gainers" doc:"who would gain most, at most 20"`
	Losers   []Account        `json:"losers" doc:"who would lose most, at most 20"`
	FenOld   int64            `json:"fen_old" doc:"what was issued, at the village's yuan per point, in fen"`
	FenNew   int64            `json:"fen_new"`
	Cost     *market.Promise  `json:"cost,omitempty" doc:"as much again against funds and stock of today"`
	Warnings []scheme.Problem `json:"warnings,omitempty" doc:"what to look at in the file"`
}

// Refused is why some records cannot be decided.
type Refused struct {
	Item string `json:"item"`
	Name string `json:"name" doc:"as the record called it"`
	Why  string `json:"why"`
	N    int    `json:"n"`
}

// Line is one row of a comparison.
type Line struct {
	Key  string        `json:"key"`
	Name string        `json:"name"`
	Old  points.Amount `json:"old"`
	New  points.Amount `json:"new"`
}

// Account is what the new rules would mean for one household or person.
type Account struct {
	ID      id.ID         `json:"id"`
	Number  string        `json:"number,omitempty"`
	Name    string        `json:"name"`
	Old     points.Amount `json:"old"`
	New     points.Amount `json:"new"`
	OldRank int           `json:"old_rank"`
	NewRank int           `json:"new_rank"`
}

// Preview decides the village's cases between two days, both inside, by another scheme file, in the order in which they
// were decided, as if the file had been in force all the time. States of households and persons are those of the last
// day. rulebook.ErrFile, with a field for each mistake, if the file cannot be used.
func (s *Service) Preview(ctx context.Context, a access.Actor, in id.ID, source []byte, from, to clock.Day) (Report, error) {
	if err := a.Allow(MayPreview, access.Place{Village: in}); err != nil {
		return Report{}, err
	}
	r, err := s.Try(ctx, in, source, from, to)
	if err != nil {
		return Report{}, err
	}
	return s.withCost(ctx, a, in, r)
}

// withCost adds what it would cost, for those who may see the funds.
func (s *Service) withCost(ctx context.Context, a access.Actor, in id.ID, r Report) (Report, error) {
	if a.Allow(market.MaySeeFunds, access.Place{Village: in}) == nil {
		promise, err := s.market.CheckPromise(ctx, a, in, r.New)
		if err != nil {
			return Report{}, err
		}
		r.Cost = &promise
	}
	return r, nil
}

// Try is Preview for commands on the machine itself, without the question to funds and stock.
func (s *Service) Try(ctx context.Context, in id.ID, source []byte, from, to clock.Day) (Report, error) {
	rules, problems := scheme.Parse(source)
	if rules == nil {
		return Report{}, rulebook.Mistakes(problems)
	}
	r, err := s.try(ctx, in, rules, from, to)
	r.Warnings = problems
	return r, err
}

func (s *Service) try(ctx context.Context, in id.ID, rules *scheme.Scheme, from, to clock.Day) (Report, error) {
	if !from.Valid() || !to.Valid() || to < from || to.Sub(from) > MaxDays {
		return Report{}, ErrDays
	}
	now, err := s.rules.InForce(ctx, in, to)
	if err != nil {
		return Report{}, err
	}
	if now.Scheme.Subject != rules.Subject {
		return Report{}, ErrOtherWay
	}
	deeds, err := s.cases.Deeds(ctx, in, from, to)
	if err != nil {
		return Report{}, err
	}
	if len(deeds) > MaxCases {
		return Report{}, ErrTooMany
	}
	if err := s.whoTheyAre(ctx, in, rules, to, deeds); err != nil {
		return Report{}, err
	}
	c := newComparison(now.Scheme, rules)
	c.run(deeds)
	r := c.report()
	r.Title, r.From, r.To = rules.Title, from, to
	if err := s.name(ctx, in, &r); err != nil {
		return Report{}, err
	}
	r.FenOld, r.FenNew = fen(r.Old, now.Scheme.FenPerPoint), fen(r.New, rules.FenPerPoint)
	return r, nil
}

func fen(a points.Amount, perPoint int64) int64 { return int64(a.Times(perPoint, 100)) }

// whoTheyAre fills in what the new rules ask of the owners, where some item asks.
func (s *Service) whoTheyAre(ctx context.Context, in id.ID, rules *scheme.Scheme, on clock.Day, deeds []cases.Deed) error {
	if !rules.AsksWho() {
		return nil
	}
	who, err := s.villages.Who(ctx, in, on)
	if err != nil {
		return err
	}
	for i := range deeds {
		d := &deeds[i]
		home := who[d.Household]
		d.Who = scheme.Who{States: slices.Clone(home.States), Size: home.Size, Adults: home.Adults}
		if p, ok := who[d.Member]; ok && d.Member != 0 {
			d.Who.States, d.Who.BornOn = append(d.Who.States, p.States...), p.BornOn
		}
	}
	return nil
}

// name adds the numbers and names of the accounts that the report lists.
func (s *Service) name(ctx context.Context, in id.ID, r *Report) error {
	var ids []id.ID
	for _, list := range [][]Account{r.Gainers, r.Losers} {
		for _, a := range list {
			ids = append(ids, a.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	padded := storage.Padded(ids)
	rows, err := s.db.Query(ctx, "SELECT id, number, name FROM households WHERE id IN "+storage.In(len(padded))+
		" UNION ALL SELECT id, '', name FROM members WHERE id IN "+storage.In(len(padded))+" UNION ALL SELECT id, '', name FROM regions WHERE id IN "+storage.In(len(padded)),
		append(append(storage.Args(padded), storage.Args(padded)...), storage.Args(padded)...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	names := map[id.ID][2]string{}
	for rows.Next() {
		var of id.ID
		var n [2]string
		if err := rows.Scan(&of, &n[0], &n[1]); err != nil {
			return err
		}
		names[of] = n
	}
	for _, list := range [][]Account{r.Gainers, r.Losers} {
		for i := range list {
			list[i].Number, list[i].Name = names[list[i].ID][0], names[list[i].ID][1]
		}
	}
	return rows.Err()
}
