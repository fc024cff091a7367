package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"hefen/internal/access"
	"hefen/internal/errs"
	"hefen/internal/id"
)

// api is the frame into which features register their operations.
type api struct {
	huma    huma.API
	server  *Server
	prefix  string
	ops     []Operation
	maxBody int64
}

// Operation is a registered operation as the walk over all roles and the document see it.
type Operation struct {
	ID, Method, Path string
	Need             access.Need
}

// op describes one operation; the zero values of what is not set are right for most.
type op struct {
	Method, Path string // Path without /api; parameters as {village}, {shop}, {region}, {town}, {county}, {household} say where the operation acts
	ID           string // operationId, kebab-case verb-noun: the name in generated clients
	Summary      string // one line of Chinese
	Doc          string // more, when the types do not say it
	Tag          string // heading in the document; empty: first part of the path that is not a parameter
	MaxBody      int64  // bytes; 0: the configured limit
	Login        bool   // counts against the limit of logins of an address
	LastOffice   bool   // may take from the caller the very role that it needs, see lastOffice
	Former       bool   // brings what was done before a hand-over, see formerToo
}

func get(path, id, summary string) op {
	return op{Method: http.MethodGet, Path: path, ID: id, Summary: summary}
}

func post(path, id, summary string) op {
	return op{Method: http.MethodPost, Path: path, ID: id, Summary: summary}
}

func put(path, id, summary string) op {
	return op{Method: http.MethodPut, Path: path, ID: id, Summary: summary}
}

// withBody sets another limit of the request's body, in bytes.
func (o op) withBody(n int64) op { o.MaxBody = n; return o }

// lastOffice marks what may end the caller's own role: the repeat of such a request, whose answer was lost, comes from
// somebody who may not do it any more. It is let through to be answered from what is stored; anything else is not.
func (o op) lastOffice() op { o.LastOffice = true; return o }

// formerToo lets those in who handed their office over a short while ago: a device without signal still holds what they did
// in office. The feature decides what becomes of it.
func (o op) formerToo() op { o.Former = true; return o }

// tagged sets the heading under which the document shows the operation.
func (o op) tagged(tag string) op { o.Tag = tag; return o }

// reply wraps what a handler returns: the answer's body is the feature's own type.
type reply[T any] struct{ Body T }

// register adds an operation. Before the input is even parsed it resolves the session and checks need at the place that
// the path names; the feature checks again with what it knows. An operation that declares no need stops the program.
func register[I, T any](a *api, o op, need access.Need, handle func(ctx context.Context, by access.Actor, in *I) (T, error)) {
	h := a.admit(o, need, reflect.TypeFor[I]())
	huma.Register(a.huma, h, func(ctx context.Context, in *I) (*reply[T], error) {
		out, err := handle(ctx, actorOf(ctx), in)
		if err != nil {
			return nil, a.server.refuse(ctx, err)
		}
		return &reply[T]{out}, nil
	})
}

// registerRaw is register for answers that are not JSON: the handler returns huma's own output struct.
func registerRaw[I, O any](a *api, o op, need access.Need, handle func(ctx context.Context, by access.Actor, in *I) (*O, error)) {
	h := a.admit(o, need, reflect.TypeFor[I]())
	huma.Register(a.huma, h, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, actorOf(ctx), in)
		if err != nil {
			return nil, a.server.refuse(ctx, err)
		}
		return out, nil
	})
}

// admit checks the declaration of an operation, notes it and puts the gate before it.
func (a *api) admit(o op, need access.Need, input reflect.Type) huma.Operation {
	if !need.Declared() {
		panic(fmt.Sprintf("httpapi: operation %s %s declares nobody who may call it", o.Method, o.Path))
	}
	if o.ID == "" || o.Summary == "" || slices.ContainsFunc(a.ops, func(x Operation) bool { return x.ID == o.ID }) {
		panic(fmt.Sprintf("httpapi: operation %s %s needs a summary and an id of its own, not %q", o.Method, o.Path, o.ID))
	}
	checkParams(input)
	h := o.describe(a, need)
	h.Middlewares = huma.Middlewares{a.gate(o, need, h.MaxBodyBytes)}
	a.ops = append(a.ops, Operation{ID: o.ID, Method: o.Method, Path: h.Path, Need: need})
	return h
}

func (o op) describe(a *api, need access.Need) huma.Operation {
	doc := mayCall(need)
	if o.Doc != "" {
		doc = o.Doc + "\n\n" + doc
	}
	tag := o.Tag
	for _, part := range strings.Split(o.Path, "/") {
		if tag == "" && part != "" && part[0] != '{' && part != "villages" {
			tag = part
		}
	}
	if tag == "" {
		tag = "villages"
	}
	h := huma.Operation{
		OperationID: o.ID, Method: o.Method, Path: a.prefix + o.Path, Summary: o.Summary, Description: doc, Tags: []string{tag},
		MaxBodyBytes: a.maxBody, Extensions: map[string]any{"x-need": needExtension(need)},
	}
	if o.MaxBody > 0 {
		h.MaxBodyBytes = o.MaxBody
	}
	if need.Scope != access.Public {
		h.Security = []map[string][]string{{"session": {}}}
	}
	return h
}

// gate runs before the input is parsed: session, limits of rate, the declared need at the path's place, and the size of a
// form with files, which the parser would otherwise store whole, however large.
func (a *api) gate(o op, need access.Need, maxBody int64) func(huma.Context, func(huma.Context)) {
	return func(hc huma.Context, next func(huma.Context)) {
		ctx := hc.Context()
		actor, err := a.server.actor(ctx, hc.Header("Authorization"), need.Scope == access.Public)
		if err == nil {
			err = a.server.limitUser(ctx, actor, o.Login)
		}
		if err == nil {
			err = actor.Allow(need, placeOf(hc))
			if errors.Is(err, access.ErrForbidden) && o.LastOffice && a.server.carriedOut(ctx, actor, humagin.Unwrap(hc).Request) {
				err = nil
			}
			if errors.Is(err, access.ErrForbidden) && o.Former {
				if former, e := a.server.Access.HandedOver(ctx, actor, placeOf(hc).Village); former || e != nil {
					err = e
				}
			}
		}
		if err == nil && strings.HasPrefix(hc.Header("Content-Type"), "multipart/") {
			r := humagin.Unwrap(hc).Request
			if r.ContentLength > maxBody {
				err = errTooLarge
			}
			r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
		}
		if err != nil {
			a.write(hc, a.server.refuse(ctx, err))
			return
		}
		next(huma.WithValue(hc, actorKey{}, actor))
	}
}

func (a *api) write(hc huma.Context, err *Error) {
	if err.status == http.StatusUnauthorized {
		hc.SetHeader("WWW-Authenticate", "Bearer")
	}
	if err.status == http.StatusTooManyRequests {
		hc.SetHeader("Retry-After", "10")
	}
	hc.SetHeader("Content-Type", "application/json")
	hc.SetStatus(err.status)
	if e := a.huma.Marshal(hc.BodyWriter(), "application/json", err); e != nil {
		a.server.Log.Debug("answer not written", "err", e) // the caller has gone
	}
}

// carriedOut reports whether a request is the repeat of one that this caller had carried out; the body can be read again.
func (s *Server) carriedOut(ctx context.Context, actor access.Actor, r *http.Request) bool {
	body, err := io.ReadAll(io.LimitReader(r.Body, s.Config.Limits.Body))
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
	var asked struct {
		RequestID string `json:"request_id"`
	}
	if err != nil || json.Unmarshal(body, &asked) != nil {
		return false
	}
	found, err := s.DB.Requested(ctx, actor.User(), asked.RequestID)
	return found && err == nil
}

type actorKey struct{}

func actorOf(ctx context.Context) access.Actor {
	actor, _ := ctx.Value(actorKey{}).(access.Actor)
	return actor
}

// actor resolves the session. A public operation goes on without one, also when the session has ended.
func (s *Server) actor(ctx context.Context, header string, public bool) (access.Actor, error) {
	token, ok := strings.CutPrefix(header, "Bearer ")
	if !ok || token == "" {
		if public {
			return access.Actor{}, nil
		}
		return access.Actor{}, errNoSession
	}
	actor, err := s.Session(ctx, token)
	if public && errs.KindOf(err) == errs.Unauthenticated {
		return access.Actor{}, nil
	}
	return actor, err
}

// placeOf reads where an operation acts from its path. What is not an id is left to the validator, which names it.
func placeOf(hc huma.Context) access.Place {
	read := func(names ...string) id.ID {
		for _, n := range names {
			if v, err := id.Parse(hc.Param(n)); err == nil && v != 0 {
				return v
			}
		}
		return 0
	}
	return access.Place{Village: read("village"), Shop: read("shop"), Region: read("region", "town", "county"), Household: read("household")}
}

// refuse shapes an error for the caller and logs what is ours to mend.
func (s *Server) refuse(ctx context.Context, err error) *Error {
	e := toError(ctx, err)
	if e.status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		s.Log.LogAttrs(ctx, slog.LevelError, "operation failed", slog.String("request_id", RequestID(ctx)), slog.String("err", errs.Unquoted(err.Error())))
	}
	return e
}

var scopeNames = map[access.Scope]string{
	access.Public: "public", access.Signed: "signed", access.Self: "self", access.Village: "village", access.Shop: "shop", access.Region: "region",
}

func needExtension(n access.Need) map[string]any {
	roles := []string{}
	for _, r := range n.Roles {
		roles = append(roles, string(r))
	}
	return map[string]any{"scope": scopeNames[n.Scope], "roles": roles}
}

// mayCall says in Chinese who may call an operation.
func mayCall(n access.Need) string {
	var names []string
	for _, r := range n.Roles {
		names = append(names, r.Name())
	}
	roles := strings.Join(names, "、")
	switch n.Scope {
	case access.Public:
		return "谁可以用：任何人，不用登录。"
	case access.Signed:
		return "谁可以用：登录的用户。"
	case access.Self:
		if roles == "" {
			return "谁可以用：本户的人。"
		}
		return "谁可以用：本户的人；本村的" + roles + "。"
	case access.Shop:
		return "谁可以用：" + roles + "（超市管理员限本超市）。"
	case access.Region:
		return "谁可以用：管辖该地区的" + roles + "。"
	default:
		return "谁可以用：本村的" + roles + "。"
	}
}
