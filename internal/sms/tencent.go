package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tcerrors "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
)

const callTimeout = 8 * time.Second

// TencentOptions are those of the SMS console. Template is the id of a template whose two places are the code and the
// minutes for which it is good.
type TencentOptions struct {
	SecretID, SecretKey       string
	AppID, SignName, Template string
	Region                    string // "" is ap-guangzhou
	Endpoint                  string // "" is https://sms.tencentcloudapi.com; tests name a stub
}

// Tencent is Tencent Cloud's SMS service, API 2021-01-11, signed with TC3-HMAC-SHA256. Safe for concurrent use.
type Tencent struct {
	o      TencentOptions
	client *common.Client
}

// NewTencent makes the client; nothing is sent yet.
func NewTencent(o TencentOptions) (*Tencent, error) {
	if o.SecretID == "" || o.SecretKey == "" || o.AppID == "" || o.SignName == "" || o.Template == "" {
		return nil, errors.New("sms: secret id, secret key, app id, sign name and template must all be set")
	}
	if o.Region == "" {
		o.Region = "ap-guangzhou"
	}
	p := profile.NewClientProfile() // sends once: no retries, no second region
	p.HttpProfile.Scheme, p.HttpProfile.Endpoint = "HTTPS", "sms.tencentcloudapi.com"
	p.HttpProfile.ReqTimeout = int(callTimeout / time.Second)
	if o.Endpoint != "" {
		u, err := url.Parse(o.Endpoint)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, errors.New("sms: the endpoint must be like https://host")
		}
		p.HttpProfile.Scheme, p.HttpProfile.Endpoint = strings.ToUpper(u.Scheme), u.Host
	}
	return &Tencent{o, common.NewCommonClient(common.NewCredential(o.SecretID, o.SecretKey), o.Region, p)}, nil
}

// sent is the answer to SendSms for the one number that was asked for.
type sent struct {
	Response struct {
		SendStatusSet []struct{ Code string }
		RequestID     string `json:"RequestId"`
	}
}

// SendCode sends the code to a mainland number, once. It returns ErrRefused when the service has refused it.
func (t *Tencent) SendCode(ctx context.Context, phone, code string, minutes int) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	r := tchttp.NewCommonRequest("sms", "2021-01-11", "SendSms")
	r.SetContext(ctx)
	err := r.SetActionParameters(map[string]any{
		"PhoneNumberSet": []string{"+86" + phone}, "SmsSdkAppId": t.o.AppID, "SignName": t.o.SignName,
		"TemplateId": t.o.Template, "TemplateParamSet": []string{code, strconv.Itoa(minutes)},
	})
	if err != nil {
		return fmt.Errorf("%w: parameters", ErrRefused)
	}
	answer := tchttp.NewCommonResponse()
	if err := t.client.Send(r, answer); err != nil {
		return outcome(err)
	}
	var s sent
	if err := json.Unmarshal(answer.GetBody(), &s); err != nil || len(s.Response.SendStatusSet) != 1 {
		return errors.New("sms: answer that says nothing of the number")
	}
	if c := s.Response.SendStatusSet[0].Code; c != "Ok" {
		return fmt.Errorf("%w: %s request %s", ErrRefused, word(c), word(s.Response.RequestID))
	}
	return nil
}

// outcome tells a refusal from an unknown end. The service's texts are left out because they may quote what was sent.
func outcome(err error) error {
	var e *tcerrors.TencentCloudSDKError
	if !errors.As(err, &e) {
		return errors.New("sms: no answer")
	}
	switch {
	case strings.HasPrefix(e.Code, "ClientError"), strings.HasPrefix(e.Code, "InternalError"), e.RequestId == "":
		return fmt.Errorf("sms: no usable answer (%s)", word(e.Code))
	}
	return fmt.Errorf("%w: %s request %s", ErrRefused, word(e.Code), word(e.RequestId))
}

// word keeps an identifier of the service's and nothing else.
func word(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_' {
			return r
		}
		return -1
	}, s)
	return s[:min(len(s), 64)]
}
