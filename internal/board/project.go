package board

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// event is what lies in the lane: whose totals changed (written by the ledger), or the wish that all be made anew.
type event struct {
	ledger.PostedEvent
	Rebuild bool `json:"rebuild,omitempty"`
}

// Start connects the service to the outbox. With a Redis, lanes (not yet running) get the handler that keeps the sorted
// sets; without, nobody reads the topic and it is muted.
func (s *Service) Start(ctx context.Context, lanes *storage.Lanes) error {
	s.db.Watch(ledger.TopicPosted, s.lanes.changed)
	if !s.redis.On() {
		return s.db.Mute(ctx, ledger.TopicPosted)
	}
	lanes.Handle(ledger.TopicPosted, s.project)
	return nil
}

// Rebuild asks for the boards of these villages, or of all, to be made anew in Redis. The lanes do it; until then SQL
// answers. It does nothing where no Redis is configured.
func (s *Service) Rebuild(ctx context.Context, villages ...id.ID) error {
	if !s.redis.On() {
		return nil
	}
	if len(villages) == 0 {
		var err error
		if villages, err = s.allVillages(ctx); err != nil {
			return err
		}
	}
	for chunk := range storage.Chunks(villages, 100) {
		err := s.db.InTx(ctx, func(tx *storage.Tx) error {
			for _, v := range chunk {
				if err := tx.Emit(v, ledger.TopicPosted, event{Rebuild: true}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("ask for boards: %w", err)
		}
	}
	return nil
}

func (s *Service) allVillages(ctx context.Context) ([]id.ID, error) {
	rows, err := s.db.Query(ctx, "SELECT DISTINCT village_id FROM accounts ORDER BY village_id")
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	var all []id.ID
	for rows.Next() {
		var v id.ID
		if err := rows.Scan(&v); err != nil {
			return nil, wrap(err)
		}
		all = append(all, v)
	}
	return all, wrap(rows.Err())
}

// change is a row to set, or to take away.
type change struct {
	ref    ref
	member string
	amount points.Amount
	gone   bool
}

var errLate = errors.New("another worker has already written boards of this village")

// writeScript sets rows: KEYS hash, sets…; ARGV number, reached, since, last (1 or ”), then per row: index of the set
// in KEYS, its field, member, amount or ”. It refuses a late writer, and sets that are not what the last batch left.
// Between two pieces of a batch "no" is -1: nobody may read what is half new.
var writeScript = redis.NewScript(`
local number, reached = tonumber(ARGV[1]), tonumber(ARGV[2])
local meta = redis.call('HMGET', KEYS[1], 'no', 'writer', 'since')
if meta[2] and tonumber(meta[2]) > number then return 'late' end
if not meta[1] or meta[3] ~= ARGV[3] then return 'behind' end
if tonumber(meta[1]) < reached and meta[2] ~= ARGV[1] then return 'behind' end
local fields = {}
for i = 5, #ARGV, 4 do fields[tonumber(ARGV[i])] = ARGV[i + 1] end
for k, f in pairs(fields) do
  if redis.call('ZCARD', KEYS[k]) ~= tonumber(redis.call('HGET', KEYS[1], f) or '0') then return 'behind' end
end
redis.call('HSET', KEYS[1], 'writer', ARGV[1])
for i = 5, #ARGV, 4 do
  local k = KEYS[tonumber(ARGV[i])]
  if ARGV[i + 3] == '' then redis.call('ZREM', k, ARGV[i + 2]) else redis.call('ZADD', k, ARGV[i + 3], ARGV[i + 2]) end
end
for k, f in pairs(fields) do redis.call('HSET', KEYS[1], f, redis.call('ZCARD', KEYS[k])) end
redis.call('HSET', KEYS[1], 'no', ARGV[4] ~= '' and ARGV[1] or '-1')
return 'ok'
`)

// project is the lane's handler: it reads the present totals of the accounts named and sets them, never adds. A batch
// that comes twice sets the same again; one that comes late is refused by the lane's number.
func (s *Service) project(ctx context.Context, lane storage.Lane, rows []storage.Row) error {
	var accounts []id.ID
	var spans []clock.Span
	every := false
	for _, row := range rows {
		var e event
		if err := json.Unmarshal(row.Payload, &e); err != nil {
			return fmt.Errorf("event %s: %w", row.ID, err)
		}
		if e.Rebuild {
			return s.rebuild(ctx, lane)
		}
		accounts = append(accounts, e.Accounts...)
		spans = append(spans, e.Spans...)
		every = every || len(e.Spans) == 0
	}
	slices.Sort(accounts)
	slices.Sort(spans)
	if every {
		spans = nil
	}
	changes, err := s.changes(ctx, lane.Village, slices.Compact(accounts), slices.Compact(spans))
	if err != nil {
		return err
	}
	return s.write(ctx, lane, changes)
}

// changes reads the totals of the accounts as they are now; spans nil means all that are kept. It asks by account alone:
// with the village beside it, an engine may take the rank index and read the whole village for one household.
func (s *Service) changes(ctx context.Context, village id.ID, accounts []id.ID, spans []clock.Span) ([]change, error) {
	var all []change
	for chunk := range storage.Chunks(accounts, 500) {
		chunk = storage.Padded(chunk)
		q := `SELECT t.account_id, t.kind, t.wallet, t.span, t.amount, a.closed_on FROM totals t JOIN accounts a ON a.id = t.account_id
			WHERE t.span >= ? AND t.account_id IN ` + storage.In(len(chunk))
		args := storage.Args(chunk, any(s.since()*100))
		if spans != nil {
			p := storage.Padded(spans)
			q += " AND t.span IN " + storage.In(len(p))
			args = append(args, storage.Args(p)...)
		}
		got, err := s.readChanges(ctx, village, q, args)
		if err != nil {
			return nil, err
		}
		all = append(all, got...)
	}
	return all, nil
}

func (s *Service) readChanges(ctx context.Context, village id.ID, q string, args []any) ([]change, error) {
	rows, err := s.db.Query(ctx, q, args...)
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	var all []change
	for rows.Next() {
		c := change{ref: ref{village: village}}
		var account id.ID
		var closed clock.Day
		if err := rows.Scan(&account, &c.ref.kind, &c.ref.wallet, &c.ref.span, &c.amount, &closed); err != nil {
			return nil, wrap(err)
		}
		c.member, c.gone = memberOf(account), closed <= c.ref.span.Last()
		all = append(all, c)
	}
	return all, wrap(rows.Err())
}

// chunkRows is how many rows one script sets: a few milliseconds of Redis.
const chunkRows = 1000

// write sets the rows, in pieces; only the last lets the boards be read again.
func (s *Service) write(ctx context.Context, lane storage.Lane, changes []change) error {
	for first := true; first || len(changes) > 0; first = false {
		piece := changes[:min(chunkRows, len(changes))]
		changes = changes[len(piece):]
		last := ""
		if len(changes) == 0 {
			last = "1"
		}
		keys := []string{s.metaKey(lane.Village)}
		args := []any{lane.Number, lane.Reached, strconv.Itoa(s.since()), last}
		index := map[ref]int{}
		for _, c := range piece {
			k, ok := index[c.ref]
			if !ok {
				keys = append(keys, s.setKey(c.ref))
				k = len(keys)
				index[c.ref] = k
			}
			amount := ""
			if !c.gone {
				amount = strconv.FormatInt(int64(c.amount), 10)
			}
			args = append(args, k, c.ref.field(), c.member, amount)
		}
		var said string
		err := s.redis.Work(ctx, func(ctx context.Context, r redis.UniversalClient) (err error) {
			said, err = writeScript.Run(ctx, r, keys, args...).Text()
			return err
		})
		if err != nil {
			return fmt.Errorf("write boards: %w", err)
		}
		switch said {
		case "late":
			return s.overtaken(ctx, lane)
		case "behind":
			return s.rebuild(ctx, lane)
		}
	}
	return nil
}

// overtaken is reached when Redis holds a higher number than this batch's. Either another worker has taken the lane, or
// the database is younger than Redis (restored from a backup): then what Redis holds is of another history.
func (s *Service) overtaken(ctx context.Context, lane storage.Lane) error {
	state, err := s.db.LaneState(ctx, lane.Village, lane.Topic)
	if err != nil {
		return err
	}
	if state.Number != lane.Number {
		return errLate
	}
	err = s.redis.Work(ctx, func(ctx context.Context, r redis.UniversalClient) error {
		return r.HDel(ctx, s.metaKey(lane.Village), "no", "writer").Err()
	})
	if err != nil {
		return fmt.Errorf("forget boards: %w", err)
	}
	return s.rebuild(ctx, lane)
}
