package notify

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/message"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// Limits of a page.
const (
	DefaultLimit = 20
	MaxLimit     = 50
)

// Item is one thing on the page of messages: a row of package message, or one posting of the ledger.
type Item struct {
	ID        id.ID         `json:"id"`
	Village   id.ID         `json:"village_id"`
	Household id.ID         `json:"household,omitempty" doc:"whom it is for; empty: for the user in person or as an official"`
	Member    id.ID         `json:"member,omitempty"`
	Kind      message.Kind  `json:"kind" enum:"decided,deduct,published,objected,answered,redeemed,reserved,expiring,waiting,lifted,activity,notice"`
	KindName  string        `json:"kind_name"`
	Title     string        `json:"title"`
	Body      string        `json:"body"`
	About     message.About `json:"about" doc:"what it leads to"`
	Amount    points.Amount `json:"amount,omitempty" doc:"postings: what it did to the wallets that can be spent, or to the score where it touched only that"`
	At        int64         `json:"at" doc:"milliseconds since 1970 UTC"`
	Unread    bool          `json:"unread"`
}

// Page of messages, newest first.
type Page struct {
	Items  []Item `json:"items"`
	Next   string `json:"next" doc:"cursor of the next page; empty at the end"`
	Unread int    `json:"unread" doc:"how many the user has not seen, 100 for more"`
}

// Count is the number on the badge.
type Count struct {
	Unread int `json:"unread" doc:"100 for 100 or more"`
}

// MarkRequest says up to which item the user has seen all.
type MarkRequest struct {
	Upto id.ID `json:"upto" doc:"id of the newest item shown; marks never go back, so sending it again changes nothing"`
}

// reader is who lists: the actor's own, the households' and, for officials, the villages' messages.
func reader(a access.Actor) message.Reader {
	r := message.Reader{User: a.User(), Households: a.Households()}
	for _, o := range a.Offices() {
		if slices.Contains(desk, o.Role) && !slices.Contains(r.Desks, o.Village) {
			r.Desks = append(r.Desks, o.Village)
		}
	}
	return r
}

// Inbox is a page of the user's messages, those with ids below before.
func (s *Service) Inbox(ctx context.Context, a access.Actor, before id.ID, limit int) (Page, error) {
	if err := a.Allow(MayRead, access.Place{}); err != nil {
		return Page{}, err
	}
	if limit <= 0 {
		limit = DefaultLimit
	}
	limit = min(limit, MaxLimit)
	r := reader(a)
	mark, err := message.ReadTo(ctx, s.db, a.User())
	if err != nil {
		return Page{}, err
	}
	items, err := s.items(ctx, r, 0, before, limit+1)
	if err != nil {
		return Page{}, err
	}
	page := Page{Items: items}
	if len(items) > limit {
		page.Items = items[:limit]
		page.Next = items[limit-1].ID.String()
	}
	for i := range page.Items {
		page.Items[i].Unread = page.Items[i].ID > mark
	}
	page.Unread, err = s.unread(ctx, r, mark)
	return page, err
}

// Unread counts what the user has not seen.
func (s *Service) Unread(ctx context.Context, a access.Actor) (Count, error) {
	if err := a.Allow(MayRead, access.Place{}); err != nil {
		return Count{}, err
	}
	mark, err := message.ReadTo(ctx, s.db, a.User())
	if err != nil {
		return Count{}, err
	}
	n, err := s.unread(ctx, reader(a), mark)
	return Count{n}, err
}

func (s *Service) unread(ctx context.Context, r message.Reader, mark id.ID) (int, error) {
	items, err := s.items(ctx, r, mark, 0, message.MaxUnread)
	return len(items), err
}

// Mark notes that the user has seen everything up to an item.
func (s *Service) Mark(ctx context.Context, a access.Actor, r MarkRequest) (Count, error) {
	if err := a.Allow(MayRead, access.Place{}); err != nil {
		return Count{}, err
	}
	if r.Upto <= 0 {
		return Count{}, ErrMark
	}
	if err := s.db.InTx(ctx, func(tx *storage.Tx) error { return message.MarkRead(tx, a.User(), r.Upto, s.now()) }); err != nil {
		return Count{}, err
	}
	return s.Unread(ctx, a)
}

// items merges rows and postings with ids between two bounds, newest first. Ids of both come from the same maker, so they
// sort by time and one cursor serves both.
func (s *Service) items(ctx context.Context, r message.Reader, after, before id.ID, limit int) ([]Item, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	postings, err := s.postings(ctx, r, after, before, limit)
	if err != nil {
		return nil, err
	}
	rows, err := message.List(ctx, s.db, r, before, limit)
	if err != nil {
		return nil, err
	}
	items := postings
	for _, m := range rows {
		if m.ID <= after {
			break
		}
		items = append(items, Item{ID: m.ID, Village: m.Village, Household: m.Household, Member: m.Member, Kind: m.Kind, KindName: m.Kind.Name(), Title: m.Title,
			Body: m.Body, About: m.About, At: m.At})
	}
	slices.SortFunc(items, func(a, b Item) int { return cmp.Compare(b.ID, a.ID) })
	return items[:min(limit, len(items))], nil
}

// postings folds the newest entries of the households' accounts into items, leaving out those that a message row tells of.
func (s *Service) postings(ctx context.Context, r message.Reader, after, before id.ID, limit int) ([]Item, error) {
	accounts, err := s.accounts(ctx, r.Households)
	if err != nil || len(accounts) == 0 {
		return nil, err
	}
	var out []Item
	for _, a := range accounts {
		of, err := s.postingsOf(ctx, a, after, before, limit)
		if err != nil {
			return nil, err
		}
		out = append(out, of...)
	}
	keys := make([]rowKey, len(out))
	for i := range out {
		keys[i] = rowKey{out[i].About.ID, out[i].At}
	}
	have, err := s.rowsAbout(ctx, r.Households, keys)
	if err != nil {
		return nil, err
	}
	alone := make([]Item, 0, len(out))
	for i := range out {
		if !have[keys[i]] {
			alone = append(alone, out[i])
		}
	}
	return alone, nil
}

type account struct{ id, village, household, member id.ID }

// accounts are those of the households and of their people, where persons are scored.
func (s *Service) accounts(ctx context.Context, households []id.ID) ([]account, error) {
	if len(households) == 0 {
		return nil, nil
	}
	day, some := clock.DayOf(s.now()), storage.Padded(households)
	in := storage.In(len(some))
	rows, err := s.db.Query(ctx, "SELECT a.id, a.village_id, a.id, 0 FROM accounts a WHERE a.id IN "+in+
		` UNION ALL SELECT a.id, a.village_id, h.household_id, h.member_id FROM memberships h JOIN accounts a ON a.id = h.member_id
		WHERE h.to_day > ? AND h.from_day <= ? AND h.household_id IN `+in+" AND EXISTS (SELECT 1 FROM balances b WHERE b.account_id = a.id)",
		append(storage.Args(some, []any{}...), storage.Args(some, day, day)...)...)
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	var out []account
	err = each(rows, func() error {
		var a account
		err := rows.Scan(&a.id, &a.village, &a.household, &a.member)
		out = append(out, a)
		return err
	})
	return out, err
}
