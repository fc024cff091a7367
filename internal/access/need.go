// Package access knows who calls: users and their WeChat identities, sessions, the members a user stands for, roles with
// terms, and what each operation asks of its caller. It is the only maker of an Actor; features take one and begin
// with a.Allow(MayX, place), and the HTTP layer registers the operation with the same Need.
package access

import (
	"hefen/internal/errs"
	"hefen/internal/id"
)

// Role is an office or standing that a user holds in a village, on a shop or over a region.
type Role string

// Roles of a village. A villager is whoever stands for a member of a household there; it is never granted.
const (
	Villager          Role = "villager"
	GroupLeader       Role = "group_leader"
	TeamMember        Role = "team_member"
	FirstSecretary    Role = "first_secretary" // first secretary or village administrator
	PanelMember       Role = "panel_member"
	VillageSupervisor Role = "village_supervisor"
)

// Keeper is held on one shop; Supervisor and CountyAdmin over a region (town or county) and all villages under it.
const (
	Keeper      Role = "keeper"
	Supervisor  Role = "supervisor"
	CountyAdmin Role = "county_admin"
)

// Officials are all roles that are granted.
var Officials = []Role{GroupLeader, TeamMember, FirstSecretary, PanelMember, VillageSupervisor, Keeper, Supervisor, CountyAdmin}

// Everyone of a village: its villagers and all who hold an office there or over it.
var Everyone = append([]Role{Villager}, Officials...)

var roleNames = map[Role]string{
	Villager: "村民", GroupLeader: "村民小组长", TeamMember: "驻村队员", FirstSecretary: "第一书记", PanelMember: "评议小组成员",
	VillageSupervisor: "村务监督员", Keeper: "超市管理员", Supervisor: "镇县督导", CountyAdmin: "县级管理员",
}

// Name is the role in Chinese.
func (r Role) Name() string { return roleNames[r] }

// seat is what a role is held on.
type seat int

const (
	onNothing seat = iota
	onVillage
	onShop
	onRegion
)

func (r Role) seat() seat {
	switch r {
	case GroupLeader, TeamMember, FirstSecretary, PanelMember, VillageSupervisor:
		return onVillage
	case Keeper:
		return onShop
	case Supervisor, CountyAdmin:
		return onRegion
	}
	return onNothing
}

// Scope says where a role must be held for an operation.
type Scope int

const (
	undeclared Scope = iota // the zero Need allows nobody, so an operation that declares nothing fails closed
	Public                  // anyone, without a session
	Signed                  // any user with a session
	Self                    // the people of Place.Household, or one of Roles in Place.Village
	Village                 // one of Roles in Place.Village
	Shop                    // Keeper of Place.Shop if listed, or one of the other Roles in Place.Village
	Region                  // one of Roles over Place.Region
)

// Need is what an operation asks of its caller. Roles over a region count in every village under it, if listed.
type Need struct {
	Roles []Role
	Scope Scope
}

// Declared reports whether the operation said who may call it.
func (n Need) Declared() bool {
	switch n.Scope {
	case Public, Signed, Self:
		return true
	case Village, Shop, Region:
		return len(n.Roles) > 0
	}
	return false
}

// Place is where an operation acts; only what its scope needs must be set.
type Place struct{ Village, Shop, Region, Household id.ID }

// Errors of Allow.
var (
	ErrSignIn        = errs.New(errs.Unauthenticated, "access_sign_in", "登录已过期，请重新登录")
	ErrForbidden     = errs.New(errs.Forbidden, "access_forbidden", "您没有办理这项业务的权限，如有需要请联系村里的管理员")
	ErrHouseholdOnly = errs.New(errs.Forbidden, "access_household_only", "用积分卡和密码登录的只能办自家的事。要办这件事，请用手机号或微信登录")
	ErrOwn           = errs.New(errs.Forbidden, "access_own_household", "涉及本人或已申报亲属的家庭，请由其他工作人员办理")
)
