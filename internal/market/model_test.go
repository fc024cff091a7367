package market_test

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/market"
	"hefen/internal/points"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// Each step is a transaction on a real engine; more with -rapid.checks.
func init() { _ = flag.Set("rapid.checks", "15") }

// paper is the shop as a careful keeper would keep it in a book.
type paper struct {
	today  clock.Day
	lots   map[id.ID][]*pile // by goods, in the order received
	price  map[id.ID]points.Amount
	purse  map[id.ID][2]points.Amount // gift first, then spend
	slips  []*slip
	kept   []*slip // reservations that are open
	orders int
}

type pile struct {
	expires clock.Day
	left    int64
	order   int
}

type slip struct {
	id, household id.ID
	on            clock.Day
	cancelled     bool
	took          map[*pile]int64
	paid          [2]points.Amount
	total         points.Amount
	reservation   market.Reservation
	until         clock.Day
}

// good are the piles that can be given out, first to end first; spoiled those that cannot.
func (p *paper) good(goods id.ID, spoiled bool) []*pile {
	var list []*pile
	for _, l := range p.lots[goods] {
		if (l.expires < p.today) == spoiled {
			list = append(list, l)
		}
	}
	slices.SortStableFunc(list, func(x, y *pile) int { return cmp.Compare(x.expires, y.expires) })
	return list
}

func stock(list []*pile) (sum int64) {
	for _, l := range list {
		sum += l.left
	}
	return sum
}

func draw(list []*pile, qty int64, note func(*pile, int64)) {
	for _, l := range list {
		n := min(l.left, qty)
		l.left -= n
		qty -= n
		if n > 0 && note != nil {
			note(l, n)
		}
	}
}

// walk is one random life of a shop, run on an engine and on paper at once.
type walk struct {
	*world
	*paper
	goods   []id.ID
	persons []access.Actor
	byLot   map[id.ID]*pile
	undone  map[id.ID]bool // receipts taken back
}

const keepDays = 2

func newWalk(t *testing.T, db *storage.DB) *walk {
	k := &walk{world: newWorld(t, db, 2), paper: &paper{today: today, lots: map[id.ID][]*pile{}, price: map[id.ID]points.Amount{}, purse: map[id.ID][2]points.Amount{}},
		byLot: map[id.ID]*pile{}, undone: map[id.ID]bool{}}
	for i := range 2 {
		g := k.world.goods(fmt.Sprintf("商品%d", i), 100, 0)
		k.goods, k.price[g] = append(k.goods, g), 100
	}
	must(t, k.terms(market.ShopTerms{ProofAbove: market.MaxPrice, ReserveDays: keepDays}))
	for i, h := range k.households {
		k.persons = append(k.persons, k.person(i))
		k.post(h, ledger.Prize, "gift", points.Amount(700))
		k.give(h, 3000)
		k.purse[h] = [2]points.Amount{700, 3000}
	}
	return k
}

func (k *walk) pick(rt *rapid.T) id.ID { return rapid.SampledFrom(k.goods).Draw(rt, "goods") }

func (k *walk) receive(rt *rapid.T) {
	g, qty, days := k.pick(rt), rapid.Int64Range(1, 12).Draw(rt, "qty"), rapid.IntRange(0, 4).Draw(rt, "days")
	k.world.receive(g, qty, k.today.Add(days))
	k.orders++
	p := &pile{k.today.Add(days), qty, k.orders}
	k.lots[g] = append(k.lots[g], p)
	moves, err := k.market.Moves(ctx, k.keeper, k.village, k.shop, g, market.Page{Limit: 1})
	refused(rt, err, nil)
	k.byLot[moves.Items[0].Lot] = p
}

func (k *walk) redeem(rt *rapid.T) {
	h := rapid.SampledFrom(k.households).Draw(rt, "household")
	s := &slip{household: h, on: k.today, took: map[*pile]int64{}}
	var wants []market.Want
	var total points.Amount
	short := false
	for _, g := range k.goods[:rapid.IntRange(1, 2).Draw(rt, "lines")] {
		qty := rapid.Int64Range(1, 9).Draw(rt, "qty")
		wants, total = append(wants, want(g, qty)), total+k.price[g]*points.Amount(qty)
		short = short || stock(k.good(g, false)) < qty
	}
	r, err := k.world.redeem(h, total, wants...)
	purse := k.purse[h]
	switch {
	case short:
		refused(rt, err, market.ErrSoldOut)
	case purse[0]+purse[1] < total:
		refused(rt, err, ledger.ErrNotEnough)
	default:
		refused(rt, err, nil)
		for _, w := range wants {
			draw(k.good(w.Goods, false), w.Qty, func(l *pile, n int64) { s.took[l] += n })
		}
		s.id, s.paid[0] = r.ID, min(purse[0], total)
		s.paid[1] = total - s.paid[0]
		k.purse[h] = [2]points.Amount{purse[0] - s.paid[0], purse[1] - s.paid[1]}
		k.slips = append(k.slips, s)
		if r.BalanceAfter != k.purse[h][0]+k.purse[h][1] {
			rt.Fatalf("receipt says %s left, paper %s", r.BalanceAfter, k.purse[h])
		}
	}
}

func (k *walk) cancel(rt *rapid.T) {
	if len(k.slips) == 0 {
		rt.Skip("nothing to cancel")
	}
	s := rapid.SampledFrom(k.slips).Draw(rt, "redemption")
	_, err := k.world.cancel(s.id)
	switch {
	case s.on != k.today:
		refused(rt, err, market.ErrCancelDay)
	case s.cancelled:
		refused(rt, err, market.ErrCancelled)
	default:
		refused(rt, err, nil)
		s.cancelled = true
		for l, n := range s.took {
			l.left += n
		}
		p := k.purse[s.household]
		k.purse[s.household] = [2]points.Amount{p[0] + s.paid[0], p[1] + s.paid[1]}
	}
}

// reserve takes pieces that are good as long as they are kept, and holds gift points first.
func (k *walk) reserve(rt *rapid.T) {
	i := rapid.IntRange(0, len(k.households)-1).Draw(rt, "household")
	h, g, qty := k.households[i], k.pick(rt), rapid.Int64Range(1, 4).Draw(rt, "qty")
	s := &slip{household: h, took: map[*pile]int64{}, total: k.price[g] * points.Amount(qty), until: k.today.Add(keepDays)}
	n, err := k.world.reserve(k.persons[i], h, s.total, want(g, qty))
	var good []*pile
	for _, l := range k.good(g, false) {
		if l.expires >= s.until {
			good = append(good, l)
		}
	}
	open := 0
	for _, o := range k.kept {
		if o.household == h {
			open++
		}
	}
	purse := k.purse[h]
	switch {
	case open >= market.MaxReserved:
		refused(rt, err, market.ErrReserveMany)
	case stock(good) < qty:
		refused(rt, err, market.ErrSoldOut)
	case purse[0]+purse[1] < s.total:
		refused(rt, err, ledger.ErrNotEnough)
	default:
		refused(rt, err, nil)
		draw(good, qty, func(l *pile, n int64) { s.took[l] += n })
		s.reservation, s.paid[0] = n, min(purse[0], s.total)
		s.paid[1] = s.total - s.paid[0]
		k.purse[h] = [2]points.Amount{purse[0] - s.paid[0], purse[1] - s.paid[1]}
		k.kept = append(k.kept, s)
	}
}

// undo gives a reservation's pieces and points back.
func (k *walk) undo(s *slip) {
	for l, n := range s.took {
		l.left += n
	}
	p := k.purse[s.household]
	k.purse[s.household] = [2]points.Amount{p[0] + s.paid[0], p[1] + s.paid[1]}
}

func (k *walk) pickKept(rt *rapid.T) *slip {
	if len(k.kept) == 0 {
		rt.Skip("nothing reserved")
	}
	return rapid.SampledFrom(k.kept).Draw(rt, "reservation")
}

func (k *walk) collectOne(rt *rapid.T) {
	s := k.pickKept(rt)
	r, err := k.world.collect(s.reservation, s.reservation.Code)
	refused(rt, err, nil)
	if r.Total != s.total || r.BalanceAfter != k.purse[s.household][0]+k.purse[s.household][1] {
		rt.Fatalf("collected for %s, paper %s; %s left", r.Total, s.total, r.BalanceAfter)
	}
	s.id, s.on = r.ID, k.today
	k.kept = slices.DeleteFunc(k.kept, func(o *slip) bool { return o == s })
	k.slips = append(k.slips, s)
}

func (k *walk) giveUp(rt *rapid.T) {
	s := k.pickKept(rt)
	for i, h := range k.households {
		if h == s.household {
			_, err := k.market.CancelReservation(ctx, k.persons[i], k.village, h, s.reservation.ID, market.CancelRequest{RequestID: k.request()})
			refused(rt, err, nil)
		}
	}
	k.undo(s)
	k.kept = slices.DeleteFunc(k.kept, func(o *slip) bool { return o == s })
}

func (k *walk) lapse(rt *rapid.T) {
	due := 0
	for _, s := range k.kept {
		if s.until < k.today {
			k.undo(s)
			due++
		}
	}
	k.kept = slices.DeleteFunc(k.kept, func(s *slip) bool { return s.until < k.today })
	n, err := k.market.LapseReservations(ctx)
	if refused(rt, err, nil); n < due {
		rt.Fatalf("%d lapsed, paper %d", n, due)
	}
}

func (k *walk) damage(rt *rapid.T) {
	g, qty := k.pick(rt), rapid.Int64Range(1, 6).Draw(rt, "qty")
	_, err := k.move(g, market.MoveRequest{Kind: market.Damage, Qty: qty, Note: "破损"})
	if stock(k.good(g, false)) < qty {
		refused(rt, err, market.ErrStock)
		return
	}
	refused(rt, err, nil)
	draw(k.good(g, false), qty, nil)
}

func (k *walk) expire(rt *rapid.T) {
	g := k.pick(rt)
	_, err := k.move(g, market.MoveRequest{Kind: market.Expire})
	spoiled := k.good(g, true)
	if stock(spoiled) == 0 {
		refused(rt, err, market.ErrStock)
		return
	}
	refused(rt, err, nil)
	draw(spoiled, stock(spoiled), nil)
}

func (k *walk) count(rt *rapid.T) {
	g, found := k.pick(rt), rapid.Int64Range(0, 25).Draw(rt, "found")
	_, err := k.move(g, market.MoveRequest{Kind: market.Count, Qty: found, Note: "盘点"})
	list := k.good(g, false)
	diff := found - stock(list) - k.held(g) // who counts finds what lies there for reservations too
	if diff > 0 && len(list) == 0 {
		refused(rt, err, market.ErrNoLot)
		return
	}
	if -diff > stock(list) {
		refused(rt, err, market.ErrStock)
		return
	}
	refused(rt, err, nil)
	if diff > 0 {
		slices.MaxFunc(list, func(x, y *pile) int { return cmp.Compare(x.order, y.order) }).left += diff
	} else {
		draw(list, -diff, nil)
	}
}

func (k *walk) reprice(rt *rapid.T) {
	g, p := k.pick(rt), points.Amount(rapid.IntRange(1, 300).Draw(rt, "price"))
	_, err := k.market.SetPrice(ctx, k.keeper, k.village, k.shop, g, market.PriceRequest{RequestID: k.request(), Price: p})
	refused(rt, err, nil)
	k.price[g] = p
}

// compare holds the engine's stock and balances against the paper.
func (k *walk) compare(rt *rapid.T) {
	for _, g := range k.goods {
		got := k.look(g)
		if got.Stock != stock(k.good(g, false)) || got.Spoiled != stock(k.good(g, true)) || got.Price != k.price[g] {
			rt.Fatalf("goods %+v, paper has %d good, %d spoiled at %s", got, stock(k.good(g, false)), stock(k.good(g, true)), k.price[g])
		}
	}
	for _, h := range k.households {
		if k.balance(h, "gift") != k.purse[h][0] || k.balance(h, "spend") != k.purse[h][1] || k.balance(h, "year") != 3000 {
			rt.Fatalf("household has %s and %s, paper %s; score %s", k.balance(h, "gift"), k.balance(h, "spend"), k.purse[h], k.balance(h, "year"))
		}
	}
}

func refused(rt *rapid.T, got, want error) {
	rt.Helper()
	if want == nil && got != nil || !errors.Is(got, want) {
		rt.Fatalf("%v, paper says %v", got, want)
	}
}

// TestShopMatchesPaper drives random lives of a shop and compares stock, price and points after every step.
func TestShopMatchesPaper(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		rapid.Check(t, func(rt *rapid.T) {
			k := newWalk(t, db)
			steps := 0
			rt.Repeat(map[string]func(*rapid.T){
				"receive": k.receive, "redeem": k.redeem, "redeem again": k.redeem, "cancel": k.cancel, "damage": k.damage,
				"expire": k.expire, "count": k.count, "reserve": k.reserve, "collect": k.collectOne, "give up": k.giveUp, "lapse": k.lapse, "price": k.reprice,
				"next day": func(*rapid.T) { k.today = k.today.Add(1); k.on(k.today) },
				"":         func(rt *rapid.T) { steps++; k.compare(rt) },
			})
		})
		audit(t, db)
	})
}
