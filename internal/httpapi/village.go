package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/village"
)

// Who may do what with a village's register. Villagers see the village and their own household; whoever meets households in
// their work finds them; the register itself is kept by the team and the county.
var (
	maySeeVillage   = access.Need{Roles: access.Everyone, Scope: access.Village}
	maySeeHousehold = access.Need{Roles: access.Officials, Scope: access.Self}
	mayFind         = access.Need{Roles: access.Officials, Scope: access.Village}
	mayKeepRegister = access.Need{Roles: []access.Role{access.TeamMember, access.FirstSecretary, access.CountyAdmin}, Scope: access.Village}
)

func (s *Server) registerVillage(a *api) {
	register(a, get("/villages/{village}", "get-village", "村的基本情况"), maySeeVillage, s.getVillage)
	register(a, get("/villages/{village}/groups", "list-groups", "村民小组"), maySeeVillage, s.listGroups)
	register(a, post("/villages/{village}/groups", "add-group", "新建村民小组"), mayKeepRegister, s.addGroup)
	register(a, get("/villages/{village}/households", "list-households", "住户名单，按拼音排列；可按编号、姓名、拼音首字母查找"), mayFind, s.listHouseholds)
	register(a, post("/villages/{village}/households", "add-household", "登记新户"), mayKeepRegister, s.addHousehold)
	register(a, get("/villages/{village}/households/{household}", "get-household", "一户的情况和家庭成员"), maySeeHousehold, s.getHousehold)
	register(a, post("/villages/{village}/household-lookup", "find-household", "按户码、户编号或姓名找到一户"), mayFind, s.findHousehold)
	register(a, post("/villages/{village}/household-codes", "replace-household-codes", "换发户码；旧码立即作废，新码只显示这一次"), mayKeepRegister, s.replaceCodes)
	register(a, post("/villages/{village}/households/{household}/members", "add-member", "登记家庭成员"), mayKeepRegister, s.addMember)
	register(a, post("/villages/{village}/members/{member}/corrections", "correct-member", "更正姓名、电话、证件号").tagged("households"), mayKeepRegister, s.correctMember)
	register(a, post("/villages/{village}/households/{household}/status", "set-household-status", "改户状态：常住、外出、暂停"), mayKeepRegister, s.setStatus)
	register(a, post("/villages/{village}/households/{household}/flags", "set-household-flags", "改户标签"), mayKeepRegister, s.setFlags)
	register(a, post("/villages/{village}/households/{household}/head", "change-head", "变更户主"), mayKeepRegister, s.changeHead)
	register(a, post("/villages/{village}/kin", "declare-kin", "登记干部的亲属户（须回避）"), mayKeepRegister, s.declareKin)
	register(a, get("/villages/{village}/links", "list-links", "谁联系哪一户（党员联户）"), mayKeepRegister, s.links)
	register(a, post("/villages/{village}/links", "add-link", "登记联系户"), mayKeepRegister, s.addLink)
	register(a, post("/villages/{village}/links/end", "end-link", "取消联系户"), mayKeepRegister, s.endLink)
	register(a, get("/villages/{village}/teams", "list-teams", "有积分账户的队伍"), mayKeepRegister, s.teams)
	register(a, post("/villages/{village}/teams", "add-team", "登记队伍"), mayKeepRegister, s.addTeam)
	register(a, post("/villages/{village}/kin/end", "end-kin", "取消亲属户登记").tagged("kin"), mayKeepRegister, s.endKin)
	s.registerRegisterFiles(a)
}

// InVillage and InHousehold are the parameters of a path. They are exported because the parser sees no others when they are embedded.
type InVillage struct {
	Village idParam `path:"village"`
}

type InHousehold struct {
	Village   idParam `path:"village"`
	Household idParam `path:"household"`
}

type villageView struct {
	village.Region
	TownName   string `json:"town_name"`
	CountyName string `json:"county_name"`
}

func (s *Server) getVillage(ctx context.Context, _ access.Actor, in *InVillage) (v villageView, err error) {
	if v.Region, err = s.Village.Region(ctx, in.Village.ID); err != nil {
		return v, err
	}
	if v.Kind != village.Village {
		return v, village.ErrNoVillage
	}
	town, err := s.Village.Region(ctx, v.Town)
	if err != nil {
		return v, err
	}
	county, err := s.Village.Region(ctx, v.County)
	v.TownName, v.CountyName = town.Name, county.Name
	return v, err
}

type groupList struct {
	Items []village.Region `json:"items"`
}

func (s *Server) listGroups(ctx context.Context, _ access.Actor, in *InVillage) (out groupList, err error) {
	out.Items, err = s.Village.Groups(ctx, in.Village.ID, s.Village.Today())
	return out, err
}

type addGroupInput struct {
	InVillage
	Body village.NewRegion
}

func (s *Server) addGroup(ctx context.Context, _ access.Actor, in *addGroupInput) (village.Region, error) {
	return s.Village.CreateGroup(ctx, in.Village.ID, in.Body)
}

type householdListInput struct {
	InVillage
	Q      string   `query:"q" maxLength:"30" doc:"户编号开头、姓名、拼音或拼音首字母，如 zs"`
	Group  idParam  `query:"group" doc:"只看这个小组"`
	Day    dayParam `query:"day" doc:"这一天的情况；空为今天"`
	Cursor string   `query:"cursor" maxLength:"400" doc:"上一页给出的 next"`
	Limit  int      `query:"limit" minimum:"0" maximum:"200"`
}

type householdPage struct {
	Items []village.Household `json:"items"`
	Next  string              `json:"next" doc:"cursor of the next page, empty at the end"`
}

func (s *Server) listHouseholds(ctx context.Context, _ access.Actor, in *householdListInput) (out householdPage, err error) {
	out.Items, out.Next, err = s.Village.List(ctx, in.Village.ID, village.Filter{Q: in.Q, Group: in.Group.ID, Day: in.Day.Day, Cursor: in.Cursor, Limit: in.Limit})
	return out, err
}

// made answers a write that entered something.
type made struct {
	ID       id.ID `json:"id"`
	Repeated bool  `json:"repeated" doc:"the same request had been carried out before"`
}

// changed answers a write that changed something.
type changed struct {
	Repeated bool `json:"repeated" doc:"the same request had been carried out before"`
}

// Writing is what every write's body begins with.
type Writing struct {
	RequestID string    `json:"request_id" minLength:"16" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$" doc:"made by the client and kept until a definite answer"`
	On        clock.Day `json:"on,omitempty" doc:"from which day it holds; empty is today"`
}

func (r Writing) write(villageID id.ID, by access.Actor) village.Write {
	return village.Write{Village: villageID, By: by.User(), On: r.On, RequestID: r.RequestID}
}

type addHouseholdInput struct {
	InVillage
	Body struct {
		Writing
		village.NewHousehold
	}
}

func (s *Server) addHousehold(ctx context.Context, by access.Actor, in *addHouseholdInput) (out made, err error) {
	out.ID, out.Repeated, err = s.Village.CreateHousehold(ctx, in.Body.write(in.Village.ID, by), in.Body.NewHousehold)
	return out, err
}

type getHouseholdInput struct {
	InHousehold
	Day dayParam `query:"day" doc:"这一天的情况；空为今天"`
}

func (s *Server) getHousehold(ctx context.Context, _ access.Actor, in *getHouseholdInput) (village.Detail, error) {
	if in.Day.Day == 0 {
		in.Day.Day = s.Village.Today()
	}
	return s.Village.Detail(ctx, in.Village.ID, in.Household.ID, in.Day.Day)
}

type findHouseholdInput struct {
	InVillage
	Body struct {
		Code   string `json:"code,omitempty" maxLength:"64" doc:"what the scanned household code holds"`
		Number string `json:"number,omitempty" maxLength:"20" doc:"the household's number, old ones too"`
		Name   string `json:"name,omitempty" maxLength:"30" doc:"of the householder or a member"`
	}
}

type foundHouseholds struct {
	Items []village.Household `json:"items" doc:"one for a code; several where a name or an old number stands for several"`
}

func (s *Server) findHousehold(ctx context.Context, _ access.Actor, in *findHouseholdInput) (out foundHouseholds, err error) {
	day := s.Village.Today()
	switch b := in.Body; {
	case b.Code != "":
		var h village.Household
		h, err = s.Village.ByCode(ctx, in.Village.ID, b.Code)
		out.Items = []village.Household{h}
	case b.Number != "":
		out.Items, err = s.Village.ByNumber(ctx, in.Village.ID, b.Number, day)
	case b.Name != "":
		out.Items, err = s.Village.ByName(ctx, in.Village.ID, b.Name, day)
	default:
		err = village.ErrInvalid.With("请扫积分卡，或填户号、姓名。")
	}
	return out, err
}

type memberInput struct {
	InHousehold
	Body struct {
		Writing
		village.NewMember
	}
}

func (s *Server) addMember(ctx context.Context, by access.Actor, in *memberInput) (out made, err error) {
	out.ID, out.Repeated, err = s.Village.AddMember(ctx, in.Body.write(in.Village.ID, by), in.Household.ID, in.Body.NewMember)
	return out, err
}

type correctMemberInput struct {
	InVillage
	Member idParam `path:"member"`
	Body   struct {
		RequestID string `json:"request_id" minLength:"16" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$" doc:"made by the client and kept until a definite answer"`
		village.Correction
	}
}

func (s *Server) correctMember(ctx context.Context, by access.Actor, in *correctMemberInput) (out changed, err error) {
	out.Repeated, err = s.Village.CorrectMember(ctx, Writing{RequestID: in.Body.RequestID}.write(in.Village.ID, by), in.Member.ID, in.Body.Correction)
	return out, err
}

type statusInput struct {
	InHousehold
	Body struct {
		Writing
		Status string `json:"status" enum:"resident,away,suspended"`
	}
}

func (s *Server) setStatus(ctx context.Context, by access.Actor, in *statusInput) (out changed, err error) {
	if err := by.NotOwn(in.Household.ID); err != nil {
		return out, err
	}
	out.Repeated, err = s.Village.SetStatus(ctx, in.Body.write(in.Village.ID, by), in.Household.ID, in.Body.Status)
	return out, err
}

type flagsInput struct {
	InHousehold
	Body struct {
		Writing
		Flags []string `json:"flags" maxItems:"20" doc:"exactly the flags it has from then on"`
	}
}

func (s *Server) setFlags(ctx context.Context, by access.Actor, in *flagsInput) (out changed, err error) {
	if err := by.NotOwn(in.Household.ID); err != nil {
		return out, err
	}
	out.Repeated, err = s.Village.SetFlags(ctx, in.Body.write(in.Village.ID, by), in.Household.ID, in.Body.Flags)
	return out, err
}

type headInput struct {
	InHousehold
	Body struct {
		Writing
		Member   id.ID  `json:"member" doc:"the new householder, a member of the household"`
		FormerIs string `json:"former_is,omitempty" maxLength:"8" doc:"the former householder's relation to the new one; empty is 其他"`
	}
}

func (s *Server) changeHead(ctx context.Context, by access.Actor, in *headInput) (out changed, err error) {
	out.Repeated, err = s.Village.ChangeHead(ctx, in.Body.write(in.Village.ID, by), in.Household.ID, in.Body.Member, in.Body.FormerIs)
	return out, err
}

type kinInput struct {
	InVillage
	Body struct {
		Writing
		Member    id.ID  `json:"member_id" doc:"the official"`
		Household id.ID  `json:"household_id" doc:"the relatives' household"`
		Relation  string `json:"relation,omitempty" maxLength:"8" doc:"兄弟、岳父……"`
	}
}

func (s *Server) declareKin(ctx context.Context, by access.Actor, in *kinInput) (out changed, err error) {
	out.Repeated, err = s.Village.DeclareKin(ctx, in.Body.write(in.Village.ID, by), in.Body.Member, in.Body.Household, in.Body.Relation)
	return out, err
}

// endKin is not for those whom the declaration binds: they could lift their own bar and award.
func (s *Server) endKin(ctx context.Context, by access.Actor, in *kinInput) (out changed, err error) {
	if err := by.NotOwn(in.Body.Household); err != nil {
		return out, err
	}
	out.Repeated, err = s.Village.EndKin(ctx, in.Body.write(in.Village.ID, by), in.Body.Member, in.Body.Household)
	return out, err
}
