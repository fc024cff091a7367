package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"hefen/internal/clock"
)

// StartOptions of a measurement of starts.
type StartOptions struct {
	Command  []string // the server; it takes its address from HEFEN_LISTEN
	Times    int
	Requests int  // sent before memory is read
	Demo     bool // sign in as the personas of a demonstration
}

// StartReport is how long the server took and how large it was.
type StartReport struct {
	FirstAnswerMs []float64 // each start, in order of length
	IdleMB        float64   // resident after the first answer, median
	BusyMB        float64   // resident after the requests, largest
	Requests      int
}

func (r StartReport) String() string {
	n := len(r.FirstAnswerMs)
	return fmt.Sprintf("start to first answer: median %.0f ms, slowest %.0f ms of %d\nresident memory: %.0f MB after the first answer, %.0f MB after %d requests\n",
		r.FirstAnswerMs[n/2], r.FirstAnswerMs[n-1], n, r.IdleMB, r.BusyMB, r.Requests)
}

// Start starts the server again and again and measures each.
func Start(ctx context.Context, opt StartOptions) (StartReport, error) {
	if opt.Times < 1 || opt.Times > 100 || opt.Requests < 0 || opt.Requests > 1_000_000 {
		return StartReport{}, ErrOptions.With("启动次数应在1到100之间，请求数不超过一百万")
	}
	r := StartReport{Requests: opt.Requests}
	var idle []float64
	for range opt.Times {
		one, err := startOnce(ctx, opt)
		if err != nil {
			return r, err
		}
		r.FirstAnswerMs = append(r.FirstAnswerMs, one.first)
		idle = append(idle, one.idle)
		r.BusyMB = max(r.BusyMB, one.busy)
	}
	slices.Sort(r.FirstAnswerMs)
	slices.Sort(idle)
	r.IdleMB = idle[len(idle)/2]
	return r, nil
}

type started struct{ first, idle, busy float64 }

func startOnce(ctx context.Context, opt StartOptions) (s started, err error) {
	addr, err := freeAddress()
	if err != nil {
		return s, err
	}
	var log bytes.Buffer
	cmd := exec.CommandContext(ctx, opt.Command[0], opt.Command[1:]...)
	cmd.Env = append(os.Environ(), "HEFEN_LISTEN="+addr, "HEFEN_LIMITS_PER_ADDRESS=1000000000", "HEFEN_LIMITS_PER_USER=1000000000", "HEFEN_LIMITS_LOGINS_PER_ADDRESS=1000000000", "HEFEN_LOG_LEVEL=warn")
	cmd.Stderr = &log
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return s, fmt.Errorf("start the server: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
		e := <-ended
		if e != nil && err == nil {
			err = fmt.Errorf("the server: %w: %s", e, log.String())
		}
	}()
	if err := firstAnswer(ctx, addr, ended); err != nil {
		return s, err
	}
	s.first = float64(time.Since(began).Microseconds()) / 1000
	if s.idle, err = resident(cmd.Process.Pid); err != nil {
		return s, err
	}
	if err := visit(ctx, addr, opt); err != nil {
		return s, err
	}
	s.busy, err = resident(cmd.Process.Pid)
	return s, err
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// firstAnswer asks /readyz every half millisecond until it says yes, for at most 30 seconds.
func firstAnswer(ctx context.Context, addr string, ended chan error) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(500 * time.Microsecond)
	defer tick.Stop()
	for {
		if w, err := dial(ctx, addr); err == nil {
			err = w.do(http.MethodGet, "/readyz", "", "")
			w.close()
			if err == nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return errors.New("the server gave no answer within 30 seconds")
		case err := <-ended:
			ended <- err
			return errors.New("the server ended before its first answer")
		case <-tick.C:
		}
	}
}

// resident is the memory a process holds, in MB.
func resident(pid int) (float64, error) {
	text := afterColon(fmt.Sprintf("/proc/%d/status", pid), "VmRSS")
	var kb float64
	if _, err := fmt.Sscanf(text, "%f", &kb); err != nil {
		return 0, fmt.Errorf("resident memory: %w", err)
	}
	return kb / 1024, nil
}

// visit sends the requests over 8 connections: the pages of every persona in a demonstration, else what needs no session.
func visit(ctx context.Context, addr string, opt StartOptions) error {
	pages := []visitPage{{path: "/healthz"}, {path: "/readyz"}, {path: "/openapi.json"}}
	if opt.Demo {
		more, err := personaPages(ctx, "http://"+addr)
		if err != nil {
			return err
		}
		pages = append(pages, more...)
	}
	s := side{}
	var sent = make([]int, 8)
	for i := range 8 {
		w, err := dial(ctx, addr)
		if err != nil {
			return err
		}
		defer w.close()
		s.steps = append(s.steps, func(context.Context) error {
			if sent[i] >= opt.Requests/8 {
				return errOut
			}
			p := pages[(sent[i]*8+i)%len(pages)]
			sent[i]++
			return w.do(http.MethodGet, p.path, p.token, "")
		})
	}
	return s.run(ctx, time.Minute)
}

type visitPage struct{ path, token string }

// personaPages signs in as each persona and lists what its first pages read.
func personaPages(ctx context.Context, base string) ([]visitPage, error) {
	var personas struct {
		Items []struct {
			Code    string `json:"code"`
			Village string `json:"village_id"`
		} `json:"items"`
	}
	if err := call(ctx, http.MethodGet, base+"/api/demo/personas", "", &personas); err != nil {
		return nil, err
	}
	var pages []visitPage
	year := clock.YearSpan(clock.DayOf(clock.System())).String()
	for _, p := range personas.Items {
		var session struct {
			Token string `json:"token"`
		}
		if err := call(ctx, http.MethodPost, base+"/api/login/demo", fmt.Sprintf(`{"persona":%q}`, p.Code), &session); err != nil {
			return nil, err
		}
		pages = append(pages, visitPage{"/api/me", session.Token})
		if p.Village != "" && p.Village != "0" {
			for _, path := range []string{"", "/scheme", "/boards/groups?span=" + year, "/shops"} {
				pages = append(pages, visitPage{"/api/villages/" + p.Village + path, session.Token})
			}
		}
	}
	return pages, nil
}

func call(ctx context.Context, method, url, body string, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s: %s: %s", url, res.Status, text)
	}
	return json.Unmarshal(text, into)
}
