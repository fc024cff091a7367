// Package board ranks (排行榜): households, persons and groups of a village, and the villages of a town where that is
// switched on. It reads the ledger's totals of score wallets only, so what is spent moves no rank. Rank is the count of
// those above plus one: ties share a rank (1-2-2-4).
//
// There are two answers, always the same one: SQL over the totals, and, where a Redis is configured, sorted sets that
// the outbox lane "posted" keeps. When the sets are missing, half-written or behind, SQL answers and they are rebuilt
// (docs/adr/0004-boards.md).
package board

import (
	"context"
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

// MayRead: the people of the village and whoever holds an office there or over it; officials only where the scheme
// closes its boards.
var MayRead = access.Need{Roles: access.Everyone, Scope: access.Village}

// MayReadPublic: everybody, where the scheme makes its boards public; names are then always masked.
var MayReadPublic = access.Need{Scope: access.Public}

// Kind is what a board of a village ranks.
type Kind string

const (
	Households Kind = "households"
	Persons    Kind = "persons"
	Groups     Kind = "groups"
	Party      Kind = "party"   // members of the party, by what they did themselves
	Leaders    Kind = "leaders" // leaders of villagers' groups, likewise
)

// ofMembers: ranks some people of the village apart, even where households are scored.
func (k Kind) ofMembers() bool { return k == Party || k == Leaders }

// View is which board of a village is asked for.
type View struct {
	Kind  Kind
	Span  clock.Span // year, half-year, quarter, month or one of the village's own dates
	Class string     // only deeds of this class of items; empty: all
}

// Limits of a page and of the neighbours on either side of one's own row.
const (
	DefaultPage = 50
	MaxPage     = 200
	Neighbours  = 5
)

var (
	ErrKind        = errs.New(errs.NotFound, "board_kind", "没有这种排行榜，可选：户、个人、小组、党员、小组长")
	ErrClass       = errs.New(errs.NotFound, "board_class", "本村细则里没有这一类积分事项，请刷新后重选")
	ErrNoHouse     = errs.New(errs.NotFound, "board_scores_persons", "本村积分记到个人，请看个人排行榜")
	ErrNoPersons   = errs.New(errs.NotFound, "board_scores_households", "本村积分按户记，请看户排行榜")
	ErrSpan        = errs.New(errs.Invalid, "board_span", "时间写法不对：请写年份如2026、季度如2026Q3或月份如2026-11，且不能是还没到的时间")
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
	Moved  *int64        `json:"moved,omitempty" doc:"places gained (or, below 0, lost) since the span before; absent where it had no rank then"`
}

// Page is a stretch of a board, best first.
type Page struct {
	Kind  Kind       `json:"kind"`
	Span  clock.Span `json:"span"`
	Class string     `json:"class,omitempty"`
	Items []Row      `json:"items"`
	Top   int        `json:"top,omitempty" doc:"only so many places are shown, and one's own, as the rules say"`
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
	// Sums is how long sums over groups and villages, and how many stand on a board, are kept (10 s); negative: not at all.
	Sums time.Duration
	// Past is how long the ranks of the span before, from which movement is told, are kept (1 min); negative: not at all.
	Past time.Duration
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
	sizes  sums[ref]
	groups sums[foldKey]
	towns  sums[townKey]
	folds  sums[foldKey]
	past   sums[foldKey]
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
	set(&opt.Past, time.Minute)
	s := &Service{db: db, redis: redis, now: now, book: book, villages: villages, opt: opt}
	s.lanes = freshness{db: db, ttl: opt.Fresh}
	life := opt.Names
	if life < 0 { // asked nowhere then, but it must be a length of time
		life = time.Minute
	}
	s.names = expirable.NewLRU[id.ID, name](20_000, nil, life)
	s.books = expirable.NewLRU[bookKey, *scheme.Scheme](2_000, nil, life)
	s.sizes = sums[ref]{ttl: opt.Sums}
	s.groups = sums[foldKey]{ttl: opt.Sums}
	s.towns = sums[townKey]{ttl: opt.Sums}
	s.folds = sums[foldKey]{ttl: opt.Sums}
	s.past = sums[foldKey]{ttl: opt.Past}
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
