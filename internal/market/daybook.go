package market

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// maxBookDays bounds what one daybook may span.
const maxBookDays = 366

// Daybook is what a shop took in and gave out over some days (进销存): stock before plus all moves is stock after.
type Daybook struct {
	Shop      id.ID         `json:"shop"`
	From      clock.Day     `json:"from"`
	To        clock.Day     `json:"to"`
	Receipts  int           `json:"receipts" doc:"redemptions made in these days that stand"`
	Cancelled int           `json:"cancelled" doc:"redemptions made in these days and cancelled"`
	Homes     int           `json:"homes" doc:"households that redeemed"`
	Amount    points.Amount `json:"amount" doc:"points of the redemptions that stand"`
	Paid      []Paid        `json:"paid" doc:"the same by wallet"`
	Lines     []DaybookLine `json:"lines" doc:"goods that had stock or moved"`
}

// DaybookLine is one goods of a daybook.
type DaybookLine struct {
	Goods    id.ID         `json:"goods"`
	Name     string        `json:"name"`
	Unit     string        `json:"unit"`
	Before   int64         `json:"before"`
	Received int64         `json:"received" doc:"bought, given and transferred in"`
	Redeemed int64         `json:"redeemed" doc:"given out, less what came back"`
	Held     int64         `json:"held" doc:"kept for reservations, less what was released or collected"`
	Written  int64         `json:"written" doc:"damaged and past their day"`
	Prizes   int64         `json:"prizes" doc:"handed out as awards"`
	Counted  int64         `json:"counted" doc:"found too much (or missing, below 0) by counting"`
	Sent     int64         `json:"sent" doc:"transferred to other shops"`
	Undone   int64         `json:"undone" doc:"taken back as entered wrongly, with sign"`
	After    int64         `json:"after"`
	Amount   points.Amount `json:"amount" doc:"points they were redeemed for"`
}

// Daybook adds up the moves and redemptions of some days (0: today).
func (s *Service) Daybook(ctx context.Context, a access.Actor, in, shop id.ID, from, to clock.Day) (Daybook, error) {
	if _, err := s.seeStock(ctx, a, in, shop, Page{}); err != nil {
		return Daybook{}, err
	}
	today := clock.DayOf(s.now())
	from = cmp.Or(from, today)
	to = cmp.Or(to, from)
	if !from.Valid() || !to.Valid() || from > to || to.Sub(from) >= maxBookDays {
		return Daybook{}, wrong("from", "请选择不超过一年的一段日子")
	}
	b := Daybook{Shop: shop, From: from, To: to, Paid: []Paid{}, Lines: []DaybookLine{}}
	if err := s.bookMoves(ctx, &b); err != nil {
		return Daybook{}, fmt.Errorf("read moves: %w", err)
	}
	return b, s.bookReceipts(ctx, &b)
}

func (s *Service) bookMoves(ctx context.Context, b *Daybook) error {
	at := map[id.ID]*DaybookLine{}
	rows, err := s.db.Query(ctx, `SELECT g.id, g.name, g.unit, COALESCE((SELECT SUM(l.qty_left) FROM stock_lots l WHERE l.goods_id = g.id), 0) FROM goods g WHERE g.shop_id = ? ORDER BY g.id`, b.Shop)
	if err := each(rows, err, func(r *sql.Rows) error {
		var l DaybookLine
		err := r.Scan(&l.Goods, &l.Name, &l.Unit, &l.After)
		b.Lines = append(b.Lines, l)
		return err
	}); err != nil {
		return err
	}
	for i := range b.Lines {
		at[b.Lines[i].Goods] = &b.Lines[i]
	}
	rows, err = s.db.Query(ctx, `SELECT goods_id, kind, CASE WHEN moved_on > ? THEN 1 ELSE 0 END AS later, CASE WHEN qty > 0 THEN 1 ELSE 0 END AS plus, SUM(qty), SUM(qty * price)
		FROM stock_moves WHERE shop_id = ? AND moved_on >= ? GROUP BY goods_id, kind, later, plus`, b.To, b.Shop, b.From)
	if err := each(rows, err, func(r *sql.Rows) error {
		var goods id.ID
		var kind string
		var later, plus bool
		var qty int64
		var worth points.Amount
		if err := r.Scan(&goods, &kind, &later, &plus, &qty, &worth); err != nil || at[goods] == nil {
			return err
		}
		if l := at[goods]; later {
			l.After -= qty
		} else {
			l.add(kind, plus, qty, worth)
		}
		return nil
	}); err != nil {
		return err
	}
	for i := range b.Lines {
		l := &b.Lines[i]
		l.Before = l.After - (l.Received - l.Redeemed - l.Held - l.Written - l.Prizes + l.Counted - l.Sent + l.Undone)
	}
	b.Lines = slices.DeleteFunc(b.Lines, func(l DaybookLine) bool {
		l.Goods, l.Name, l.Unit = 0, "", ""
		return l == DaybookLine{}
	})
	return nil
}

func (l *DaybookLine) add(kind string, plus bool, qty int64, worth points.Amount) {
	switch {
	case kind == Purchase, kind == Donation, kind == Transfer && plus:
		l.Received += qty
	case kind == redeemed, kind == cancelled:
		l.Redeemed, l.Amount = l.Redeemed-qty, l.Amount-worth
	case kind == held, kind == unheld:
		l.Held -= qty
	case kind == Damage, kind == Expire:
		l.Written -= qty
	case kind == prized:
		l.Prizes -= qty
	case kind == Count:
		l.Counted += qty
	case kind == Transfer:
		l.Sent -= qty
	default: // undo
		l.Undone += qty
	}
}

func (s *Service) bookReceipts(ctx context.Context, b *Daybook) error {
	homes, wallets := map[id.ID]bool{}, map[string]int{}
	rows, err := s.db.Query(ctx, "SELECT household_id, total, state, receipt FROM redemptions WHERE shop_id = ? AND redeemed_on >= ? AND redeemed_on <= ?", b.Shop, b.From, b.To)
	return each(rows, err, func(r *sql.Rows) error {
		var home id.ID
		var total points.Amount
		var state string
		var text []byte
		if err := r.Scan(&home, &total, &state, &text); err != nil {
			return err
		}
		if state != Done {
			b.Cancelled++
			return nil
		}
		var slip Slip
		if err := json.Unmarshal(text, &slip); err != nil {
			return fmt.Errorf("receipt: %w", err)
		}
		for _, p := range slip.Paid {
			i, ok := wallets[p.Wallet]
			if !ok {
				i = len(b.Paid)
				wallets[p.Wallet] = i
				b.Paid = append(b.Paid, Paid{Wallet: p.Wallet, Name: p.Name})
			}
			b.Paid[i].Amount += p.Amount
		}
		if !homes[home] {
			homes[home] = true
			b.Homes++
		}
		b.Receipts++
		b.Amount += total
		return nil
	})
}
