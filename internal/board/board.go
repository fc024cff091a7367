// Package board ranks (排行榜): households, persons and groups of a village, and the villages of a town where that is
// switched on. It reads the ledger's totals of score wallets only, so what is spent moves no rank. Rank is the count of
// those above plus one: ties share a rank (1-2-2-4).
//
// There are two answers, always the same one: SQL over the totals, and, where a Redis is configured, sorted sets that
// the outbox lane "posted" keeps. When the sets are missing, half-written or behind, SQL answers and they are rebuilt
// (docs/adr/0008-boards.md).
package board

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/redisx"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// MayRead: the people of the village and whoever holds an office there or over it. Where the scheme makes its boards
// public, everybody; where it closes them, officials only.
var MayRead = access.Need{Roles: access.Everyone, Scope: access.Village}

// Kind is what a board of a village ranks.
type Kind string

const (
	Households Kind = "households"
	Persons    Kind = "persons"
	Groups     Kind = "groups"
)

// Limits of a page and of the neighbours on either side of one's own row.
const (
	DefaultPage = 50
	MaxPage     = 200
	Neighbours  = 5
)

var (
	ErrKind        = errs.New(errs.NotFound, "board_kind", "没有这种排行榜，可选：户、个人、小组")
	ErrNoHouse     = errs.New(errs.NotFound, "board_scores_persons", "本村积分记到个人，请看个人排行榜")
	ErrNoPersons   = errs.New(errs.NotFound, "board_scores_households", "本村积分按户记，请看户排行榜")
	ErrSpan        = errs.New(errs.Invalid, "board_span", "时间写法不对：请写年份如2026，或月份如2026-11，且不能是还没到的时间")
	ErrCursor      = errs.New(errs.Invalid, "board_cursor", "翻页位置不对，请回到第一页重新查看")
	ErrOff         = errs.New(errs.Forbidden, "board_off", "本村的积分细则没有公开排行榜")
	ErrVillagesOff = errs.New(errs.Forbidden, "board_villages_off", "村与村之间的排行没有开放：积分排名不得用来考核干部。确有需要时由乡镇在设置中开启，并由各村在细则中同意")
)

// Row is one place on a board.
type Row struct {
	Rank   int64         `json:"rank" doc:"count of those above plus one; ties share a rank"`
	ID     id.ID         `json:"id" doc:"household, person or group"`
	Number string        `json:"number,omitempty" doc:"household number; left out where names are masked"`
	Name   string        `json:"name" doc:"masked (张*三) unless the scheme says otherwise or it is one's own"`
	Amount points.Amount `json:"amount" doc:"net score of the span, in hundredths of a point"`
	Tied   bool          `json:"tied" doc:"shares its rank with another"`
	Mine   bool          `json:"mine" doc:"the caller's own"`
}

// Page is a stretch of a board, best first.
type Page struct {
	Kind  Kind       `json:"kind"`
	Span  clock.Span `json:"span"`
	Items []Row      `json:"items"`
	Of    int64      `json:"of" doc:"how many stand on the board"`
	Next  string     `json:"next,omitempty" doc:"cursor of the next page; empty at the end"`
}

// Standing is the place of one account. Rank 0: no entry in this span, so no rank yet.
type Standing struct {
	Rank   int64         `json:"rank" doc:"0 while there is no entry in the span"`
	Of     int64         `json:"of"`
	Amount points.Amount `json:"amount"`
}

// Options of zero take the default.
type Options struct {
	// Fresh is how long what is known of a lane is trusted: an answer from Redis may lack what other servers posted
	// within it (500 ms). Own postings are always seen. Negative: ask the database each time.
	Fresh time.Duration
	// Names is how long a name, and which scheme is in force, is kept in memory (30 s); negative: not at all.
	Names time.Duration
	// Sums is how long sums over groups and villages are kept (10 s); negative: not at all.
	Sums time.Duration
}

// Service answers boards. Safe for concurrent use.
type Service struct {
	db    *storage.DB
	redis *redisx.Client // nil: SQL answers everything
	now   clock.Clock
	book  *rulebook.Book
	opt   Options

	villages *village.Service

	lanes  freshness
	asked  throttle
	names  *expirable.LRU[id.ID, name]
	books  *expirable.LRU[bookKey, *scheme.Scheme]
	groups sums[groupsKey]
	towns  sums[townKey]
}

// New makes the service; Start connects it to the outbox. Without a Redis, redis is nil.
func New(db *storage.DB, redis *redisx.Client, now clock.Clock, book *rulebook.Book, villages *village.Service, opt Options) *Service {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&opt.Fresh, 500*time.Millisecond)
	set(&opt.Names, 30*time.Second)
	set(&opt.Sums, 10*time.Second)
	s := &Service{db: db, redis: redis, now: now, book: book, villages: villages, opt: opt}
	s.lanes = freshness{db: db, ttl: opt.Fresh}
	s.names = expirable.NewLRU[id.ID, name](20_000, nil, max(opt.Names, time.Nanosecond))
	s.books = expirable.NewLRU[bookKey, *scheme.Scheme](2_000, nil, max(opt.Names, time.Nanosecond))
	s.groups = sums[groupsKey]{ttl: opt.Sums}
	s.towns = sums[townKey]{ttl: opt.Sums}
	return s
}

type bookKey struct {
	village id.ID
	day     clock.Day
}

// rules is the scheme in force in a village on a day.
func (s *Service) rules(ctx context.Context, village id.ID, day clock.Day) (*scheme.Scheme, error) {
	k := bookKey{village, day}
	if b, ok := s.books.Get(k); ok && s.opt.Names > 0 {
		return b, nil
	}
	v, err := s.book.InForce(ctx, village, day)
	if err != nil {
		return nil, err
	}
	s.books.Add(k, v.Scheme)
	return v.Scheme, nil
}

// ref names one ranking.
type ref struct {
	village id.ID
	kind    string // of accounts: household or person
	wallet  string
	span    clock.Span
}

// cursor is a place between two rows: after this amount and account.
type cursor struct {
	amount  points.Amount
	account id.ID
	set     bool
}

func (c cursor) String() string { return fmt.Sprintf("%d.%d", c.amount, c.account) }

func parseCursor(s string) (cursor, error) {
	if s == "" {
		return cursor{}, nil
	}
	amount, account, ok := strings.Cut(s, ".")
	a, err1 := strconv.ParseInt(amount, 10, 64)
	i, err2 := id.Parse(account)
	if !ok || err1 != nil || err2 != nil {
		return cursor{}, ErrCursor
	}
	return cursor{points.Amount(a), i, true}, nil
}

// line is an account's net score.
type line struct {
	account id.ID
	amount  points.Amount
}

// part is a stretch of a ranking in order: amount, then account, both falling.
type part struct {
	lines  []line
	before int64 // rows ahead of the first line
	above  int64 // of these, with a higher amount
	of     int64 // rows of the whole ranking
}

// ranks are the ranks of the lines.
func (p part) ranks() []int64 {
	r := make([]int64, len(p.lines))
	for i, l := range p.lines {
		switch {
		case i == 0:
			r[i] = p.above + 1
		case l.amount == p.lines[i-1].amount:
			r[i] = r[i-1]
		default:
			r[i] = p.before + int64(i) + 1
		}
	}
	return r
}

// terms finds the terms of a village's board of a span, and whether this caller may see it.
func (s *Service) terms(ctx context.Context, a access.Actor, village id.ID, kind Kind, span clock.Span) (*scheme.Scheme, ref, error) {
	if err := a.Allow(MayRead, access.Place{Village: village}); err != nil {
		return nil, ref{}, err
	}
	today := clock.DayOf(s.now())
	if part := span % 100; part > 12 || span.First() > today || span <= 0 {
		return nil, ref{}, ErrSpan
	}
	book, err := s.rules(ctx, village, min(today, span.Last()))
	if err != nil {
		return nil, ref{}, err
	}
	r := ref{village: village, kind: book.Subject, wallet: book.ScoreWallet(), span: span}
	switch {
	case kind == Groups:
		return book, r, nil
	case kind != Households && kind != Persons:
		return nil, r, ErrKind
	case kind == Households && book.Subject != scheme.SubjectHousehold:
		return nil, r, ErrNoHouse
	case kind == Persons && book.Subject != scheme.SubjectPerson:
		return nil, r, ErrNoPersons
	}
	return book, r, nil
}

// Page is a page of a village's board. An empty cursor is the top; a limit of 0 is DefaultPage.
// ErrKind, ErrNoHouse, ErrNoPersons, ErrSpan, ErrCursor, ErrOff; access errors.
func (s *Service) Page(ctx context.Context, a access.Actor, village id.ID, kind Kind, span clock.Span, after string, limit int) (Page, error) {
	book, r, err := s.terms(ctx, a, village, kind, span)
	if err != nil {
		return Page{}, err
	}
	if kind == Groups {
		return s.groupPage(ctx, r)
	}
	c, err := parseCursor(after)
	if err != nil {
		return Page{}, err
	}
	limit = clampPage(limit)
	p, err := s.page(ctx, r, c, limit+1)
	if err != nil {
		return Page{}, err
	}
	out, err := s.show(ctx, a, book, r, p, limit)
	out.Kind = kind
	return out, err
}

// Around is one account's row with the Neighbours before and after it; empty when it has no entry in the span.
func (s *Service) Around(ctx context.Context, a access.Actor, village id.ID, kind Kind, span clock.Span, account id.ID) (Page, error) {
	book, r, err := s.terms(ctx, a, village, kind, span)
	if err != nil {
		return Page{}, err
	}
	if kind == Groups {
		return s.groupPage(ctx, r)
	}
	p, err := s.around(ctx, r, account, Neighbours)
	if err != nil {
		return Page{}, err
	}
	out, err := s.show(ctx, a, book, r, p, len(p.lines))
	out.Kind = kind
	return out, err
}

// Rank is the place of one account of a village in a span, for its passbook; the caller has checked who asks.
func (s *Service) Rank(ctx context.Context, village id.ID, span clock.Span, account id.ID) (Standing, error) {
	book, err := s.rules(ctx, village, min(clock.DayOf(s.now()), span.Last()))
	if err != nil {
		return Standing{}, err
	}
	p, err := s.around(ctx, ref{village, book.Subject, book.ScoreWallet(), span}, account, 0)
	if err != nil {
		return Standing{}, err
	}
	out := Standing{Of: p.of}
	if len(p.lines) == 1 {
		out.Rank, out.Amount = p.above+1, p.lines[0].amount
	}
	return out, nil
}

func clampPage(limit int) int {
	if limit <= 0 {
		return DefaultPage
	}
	return min(limit, MaxPage)
}

// page and around ask Redis where it may answer, else SQL.
func (s *Service) page(ctx context.Context, r ref, after cursor, limit int) (part, error) {
	if p, ok := s.redisPage(ctx, r, after, limit); ok {
		return p, nil
	}
	return s.sqlPage(ctx, r, after, limit)
}

func (s *Service) around(ctx context.Context, r ref, account id.ID, n int) (part, error) {
	if p, ok := s.redisAround(ctx, r, account, n); ok {
		return p, nil
	}
	return s.sqlAround(ctx, r, account, n)
}
