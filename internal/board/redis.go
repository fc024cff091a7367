package board

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// The keys of a village share its hash tag, so that a cluster keeps them on one node and a script may read them
// together:
//
//	{village}:board                     hash: no, writer, since, and per board its number of rows
//	{village}:board:kind:wallet:span    sorted set: account (19 digits) by amount
//
// "no" is the lane number whose events are all in, -1 while a batch is half in; "writer" the number of whoever wrote
// last; "since" the first year that is kept here at all.
func (s *Service) metaKey(village id.ID) string {
	return s.redis.Key(fmt.Sprintf("{%d}:board", village))
}

func (r ref) field() string { return fmt.Sprintf("%s:%s:%d", r.kind, r.wallet, r.span) }

func (s *Service) setKey(r ref) string { return s.metaKey(r.village) + ":" + r.field() }

func memberOf(account id.ID) string { return fmt.Sprintf("%019d", account) }

// since is the first year whose boards are kept in Redis: this one and the one before, as people look at these.
func (s *Service) since() int { return clock.DayOf(s.now()).Year() - 1 }

// Why Redis did not answer; the first two are mended by a rebuild.
const (
	readMissing = "missing" // no boards of the village
	readHalf    = "half"    // the set is not as long as the hash says
	readOld     = "old"     // the span is not kept in Redis
	readOK      = "ok"
)

// The beginning of both reading scripts: KEYS hash, set; ARGV field, year.
const luaOpen = `
local meta = redis.call('HMGET', KEYS[1], 'no', 'since', ARGV[1])
if not meta[1] or not meta[2] then return {'missing'} end
if tonumber(ARGV[2]) < tonumber(meta[2]) then return {'old'} end
local card = redis.call('ZCARD', KEYS[2])
if card ~= tonumber(meta[3] or '0') then return {'half'} end
local function answer(from, to)
  local rows = redis.call('ZREVRANGE', KEYS[2], from, to, 'WITHSCORES')
  local above = 0
  if #rows > 0 then above = redis.call('ZCOUNT', KEYS[2], '(' .. rows[2], '+inf') end
  return {'ok', meta[1], card, from, above, rows}
end
`

// pageScript: ARGV 3 limit, 4 amount and 5 member of the cursor (empty: from the top). The cursor's row may have moved
// since, so its place is counted, not looked up.
var pageScript = redis.NewScript(luaOpen + `
local from = 0
if ARGV[4] ~= '' then
  from = redis.call('ZCOUNT', KEYS[2], '(' .. ARGV[4], '+inf')
  for _, m in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], ARGV[4], ARGV[4])) do
    if m >= ARGV[5] then from = from + 1 end
  end
end
return answer(from, from + tonumber(ARGV[3]) - 1)
`)

// aroundScript: ARGV 3 member, 4 neighbours.
var aroundScript = redis.NewScript(luaOpen + `
local at = redis.call('ZREVRANK', KEYS[2], ARGV[3])
if not at then return {'ok', meta[1], card, 0, 0, {}} end
local n = tonumber(ARGV[4])
return answer(math.max(0, at - n), at + n)
`)

func (s *Service) redisPage(ctx context.Context, r ref, after cursor, limit int) (part, bool) {
	amount, member := "", ""
	if after.set {
		amount, member = strconv.FormatInt(int64(after.amount), 10), memberOf(after.account)
	}
	return s.redisRead(ctx, r, pageScript, limit, amount, member)
}

func (s *Service) redisAround(ctx context.Context, r ref, account id.ID, n int) (part, bool) {
	return s.redisRead(ctx, r, aroundScript, memberOf(account), n)
}

// redisRead answers false whenever SQL should answer, and asks for a rebuild where one would help.
func (s *Service) redisRead(ctx context.Context, r ref, script *redis.Script, args ...any) (part, bool) {
	if s.redis.Resting() || r.span.First().Year() < s.since() {
		return part{}, false
	}
	state, err := s.lanes.state(ctx, r.village)
	if err != nil || state.Undone {
		return part{}, false
	}
	var raw []any
	err = s.redis.Do(ctx, func(ctx context.Context, c redis.UniversalClient) (err error) {
		raw, err = script.Run(ctx, c, []string{s.metaKey(r.village), s.setKey(r)},
			append([]any{r.field(), r.span.First().Year()}, args...)...).Slice()
		return err
	})
	if err != nil {
		return part{}, false
	}
	p, no, why := decode(raw)
	if why == readOK && state.Reached <= no && no <= state.Number {
		return p, true
	}
	// A lane that is at work (its batch half in, or newer than what is known of it) mends by itself.
	if now, err := s.lanes.again(ctx, r.village); why == readOld || err != nil || now.Undone || now != state {
		return part{}, false
	}
	s.mend(ctx, r.village, why)
	return part{}, false
}

// mend asks for a rebuild of a village's boards, once in a few seconds: the event makes the lane undone, so that nobody
// looks into Redis until it is done.
func (s *Service) mend(ctx context.Context, village id.ID, why string) {
	if !s.asked.turn(village, 3*time.Second) {
		return
	}
	if why == readOK {
		why = "behind"
	}
	slog.Info("boards in Redis are to be rebuilt", "village", village, "why", why)
	if err := s.Rebuild(context.WithoutCancel(ctx), village); err != nil {
		slog.Warn("rebuild of boards not asked for", "village", village, "err", err)
	}
}

var errReply = errors.New("redis answered in an unknown shape")

// decode reads a script's answer.
func decode(raw []any) (p part, no int64, why string) {
	if len(raw) == 0 {
		return p, 0, readMissing
	}
	why, _ = raw[0].(string)
	if why != readOK {
		return p, 0, why
	}
	if len(raw) != 6 {
		return p, 0, readHalf
	}
	var err error
	number := func(v any) int64 {
		switch x := v.(type) {
		case int64:
			return x
		case string:
			n, e := strconv.ParseInt(x, 10, 64)
			if e != nil {
				err = e
			}
			return n
		}
		err = errReply
		return 0
	}
	no, p.of, p.before, p.above = number(raw[1]), number(raw[2]), number(raw[3]), number(raw[4])
	rows, _ := raw[5].([]any)
	for i := 0; i+1 < len(rows); i += 2 {
		p.lines = append(p.lines, line{account: id.ID(number(rows[i])), amount: points.Amount(number(rows[i+1]))})
	}
	if err != nil {
		return part{}, 0, readHalf
	}
	return p, no, readOK
}
