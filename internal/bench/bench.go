// Package bench measures an installation: it loads a county of made-up households into an empty database, sends awards,
// batches, redemptions and reads to the real HTTP handler over loopback, and sets beside each the floor, which is what
// the same database does for the least work that is correct (floor.go). Both sides take turns in short rounds, so that
// a busy machine slows both. docs/performance.md reports the figures.
package bench

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/ledger"
	"hefen/internal/storage"
)

// Operations that are measured, in the order of the report.
const (
	Award   = "award"   // one deed of one household, by an item with a monthly limit
	Batch   = "batch"   // an inspection of many households decided at once
	Redeem  = "redeem"  // one piece of goods at the counter
	Entries = "entries" // a page of 20 of a household's passbook
	Board   = "board"   // the top 20 of a village
)

// Operations is all of them.
var Operations = []string{Award, Batch, Redeem, Entries, Board}

var (
	ErrOptions = errs.New(errs.Invalid, "bench_options", "测试参数不对")
	// ErrRealData keeps the bench from a database in which people's points stand.
	ErrRealData = errs.New(errs.Conflict, "bench_real_data", "这个数据库里已有村庄数据，性能测试只能在空数据库或以前测试用的数据库上进行，请另建一个数据库")
	// ErrOtherSize refuses to measure a county of another size than asked for.
	ErrOtherSize = errs.New(errs.Conflict, "bench_other_size", "这个数据库里的测试县规模不同，请用原来的参数，或另建一个空数据库")
)

// Size is what the test county holds.
type Size struct {
	Villages   int `json:"villages"`
	Households int `json:"households"` // of a village
	Large      int `json:"large"`      // how many of the villages have Batch households instead
	Batch      int `json:"batch"`      // households of one inspection
	Weeks      int `json:"weeks"`      // of history: one award per household and week
}

// DefaultSize is a county of 300 villages; 32 of them are large enough for an inspection of 500.
var DefaultSize = Size{Villages: 300, Households: 400, Large: 32, Batch: 500, Weeks: 2}

// Total is how many households that makes.
func (s Size) Total() int { return (s.Villages-s.Large)*s.Households + s.Large*s.Batch }

// of is how many households the village with this index has.
func (s Size) of(village int) int {
	if village < s.Large {
		return s.Batch
	}
	return s.Households
}

// Options of a run.
type Options struct {
	Size     Size
	Only     []string      // operations; empty: all
	Conns    []int         // connections at once
	Duration time.Duration // of each side of each measurement, warm-up apart
	Warmup   time.Duration
	Rounds   int // turns that the two sides take within the duration
}

// DefaultOptions is what the command runs without flags.
func DefaultOptions() Options {
	return Options{Size: DefaultSize, Conns: []int{1, 8, 32}, Duration: 3 * time.Second, Warmup: 500 * time.Millisecond, Rounds: 6}
}

func (o Options) check() error {
	s := o.Size
	wrong := ""
	switch {
	case s.Villages < 1 || s.Villages > 5000:
		wrong = "村数应在1到5000之间"
	case s.Households < 1 || s.Households > 2000:
		wrong = "每村户数应在1到2000之间"
	case s.Large < 0 || s.Large > s.Villages || s.Batch < 1 || s.Batch > 500:
		wrong = "成批检查应在1到500户之间"
	case s.Weeks < 1 || s.Weeks > 52:
		wrong = "历史应在1到52周之间"
	case o.Duration <= 0 || o.Warmup < 0 || o.Rounds < 1 || len(o.Conns) == 0:
		wrong = "测试时间、轮数和连接数都要大于0"
	}
	for _, c := range o.Conns {
		if c < 1 || c > 1000 {
			wrong = "连接数应在1到1000之间"
		}
	}
	for _, op := range o.Only {
		if !slices.Contains(Operations, op) {
			wrong = fmt.Sprintf("没有“%s”这一项，可选：%v", op, Operations)
		}
	}
	if wrong != "" {
		return ErrOptions.With("%s", wrong)
	}
	return nil
}

// Env is the installation under test.
type Env struct {
	DB      *storage.DB
	Now     clock.Clock
	Handler http.Handler // the program's own
	Server  func(http.Handler) *http.Server
	Audit   func(ctx context.Context) (ledger.Report, error) // every check that the program has
	Version string
	// Loading hears how many of how many households are in; Measuring what comes next. Both may be nil.
	Loading   func(done, of int)
	Measuring func(what string)
}

// Run loads the county if it is not there, measures, and audits the book.
func Run(ctx context.Context, env Env, opt Options) (Report, error) {
	if err := opt.check(); err != nil {
		return Report{}, err
	}
	if len(opt.Only) == 0 {
		opt.Only = Operations
	}
	report := Report{Options: opt, Machine: machine(ctx, env)}
	began := time.Now()
	c, err := loadCounty(ctx, env, opt.Size)
	if err != nil {
		return report, err
	}
	report.LoadSeconds = time.Since(began).Seconds()
	if err := c.signIn(ctx, env); err != nil {
		return report, err
	}
	f, err := prepareFloor(ctx, env, c)
	if err != nil {
		return report, err
	}
	defer f.close()
	ours, stopOurs, err := listen(env.Server(env.Handler))
	if err != nil {
		return report, err
	}
	defer stopOurs()
	bare, stopBare, err := listen(env.Server(f.handler()))
	if err != nil {
		return report, err
	}
	defer stopBare()
	b := &bench{env: env, opt: opt, county: c, floor: f, cpu: watchCPU(ctx, env.DB), ours: ours, bare: bare}
	for _, op := range Operations {
		for _, conns := range opt.Conns {
			if !slices.Contains(opt.Only, op) {
				continue
			}
			row, err := b.measure(ctx, op, conns)
			if err != nil {
				return report, fmt.Errorf("%s at %d connections: %w", op, conns, err)
			}
			report.Rows = append(report.Rows, row)
		}
	}
	report.Audit, err = env.Audit(ctx)
	report.Clean = err == nil && report.Audit.OK()
	return report, err
}
