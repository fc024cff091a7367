package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// healthz says that the process runs; it asks nobody else, so that a database that is away does not restart servers.
func (s *Server) healthz(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"status": "ok", "version": s.Version})
}

// readyz says whether requests should be sent here: not while leaving, without a database or with an older schema.
func (s *Server) readyz(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), 2*time.Second)
	defer cancel()
	c.Header("Cache-Control", "no-store")
	if why := s.notReady(ctx); why != "" {
		c.JSON(http.StatusServiceUnavailable, gin.H{"status": why})
		return
	}
	c.JSON(http.StatusOK, gin.H{"status": "ok"})
}

func (s *Server) notReady(ctx context.Context) string {
	if s.draining.Load() {
		return "draining"
	}
	if err := s.DB.Ping(ctx); err != nil {
		s.Log.Warn("not ready: database", "err", err)
		return "database unreachable"
	}
	pending, err := s.DB.Pending(ctx)
	if err != nil {
		s.Log.Warn("not ready: migrations", "err", err)
		return "database unreachable"
	}
	if pending {
		return "migrations pending"
	}
	return ""
}
