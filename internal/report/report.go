// Package report tells how a village and the villages over it are doing (统计): a nightly roll-up of the ledger by village
// and month, the figures of a village, a town or a county, and the yearly report on paper. The roll-up is a fold and
// nothing else: it may be thrown away and made anew at any time (docs/adr/0015-figures.md).
//
// Figures of a region name villages and nobody else. What names households is a village's own report, for the people who
// hold an office there, under the masks of its rules.
package report

import (
	"hefen/internal/access"
	"hefen/internal/board"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/village"
)

var (
	// MayCount: supervisors and county administrators of the town, or of the county above it.
	MayCount = access.Need{Roles: []access.Role{access.Supervisor, access.CountyAdmin}, Scope: access.Region}
	// MaySee: those who work for the village or look on, there or from above.
	MaySee = access.Need{Roles: []access.Role{access.TeamMember, access.FirstSecretary, access.PanelMember, access.VillageSupervisor,
		access.Supervisor, access.CountyAdmin}, Scope: access.Village}
)

var (
	ErrSpan  = errs.New(errs.Invalid, "report_span", "时间写法不对：请写年份如2026或月份如2026-11，且不能是还没到的时间")
	ErrBy    = errs.New(errs.Invalid, "report_by", "请选择按乡镇还是按村列出")
	ErrOrder = errs.New(errs.Forbidden, "report_order", "村与村之间的排行没有开放：积分多少不得用来考核干部，请按编号顺序查看")
)

// Service makes and reads the figures. Safe for concurrent use.
type Service struct {
	db       *storage.DB
	now      clock.Clock
	book     *rulebook.Book
	villages *village.Service
	boards   *board.Service
}

// New makes the service.
func New(db *storage.DB, now clock.Clock, book *rulebook.Book, villages *village.Service, boards *board.Service) *Service {
	return &Service{db: db, now: now, book: book, villages: villages, boards: boards}
}

// Figures are what stands in a span, of one village or of several together. Points are in hundredths.
type Figures struct {
	Households int64 `json:"households" doc:"on the span's last day, or today"`
	Active     int64 `json:"active" doc:"households with a deed in the span that stands, their own or a member's"`
	Percent    int64 `json:"percent" doc:"active of households, rounded down; 0 without households"`
	Deeds      int64 `json:"deeds" doc:"deeds that were decided and gave or cost points"`

	Earned points.Amount `json:"earned" doc:"ranked points for deeds, corrections taken off"`
	Lost   points.Amount `json:"lost" doc:"ranked points that deeds cost"`

	Issued      points.Amount `json:"issued" doc:"points that can be spent, given for deeds and awards, corrections taken off"`
	Deducted    points.Amount `json:"deducted" doc:"taken for deeds"`
	Redeemed    points.Amount `json:"redeemed" doc:"spent on goods, less what was cancelled"`
	Expired     points.Amount `json:"expired" doc:"lapsed, or ended with a period less what was carried over"`
	Other       points.Amount `json:"other" doc:"brought from paper books, or moved with a household; with sign"`
	Outstanding points.Amount `json:"outstanding" doc:"in people's hands at the end of the span, or at the last roll-up"`

	LateReviews    int64 `json:"late_reviews" doc:"records that waited too long for approval at the end of the span, or at the last roll-up"`
	LateObjections int64 `json:"late_objections" doc:"objections past their day, likewise"`
}

// net is what the span added to what people hold.
func (f *Figures) net() points.Amount {
	return f.Issued - f.Deducted - f.Redeemed - f.Expired + f.Other
}

func (f *Figures) add(g *Figures) {
	f.Households += g.Households
	f.Active += g.Active
	f.Deeds += g.Deeds
	f.Earned += g.Earned
	f.Lost += g.Lost
	f.Issued += g.Issued
	f.Deducted += g.Deducted
	f.Redeemed += g.Redeemed
	f.Expired += g.Expired
	f.Other += g.Other
	f.Outstanding += g.Outstanding
	f.LateReviews += g.LateReviews
	f.LateObjections += g.LateObjections
	f.rate()
}

func (f *Figures) rate() {
	if f.Percent = 0; f.Households > 0 {
		f.Percent = min(100, f.Active*100/f.Households)
	}
}

// Month is one bar of a trend.
type Month struct {
	Month clock.Span `json:"month"`
	Figures
}

// Class is what deeds of one class of items gave and cost.
type Class struct {
	Name   string        `json:"name"`
	Earned points.Amount `json:"earned"`
	Lost   points.Amount `json:"lost"`
}
