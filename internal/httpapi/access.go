package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/id"
)

func (s *Server) registerAccess(a *api) {
	public := access.Need{Scope: access.Public}
	login := post("/login/wechat", "login", "微信登录")
	login.Login = true
	register(a, login, public, s.login)
	if s.Config.Demo {
		register(a, get("/demo/personas", "demo-personas", "演示：可以扮演的人"), public, s.personas)
		demo := post("/login/demo", "login-demo", "演示：扮演一个人登录")
		demo.Login = true
		register(a, demo, public, s.loginDemo)
	}
	register(a, post("/logout", "logout", "退出登录"), access.MaySignedIn, s.logout)
	register(a, get("/me", "me", "我是谁：户、角色、村"), access.MaySignedIn, s.me)
	register(a, post("/me/phone", "bind-phone", "授权手机号，自动绑定家庭成员"), access.MaySignedIn, s.bindPhone)
	register(a, post("/me/bindings", "ask-binding", "凭户码申请绑定一户"), access.MaySignedIn, s.askBinding)

	register(a, get("/villages/{village}/bindings", "bindings", "绑定申请列表"), access.MayBind, s.bindings)
	register(a, post("/villages/{village}/bindings/{binding}/confirm", "confirm-binding", "确认绑定"), access.MayBind, s.confirmBinding)
	register(a, post("/villages/{village}/bindings/{binding}/refuse", "refuse-binding", "不同意绑定"), access.MayBind, s.refuseBinding)

	register(a, get("/villages/{village}/roles", "village-roles", "本村任职"), access.MaySeeRoles, s.villageRoles)
	register(a, post("/villages/{village}/roles", "grant-village-role", "任命本村角色"), access.MayGrant, s.grantInVillage)
	register(a, post("/villages/{village}/roles/{role}/end", "end-village-role", "结束本村任职").lastOffice(), access.MayEndRole, s.endInVillage)
	register(a, post("/villages/{village}/handovers", "hand-over", "工作交接").lastOffice(), access.MayHandOver, s.handOver)
	register(a, get("/regions/{region}/roles", "region-roles", "镇县任职"), access.MaySeeRegionRole, s.regionRoles)
	register(a, post("/regions/{region}/roles", "grant-region-role", "任命镇县角色"), access.MayGrantRegion, s.grantInRegion)
	register(a, post("/regions/{region}/roles/{role}/end", "end-region-role", "结束镇县任职").lastOffice(), access.MayEndRegionRole, s.endInRegion)
}

type loginInput struct {
	Body struct {
		Code   string `json:"code" minLength:"1" maxLength:"128" doc:"code of wx.login"`
		Device string `json:"device,omitempty" maxLength:"60" doc:"name of the device for the list of sessions"`
	}
}

func (s *Server) login(ctx context.Context, _ access.Actor, in *loginInput) (access.Session, error) {
	return s.Access.Login(ctx, in.Body.Code, in.Body.Device)
}

type loginDemoInput struct {
	Body struct {
		Persona string `json:"persona" minLength:"1" maxLength:"40" doc:"code of a persona"`
	}
}

func (s *Server) loginDemo(ctx context.Context, _ access.Actor, in *loginDemoInput) (access.Session, error) {
	return s.Access.LoginDemo(ctx, in.Body.Persona, "demo")
}

type personaList struct {
	Items []access.Persona `json:"items"`
}

func (s *Server) personas(ctx context.Context, _ access.Actor, _ *struct{}) (personaList, error) {
	items, err := s.Access.Personas(ctx)
	return personaList{items}, err
}

type logoutInput struct {
	Body struct {
		Everywhere bool `json:"everywhere,omitempty" doc:"end the sessions of all devices"`
	}
}

type done struct {
	Done bool `json:"done"`
}

func (s *Server) logout(ctx context.Context, by access.Actor, in *logoutInput) (done, error) {
	if in.Body.Everywhere {
		return done{true}, s.Access.LogoutEverywhere(ctx, by)
	}
	return done{true}, s.Access.Logout(ctx, by)
}

func (s *Server) me(ctx context.Context, by access.Actor, _ *struct{}) (access.Me, error) {
	return s.Access.Me(ctx, by)
}

func (s *Server) bindPhone(ctx context.Context, by access.Actor, in *struct{ Body access.PhoneRequest }) (access.PhoneBound, error) {
	return s.Access.BindPhone(ctx, by, in.Body)
}

func (s *Server) askBinding(ctx context.Context, by access.Actor, in *struct{ Body access.BindingRequest }) (access.Binding, error) {
	return s.Access.AskBinding(ctx, by, in.Body)
}

type bindingsInput struct {
	Village idParam `path:"village"`
	State   string  `query:"state" enum:"pending,confirmed,refused" default:"pending"`
	Cursor  idParam `query:"cursor" doc:"next_cursor of the page before"`
	Limit   int     `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

type bindingPage struct {
	Items []access.Binding `json:"items"`
	Next  id.ID            `json:"next_cursor,omitempty" doc:"missing on the last page"`
}

func (s *Server) bindings(ctx context.Context, by access.Actor, in *bindingsInput) (bindingPage, error) {
	items, err := s.Access.Bindings(ctx, by, in.Village.ID, in.State, in.Cursor.ID, in.Limit)
	page := bindingPage{Items: items}
	if len(items) == in.Limit {
		page.Next = items[len(items)-1].ID
	}
	return page, err
}

type decideBindingInput struct {
	Village idParam `path:"village"`
	Binding idParam `path:"binding"`
	Body    access.BindingDecision
}

func (s *Server) confirmBinding(ctx context.Context, by access.Actor, in *decideBindingInput) (access.Binding, error) {
	return s.Access.ConfirmBinding(ctx, by, in.Village.ID, in.Binding.ID, in.Body)
}

func (s *Server) refuseBinding(ctx context.Context, by access.Actor, in *decideBindingInput) (access.Binding, error) {
	return s.Access.RefuseBinding(ctx, by, in.Village.ID, in.Binding.ID, in.Body)
}

type termList struct {
	Items []access.Term `json:"items"`
}

type villageRolesInput struct {
	Village idParam `path:"village"`
	Ended   bool    `query:"ended" doc:"with those of the past"`
}

func (s *Server) villageRoles(ctx context.Context, by access.Actor, in *villageRolesInput) (termList, error) {
	items, err := s.Access.Roles(ctx, by, access.Place{Village: in.Village.ID}, in.Ended)
	return termList{items}, err
}

type regionRolesInput struct {
	Region idParam `path:"region"`
	Ended  bool    `query:"ended" doc:"with those of the past"`
}

func (s *Server) regionRoles(ctx context.Context, by access.Actor, in *regionRolesInput) (termList, error) {
	items, err := s.Access.Roles(ctx, by, access.Place{Region: in.Region.ID}, in.Ended)
	return termList{items}, err
}

type grantInVillageInput struct {
	Village idParam `path:"village"`
	Body    access.Grant
}

// grantInVillage makes nobody keeper of a shop that the village does not have, or that another owns.
func (s *Server) grantInVillage(ctx context.Context, by access.Actor, in *grantInVillageInput) (access.Term, error) {
	if in.Body.Role == access.Keeper && in.Body.Shop != 0 {
		if err := s.Market.MayAppoint(ctx, by, in.Village.ID, in.Body.Shop); err != nil {
			return access.Term{}, err
		}
	}
	return s.Access.Grant(ctx, by, access.Place{Village: in.Village.ID}, in.Body)
}

type grantInRegionInput struct {
	Region idParam `path:"region"`
	Body   access.Grant
}

func (s *Server) grantInRegion(ctx context.Context, by access.Actor, in *grantInRegionInput) (access.Term, error) {
	return s.Access.Grant(ctx, by, access.Place{Region: in.Region.ID}, in.Body)
}

type endBody struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64"`
}

type endInVillageInput struct {
	Village idParam `path:"village"`
	Role    idParam `path:"role"`
	Body    endBody
}

func (s *Server) endInVillage(ctx context.Context, by access.Actor, in *endInVillageInput) (access.Term, error) {
	return s.Access.EndRole(ctx, by, access.Place{Village: in.Village.ID}, in.Role.ID, in.Body.RequestID)
}

type endInRegionInput struct {
	Region idParam `path:"region"`
	Role   idParam `path:"role"`
	Body   endBody
}

func (s *Server) endInRegion(ctx context.Context, by access.Actor, in *endInRegionInput) (access.Term, error) {
	return s.Access.EndRole(ctx, by, access.Place{Region: in.Region.ID}, in.Role.ID, in.Body.RequestID)
}

type handOverInput struct {
	Village idParam `path:"village"`
	Body    access.HandOverRequest
}

func (s *Server) handOver(ctx context.Context, by access.Actor, in *handOverInput) (access.HandOver, error) {
	return s.Access.HandOver(ctx, by, in.Village.ID, in.Body)
}
