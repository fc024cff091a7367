package bench_test

import (
	"context"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// TestMain lets the test's own binary stand in for the server that TestStart measures.
func TestMain(m *testing.M) {
	if os.Getenv("BENCH_SERVE") == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s := &http.Server{Addr: os.Getenv("HEFEN_LISTEN"), Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("ok")) // the reader may have gone
	})}
	go func() {
		<-ctx.Done()
		_ = s.Close() // ends ListenAndServe
	}()
	_ = s.ListenAndServe()
}
