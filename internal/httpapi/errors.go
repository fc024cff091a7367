package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"hefen/internal/errs"
)

// Error is the one shape in which a failure leaves the server.
type Error struct {
	Fault  Fault `json:"error"`
	status int
}

// Fault tells a person what to do and a program what happened.
type Fault struct {
	Code      string       `json:"code" doc:"for programs: stable, snake_case"`
	Msg       string       `json:"msg" doc:"for people: plain Chinese, says what to do"`
	Fields    []errs.Field `json:"fields,omitempty" doc:"the inputs that were wrong"`
	RequestID string       `json:"request_id" doc:"finds this request in the server's log"`
}

// Error makes it an error; the text is for logs and tests.
func (e *Error) Error() string { return e.Fault.Code + ": " + e.Fault.Msg }

// GetStatus is the HTTP status; huma asks for it.
func (e *Error) GetStatus() int { return e.status }

// statusOf is the only place where a kind of error becomes a status.
var statusOf = map[errs.Kind]int{
	errs.Internal:        http.StatusInternalServerError,
	errs.Invalid:         http.StatusUnprocessableEntity,
	errs.Unauthenticated: http.StatusUnauthorized,
	errs.Forbidden:       http.StatusForbidden,
	errs.NotFound:        http.StatusNotFound,
	errs.Conflict:        http.StatusConflict,
	errs.TooLarge:        http.StatusRequestEntityTooLarge,
	errs.TooMany:         http.StatusTooManyRequests,
	errs.Unavailable:     http.StatusServiceUnavailable,
}

// Failures of the frame itself.
var (
	errInternal    = errs.New(errs.Internal, "internal", "服务器出错了，没有改动任何数据。请稍后再试；如果一直这样，请把请求编号告诉管理员。")
	errInvalid     = errs.New(errs.Invalid, "invalid_input", "填写的内容有误，请按提示修改后再提交。")
	errNoRoute     = errs.New(errs.NotFound, "no_such_address", "没有这个地址，请检查网址或升级到最新版本。")
	errNoMethod    = errs.New(errs.NotFound, "no_such_method", "这个地址不接受这种请求方式。")
	errTooLarge    = errs.New(errs.TooLarge, "too_large", "提交的内容太大，请减少内容或压缩照片后再试。")
	errTooMany     = errs.New(errs.TooMany, "too_many_requests", "操作太频繁，请稍等一会儿再试。")
	errNoSession   = errs.New(errs.Unauthenticated, "no_session", "请先登录。")
	errUnavailable = errs.New(errs.Unavailable, "unavailable", "服务器正忙或正在维护，请稍后再试。")
	errSlowBody    = errs.New(errs.Unavailable, "slow_upload", "网络太慢，内容没有传完，请换个信号好的地方再试。")
)

// toError turns any error into what the caller may see. Unknown errors keep their text to themselves.
func toError(ctx context.Context, err error) *Error {
	var done *Error
	if errors.As(err, &done) {
		return done
	}
	e := errs.As(err)
	switch {
	case e != nil && e.Kind != errs.Internal:
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		e = errUnavailable
	default:
		e = errInternal
	}
	return &Error{status: statusOf[e.Kind], Fault: Fault{Code: e.Code, Msg: e.Msg, Fields: e.Fields, RequestID: RequestID(ctx)}}
}

// fromStatus shapes what huma itself refuses: wrong input, an oversized body, an unknown format.
func fromStatus(ctx context.Context, status int, msg string, details []error) *Error {
	var e *errs.Error
	switch {
	case status == http.StatusRequestEntityTooLarge:
		e = errTooLarge
	case status == http.StatusRequestTimeout:
		e = errSlowBody
	case status >= 500:
		e = errInternal
		for _, d := range details {
			var big *http.MaxBytesError
			if errors.As(d, &big) {
				e = errTooLarge
			}
		}
	case status == http.StatusNotFound:
		e = errNoRoute
	default:
		e = errInvalid
		for _, d := range details {
			if strings.Contains(d.Error(), "http: request body too large") { // of a form with files
				e = errTooLarge
			}
		}
	}
	fault := Fault{Code: e.Code, Msg: e.Msg, RequestID: RequestID(ctx)}
	if e.Kind == errs.Invalid {
		if len(details) == 0 {
			details = []error{errors.New(msg)}
		}
		fault.Fields = fieldsOf(details)
	}
	return &Error{status: statusOf[e.Kind], Fault: fault}
}

func init() {
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, msg string, details ...error) huma.StatusError {
		return fromStatus(context.Background(), status, msg, details)
	}
	huma.NewErrorWithContext = func(hc huma.Context, status int, msg string, details ...error) huma.StatusError {
		return fromStatus(hc.Context(), status, msg, details)
	}
	speakChinese()
}
