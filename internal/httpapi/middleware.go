package httpapi

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"
)

// route is the pattern that matched, never the path itself: a path may hold what must not be logged or counted apart.
func route(c *gin.Context) string {
	if p := c.FullPath(); p != "" {
		return p
	}
	if strings.HasPrefix(c.Request.URL.Path, Prefix+"/") {
		return "(no such operation)"
	}
	return "(pages)"
}

// observe counts and logs each request: id, method, pattern, status, time and size. No query, no body, no address, no user.
func (s *Server) observe(c *gin.Context) {
	begin := time.Now()
	c.Next()
	took := time.Since(begin)
	pattern, status := route(c), c.Writer.Status()
	s.metrics.request(c.Request.Method, pattern, status, took)
	level := slog.LevelInfo
	switch {
	case status >= 500:
		level = slog.LevelError
	case pattern == "(pages)", pattern == "/healthz", pattern == "/readyz", pattern == "/metrics":
		level = slog.LevelDebug
	}
	s.Log.LogAttrs(c.Request.Context(), level, "request",
		slog.String("request_id", RequestID(c.Request.Context())), slog.String("method", method(c.Request.Method)),
		slog.String("route", pattern), slog.Int("status", status),
		slog.Float64("ms", float64(took.Microseconds())/1000), slog.Int("bytes", max(0, c.Writer.Size())))
}

// method keeps words of a caller's own invention out of logs and metrics.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "OTHER"
}

// recover turns a panic into a 500 with a request id; the stack goes to the log. The value of the panic is logged by
// its type and text of runtime errors only, because others may hold what a person typed.
func (s *Server) recover(c *gin.Context) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if err, ok := v.(error); ok && (errors.Is(err, http.ErrAbortHandler) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)) {
			c.Abort() // the caller has gone
			return
		}
		text := fmt.Sprintf("%T", v)
		if err, ok := v.(interface{ RuntimeError() }); ok {
			text = fmt.Sprint(err)
		}
		s.Log.LogAttrs(c.Request.Context(), slog.LevelError, "panic",
			slog.String("request_id", RequestID(c.Request.Context())), slog.String("route", route(c)), slog.String("panic", text), slog.String("stack", string(debug.Stack())))
		if c.Writer.Written() {
			c.Abort()
			return
		}
		e := toError(c.Request.Context(), errInternal)
		c.AbortWithStatusJSON(e.status, e)
	}()
	c.Next()
}

// policy lets pages load from this server only. Style attributes are allowed: the pages' framework sets them.
const policy = "default-src 'self'; script-src 'self'%s; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; " +
	"connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"

func securityHeaders(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", fmt.Sprintf(policy, ""))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", "geolocation=(), microphone=(), camera=(self)")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if strings.HasPrefix(c.Request.URL.Path, Prefix+"/") {
		h.Set("Cache-Control", "no-store")
	}
	c.Next()
}
