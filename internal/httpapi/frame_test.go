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
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// logBuffer collects the log of a server under test.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var errSoldOut = errs.New(errs.Conflict, "test_sold_out", "卖完了，请换一样。")

type thingInput struct {
	Village idParam `path:"village"`
	Limit   int     `query:"limit" minimum:"1" maximum:"50" default:"20"`
	Body    struct {
		Name  string `json:"name" minLength:"1" maxLength:"10"`
		Count int    `json:"count" minimum:"1"`
		Owner id.ID  `json:"owner,omitempty"`
	}
}

type thing struct {
	Name      string `json:"name"`
	RequestID string `json:"seen"`
}

var anyone = access.Need{Scope: access.Public}

// frameFeatures are operations that fail in every way there is.
func frameFeatures(s *Server, a *api) {
	register(a, post("/villages/{village}/things", "make-thing", "测试"), anyone, func(ctx context.Context, _ access.Actor, in *thingInput) (thing, error) {
		return thing{in.Body.Name, RequestID(ctx)}, nil
	})
	register(a, get("/fail/{how}", "fail", "测试"), anyone, func(_ context.Context, _ access.Actor, in *struct {
		How string `path:"how"`
	}) (thing, error) {
		switch in.How {
		case "known":
			return thing{}, fmt.Errorf("redeem: %w", errSoldOut.WithFields(errs.Field{Path: "goods", Msg: "卖完了"}))
		case "panic":
			panic("张三 13800138000")
		case "deadline":
			return thing{}, context.DeadlineExceeded
		}
		return thing{}, errors.New("dial tcp 10.0.0.3: secret text; Duplicate entry '张三' for key 'members.name'")
	})
	register(a, get("/signed", "signed", "测试"), access.Need{Scope: access.Signed}, func(context.Context, access.Actor, *struct{}) (thing, error) {
		return thing{}, nil
	})
	register(a, post("/big", "big", "测试").withBody(4<<20), anyone, func(_ context.Context, _ access.Actor, in *struct {
		Body struct {
			Text string `json:"text"`
		}
	}) (int, error) {
		return len(in.Body.Text), nil
	})
}

func frame(t *testing.T, change func(*Server)) (*Server, http.Handler, *logBuffer) {
	t.Helper()
	logs := &logBuffer{}
	s := &Server{
		Config: config.Default(), Now: clock.System, Version: "test", features: []func(*Server, *api){frameFeatures},
		Log:     slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Session: func(context.Context, string) (access.Actor, error) { return access.Actor{}, access.ErrSignIn },
	}
	if change != nil {
		change(s)
	}
	return s, s.Handler(), logs
}

func do(h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func fault(t *testing.T, w *httptest.ResponseRecorder) Fault {
	t.Helper()
	var e Error
	d := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	if e.Fault.RequestID == "" || e.Fault.RequestID != w.Header().Get("X-Request-Id") {
		t.Errorf("request id %q, header %q", e.Fault.RequestID, w.Header().Get("X-Request-Id"))
	}
	return e.Fault
}

// Every failure has the one shape, the right status and a text in Chinese.
func TestErrors(t *testing.T) {
	_, h, logs := frame(t, nil)
	cases := []struct {
		name, method, path, body string
		status                   int
		code                     string
		field, msg               string // of the first field
	}{
		{"known", "GET", "/api/fail/known", "", 409, "test_sold_out", "goods", "卖完了"},
		{"unknown", "GET", "/api/fail/unknown", "", 500, "internal", "", ""},
		{"panic", "GET", "/api/fail/panic", "", 500, "internal", "", ""},
		{"deadline", "GET", "/api/fail/deadline", "", 503, "unavailable", "", ""},
		{"no_route", "GET", "/api/nothing", "", 404, "no_such_address", "", ""},
		{"no_method", "DELETE", "/api/signed", "", 404, "no_such_method", "", ""},
		{"no_session", "GET", "/api/signed", "", 401, "no_session", "", ""},
		{"missing_field", "POST", "/api/villages/1/things", `{"count":1}`, 422, "invalid_input", "name", "名称：没有填写，请补上"},
		{"too_long", "POST", "/api/villages/1/things", `{"name":"一二三四五六七八九十一","count":1}`, 422, "invalid_input", "name", "名称：最多 10 个字"},
		{"too_small", "POST", "/api/villages/1/things", `{"name":"a","count":0}`, 422, "invalid_input", "count", "不能小于 1"},
		{"wrong_type", "POST", "/api/villages/1/things", `{"name":1,"count":1}`, 422, "invalid_input", "name", "名称：请填写文字"},
		{"unexpected_field", "POST", "/api/villages/1/things", `{"name":"a","count":1,"nick":2}`, 422, "invalid_input", "nick", "多了一项不认识的内容，请更新后再试"},
		{"bad_id_in_body", "POST", "/api/villages/1/things", `{"name":"a","count":1,"owner":"x"}`, 422, "invalid_input", "", "没有选中要办理的那一个，请返回上一页重新选择"},
		{"bad_id_of_words", "POST", "/api/villages/1/things", `{"name":"a","count":1,"owner":"张三"}`, 422, "invalid_input", "", "没有选中要办理的那一个，请返回上一页重新选择"},
		{"huge_number", "POST", "/api/villages/1/things", `{"name":"a","count":1e30}`, 422, "invalid_input", "", "数字太大或不是整数，请改小一些"},
		{"control_character", "POST", "/api/villages/1/things", `{"name":"a\u0000b","count":1}`, 422, "invalid_input", "", "内容里有看不见的控制字符，请删去后重新填写"},
		{"bad_id_in_path", "POST", "/api/villages/abc/things", `{"name":"a","count":1}`, 422, "invalid_input", "village", "村：没有选中要办理的那一个，请返回上一页重新选择"},
		{"bad_query", "POST", "/api/villages/1/things?limit=x", `{"name":"a","count":1}`, 422, "invalid_input", "limit", "一页条数：请填写整数"},
		{"query_over_limit", "POST", "/api/villages/1/things?limit=51", `{"name":"a","count":1}`, 422, "invalid_input", "limit", "一页条数：不能大于 50"},
		{"unknown_query", "POST", "/api/villages/1/things?lmt=5", `{"name":"a","count":1}`, 422, "invalid_input", "lmt", "有一个查找条件不认识，请更新后再试"},
		{"no_body", "POST", "/api/villages/1/things", ``, 422, "invalid_input", "", "没有内容，请填写后再提交"},
		{"broken_json", "POST", "/api/villages/1/things", `{"name":`, 422, "invalid_input", "", "内容不完整，请重新提交"},
		{"body_too_large", "POST", "/api/villages/1/things", `{"name":"` + strings.Repeat("a", 1<<20) + `","count":1}`, 413, "too_large", "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := do(h, c.method, c.path, c.body)
			f := fault(t, w)
			if w.Code != c.status || f.Code != c.code {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if c.msg != "" && (len(f.Fields) == 0 || f.Fields[0].Path != c.field || f.Fields[0].Msg != c.msg) {
				t.Errorf("fields %+v", f.Fields)
			}
			for _, secret := range []string{"secret text", "13800138000", "10.0.0.3", "张三"} {
				if strings.Contains(w.Body.String(), secret) {
					t.Errorf("the answer tells %q", secret)
				}
			}
		})
	}
	if strings.Contains(logs.String(), "张三") || !strings.Contains(logs.String(), "for key members.name") {
		t.Error("the log quotes a row")
	}
	if strings.Contains(logs.String(), "13800138000") {
		t.Error("the log holds what the panic said")
	}
	if !strings.Contains(logs.String(), "secret text") {
		t.Error("the log does not hold the cause of the unknown error")
	}
}

func TestRegisteredOperation(t *testing.T) {
	_, h, _ := frame(t, nil)
	w := do(h, "POST", "/api/villages/1/things", `{"name":"肥皂","count":2}`)
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"name":"肥皂"`) || !strings.Contains(w.Body.String(), w.Header().Get("X-Request-Id")) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if strings.Contains(w.Body.String(), "$schema") {
		t.Error("the answer holds $schema")
	}
	if w := do(h, "POST", "/api/villages/1/things", `{"name":"一\n\u0009\\u00","count":2}`); w.Code != 200 {
		t.Errorf("line ends, a tab and a backslash: %d %s", w.Code, w.Body)
	}
	if w := do(h, "POST", "/api/big", `{"text":"`+strings.Repeat("a", 2<<20)+`"}`); w.Code != 200 {
		t.Errorf("an operation's own limit: %d", w.Code)
	}
}

// Logs name the request by id and pattern and hold nothing that a person typed.
func TestLogsHoldNoPersonalData(t *testing.T) {
	_, h, logs := frame(t, nil)
	w := do(h, "POST", "/api/villages/4242/things?q=zhangsan", `{"name":"张三丰","count":1}`, "Authorization", "Bearer topsecret")
	do(h, "GET", "/zhangsan/13900139000", "")
	do(h, "ZHANGSAN", "/api/signed", "")
	text := logs.String()
	for _, private := range []string{"张三丰", "zhangsan", "ZHANGSAN", "4242", "topsecret", "13900139000", "192.0.2.1"} {
		if strings.Contains(text, private) {
			t.Errorf("the log holds %q:\n%s", private, text)
		}
	}
	var line struct {
		RequestID string `json:"request_id"`
		Route     string `json:"route"`
		Status    int    `json:"status"`
	}
	first, _, _ := strings.Cut(text, "\n")
	if err := json.Unmarshal([]byte(first), &line); err != nil {
		t.Fatal(err)
	}
	if line.Route != "/api/villages/:village/things" || line.RequestID != w.Header().Get("X-Request-Id") || line.Status != 422 {
		t.Errorf("line %+v", line)
	}
}

func TestUndeclaredOperationStopsTheProgram(t *testing.T) {
	for name, need := range map[string]access.Need{"zero": {}, "village_without_roles": {Scope: access.Village}} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("registered")
				}
			}()
			frame(t, func(s *Server) {
				s.features = []func(*Server, *api){func(_ *Server, a *api) {
					register(a, get("/x", "x", "x"), need, func(context.Context, access.Actor, *struct{}) (int, error) { return 0, nil })
				}}
			})
		})
	}
}

func TestHealthAndMetrics(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		s, h, _ := frame(t, func(s *Server) {
			s.DB = db
			s.Gauges = map[string]Gauge{
				"outbox_backlog": {"rows not yet done", func(context.Context) (float64, error) { return 7, nil }},
				"broken":         {"never", func(context.Context) (float64, error) { return 0, io.EOF }},
			}
		})
		if w := do(h, "GET", "/healthz", ""); w.Code != 200 {
			t.Errorf("healthz %d", w.Code)
		}
		if w := do(h, "GET", "/readyz", ""); w.Code != 200 {
			t.Errorf("readyz %d %s", w.Code, w.Body)
		}
		do(h, "GET", "/api/villages/7/things", "")
		metrics := func(headers ...string) *httptest.ResponseRecorder {
			r := httptest.NewRequest("GET", "/metrics", nil)
			r.RemoteAddr = "127.0.0.1:9"
			for i := 0; i+1 < len(headers); i += 2 {
				r.Header.Set(headers[i], headers[i+1])
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w
		}
		text := metrics().Body.String()
		for _, want := range []string{"hefen_outbox_backlog 7", `hefen_requests_total{method="GET",route="/healthz",status="200"} 1`, "hefen_request_seconds_bucket", "go_sql_open_connections"} {
			if !strings.Contains(text, want) {
				t.Errorf("metrics lack %s", want)
			}
		}
		if w := metrics("X-Forwarded-For", "203.0.113.9"); w.Code != 404 {
			t.Errorf("metrics through a proxy: %d", w.Code)
		}
		if w := do(h, "GET", "/metrics", ""); w.Code != 404 { // httptest's remote address is a public one
			t.Errorf("metrics from outside: %d", w.Code)
		}
		s.Drain()
		if w := do(h, "GET", "/readyz", ""); w.Code != 503 || !strings.Contains(w.Body.String(), "draining") {
			t.Errorf("readyz while draining: %d %s", w.Code, w.Body)
		}
		if w := do(h, "GET", "/healthz", ""); w.Code != 200 {
			t.Errorf("healthz while draining: %d", w.Code)
		}
	})
}

func TestReadyWithoutDatabase(t *testing.T) {
	db := dbtest.Open(t, storage.SQLite)
	_, h, _ := frame(t, func(s *Server) { s.DB = db })
	if err := db.SQL().Close(); err != nil {
		t.Fatal(err)
	}
	if w := do(h, "GET", "/readyz", ""); w.Code != 503 {
		t.Errorf("readyz %d %s", w.Code, w.Body)
	}
}
