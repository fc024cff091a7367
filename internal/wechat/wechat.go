// Package wechat speaks to the WeChat platform for the mini-program: who logs in, which phone number they let us know,
// messages they asked for, mini-program codes, and checks of what people write. There is the real client and a local
// fake for demonstrations. No error of this package holds a secret, a token, an openid or a phone number.
package wechat

import (
	"context"
	"fmt"

	"hefen/internal/errs"
)

// Client is what Hefen asks of WeChat. Real and Fake are its two implementations.
type Client interface {
	// AppID names the mini-program; openids mean nothing without it.
	AppID() string
	// Login turns the code of wx.login into who it is. ErrCode when the code is used up, too old or malformed.
	Login(ctx context.Context, code string) (Login, error)
	// Phone turns the code of the getPhoneNumber button into the number, with country code only when it is not 86.
	Phone(ctx context.Context, code string) (string, error)
	// Send delivers one subscription message. ErrNoConsent when the person has not asked for it (any more).
	Send(ctx context.Context, m Message) error
	// Code draws a mini-program code (JPEG or PNG) that opens page with scene (at most 32 visible characters).
	Code(ctx context.Context, page, scene string) ([]byte, error)
	// CheckText asks whether a text of at most 2500 characters may be shown to others.
	CheckText(ctx context.Context, openid, text string) (Verdict, error)
	// CheckImage asks whether a picture (JPEG or PNG, at most 750 × 1334 pixels and 1 MB) may be shown to others. The older
	// of WeChat's two calls: it takes the bytes and answers at once. The newer one fetches the picture from a public address
	// and wants a user who was there within two hours, neither of which a photo from the hills has.
	CheckImage(ctx context.Context, image []byte) (Verdict, error)
}

// Login is who a code stands for. UnionID is empty unless the mini-program is bound to an open platform account.
type Login struct{ OpenID, UnionID string }

// Message is one subscription message; Data maps the template's keywords to their texts.
type Message struct {
	OpenID, Template, Page string
	Data                   map[string]string
}

// Verdict of a content check.
type Verdict string

const (
	Pass   Verdict = "pass"
	Review Verdict = "review" // a person should look
	Risky  Verdict = "risky"
)

// Errors of every call, with an *APIError as cause where WeChat answered.
var (
	ErrCode      = errs.New(errs.Invalid, "wechat_code", "微信凭证已失效，请退出小程序重新进入后再试")
	ErrNoConsent = errs.New(errs.Conflict, "wechat_no_consent", "对方没有订阅这类消息")
	ErrContent   = errs.New(errs.Invalid, "wechat_content", "内容没有通过微信安全检查，请修改后再提交")
	ErrBlocked   = errs.New(errs.Forbidden, "wechat_blocked", "微信提示该账号存在风险，暂时不能登录")
	ErrBusy      = errs.New(errs.TooMany, "wechat_busy", "操作太频繁，请一分钟后再试")
	ErrAway      = errs.New(errs.Unavailable, "wechat_away", "暂时连不上微信，请稍后再试")
	ErrSetup     = errs.New(errs.Internal, "wechat_setup", "微信接口配置有误，请联系系统管理员")
)

// APIError is a refusal by WeChat: which call, its number, and the id by which WeChat finds the request. The text of the
// refusal is left out because it may quote what was sent.
type APIError struct {
	Call string
	Code int64
	Rid  string
}

func (e *APIError) Error() string {
	s := fmt.Sprintf("%s: errcode %d", e.Call, e.Code)
	if e.Rid != "" {
		s += " rid " + e.Rid
	}
	return s
}

// sentinel is the error of ours for a number of WeChat's.
func sentinel(code int64) *errs.Error {
	switch code {
	case 40029, 40163, 41008:
		return ErrCode
	case 43101, 43107:
		return ErrNoConsent
	case 87014:
		return ErrContent
	case 40226:
		return ErrBlocked
	case 45009, 45011, 45047:
		return ErrBusy
	case -1, 50002:
		return ErrAway
	}
	return ErrSetup
}

// staleToken reports numbers that say the access token is not valid (any more).
func staleToken(code int64) bool { return code == 40001 || code == 40014 || code == 42001 }
