package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/message"
	"hefen/internal/storage"
)

// push is a subscription message to one user about one message or posting.
type push struct {
	id, user, ref, village id.ID
	kind                   message.Kind
	template               string
	at                     int64
}

// noteLane notes, for messages just written, whom WeChat is to tell. It may see a batch twice.
func (s *Service) noteLane(ctx context.Context, lane storage.Lane, rows []storage.Row) error {
	var ids []id.ID
	for _, row := range rows {
		var b message.Batch
		if err := json.Unmarshal(row.Payload, &b); err != nil {
			return fmt.Errorf("message batch %d: %w", row.ID, err)
		}
		ids = append(ids, b.IDs...)
	}
	ms, err := message.ByID(ctx, s.db, ids)
	if err != nil {
		return err
	}
	var found []push
	for i := range ms {
		m := &ms[i]
		t := s.template(m.Kind)
		if t == nil || m.At < clock.Ms(s.now().Add(-staleAfter)) {
			continue
		}
		users, err := s.subscribers(ctx, m, t.ID)
		if err != nil {
			return err
		}
		for _, u := range users {
			found = append(found, push{user: u, ref: m.ID, village: m.Village, kind: m.Kind, template: t.ID, at: m.At})
		}
	}
	return s.note(ctx, found)
}

// subscribers are the users whom a message is for and who have subscribed to its template since before it was written. Where
// it concerns one member who has a phone of their own, it is that member; else all of the household.
func (s *Service) subscribers(ctx context.Context, m *message.Stored, template string) ([]id.ID, error) {
	day := clock.DayOf(s.now())
	const subscribed = " JOIN notify_subscriptions s ON s.user_id = x.user_id AND s.template = ? AND s.remaining > 0 AND s.changed_at <= ? "
	switch {
	case m.User != 0:
		return s.users(ctx, "SELECT s.user_id, 0 FROM notify_subscriptions s WHERE s.user_id = ? AND s.template = ? AND s.remaining > 0 AND s.changed_at <= ?", 0, m.User, template, m.At)
	case m.Household != 0:
		return s.users(ctx, `SELECT x.user_id, x.member_id FROM memberships h JOIN user_members x ON x.member_id = h.member_id AND x.to_day > ? AND x.from_day <= ?`+subscribed+
			"WHERE h.household_id = ? AND h.to_day > ? AND h.from_day <= ? ORDER BY x.user_id", m.Member, day, day, template, m.At, m.Household, day, day)
	}
	return s.users(ctx, "SELECT x.user_id, 0 FROM user_roles x"+subscribed+"WHERE x.village_id = ? AND x.to_day > ? AND x.from_day <= ? AND x.role IN ('team_member', 'first_secretary') ORDER BY x.user_id", 0,
		template, m.At, m.Village, day, day)
}

// users reads pairs of user and member: those of one member, if it has any, else all, each once.
func (s *Service) users(ctx context.Context, query string, member id.ID, args ...any) ([]id.ID, error) {
	rows, err := s.db.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("find subscribers: %w", err)
	}
	defer rows.Close()
	var all, own []id.ID
	seen := map[id.ID]bool{}
	for rows.Next() {
		var user, of id.ID
		if err := rows.Scan(&user, &of); err != nil {
			return nil, err
		}
		if member != 0 && of == member {
			own = append(own, user)
		}
		if !seen[user] {
			all = append(all, user)
		}
		seen[user] = true
	}
	if len(own) > 0 {
		all = own
	}
	return all, rows.Err()
}

// overlap is how far back NotePostings looks each time: longer than any transaction takes to commit, and than a restart.
const overlap = 30 * time.Minute

// told are the kinds of postings that are told, with the kind of message they are.
var told = map[ledger.Kind]message.Kind{
	ledger.Award: message.Decided, ledger.Deduct: message.Decided, ledger.Prize: message.Decided, ledger.Reversal: message.Decided, ledger.Adjust: message.Decided,
	ledger.Effect: message.Decided, ledger.Freeze: message.Objected, ledger.Redeem: message.Redeemed, ledger.Expire: message.Expiring,
	ledger.Opening: message.Notice, ledger.Carry: message.Notice, ledger.Grant: message.Notice, ledger.Reset: message.Notice, ledger.Succession: message.Notice,
}

// pushed are those of them that go to WeChat; what the year's turn posts for everybody does not.
var pushed = []string{"award", "deduct", "prize", "reverse", "adjust", "effect", "freeze", "redeem", "expire"}

// NotePostings notes, for postings of the last half hour, whom WeChat is to tell: they have no message row, because awarding
// and redeeming must not wait for one. Each is noted once per user, by a unique key.
func (s *Service) NotePostings(ctx context.Context) error {
	if len(s.templates) == 0 {
		return nil
	}
	floor := s.db.NewID() - id.Apart(overlap)
	day := clock.DayOf(s.now())
	kinds := "('" + strings.Join(pushed, "','") + "')"
	const columns = "SELECT DISTINCT x.user_id, e.posting_id, e.village_id, e.kind, e.case_id, e.ref, e.created_at, h.household_id FROM entries e "
	const people = ` AND h.to_day > ? AND h.from_day <= ? JOIN user_members x ON x.member_id = h.member_id AND x.to_day > ? AND x.from_day <= ?
		WHERE e.id > ? AND EXISTS (SELECT 1 FROM notify_subscriptions s WHERE s.user_id = x.user_id AND s.remaining > 0 AND s.changed_at <= e.created_at)
		AND NOT EXISTS (SELECT 1 FROM notify_pushes p WHERE p.user_id = x.user_id AND p.ref_id = e.posting_id) AND e.kind IN `
	rows, err := s.db.Query(ctx, columns+"JOIN memberships h ON h.household_id = e.account_id"+people+kinds+" UNION "+columns+"JOIN memberships h ON h.member_id = e.account_id"+people+kinds,
		day, day, day, day, floor, day, day, day, day, floor)
	if err != nil {
		return fmt.Errorf("find postings to tell: %w", err)
	}
	var found []push
	var places []id.ID
	var keys []rowKey
	err = each(rows, func() error {
		var p push
		var kind ledger.Kind
		var of, household id.ID
		var ref string
		if err := rows.Scan(&p.user, &p.ref, &p.village, &kind, &of, &ref, &p.at, &household); err != nil {
			return err
		}
		p.kind = told[kind]
		t := s.template(p.kind)
		if t == nil {
			return nil
		}
		p.template = t.ID
		found, places, keys = append(found, p), append(places, household), append(keys, keyOf(of, ref, p.at))
		return nil
	})
	if err != nil || len(found) == 0 {
		return err
	}
	have, err := s.rowsAbout(ctx, places, keys)
	if err != nil {
		return err
	}
	alone := found[:0]
	for i, p := range found {
		if !have[keys[i]] {
			alone = append(alone, p)
		}
	}
	return s.note(ctx, alone)
}

// rowKey is by what a message row and a posting of the same step know one another: the record or redemption, and the
// instant of the step.
type rowKey struct {
	about id.ID
	at    int64
}

func keyOf(caseID id.ID, ref string, at int64) rowKey {
	if caseID == 0 {
		if n, err := strconv.ParseInt(ref, 10, 64); err == nil {
			caseID = id.ID(n)
		}
	}
	return rowKey{caseID, at}
}

// rowsAbout finds which of some keys have a message row at one of the places.
func (s *Service) rowsAbout(ctx context.Context, places []id.ID, keys []rowKey) (map[rowKey]bool, error) {
	have := map[rowKey]bool{}
	var abouts []id.ID
	for _, k := range keys {
		if k.about != 0 {
			abouts = append(abouts, k.about)
		}
	}
	for some := range storage.Chunks(abouts, storage.ChunkRows) {
		for at := range storage.Chunks(places, storage.ChunkRows) {
			some, at := storage.Padded(some), storage.Padded(at)
			rows, err := s.db.Query(ctx, "SELECT about_id, at_ms FROM messages WHERE to_id IN "+storage.In(len(at))+" AND about_id IN "+storage.In(len(some)),
				append(storage.Args(at), storage.Args(some)...)...)
			if err != nil {
				return nil, fmt.Errorf("find messages about: %w", err)
			}
			err = each(rows, func() error {
				var k rowKey
				err := rows.Scan(&k.about, &k.at)
				have[k] = true
				return err
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return have, nil
}

// note writes pushes that wait, each once.
func (s *Service) note(ctx context.Context, found []push) error {
	if len(found) == 0 {
		return nil
	}
	made := clock.Ms(s.now())
	for part := range storage.Chunks(found, 200) {
		err := s.db.InTx(ctx, func(tx *storage.Tx) error {
			for _, p := range part {
				_, err := tx.Exec(`INSERT INTO notify_pushes (id, user_id, ref_id, village_id, kind, template, at_ms, state, made_at, done_at) VALUES (?,?,?,?,?,?,?,'waiting',?,0)`,
					tx.NewID(), p.user, p.ref, p.village, string(p.kind), p.template, p.at, made)
				if err != nil && !storage.IsDuplicate(err) {
					return fmt.Errorf("note push: %w", err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return nil
}

// each calls fn on every row and closes them.
func each(rows *sql.Rows, fn func() error) error {
	defer rows.Close()
	for rows.Next() {
		if err := fn(); err != nil {
			return err
		}
	}
	return rows.Err()
}
