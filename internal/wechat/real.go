package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/silenceper/wechat/v2/credential"
	"github.com/silenceper/wechat/v2/miniprogram/auth"
	"github.com/silenceper/wechat/v2/miniprogram/config"
	mini "github.com/silenceper/wechat/v2/miniprogram/context"
	"github.com/silenceper/wechat/v2/miniprogram/qrcode"
	"github.com/silenceper/wechat/v2/miniprogram/security"
	"github.com/silenceper/wechat/v2/miniprogram/subscribe"
	"github.com/silenceper/wechat/v2/util"
)

// Options of the real client.
type Options struct {
	AppID, AppSecret string
	BaseURL          string // "" is WeChat itself; tests name a stub
}

// Real is the client of the platform. Safe for concurrent use; every call ends after 5 seconds or with its context.
type Real struct {
	appID    string
	base     *url.URL
	auth     *auth.Auth
	security *security.Security
	token    credential.AccessTokenContextHandle
	cache    *tokenCache
}

// NewReal makes the client; nothing is sent yet.
func NewReal(o Options) (*Real, error) {
	if o.AppID == "" || o.AppSecret == "" {
		return nil, errors.New("wechat: app id and app secret must be set")
	}
	r := &Real{appID: o.AppID, cache: &tokenCache{}}
	if o.BaseURL != "" {
		base, err := url.Parse(o.BaseURL)
		if err != nil || base.Host == "" {
			return nil, errors.New("wechat: base URL must be like http://host:port")
		}
		r.base = base
	}
	// The stable token is the same for every server of an installation, so each keeps its own copy in memory.
	r.token = credential.NewStableAccessToken(o.AppID, o.AppSecret, credential.CacheKeyMiniProgramPrefix, r.cache)
	c := &mini.Context{
		Config:                   &config.Config{AppID: o.AppID, AppSecret: o.AppSecret, Cache: r.cache, UseStableAK: true},
		AccessTokenContextHandle: r.token,
	}
	r.auth, r.security = auth.NewAuth(c), security.NewSecurity(c)
	return r, nil
}

func (r *Real) AppID() string { return r.appID }

// codes is all that a code may be made of: the library writes it into a URL as it is.
var codes = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

func (r *Real) Login(ctx context.Context, code string) (Login, error) {
	if !codes.MatchString(code) {
		return Login{}, ErrCode
	}
	res, err := r.auth.Code2SessionContext(r.to(ctx), code)
	if err != nil {
		return Login{}, clean("login", err)
	}
	if res.OpenID == "" {
		return Login{}, ErrAway.Wrap(errors.New("login: answer without openid"))
	}
	return Login{OpenID: res.OpenID, UnionID: res.UnionID}, nil
}

func (r *Real) Phone(ctx context.Context, code string) (phone string, err error) {
	if !codes.MatchString(code) {
		return "", ErrCode
	}
	err = r.withToken(ctx, "phone", func(ctx context.Context, _ string) error {
		res, err := r.auth.GetPhoneNumberContext(ctx, code)
		if err != nil {
			return err
		}
		if phone = res.PhoneInfo.PurePhoneNumber; res.PhoneInfo.CountryCode != "86" {
			phone = res.PhoneInfo.PhoneNumber
		}
		if phone == "" {
			return errors.New("answer without phone number")
		}
		return nil
	})
	return phone, err
}

func (r *Real) Send(ctx context.Context, m Message) error {
	msg := subscribe.Message{ToUser: m.OpenID, TemplateID: m.Template, Page: m.Page, Data: map[string]*subscribe.DataItem{}, Lang: "zh_CN"}
	for k, v := range m.Data {
		msg.Data[k] = &subscribe.DataItem{Value: v}
	}
	// The library's own calls for messages and codes take no context, hence the requests made here.
	return r.withToken(ctx, "subscribe/send", func(ctx context.Context, token string) error {
		answer, err := util.PostJSONContext(ctx, "https://api.weixin.qq.com/cgi-bin/message/subscribe/send?access_token="+token, msg)
		if err != nil {
			return err
		}
		return util.DecodeWithCommonError(answer, "Send")
	})
}

func (r *Real) Code(ctx context.Context, page, scene string) (image []byte, err error) {
	if len(scene) > 32 {
		return nil, fmt.Errorf("wechat: scene of %d characters, at most 32", len(scene))
	}
	body := qrcode.QRCoder{Page: strings.TrimPrefix(page, "/"), Scene: scene, Width: 430}
	err = r.withToken(ctx, "getwxacodeunlimit", func(ctx context.Context, token string) error {
		answer, err := util.PostJSONContext(ctx, "https://api.weixin.qq.com/wxa/getwxacodeunlimit?access_token="+token, body)
		if err != nil {
			return err
		}
		if bytes.HasPrefix(answer, []byte("{")) { // neither JPEG nor PNG begins so
			if err := util.DecodeWithCommonError(answer, "Code"); err != nil {
				return err
			}
			return errors.New("answer is no image")
		}
		image = answer
		return nil
	})
	return image, err
}

func (r *Real) CheckText(ctx context.Context, openid, text string) (v Verdict, err error) {
	err = r.withToken(ctx, "msg_sec_check", func(ctx context.Context, _ string) error {
		res, err := r.security.MsgCheckContext(ctx, &security.MsgCheckRequest{OpenID: openid, Scene: security.MsgSceneForum, Content: text})
		v = Verdict(res.Result.Suggest)
		return err
	})
	return v, err
}

func (r *Real) CheckImage(ctx context.Context, image []byte) (Verdict, error) {
	err := r.withToken(ctx, "img_sec_check", func(ctx context.Context, token string) error {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		file, err := form.CreateFormFile("media", "photo.jpg")
		if err != nil {
			return err
		}
		_, err = file.Write(image)
		if err = errors.Join(err, form.Close()); err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://api.weixin.qq.com/wxa/img_sec_check?access_token="+token, &body)
		if err != nil {
			return errors.New("request not made")
		}
		req.Header.Set("Content-Type", form.FormDataContentType())
		res, err := util.DefaultHTTPClient.Do(req) // the library's own call reads a file and takes no context
		if err != nil {
			return err
		}
		defer res.Body.Close()
		answer, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		return util.DecodeWithCommonError(answer, "img_sec_check")
	})
	switch {
	case errors.Is(err, ErrContent):
		return Risky, nil
	case err != nil:
		return "", err
	}
	return Pass, nil
}

// withToken runs a call that needs the access token, and once more with a new one if WeChat says the token is not
// valid: a token can be revoked before its time, and the library would go on using it.
func (r *Real) withToken(ctx context.Context, call string, fn func(ctx context.Context, token string) error) error {
	ctx = r.to(ctx)
	for first := true; ; first = false {
		token, err := r.token.GetAccessTokenContext(ctx)
		if err != nil {
			return clean("stable_token", err)
		}
		err = fn(ctx, token)
		if err == nil {
			return nil
		}
		err = clean(call, err)
		var refused *APIError
		if !first || !errors.As(err, &refused) || !staleToken(refused.Code) {
			return err
		}
		r.cache.drop(token)
	}
}

// clean makes an error of the library fit to be logged: its texts may hold the app secret, the token or what was sent.
func clean(call string, err error) error {
	var common *util.CommonError
	if errors.As(err, &common) {
		return refusal(call, common.ErrCode, common.ErrMsg)
	}
	if m := errcodes.FindStringSubmatch(err.Error()); m != nil {
		code, _ := strconv.ParseInt(m[1], 10, 64) // the pattern allows digits only; too long becomes the largest number
		return refusal(call, code, err.Error())
	}
	var bad *statusError
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, context.Canceled):
		return ErrAway.Wrap(fmt.Errorf("%s: %w", call, context.Canceled))
	case errors.Is(err, context.DeadlineExceeded):
		return ErrAway.Wrap(fmt.Errorf("%s: %w", call, context.DeadlineExceeded))
	case errors.As(err, &bad):
		return ErrAway.Wrap(fmt.Errorf("%s: %w", call, bad))
	case errors.As(err, &syntax):
		return ErrAway.Wrap(fmt.Errorf("%s: answer is no JSON", call))
	}
	var sent *url.Error
	if errors.As(err, &sent) && !sent.Timeout() {
		return ErrAway.Wrap(fmt.Errorf("%s: no connection", call))
	}
	return ErrAway.Wrap(fmt.Errorf("%s: no usable answer", call))
}

var (
	errcodes = regexp.MustCompile(`errcode=(-?[0-9]{1,18})\b`)
	rids     = regexp.MustCompile(`rid: ?([0-9a-f-]{1,64})`)
)

func refusal(call string, code int64, text string) error {
	e := &APIError{Call: call, Code: code}
	if m := rids.FindStringSubmatch(text); m != nil {
		e.Rid = m[1]
	}
	return sentinel(code).Wrap(e)
}
