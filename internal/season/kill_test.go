package season_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/market"
	"hefen/internal/rulebook"
	"hefen/internal/season"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

// childEnv makes the test binary a closer that tells each chunk and is killed after one of them.
const childEnv = "HEFEN_SEASON_TEST_CHILD"

// told is what the child is told.
type told struct {
	Database config.Database
	Village  id.ID
	Award    id.ID // issue this one; 0: close the year
	Rounds   bool  // close the year and take its award rounds as far as a machine may
	At       int64
	Chunk    int
}

func TestMain(m *testing.M) {
	if text := os.Getenv(childEnv); text != "" {
		if err := closeUntilKilled(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func closeUntilKilled(text string) error {
	var c told
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	db, err := storage.Open(ctx, c.Database)
	if err != nil {
		return err
	}
	if db.Keys, err = storage.LoadOrCreateKeyring(c.Database.KeysFile); err != nil {
		return err
	}
	now := func() time.Time { return clock.FromMs(c.At) }
	season.SetChunk(c.Chunk)
	villages, book := village.New(db, now, ledger.OpenAccounts), rulebook.New(db, now)
	s := season.New(db, now, villages, book, market.New(db, now, villages, book, access.New(db, now, nil).Names), nil)
	fmt.Println("ready")
	if c.Award != 0 {
		return s.IssueBy(ctx, 1, c.Village, c.Award)
	}
	_, err = s.CloseBy(ctx, 1, c.Village, season.Order{Span: span(2026), Why: "年度结账"}, func(int) { fmt.Println("chunk") })
	if err == nil && c.Rounds {
		_, err = s.CarryRounds(ctx, 1, c.Village, span(2026))
	}
	return err
}

// run starts the child and kills it after some lines, or a moment after it is ready; it reports whether it ended by itself.
func (c told) run(t *testing.T, lines int, moment time.Duration) (ended bool) {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for out := bufio.NewScanner(pipe); out.Scan(); {
		if seen++; seen == 1 && moment > 0 {
			time.AfterFunc(moment, func() { _ = cmd.Process.Kill() })
		} else if seen == lines {
			_ = cmd.Process.Kill()
		}
	}
	return cmd.Wait() == nil
}

// TestKilled kills a closer after each of its chunks, and between them: begun again, the books are those of one run; then
// the same with the issue of awards.
func TestKilled(t *testing.T) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			one := year(t, dbtest.Open(t, storage.SQLite))
			one.at(2027, 1, 15)
			one.shut("2026")
			_, err := one.season.Close(ctx, one.boss, one.village, one.order("2026"))
			one.must(err)

			cfg := dbtest.Config(t, engine)
			cfg.KeysFile = filepath.Join(t.TempDir(), "keys.json")
			w := year(t, dbtest.Connect(t, cfg))
			w.at(2027, 1, 15)
			w.shut("2026")
			c := told{Database: cfg, Village: w.village, At: w.time.Load(), Chunk: 2}
			kills := 0
			for lines := 2; !c.run(t, lines, 0); lines += 7 {
				kills++
				w.audit()
			}
			if kills < 2 {
				t.Errorf("killed %d times only", kills)
			}
			if got, want := w.books(), one.books(); !slices.Equal(got, want) {
				t.Errorf("%q\nwant\n%q", got, want)
			}

			a := w.publish("year_end")
			w.freeze(a)
			w.must(w.db.InTx(ctx, func(tx *storage.Tx) error {
				_, err := tx.Exec("UPDATE award_rounds SET state = 'issuing' WHERE id = ?", a.ID)
				return err
			}))
			c.Award, c.Chunk, c.At = a.ID, 1, w.time.Load()
			for moment := time.Millisecond; !c.run(t, 0, moment); moment += 4 * time.Millisecond {
				w.audit()
			}
			if got := dbtest.Rows(t, w.db, "SELECT COUNT(*), SUM(amount) FROM entries WHERE batch_id = ?", a.ID); !slices.Equal(got, []string{"2|4000"}) {
				t.Errorf("issued %v", got)
			}
		})
	}
}
