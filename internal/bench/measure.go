package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

type bench struct {
	env        Env
	opt        Options
	county     *county
	floor      *floor
	cpu        cpu
	ours, bare string // addresses
}

// errOut ends a round early: the inspections made ready for it are all decided.
var errOut = errors.New("nothing left to do")

// side is one of the two that are compared: what each connection does again and again, and what is made ready, untimed,
// before each round.
type side struct {
	ready func(ctx context.Context) error
	steps []func(ctx context.Context) error
	took  []time.Duration
	ran   time.Duration
	used  [2]time.Duration // processor time, of this process and of the server
}

// measure lets both sides warm up and then take turns.
func (b *bench) measure(ctx context.Context, op string, conns int) (Row, error) {
	if b.env.Measuring != nil {
		b.env.Measuring(fmt.Sprintf("%s, %d", op, conns))
	}
	ours, stop, err := b.sides(ctx, op, conns)
	if err != nil {
		return Row{}, err
	}
	defer stop()
	if b.opt.Warmup > 0 {
		for _, s := range ours {
			if err := s.run(ctx, b.opt.Warmup); err != nil {
				return Row{}, err
			}
			s.took, s.ran = nil, 0
		}
	}
	for range b.opt.Rounds {
		for _, s := range ours {
			program, server := b.cpu.used()
			if err := s.run(ctx, b.opt.Duration/time.Duration(b.opt.Rounds)); err != nil {
				return Row{}, err
			}
			p, d := b.cpu.used()
			s.used[0], s.used[1] = s.used[0]+p-program, s.used[1]+d-server
		}
	}
	row := Row{Op: op, Conns: conns, Ours: ours[0].figures(), Floor: ours[1].figures()}
	if op == Batch {
		row.Households = b.county.batch()
	}
	if row.Floor.Rate > 0 {
		row.Ratio = row.Ours.Rate / row.Floor.Rate
	}
	return row, nil
}

// run lets every connection work until the time is over; an operation begun before that is finished and counted.
func (s *side) run(ctx context.Context, d time.Duration) error {
	if s.ready != nil {
		if err := s.ready(ctx); err != nil {
			return err
		}
	}
	took := make([][]time.Duration, len(s.steps))
	errs := make([]error, len(s.steps))
	var wg sync.WaitGroup
	began := time.Now()
	for i, step := range s.steps {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for at := time.Now(); at.Sub(began) < d; {
				if errs[i] = step(ctx); errs[i] != nil {
					return
				}
				now := time.Now()
				took[i] = append(took[i], now.Sub(at))
				at = now
			}
		}()
	}
	wg.Wait()
	s.ran += time.Since(began)
	for i := range s.steps {
		s.took = append(s.took, took[i]...)
		if errs[i] != nil && !errors.Is(errs[i], errOut) {
			return errs[i]
		}
	}
	return ctx.Err()
}

func (s *side) figures() Figures {
	if len(s.took) == 0 {
		return Figures{}
	}
	slices.Sort(s.took)
	at := func(q float64) float64 {
		return float64(s.took[min(len(s.took)-1, int(q*float64(len(s.took))))].Microseconds()) / 1000
	}
	each := func(used time.Duration) int { return int(used.Microseconds()) / len(s.took) }
	return Figures{Count: len(s.took), Rate: float64(len(s.took)) / s.ran.Seconds(), P50: at(0.50), P99: at(0.99), Program: each(s.used[0]), Server: each(s.used[1])}
}

// sides makes ours and the floor of an operation, each with its connections.
func (b *bench) sides(ctx context.Context, op string, conns int) (both [2]*side, stop func(), err error) {
	var open []*wire
	stop = func() {
		for _, w := range open {
			w.close()
		}
	}
	steps := func(addr string, send func(w *wire) error) []func(context.Context) error {
		var list []func(context.Context) error
		for range conns {
			w, e := dial(ctx, addr)
			if e != nil {
				err = errors.Join(err, e)
				return nil
			}
			open = append(open, w)
			list = append(list, func(context.Context) error { return send(w) })
		}
		return list
	}
	repeat := func(step func(context.Context) error) []func(context.Context) error {
		brief := func(ctx context.Context) error { return step(storage.Brief(ctx)) } // as cheap as the program's own
		return slices.Repeat([]func(context.Context) error{brief}, conns)
	}
	switch op {
	case Award:
		both = [2]*side{{steps: steps(b.ours, b.award)}, {steps: repeat(b.floor.award)}}
	case Redeem:
		both = [2]*side{{steps: steps(b.ours, b.redeem)}, {steps: repeat(b.floor.redeem)}}
	case Entries:
		both = [2]*side{{steps: steps(b.ours, b.entries)}, {steps: steps(b.bare, b.bareEntries)}}
	case Board:
		both = [2]*side{{steps: steps(b.ours, b.board)}, {steps: steps(b.bare, b.bareBoard)}}
	case Batch:
		q := &queue{bench: b, n: max(12, 2*conns)}
		floor := &queue{bench: b, n: q.n}
		both = [2]*side{{ready: q.fill, steps: steps(b.ours, q.decide)},
			{ready: floor.refill, steps: repeat(func(ctx context.Context) error {
				_, p, err := floor.next()
				if err != nil {
					return err
				}
				return b.floor.batch(ctx, p)
			})}}
	}
	return both, stop, err
}

func (b *bench) award(w *wire) error {
	p := b.county.any()
	return w.do(http.MethodPost, "/api/villages/"+p.id.String()+"/cases", p.token,
		`{"request_id":"`+requestID()+`","item":"award","subjects":["`+p.any().String()+`"]}`)
}

func (b *bench) redeem(w *wire) error {
	p := b.county.any()
	g := p.goods[int(requests.Load())%len(p.goods)]
	return w.do(http.MethodPost, "/api/villages/"+p.id.String()+"/shops/"+p.shop.String()+"/redemptions", p.token,
		fmt.Sprintf(`{"request_id":"%s","household":"%s","lines":[{"goods":"%s","qty":1}],"total":%d}`, requestID(), p.any(), g.id, price))
}

func (b *bench) entries(w *wire) error {
	p := b.county.any()
	return w.do(http.MethodGet, fmt.Sprintf("/api/villages/%s/households/%s/entries?limit=%d", p.id, p.any(), pageSize), p.token, "")
}

func (b *bench) bareEntries(w *wire) error {
	p := b.county.any()
	return w.do(http.MethodGet, "/entries/"+p.any().String(), p.token, "")
}

func (b *bench) board(w *wire) error {
	p := b.county.any()
	return w.do(http.MethodGet, fmt.Sprintf("/api/villages/%s/boards/households?span=%s&limit=%d", p.id, clock.MonthSpan(b.floor.today), pageSize), p.token, "")
}

func (b *bench) bareBoard(w *wire) error {
	p := b.county.any()
	return w.do(http.MethodGet, fmt.Sprintf("/board/%s/%d", p.id, clock.MonthSpan(b.floor.today)), p.token, "")
}

// queue is inspections that are filled in and wait to be decided; the floor has only their villages.
type queue struct {
	bench *bench
	n     int
	turn  int // the next village

	mu    sync.Mutex
	ids   []id.ID
	where []*place
}

func (q *queue) next() (id.ID, *place, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.where) == 0 {
		return 0, nil, errOut
	}
	i, p := q.ids[0], q.where[0]
	q.ids, q.where = q.ids[1:], q.where[1:]
	return i, p, nil
}

func (q *queue) refill(context.Context) error {
	for len(q.where) < q.n {
		large := q.bench.county.large
		if len(large) == 0 {
			return ErrOptions.With("没有可以成批检查的村，请把 --large 设为1以上")
		}
		q.ids, q.where = append(q.ids, 0), append(q.where, large[q.turn%len(large)])
		q.turn++
	}
	return nil
}

// fill makes inspections ready, in one transaction each, as if an official had walked through the village.
func (q *queue) fill(ctx context.Context) error {
	if err := q.refill(ctx); err != nil {
		return err
	}
	b := q.bench
	for i, p := range q.where {
		if q.ids[i] != 0 {
			continue
		}
		if err := b.env.DB.InTx(ctx, func(tx *storage.Tx) error {
			q.ids[i] = tx.NewID()
			ms := clock.Ms(b.env.Now())
			if _, err := tx.Exec(`INSERT INTO inspections (id, village_id, group_id, item, item_name, occurred_on, state, approvals, author, decider, created_at, changed_at, rev)
				VALUES (?,?,0,'look','户容户貌检查',?,'submitted',0,?,0,?,?,0)`, q.ids[i], p.id, b.floor.today, b.county.inspector, ms, ms); err != nil {
				return err
			}
			lines := rows{table: "inspection_lines", columns: "inspection_id, household_id, row_no, rev, seen, points, grade, quantity, note, by_user, saved_at", width: 11}
			for n, h := range p.households {
				lines.add(int64(q.ids[i]), int64(h), n+1, 1, 1, 0, "clean", 0, "", int64(b.county.inspector), ms)
			}
			return lines.insert(tx)
		}); err != nil {
			return err
		}
	}
	return nil
}

func (q *queue) decide(w *wire) error {
	i, p, err := q.next()
	if err != nil {
		return err
	}
	return w.do(http.MethodPost, "/api/villages/"+p.id.String()+"/inspections/"+i.String()+"/decide", p.token, `{"request_id":"`+requestID()+`"}`)
}
