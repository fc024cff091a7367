package market

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// States of a stock-take.
const (
	Counting    = "counting"
	TakeWaiting = "waiting" // for the second person
	Counted     = "done"
	TakeDropped = "dropped"
)

var takeStates = map[string]string{Counting: "盘点中", TakeWaiting: "待另一人确认", Counted: "已入账", TakeDropped: "已作废"}

var (
	ErrNoStocktake   = errs.New(errs.NotFound, "market_stocktake_not_found", "没有这张盘点单，请刷新后再试")
	ErrStocktakeOpen = errs.New(errs.Conflict, "market_stocktake_open", "本超市有一张盘点单还没有办完，请先办完那一张")
	ErrStocktakeDone = errs.New(errs.Conflict, "market_stocktake_ended", "这张盘点单不能再改了，请刷新查看")
	ErrSamePerson    = errs.New(errs.Forbidden, "market_stocktake_same_person", "盘点的人不能自己确认，请由没有参加盘点的人确认")
)

// Stocktake is a count of a shop's shelves (盘点单). What lies there is set against the book at the moment of each count, so
// that goods given out meanwhile do not disturb it.
type Stocktake struct {
	ID        id.ID           `json:"id"`
	Shop      id.ID           `json:"shop"`
	State     string          `json:"state" enum:"counting,waiting,done,dropped"`
	StateName string          `json:"state_name"`
	On        clock.Day       `json:"counted_on"`
	StartedBy string          `json:"started_by"`
	SentBy    string          `json:"sent_by" doc:"who handed it in"`
	EndedBy   string          `json:"ended_by" doc:"who confirmed or dropped it; the one who handed it in where no second person was needed"`
	Note      string          `json:"note"`
	Differ    int             `json:"differ" doc:"kinds of goods whose count differs from the book"`
	Worth     points.Amount   `json:"worth" doc:"what all differences are worth, surplus and loss added, in hundredths of a point"`
	Limit     points.Amount   `json:"limit" doc:"above this a second person confirms"`
	CanEnd    bool            `json:"can_end" doc:"the caller may confirm it now"`
	Lines     []StocktakeLine `json:"lines" doc:"empty in lists"`
	Repeated  bool            `json:"repeated" doc:"this request had already been carried out"`

	started, sent, ended id.ID
}

// StocktakeLine is one goods that was counted.
type StocktakeLine struct {
	Goods  id.ID         `json:"goods"`
	Name   string        `json:"name"`
	Unit   string        `json:"unit"`
	Found  int64         `json:"found"`
	Book   int64         `json:"book" doc:"what the book said when it was counted, reserved pieces included"`
	Diff   int64         `json:"diff"`
	Price  points.Amount `json:"price" doc:"what a piece weighs: its dearest price of the last 30 days"`
	Reason string        `json:"reason"`

	by id.ID
}

// Stocktakes is a page of stock-takes, newest first.
type Stocktakes struct {
	Items []Stocktake `json:"items"`
	Next  string      `json:"next" doc:"cursor of the next page; empty: this was the last"`
}

// CountRequest enters what lies on the shelf; a later count of the same goods replaces an earlier one.
type CountRequest struct {
	RequestID string       `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Lines     []CountEntry `json:"lines" minItems:"1" maxItems:"100"`
}

// CountEntry is one goods as counted.
type CountEntry struct {
	Goods  id.ID  `json:"goods"`
	Found  int64  `json:"found" minimum:"0" maximum:"100000" doc:"good pieces that lie in the shop, reserved ones included"`
	Reason string `json:"reason,omitempty" maxLength:"200" doc:"why it differs; needed before the stock-take is handed in"`
}

// StepRequest moves a stock-take on.
type StepRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Note      string `json:"note,omitempty" maxLength:"200"`
}

// StartStocktake opens a stock-take; a shop has one at a time.
func (s *Service) StartStocktake(ctx context.Context, a access.Actor, in, shop id.ID, r StepRequest) (Stocktake, error) {
	return s.takeStep(ctx, a, in, shop, s.db.NewID(), "market.take.start", r.RequestID, []any{in, shop, r}, func(tx *storage.Tx, made id.ID, now moment) error {
		if err := text("note", "说明", r.Note, false, 200); err != nil {
			return err
		}
		_, err := tx.Exec("INSERT INTO stocktakes (id, shop_id, state, open_key, started_by, started_at, counted_on, note) VALUES (?,?,?,0,?,?,?,?)",
			made, shop, Counting, a.User(), now.ms, now.day, r.Note)
		if storage.IsDuplicate(err) {
			return ErrStocktakeOpen.Wrap(err)
		}
		return err
	})
}

// CountStock enters counts.
func (s *Service) CountStock(ctx context.Context, a access.Actor, in, shop, take id.ID, r CountRequest) (Stocktake, error) {
	return s.takeStep(ctx, a, in, shop, take, "market.take.count", r.RequestID, []any{in, shop, take, r}, func(tx *storage.Tx, take id.ID, now moment) error {
		if len(r.Lines) == 0 || len(r.Lines) > MaxPage {
			return wrong("lines", "一次登记1到%d样商品", MaxPage)
		}
		if _, err := lockTake(tx, shop, take, Counting); err != nil {
			return err
		}
		for i, l := range r.Lines {
			if err := countOne(tx, in, shop, take, l, a.User(), now, fmt.Sprintf("lines[%d]", i)); err != nil {
				return err
			}
		}
		return nil
	})
}

func countOne(tx *storage.Tx, in, shop, take id.ID, l CountEntry, by id.ID, now moment, path string) error {
	if l.Found < 0 || l.Found > MaxMove {
		return wrong(path+".found", "数量应在0到%d之间", MaxMove)
	}
	if err := text(path+".reason", "差异原因", l.Reason, false, 200); err != nil {
		return err
	}
	if err := lockGoods(tx, shop, l.Goods); err != nil {
		return err
	}
	var book int64
	if err := tx.QueryRow("SELECT COALESCE(SUM(qty_left), 0) FROM stock_lots WHERE goods_id = ? AND expires_on >= ?", l.Goods, now.day).Scan(&book); err != nil {
		return fmt.Errorf("read book: %w", err)
	}
	held, err := heldPieces(tx, l.Goods)
	if err != nil {
		return fmt.Errorf("read reserved pieces: %w", err)
	}
	price, err := weightOf(tx, in, l.Goods, now.day)
	if err != nil {
		return err
	}
	if _, err := tx.Exec("DELETE FROM stocktake_lines WHERE stocktake_id = ? AND goods_id = ?", take, l.Goods); err != nil {
		return err
	}
	_, err = tx.Exec("INSERT INTO stocktake_lines (stocktake_id, goods_id, found, book, price, reason, by_user, counted_at) VALUES (?,?,?,?,?,?,?,?)",
		take, l.Goods, l.Found, book+held, int64(price), l.Reason, by, now.ms)
	return err
}

// SendStocktake hands it in. Differences within the shop's limit are booked at once; above it they wait for a second person.
func (s *Service) SendStocktake(ctx context.Context, a access.Actor, in, shop, take id.ID, r StepRequest) (Stocktake, error) {
	return s.takeStep(ctx, a, in, shop, take, "market.take.send", r.RequestID, []any{in, shop, take, r}, func(tx *storage.Tx, take id.ID, now moment) error {
		if err := text("note", "说明", r.Note, false, 200); err != nil {
			return err
		}
		if _, err := lockTake(tx, shop, take, Counting); err != nil {
			return err
		}
		lines, err := takeLines(tx.Query, take)
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			return wrong("lines", "还没有点任何商品")
		}
		for _, l := range lines {
			if l.Diff != 0 && l.Reason == "" {
				return wrong("lines", "%s账上有%d，数出来%d，相差%+d，请写明原因", l.Name, l.Book, l.Found, l.Diff)
			}
		}
		if err := lockShop(tx, shop); err != nil {
			return err
		}
		switch err := mayAdjust(tx, shop, now.day, diffWorth(lines)); {
		case errors.Is(err, ErrSecond):
			_, err = tx.Exec("UPDATE stocktakes SET state = ?, sent_by = ?, sent_at = ?, note = ? WHERE id = ?", TakeWaiting, a.User(), now.ms, r.Note, take)
			return err
		case err != nil:
			return err
		}
		if _, err := tx.Exec("UPDATE stocktakes SET state = ?, open_key = id, sent_by = ?, sent_at = ?, ended_by = ?, ended_at = ?, note = ? WHERE id = ?",
			Counted, a.User(), now.ms, a.User(), now.ms, r.Note, take); err != nil {
			return err
		}
		return bookLines(tx, shop, take, lines, a.User(), now)
	})
}

// ConfirmStocktake books the differences of a stock-take that waits. Who started it, counted for it or handed it in may not.
func (s *Service) ConfirmStocktake(ctx context.Context, a access.Actor, in, shop, take id.ID, r StepRequest) (Stocktake, error) {
	return s.takeStep(ctx, a, in, shop, take, "market.take.confirm", r.RequestID, []any{in, shop, take, r}, func(tx *storage.Tx, take id.ID, now moment) error {
		t, err := lockTake(tx, shop, take, TakeWaiting)
		if err != nil {
			return err
		}
		lines, err := takeLines(tx.Query, take)
		if err != nil {
			return err
		}
		if t.tookPart(a.User(), lines) {
			return ErrSamePerson
		}
		if _, err := tx.Exec("UPDATE stocktakes SET state = ?, open_key = id, ended_by = ?, ended_at = ? WHERE id = ?", Counted, a.User(), now.ms, take); err != nil {
			return err
		}
		return bookLines(tx, shop, take, lines, t.sent, now)
	})
}

// DropStocktake ends a stock-take without booking anything; why must be said.
func (s *Service) DropStocktake(ctx context.Context, a access.Actor, in, shop, take id.ID, r StepRequest) (Stocktake, error) {
	return s.takeStep(ctx, a, in, shop, take, "market.take.drop", r.RequestID, []any{in, shop, take, r}, func(tx *storage.Tx, take id.ID, now moment) error {
		if err := text("note", "作废原因", r.Note, true, 200); err != nil {
			return err
		}
		if _, err := lockTake(tx, shop, take, Counting, TakeWaiting); err != nil {
			return err
		}
		_, err := tx.Exec("UPDATE stocktakes SET state = ?, open_key = id, ended_by = ?, ended_at = ?, note = ? WHERE id = ?", TakeDropped, a.User(), now.ms, r.Note, take)
		return err
	})
}

func (t *Stocktake) tookPart(user id.ID, lines []StocktakeLine) bool {
	return user == t.started || user == t.sent || slices.ContainsFunc(lines, func(l StocktakeLine) bool { return l.by == user })
}

func diffWorth(lines []StocktakeLine) (sum points.Amount) {
	for _, l := range lines {
		sum += l.Price * points.Amount(max(l.Diff, -l.Diff))
	}
	return sum
}

// bookLines posts each difference: what is missing leaves the lots that end first, what was found joins the lot received last.
func bookLines(tx *storage.Tx, shop, take id.ID, lines []StocktakeLine, by id.ID, now moment) error {
	for _, l := range lines { // by goods: they were read in that order
		if l.Diff == 0 {
			continue
		}
		if err := lockGoods(tx, shop, l.Goods); err != nil {
			return err
		}
		lots, err := lockLots(tx, l.Goods)
		if err != nil {
			return err
		}
		good := slices.DeleteFunc(slices.Clone(lots), func(x lot) bool { return x.expires < now.day })
		takes, missing := draw(good, -l.Diff, l.Goods, l.Price)
		if missing > 0 {
			return ErrStock.With("%s盘亏%d，库存只剩%d，请重新点这一样", l.Name, -l.Diff, -l.Diff-missing)
		}
		if l.Diff > 0 {
			if len(good) == 0 {
				good = lots
			}
			if takes, err = surplus(good, l.Diff); err != nil {
				return ErrNoLot.With("%s没有批次，多出的%d请登记进货或捐赠", l.Name, l.Diff)
			}
			takes[0].price = l.Price
		}
		op := stockOp{shop: shop, goods: l.Goods, ref: take, kind: Count, note: l.Reason, by: by, at: now}
		if err := op.post(tx, takes); err != nil {
			return err
		}
	}
	return nil
}

// takeStep runs one write on a stock-take, once, and answers it as it then is.
func (s *Service) takeStep(ctx context.Context, a access.Actor, in, shop, take id.ID, op, request string, body any, fn func(tx *storage.Tx, take id.ID, now moment) error) (Stocktake, error) {
	if err := a.Allow(MayKeepStock, access.Place{Village: in, Shop: shop}); err != nil {
		return Stocktake{}, err
	}
	at := s.now()
	now := moment{clock.Ms(at), clock.DayOf(at)}
	made, repeated, err := s.once(ctx, a, request, op, body, take, func(tx *storage.Tx) error {
		if _, err := s.mine(a, tx.QueryRow, in, shop, now.day); err != nil {
			return err
		}
		return fn(tx, take, now)
	})
	if err != nil {
		return Stocktake{}, err
	}
	t, err := s.Stocktake(ctx, a, in, shop, made)
	t.Repeated = repeated
	return t, err
}

// lockTake takes a stock-take's row and checks that it is in one of the states.
func lockTake(tx *storage.Tx, shop, take id.ID, states ...string) (t Stocktake, err error) {
	n, err := tx.Exec("UPDATE stocktakes SET rev = rev + 1 WHERE id = ? AND shop_id = ?", take, shop)
	if err != nil {
		return t, fmt.Errorf("lock stock-take: %w", err)
	}
	if n == 0 {
		return t, ErrNoStocktake
	}
	if err := tx.QueryRow("SELECT state, started_by, sent_by FROM stocktakes WHERE id = ?", take).Scan(&t.State, &t.started, &t.sent); err != nil {
		return t, err
	}
	if !slices.Contains(states, t.State) {
		return t, ErrStocktakeDone.With("这张盘点单%s，不能再改了", takeStates[t.State])
	}
	return t, nil
}
