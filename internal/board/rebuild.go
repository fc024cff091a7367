package board

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"hefen/internal/id"
	"hefen/internal/storage"
)

// A rebuild writes new sets beside the old ones and puts all in place at once; sets that never got there lapse.
const halfWrittenLife = 10 * time.Minute

// swapScript puts the new sets in place of all the village has: KEYS hash, then the new set and its place for each
// board; ARGV number, since, the prefix of sets, then field and number of rows for each board.
var swapScript = redis.NewScript(`
local number = tonumber(ARGV[1])
local writer = redis.call('HGET', KEYS[1], 'writer')
if writer and tonumber(writer) > number then return 'late' end
for i = 2, #KEYS, 2 do
  local at = 3 + i - 1
  if redis.call('ZCARD', KEYS[i]) ~= tonumber(ARGV[at + 1]) then return 'half' end
end
for _, f in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.find(f, ':', 1, true) then redis.call('DEL', ARGV[3] .. f) end
end
redis.call('DEL', KEYS[1])
for i = 2, #KEYS, 2 do
  local at = 3 + i - 1
  redis.call('RENAME', KEYS[i], KEYS[i + 1])
  redis.call('PERSIST', KEYS[i + 1])
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
end
redis.call('HSET', KEYS[1], 'no', ARGV[1], 'writer', ARGV[1], 'since', ARGV[2])
return 'ok'
`)

// freshBoard is a board being written.
type freshBoard struct {
	ref  ref
	key  string
	rows int64
}

// rebuild makes all boards of a village anew, as the handler of its lane: nobody else writes them meanwhile, and what is
// posted while it reads lies in the lane behind it.
func (s *Service) rebuild(ctx context.Context, lane storage.Lane) error {
	since := s.since()
	boards := map[ref]*freshBoard{}
	accounts, err := s.accountsOf(ctx, lane.Village)
	if err != nil {
		return err
	}
	for chunk := range storage.Chunks(accounts, 500) {
		changes, err := s.changes(ctx, lane.Village, chunk, nil)
		if err != nil {
			return err
		}
		if err := s.rebuildWrite(ctx, lane, boards, changes); err != nil {
			return err
		}
	}
	return s.swap(ctx, lane, since, boards)
}

func (s *Service) accountsOf(ctx context.Context, village id.ID) ([]id.ID, error) {
	rows, err := s.db.Query(ctx, "SELECT id FROM accounts WHERE village_id = ?", village)
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	var all []id.ID
	for rows.Next() {
		var a id.ID
		if err := rows.Scan(&a); err != nil {
			return nil, wrap(err)
		}
		all = append(all, a)
	}
	return all, wrap(rows.Err())
}

func (s *Service) rebuildWrite(ctx context.Context, lane storage.Lane, boards map[ref]*freshBoard, changes []change) error {
	add := map[*freshBoard][]redis.Z{}
	for _, c := range changes {
		if c.gone {
			continue
		}
		b := boards[c.ref]
		if b == nil {
			b = &freshBoard{ref: c.ref, key: fmt.Sprintf("%s:new:%d", s.setKey(c.ref), lane.Number)}
			boards[c.ref] = b
		}
		add[b] = append(add[b], redis.Z{Score: float64(c.amount), Member: c.member})
		b.rows++
	}
	for b, rows := range add {
		for piece := range storage.Chunks(rows, chunkRows) {
			err := s.redis.Work(ctx, func(ctx context.Context, r redis.UniversalClient) error {
				_, err := r.Pipelined(ctx, func(p redis.Pipeliner) error {
					p.ZAdd(ctx, b.key, piece...)
					p.Expire(ctx, b.key, halfWrittenLife)
					return nil
				})
				return err
			})
			if err != nil {
				return fmt.Errorf("rebuild boards: %w", err)
			}
		}
	}
	return nil
}

func (s *Service) swap(ctx context.Context, lane storage.Lane, since int, boards map[ref]*freshBoard) error {
	keys := []string{s.metaKey(lane.Village)}
	args := []any{lane.Number, strconv.Itoa(since), s.metaKey(lane.Village) + ":"}
	for _, b := range boards {
		keys = append(keys, b.key, s.setKey(b.ref))
		args = append(args, b.ref.field(), b.rows)
	}
	var said string
	err := s.redis.Work(ctx, func(ctx context.Context, r redis.UniversalClient) (err error) {
		said, err = swapScript.Run(ctx, r, keys, args...).Text()
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("rebuild boards: %w", err)
	case said == "late":
		return s.overtaken(ctx, lane)
	case said != "ok":
		return fmt.Errorf("rebuild boards: redis lost a new set half way (%s)", said)
	}
	return nil
}
