// Package cases is the way from a deed to points (积分申报): somebody records what a household or person did, the rules of
// the day decide what it is worth, another person approves where the rules ask for it, and the ledger is posted in the
// same transaction. A case keeps who entered it and what it was worth with the reasons; each later step is an event.
//
// Limits are consumed in the order of decision (decided_no), which is given under the guards of the accounts. A
// correction undoes or re-decides a case and replays the later decisions that rested on it; only differences are posted.
package cases

import (
	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/media"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// Limits of one call.
const (
	MaxSubjects   = 200 // households or members of one Record
	MaxInspection = 500 // households of one inspection
	MaxWhy        = 200 // characters of a reason
	DefaultLimit  = 30  // cases of a page
	MaxLimit      = 100
)

// Who may do what. Own and kin households are refused by the verbs on top of this, and so is approving own entries.
var (
	MayRecord  = access.Need{Roles: []access.Role{access.GroupLeader, access.TeamMember, access.FirstSecretary}, Scope: access.Village}
	MayApprove = access.Need{Roles: []access.Role{access.TeamMember, access.FirstSecretary}, Scope: access.Village}
	MayReverse = access.Need{Roles: []access.Role{access.TeamMember, access.FirstSecretary}, Scope: access.Village}
	MaySee     = access.Need{Roles: access.Everyone, Scope: access.Village}
	MayInspect = access.Need{Roles: []access.Role{access.GroupLeader, access.TeamMember, access.FirstSecretary}, Scope: access.Village}
)

// overseers see all cases of the village; others see those of their own households, group leaders also their groups'.
var overseers = access.Need{Roles: []access.Role{access.TeamMember, access.FirstSecretary, access.PanelMember,
	access.VillageSupervisor, access.Supervisor, access.CountyAdmin}, Scope: access.Village}

// knowReporters see who told of another household's deed.
var knowReporters = access.Need{Roles: []access.Role{access.TeamMember, access.FirstSecretary, access.VillageSupervisor, access.Supervisor, access.CountyAdmin}, Scope: access.Village}

var (
	ErrNoCase       = errs.New(errs.NotFound, "cases_not_found", "没有找到这条记录，请刷新后再看")
	ErrSubjects     = errs.New(errs.Invalid, "cases_subjects", "请选择给谁记分，一次最多200户（人）")
	ErrSubjectTwice = errs.New(errs.Invalid, "cases_subject_twice", "同一户（人）选了两次，请去掉重复的")
	ErrFuture       = errs.New(errs.Invalid, "cases_in_future", "日期还没有到，只能登记今天或以前的事情")
	ErrInactive     = errs.New(errs.Conflict, "cases_subject_suspended", "所选的户或人当天处于暂停状态，不能记分")
	ErrOtherGroup   = errs.New(errs.Forbidden, "cases_other_group", "只能登记本人负责的小组，其他小组请由驻村工作队登记")
	ErrOwnEntry     = errs.New(errs.Forbidden, "cases_own_entry", "不能审核自己登记的记录，请由其他工作人员审核")
	ErrApproved     = errs.New(errs.Conflict, "cases_approved_before", "您已经审核过这条记录，下一级请由其他工作人员审核")
	ErrWithdrawLate = errs.New(errs.Conflict, "cases_withdraw_late", "已超过可以撤回的时间，如有错误请由其他工作人员冲正")
	ErrNotAuthor    = errs.New(errs.Forbidden, "cases_not_author", "只有登记人可以撤回")
	ErrOwnReverse   = errs.New(errs.Forbidden, "cases_own_reverse", "不能冲正自己登记的记录，请由其他工作人员办理")
	ErrNoChange     = errs.New(errs.Invalid, "cases_no_change", "分数、等级、数量和说明都与原来一样，没有要更正的；如果整条记录有误，请用冲正")
	ErrBudgetWaits  = errs.New(errs.Conflict, "cases_budget_waits", "本村这段时间的积分发放总额已用完，这条记录等有余额时再办理")
	ErrWhy          = errs.New(errs.Invalid, "cases_why", "请写明理由，最多200字")
	ErrWay          = errs.New(errs.Conflict, "cases_way", "这个事项不能这样登记，请换一个办法")
	ErrState        = errs.New(errs.Conflict, "cases_state", "这条记录现在不能这样办理，请刷新后再看")
)

// Service is the use cases of this package.
type Service struct {
	db       *storage.DB
	now      clock.Clock
	villages *village.Service
	rules    *rulebook.Book
	people   *access.Service
	photos   *media.Service
	workdays func(from clock.Day, n int) clock.Day
}

// New makes the service.
func New(db *storage.DB, now clock.Clock, villages *village.Service, rules *rulebook.Book, people *access.Service, photos *media.Service) *Service {
	return &Service{db: db, now: now, villages: villages, rules: rules, people: people, photos: photos, workdays: clock.Weekdays}
}

// UseCalendar counts working days by a calendar with holidays instead of Monday to Friday.
func (s *Service) UseCalendar(workdays func(from clock.Day, n int) clock.Day) { s.workdays = workdays }
