// Package publication puts decided cases before the village (公示): a notice lists what was decided in a period, for a group
// or the whole village, with its number, the days for objections and the root of the sealed ledger. What was printed is
// stored as a snapshot with its hash and never changes; masks, objections and corrections that come later are laid over it
// on the page, and corrections get a numbered notice of their own.
//
// Names are masked where the rules or the household say so, and always on the public page and for minors. Photos are never
// part of a notice.
package publication

import (
	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// Who may do what.
var (
	MayPublish = access.Need{Roles: []access.Role{access.TeamMember, access.FirstSecretary}, Scope: access.Village}
	MaySee     = access.Need{Roles: access.Everyone, Scope: access.Village}
	MayCopy    = access.Need{Roles: access.Officials, Scope: access.Village} // files that cost the server work
	MayMask    = access.Need{Roles: []access.Role{access.TeamMember, access.FirstSecretary}, Scope: access.Self}
	MayLook    = access.Need{Scope: access.Public} // who holds the link
)

// Limits.
const (
	MaxCases      = 5000 // of one notice: more has to be split by group or period
	MaxSpan       = 400  // days that a notice covers
	DefaultPublic = 30   // days for which the public page is open
	MaxPublic     = 365
	MaxWhy        = 200
	honourPlaces  = 10
)

// PagePath is where public pages lie, followed by the token.
const PagePath = "/g/"

var (
	ErrNoNotice = errs.New(errs.NotFound, "publication_not_found", "没有找到这张公示榜，可能已经过了公开的日子。请看村里的公示栏，或者打开“禾分”里的公示榜")
	ErrNoCases  = errs.New(errs.Conflict, "publication_nothing", "这段时间没有还未公示的记录，不用公示")
	ErrTooMany  = errs.New(errs.TooLarge, "publication_too_many", "这段时间的记录太多，请按小组或者把时间缩短后分开公示")
	ErrChanged  = errs.New(errs.Conflict, "publication_changed", "预览之后记录有了变化，请重新预览再公示")
	ErrSpan     = errs.New(errs.Invalid, "publication_span", "请选择公示哪一段时间：开始不晚于结束，结束不晚于今天，最长400天")
	ErrDays     = errs.New(errs.Invalid, "publication_days", "公示页开放的天数应为1到365天")
	ErrClosed   = errs.New(errs.NotFound, "publication_closed", "这张公示榜的公开时间已过。本村村民登录后仍可以查看")
	ErrNoChange = errs.New(errs.Conflict, "publication_no_change", "这张公示榜上的记录没有更正，不用出更正公告")
	ErrCorrects = errs.New(errs.Invalid, "publication_corrects", "更正公告请在原来的公示榜上办理")
	ErrNotOwn   = errs.New(errs.NotFound, "publication_not_own", "没有找到本户的这条加分记录")
	ErrWhy      = errs.New(errs.Invalid, "publication_why", "请写明原因，最多200字")
)

// Service is the use cases of this package.
type Service struct {
	db       *storage.DB
	now      clock.Clock
	cases    *cases.Service
	villages *village.Service
	rules    *rulebook.Book
}

// New makes the service.
func New(db *storage.DB, now clock.Clock, cs *cases.Service, villages *village.Service, rules *rulebook.Book) *Service {
	return &Service{db: db, now: now, cases: cs, villages: villages, rules: rules}
}
