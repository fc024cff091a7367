package bench

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

//go:embed close.yaml
var closeSource []byte

// CloseOptions of a measurement of a year's end.
type CloseOptions struct {
	Size    Size
	Workers int
	// Run closes a year of all villages at an instant after it, in the program's own way, and answers how many accounts were
	// settled.
	Run func(ctx context.Context, villages []id.ID, year clock.Span, at time.Time) (accounts int64, err error)
}

// CloseReport is how long the end of a year took, beside the least that the database allows.
type CloseReport struct {
	Year       clock.Span
	Villages   int
	Households int
	Accounts   int64   // settled, monthly thresholds counted each
	Entries    int64   // posted
	Seconds    float64 // of the close, the minute between stopping and closing apart
	Floor      float64 // seconds: the same entries and balances written straight, a transaction a village
	PeakMB     float64 // resident memory at its highest, the loading of the county included
}

func (r CloseReport) String() string {
	return fmt.Sprintf("%s: %d villages, %d households, %d accounts settled, %d entries posted\nclose %.1f s (%.0f entries a second), floor %.1f s, ratio %.2f; peak memory %.0f MB\n",
		r.Year, r.Villages, r.Households, r.Accounts, r.Entries, r.Seconds, float64(r.Entries)/r.Seconds, r.Floor, r.Seconds/r.Floor, r.PeakMB)
}

// Close loads the county if it is not there, gives it rules with an end of the year, and closes the first year that it has not
// closed yet.
func Close(ctx context.Context, env Env, opt CloseOptions) (CloseReport, error) {
	c, err := loadCounty(ctx, env, opt.Size)
	if err != nil {
		return CloseReport{}, err
	}
	r := CloseReport{Villages: len(c.places), Households: opt.Size.Total()}
	var last clock.Day
	if err := env.DB.QueryRow(ctx, "SELECT COALESCE(MAX(to_day), 0) FROM periods").Scan(&last); err != nil {
		return r, err
	}
	year := max(clock.DayOf(env.Now()).Year(), last.Add(1).Year())
	r.Year = clock.Span(year * 100)
	villages := make([]id.ID, len(c.places))
	for i := range c.places {
		villages[i] = c.places[i].id
		if err := closeRules(ctx, env.DB, villages[i]); err != nil {
			return r, err
		}
	}
	began := time.Now()
	if r.Accounts, err = opt.Run(ctx, villages, r.Year, clock.MakeDay(year+1, 1, 5).Start()); err != nil {
		return r, err
	}
	r.Seconds = time.Since(began).Seconds()
	r.PeakMB = peakMB()
	r.Entries, r.Floor, err = closeFloor(ctx, env.DB, villages, clock.MakeDay(year+1, 1, 1), opt.Workers)
	return r, err
}

// closeRules puts a second version into force behind the bench's own.
func closeRules(ctx context.Context, db *storage.DB, village id.ID) error {
	return db.InTx(ctx, func(tx *storage.Tx) error {
		var had int
		if err := tx.QueryRow("SELECT COUNT(*) FROM scheme_versions WHERE village_id = ?", village).Scan(&had); err != nil || had > 1 {
			return err
		}
		hash, day := sha256.Sum256(closeSource), firstDay.Add(1)
		_, err := tx.Exec("INSERT INTO scheme_versions (id, village_id, number, title, source, hash, adopted_on, filed_on, from_day, created_at, created_by) VALUES (?,?,2,?,?,?,?,?,?,0,0)",
			tx.NewID(), village, "性能测试积分细则（结账）", closeSource, hash[:], day, day, day)
		return err
	})
}

// closeFloor writes what the close has posted once more, straight into the floor's tables: the entries in blocks of a
// hundred rows and one balance for each, a transaction a village. Only writing is timed.
func closeFloor(ctx context.Context, db *storage.DB, villages []id.ID, from clock.Day, workers int) (entries int64, seconds float64, err error) {
	var lock sync.Mutex
	var all sync.WaitGroup
	todo := make(chan id.ID)
	for range max(1, workers) {
		all.Go(func() {
			for v := range todo {
				n, took, failed := closeFloorOf(ctx, db, v, from)
				lock.Lock()
				entries += n
				seconds += took / float64(max(1, workers))
				if failed != nil {
					err = failed
				}
				lock.Unlock()
			}
		})
	}
	for _, v := range villages {
		todo <- v
	}
	close(todo)
	all.Wait()
	return entries, seconds, err
}

func closeFloorOf(ctx context.Context, db *storage.DB, village id.ID, from clock.Day) (n int64, seconds float64, err error) {
	columns := strings.Split(entryColumns, ", ")
	var args []any
	var accounts []id.ID
	rows, err := db.Query(ctx, "SELECT "+entryColumns+" FROM entries WHERE village_id = ? AND occurred_on >= ? AND batch_id <> 0 AND ref LIKE 'close:%'", village, from)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return 0, 0, err
		}
		for i := range row {
			if b, ok := row[i].([]byte); ok {
				row[i] = string(b)
			}
		}
		account, err := strconv.ParseInt(fmt.Sprint(row[9]), 10, 64)
		if err != nil {
			return 0, 0, err
		}
		accounts = append(accounts, id.ID(account))
		args = append(args, row...)
		n++
	}
	if err := rows.Err(); err != nil || n == 0 {
		return n, 0, err
	}
	began := time.Now()
	err = db.InTx(ctx, func(tx *storage.Tx) error {
		if err := tx.Insert("INSERT INTO "+floorPrefix+"entries ("+entryColumns+") VALUES ", len(columns), args); err != nil {
			return err
		}
		for chunk := range storage.Chunks(accounts, 100) {
			if _, err := tx.Exec("UPDATE "+floorPrefix+"balances SET amount = amount + 1, seq = seq + 1 WHERE wallet = 'spend' AND bucket = 'available' AND account_id IN "+storage.In(len(chunk)), storage.Args(chunk)...); err != nil {
				return err
			}
		}
		return nil
	})
	return n, time.Since(began).Seconds(), err
}

// peakMB is the highest resident memory of this process so far, 0 where the system does not tell.
func peakMB() float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmHWM:" {
			kb, _ := strconv.ParseFloat(f[1], 64)
			return kb / 1024
		}
	}
	return 0
}
