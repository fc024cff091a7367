package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/id"
)

// registerLogin are the ways in besides WeChat and the demo, and what a person may do with the own account.
func (s *Server) registerLogin(a *api) {
	public := access.Need{Scope: access.Public}
	counted := func(o op) op { o.Login = true; return o }
	register(a, get("/login/ways", "login-ways", "这里可以怎样登录"), public, s.loginWays)
	register(a, counted(post("/login/code", "ask-login-code", "获取手机验证码；号码有没有登记，回答都一样")), public, s.askCode)
	register(a, counted(post("/login/phone", "login-phone", "手机号和验证码登录")), public, s.loginPhone)
	register(a, counted(post("/login/pin", "login-pin", "户码和密码登录，只能办自家的事")), public, s.loginPIN)

	register(a, get("/me/identities", "my-identities", "同一个手机号的几个人"), access.MaySignedIn, s.identities)
	register(a, post("/me/switch", "switch-identity", "换成同一个手机号的另一个人"), access.MaySignedIn, s.switchTo)
	register(a, get("/me/sessions", "my-sessions", "在哪些设备上登录着"), access.MaySignedIn, s.sessions)
	register(a, post("/me/sessions/{session}/end", "end-session", "退出一台设备"), access.MaySignedIn, s.endSession)
	register(a, get("/me/consents", "my-consents", "同意过什么"), access.MaySignedIn, s.consents)
	register(a, post("/me/consents", "set-consent", "同意或撤回同意"), access.MaySignedIn, s.agree)
	register(a, get("/me/export", "export-account", "导出自己账号的资料"), access.MaySignedIn, s.exportAccount)
	register(a, post("/me/close", "close-account", "注销账号"), access.MaySignedIn, s.closeAccount)

	const pin = "/villages/{village}/households/{household}/pin"
	register(a, get(pin, "household-pin", "一户的登录密码设了没有、锁住没有").tagged("pin"), access.MaySeePIN, s.pinState)
	register(a, post(pin, "set-household-pin", "设或改自家的登录密码").tagged("pin"), access.MayOwn, s.setPIN)
	register(a, post(pin+"/remove", "remove-household-pin", "取消自家的登录密码").tagged("pin"), access.MayOwn, s.removePIN)
	register(a, post(pin+"/issue", "issue-household-pin", "当面给一户发密码条；密码只显示这一次").tagged("pin"), access.MayIssuePIN, s.issuePIN)
	register(a, post(pin+"/unlock", "unlock-household-pin", "当面给一户的密码解锁").tagged("pin"), access.MayIssuePIN, s.unlockPIN)

	registerRaw(a, get("/villages/{village}/mini-code", "village-mini-code", "本村的小程序码图片，供打印张贴"), access.MayPrintCode, s.miniCode)
}

type ways struct {
	WeChat bool `json:"wechat" doc:"the mini-program logs in by itself"`
	Phone  bool `json:"phone" doc:"a code can be sent to a phone"`
	PIN    bool `json:"pin" doc:"household code and PIN"`
	Demo   bool `json:"demo" doc:"a demonstration: roles to try, and codes are written into the server's log"`
}

func (s *Server) loginWays(context.Context, access.Actor, *struct{}) (ways, error) {
	wechat, phone := s.Access.Ways()
	return ways{WeChat: wechat, Phone: phone, PIN: true, Demo: s.Config.Demo}, nil
}

func (s *Server) askCode(ctx context.Context, _ access.Actor, in *struct{ Body access.CodeRequest }) (access.CodeAsked, error) {
	address, _ := ctx.Value(addressKey{}).(string)
	return s.Access.AskCode(ctx, address, in.Body)
}

func (s *Server) loginPhone(ctx context.Context, _ access.Actor, in *struct{ Body access.CodeLogin }) (access.Session, error) {
	return s.Access.LoginByCode(ctx, in.Body)
}

func (s *Server) loginPIN(ctx context.Context, _ access.Actor, in *struct{ Body access.PINLogin }) (access.Session, error) {
	return s.Access.LoginByPIN(ctx, in.Body)
}

type identityList struct {
	Items []access.Identity `json:"items" doc:"empty where the session was not opened with a code to the phone"`
}

func (s *Server) identities(ctx context.Context, by access.Actor, _ *struct{}) (identityList, error) {
	items, err := s.Access.Identities(ctx, by)
	return identityList{items}, err
}

type switchInput struct {
	Body struct {
		User   id.ID  `json:"user_id"`
		Device string `json:"device,omitempty" maxLength:"60" doc:"name of the device for the list of sessions"`
	}
}

func (s *Server) switchTo(ctx context.Context, by access.Actor, in *switchInput) (access.Session, error) {
	return s.Access.Switch(ctx, by, in.Body.User, in.Body.Device)
}

type deviceList struct {
	Items []access.Device `json:"items"`
}

func (s *Server) sessions(ctx context.Context, by access.Actor, _ *struct{}) (deviceList, error) {
	items, err := s.Access.Sessions(ctx, by)
	return deviceList{items}, err
}

func (s *Server) endSession(ctx context.Context, by access.Actor, in *struct {
	Session string `path:"session" maxLength:"32" doc:"ref of the list"`
}) (done, error) {
	return done{true}, s.Access.EndSession(ctx, by, in.Session)
}

type consentList struct {
	Items []access.Consent `json:"items" doc:"the latest word on each matter"`
}

func (s *Server) consents(ctx context.Context, by access.Actor, _ *struct{}) (consentList, error) {
	items, err := s.Access.Consents(ctx, by)
	return consentList{items}, err
}

func (s *Server) agree(ctx context.Context, by access.Actor, in *struct{ Body access.ConsentRequest }) (out changed, err error) {
	out.Repeated, err = s.Access.Agree(ctx, by, in.Body)
	return out, err
}

func (s *Server) closeAccount(ctx context.Context, by access.Actor, in *struct{ Body access.CloseRequest }) (done, error) {
	return done{true}, s.Access.CloseOwn(ctx, by, in.Body)
}

func (s *Server) pinState(ctx context.Context, by access.Actor, in *InHousehold) (access.PINState, error) {
	return s.Access.PINState(ctx, by, in.Village.ID, in.Household.ID)
}

type pinInput struct {
	InHousehold
	Body access.PINRequest
}

func (s *Server) setPIN(ctx context.Context, by access.Actor, in *pinInput) (out changed, err error) {
	out.Repeated, err = s.Access.SetPIN(ctx, by, in.Village.ID, in.Household.ID, in.Body)
	return out, err
}

type pinStepInput struct {
	InHousehold
	Body endBody
}

func (s *Server) removePIN(ctx context.Context, by access.Actor, in *pinStepInput) (out changed, err error) {
	out.Repeated, err = s.Access.RemovePIN(ctx, by, in.Village.ID, in.Household.ID, in.Body.RequestID)
	return out, err
}

func (s *Server) unlockPIN(ctx context.Context, by access.Actor, in *pinStepInput) (out changed, err error) {
	out.Repeated, err = s.Access.UnlockPIN(ctx, by, in.Village.ID, in.Household.ID, in.Body.RequestID)
	return out, err
}

func (s *Server) issuePIN(ctx context.Context, by access.Actor, in *pinStepInput) (access.PINSlip, error) {
	return s.Access.IssuePIN(ctx, by, in.Village.ID, in.Household.ID, in.Body.RequestID)
}

type picture struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (s *Server) miniCode(ctx context.Context, by access.Actor, in *InVillage) (*picture, error) {
	image, err := s.Access.VillageCode(ctx, by, in.Village.ID)
	if err != nil {
		return nil, err
	}
	kind := "image/png"
	if len(image) > 2 && image[0] == 0xff && image[1] == 0xd8 {
		kind = "image/jpeg"
	}
	return &picture{kind, image}, nil
}
