package publication

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

// childEnv makes the test binary a server that publishes and is killed over it.
const childEnv = "HEFEN_PUBLICATION_TEST_CHILD"

// orders are what the child is told to publish; the requests are those that a device would send again.
type orders struct {
	Database     config.Database
	At           int64
	Village, By  id.ID
	Publications []PublishRequest
	Corrects     id.ID // correct this notice first; 0: none
}

func TestMain(m *testing.M) {
	if told := os.Getenv(childEnv); told != "" {
		if err := publishUntilKilled(told); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func publishUntilKilled(told string) error {
	ctx := context.Background()
	var o orders
	if err := json.Unmarshal([]byte(told), &o); err != nil {
		return err
	}
	db, err := storage.Open(ctx, o.Database)
	if err != nil {
		return err
	}
	if db.Keys, err = storage.LoadOrCreateKeyring(o.Database.KeysFile); err != nil {
		return err
	}
	now := func() time.Time { return clock.FromMs(o.At) }
	villages, book, people := village.New(db, now, ledger.OpenAccounts), rulebook.New(db, now), access.New(db, now, nil)
	s := New(db, now, cases.New(db, now, villages, book, people, nil), villages, book)
	by, err := people.ActAs(ctx, o.By)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	if o.Corrects != 0 {
		if _, err := s.Correct(ctx, by, o.Village, o.Corrects, CorrectRequest{RequestID: "request-of-the-correction"}); err != nil {
			return err
		}
	}
	for _, r := range o.Publications {
		if _, err := s.Publish(ctx, by, o.Village, r); err != nil {
			return err
		}
	}
	return nil
}

// send starts the child and kills it a moment after it is ready; it reports whether it came to its end.
func (o orders) send(t *testing.T, moment time.Duration) (ended bool) {
	t.Helper()
	told, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(told))
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	for out := bufio.NewScanner(pipe); out.Scan(); {
		time.AfterFunc(moment, func() { _ = cmd.Process.Kill() })
	}
	err = cmd.Wait()
	if cmd.ProcessState.Exited() && err != nil {
		t.Fatal("the child failed by itself")
	}
	return err == nil
}

// TestKilledWhilePublishing kills a server over notices and a correction and has the same requests sent again: each notice is
// there once, whole, with its number and its seal, each of its cases is marked and its household told once.
func TestKilledWhilePublishing(t *testing.T) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			cfg := dbtest.Config(t, engine)
			cfg.KeysFile = filepath.Join(t.TempDir(), "keys.json")
			db := dbtest.Connect(t, cfg)
			var err error
			if db.Keys, err = storage.LoadOrCreateKeyring(cfg.KeysFile); err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, db, 6)
			o := w.orders()
			o.Database = cfg
			kills := 0
			for ; !o.send(t, time.Duration(1+rand.IntN(1+15*kills))*time.Millisecond); kills++ {
				w.audit()
			}
			if kills == 0 {
				t.Error("the first moment was too long: nothing was killed")
			}
			w.isOut()
			if !o.send(t, time.Minute) {
				t.Error("what is out could not be sent again")
			}
			w.isOut()
			w.audit()
		})
	}
}

const deedsOut = 30 // of each household

// orders are a correction of a notice that is out, and one more notice for each group.
func (w *world) orders() orders {
	w.t.Helper()
	ctx := context.Background()
	made := w.record("sweep", w.homes...)
	first := w.publish(june)
	_, err := w.cases.Reverse(ctx, w.secretary, w.village, made[1], cases.Step{RequestID: w.request(), Why: "记错了人"})
	w.must(err)
	for range deedsOut {
		w.record("sweep", w.homes...)
	}
	o := orders{At: w.time.Load(), Village: w.village, By: w.member.User(), Corrects: first.ID}
	for _, g := range w.groups {
		r := PublishRequest{RequestID: w.request(), Range: june}
		r.Group = g
		p, err := w.pub.Preview(ctx, w.member, w.village, r.Range)
		w.must(err)
		r.Digest = p.Digest
		o.Publications = append(o.Publications, r)
	}
	return o
}

// isOut holds what is published against what was ordered.
func (w *world) isOut() {
	w.t.Helper()
	got := dbtest.Rows(w.t, w.db, "SELECT number, kind, cases FROM notices ORDER BY number")
	if want := []string{"1|notice|6", "2|correction|1", "3|notice|90", "4|notice|90"}; !slices.Equal(got, want) {
		w.t.Errorf("published %q, want %q", got, want)
	}
	for _, q := range []string{"SELECT household_id, COUNT(*) FROM messages WHERE kind = 'published' GROUP BY household_id",
		"SELECT c.household_id, COUNT(*) FROM case_events e JOIN cases c ON c.id = e.case_id WHERE e.to_state = 'published' GROUP BY c.household_id"} {
		rows := dbtest.Rows(w.t, w.db, q)
		for _, row := range rows {
			if !strings.HasSuffix(row, fmt.Sprintf("|%d", deedsOut+1)) {
				w.t.Errorf("%s: %s", q, row)
			}
		}
		if len(rows) != len(w.homes) {
			w.t.Errorf("%s: %d households", q, len(rows))
		}
	}
}
