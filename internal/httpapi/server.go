// Package httpapi is the HTTP side of Hefen: one file per feature, each operation registered with who may call it. The
// request and answer types are the contract; the OpenAPI document is made from them.
package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"hefen/internal/access"
	"hefen/internal/activity"
	"hefen/internal/board"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/market"
	"hefen/internal/media"
	"hefen/internal/notify"
	"hefen/internal/paper"
	"hefen/internal/preview"
	"hefen/internal/publication"
	"hefen/internal/redisx"
	"hefen/internal/report"
	"hefen/internal/rulebook"
	"hefen/internal/season"
	"hefen/internal/standing"
	"hefen/internal/storage"
	"hefen/internal/succession"
	"hefen/internal/village"
	"hefen/internal/voice"
)

// Server holds what operations call. Fill the fields, then ask for Handler once.
type Server struct {
	Config  config.Config
	Log     *slog.Logger
	Now     clock.Clock
	Version string // of the program, for /healthz

	DB    *storage.DB
	Redis *redisx.Client // nil: none is configured
	// Session finds who holds a token; nil: Access.Actor.
	Session func(ctx context.Context, token string) (access.Actor, error)

	// Services of the features; all nil while the document is generated.
	Village     *village.Service
	Book        *rulebook.Book
	Board       *board.Service
	Report      *report.Service
	Successions *succession.Service
	Market      *market.Service
	Preview     *preview.Service
	Access      *access.Service
	Cases       *cases.Service
	Standing    *standing.Service
	Media       *media.Service
	Publication *publication.Service
	Notify      *notify.Service
	Season      *season.Service
	Voice       *voice.Service
	Activity    *activity.Service

	// Gauges are read at each look at /metrics: name without the prefix hefen_ → help and value.
	Gauges map[string]Gauge

	font     *paper.Font
	limits   *limiter
	metrics  *metrics
	imports  chan struct{} // see importing
	draining atomic.Bool

	importWait time.Duration
	ops        []Operation
	features   []func(*Server, *api) // tests of the frame bring their own; nil: those of the program
}

// Prefix is where the API lies; everything else is the pages.
const Prefix = "/api"

// Handler builds the routes. It panics when an operation is declared wrongly, which the first test shows.
func (s *Server) Handler() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	s.limits, s.metrics = newLimiter(s.Redis), newMetrics(s)
	s.imports, s.importWait = make(chan struct{}, maxImports), importWait
	s.font = paper.NewFont(s.Config.Print.Font)
	if s.Session == nil {
		s.Session = s.Access.Actor
	}
	r := gin.New()
	r.HandleMethodNotAllowed = true
	r.ContextWithFallback = true
	if err := r.SetTrustedProxies(s.Config.Limits.TrustedProxies); err != nil {
		panic(err) // checked by config
	}
	r.Use(requestID, s.observe, s.recover, securityHeaders)
	r.GET("/healthz", s.healthz)
	r.GET("/readyz", s.readyz)
	r.GET("/metrics", s.metrics.serve)
	r.NoMethod(func(c *gin.Context) { s.abort(c, errNoMethod) })

	a := s.register(r)
	s.ops = a.ops
	r.GET("/openapi.json", serveDocument(a.huma))
	r.GET("/docs", docs(a.huma.OpenAPI()))
	r.GET("/docs.css", docsStyle)
	r.GET("/k/:card", s.cardPage)                                            // village.CardPath; logged by its pattern
	r.GET(publication.PagePath+":token", s.limitAddress, s.publicNoticePage) // logged by its pattern
	r.NoRoute(s.pages())
	return compressed(r)
}

// register makes the operations on a router of their own, so that limits and timeouts bind them alone.
func (s *Server) register(r *gin.Engine) *api {
	group := r.Group("", s.limitAddress, s.timeout)
	h := humagin.NewWithGroup(r, group, documentConfig())
	a := &api{huma: h, server: s, prefix: Prefix, maxBody: s.Config.Limits.Body}
	list := s.features
	if list == nil {
		list = features
	}
	for _, feature := range list {
		feature(s, a)
	}
	return a
}

// Operations lists what is registered, for the walk over all roles. Valid after Handler.
func (s *Server) Operations() []Operation { return s.ops }

// Drain makes /readyz answer that this server is leaving, so that a load balancer sends no more.
func (s *Server) Drain() { s.draining.Store(true) }

// timeout ends the work of a request whose answer nobody will wait for.
func (s *Server) timeout(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), s.Config.Limits.WriteTimeout)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
}

// HTTP is the http.Server for the handler with its limits of time set.
func (s *Server) HTTP(h http.Handler) *http.Server {
	l := s.Config.Limits
	return &http.Server{
		Handler: h, ReadHeaderTimeout: min(10*time.Second, l.ReadTimeout), ReadTimeout: l.ReadTimeout,
		WriteTimeout: l.WriteTimeout + 5*time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug), // broken connections are not our errors
	}
}

// abort answers with an error from middleware and routes outside the API.
func (s *Server) abort(c *gin.Context, err error) {
	e := s.refuse(c.Request.Context(), err)
	c.AbortWithStatusJSON(e.status, e)
}

func documentConfig() huma.Config {
	cfg := huma.DefaultConfig("Hefen 禾分", documentVersion)
	cfg.CreateHooks = nil                                       // no $schema links in answers
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "", "", "" // served by our own routes
	cfg.NoFormatFallback = false
	cfg.Formats = map[string]huma.Format{"application/json": jsonBody(), "json": jsonBody()}
	cfg.RejectUnknownQueryParameters = true
	cfg.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "http", Scheme: "bearer", Description: "登录后得到的 token，放在请求头 Authorization: Bearer 里。"},
	}
	cfg.Info.Description = documentIntro
	return cfg
}
