package cases

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"hefen/internal/access"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// Change is the corrected content of a case.
type Change struct {
	RequestID string        `json:"request_id" minLength:"16" maxLength:"64"`
	Points    points.Amount `json:"points,omitempty" doc:"items with a range: the value given, in hundredths, with its sign"`
	Grade     string        `json:"grade,omitempty" maxLength:"32"`
	Quantity  int64         `json:"quantity,omitempty" doc:"thousandths of the unit"`
	Note      string        `json:"note,omitempty" maxLength:"500"`
	Why       string        `json:"why" maxLength:"200"`

	Parts   []scheme.PartResult `json:"parts,omitempty" maxItems:"40" doc:"sheets: all lines"`
	Persons int                 `json:"persons,omitempty" minimum:"0" maximum:"10000"`
}

func (r *Change) content() Content {
	return Content{Points: r.Points, Grade: r.Grade, Quantity: r.Quantity, Parts: r.Parts, Persons: r.Persons}
}

// Amend corrects what a case in effect says about its value: not by its author, not for an own or kin household. It
// keeps its place in the order of decisions; it and the later decisions that rest on it are replayed, and only
// differences are posted.
func (s *Service) Amend(ctx context.Context, a access.Actor, village, caseID id.ID, r Change) (Answer, error) {
	if err := a.Allow(MayReverse, access.Place{Village: village}); err != nil {
		return Answer{}, err
	}
	if err := checkWhy(r.Why); err != nil {
		return Answer{}, err
	}
	c, err := s.toCorrect(ctx, a, village, caseID)
	if err != nil {
		return Answer{}, err
	}
	vs, err := s.versionsOf(ctx, c)
	if err != nil {
		return Answer{}, err
	}
	if err := c.notOwn(a); err != nil {
		return Answer{}, err
	}
	return s.step(ctx, a, village, caseID, "cases.amend", Step{RequestID: r.RequestID, Why: r.Why}, func(tx *storage.Tx, at time.Time) error {
		if err := vs.guard(tx, c); err != nil {
			return err
		}
		c, err := one(tx, village, caseID)
		if err != nil {
			return err
		}
		if err := vs.readAside(tx.Query, c); err != nil {
			return err
		}
		if c.state.stands() && c.says(r.content(), r.Note) {
			return ErrNoChange
		}
		rules := vs.of[c.scheme].Scheme
		if err := c.keepsFixed(rules, r.content()); err != nil {
			return err
		}
		c.change(rules, r.content())
		c.note = r.Note
		if err := c.move(tx, amend, a.User(), at, strings.TrimSpace(r.Why)); err != nil {
			return err
		}
		if err := c.storeContent(tx); err != nil {
			return err
		}
		if err := s.noteAgain(tx, c, a.User()); err != nil {
			return err
		}
		return vs.replay(tx, a.User(), at, c)
	}, r)
}

// versions are the rule versions by which the cases that may rest on a corrected one were decided, read before the
// transaction, with the accounts that those cases move.
type versions struct {
	of       map[id.ID]*rulebook.Version
	accounts []id.ID
	who      func(*scheme.Item, *record) error // fills in who the owner was on the day of the deed
}

// versionsOf reads the versions and accounts that a correction of some cases of a village may need.
func (s *Service) versionsOf(ctx context.Context, cs ...*record) (versions, error) {
	vs := versions{of: map[id.ID]*rulebook.Version{}, who: func(item *scheme.Item, c *record) error {
		_, err := s.reacquaint(ctx, item, c)
		return err
	}}
	for _, c := range cs {
		if err := s.addVersion(ctx, &vs, c.scheme); err != nil {
			return vs, err
		}
		if err := vs.readAside(s.outside(ctx), c); err != nil {
			return vs, err
		}
		vs.add(c.accounts()...)
	}
	if err := s.connected(ctx, &vs, cs); err != nil {
		return vs, err
	}
	for chunk := range storage.Chunks(vs.accounts, storage.ChunkRows) {
		rows, err := s.db.Query(ctx, "SELECT DISTINCT scheme_id FROM cases WHERE account_id IN "+storage.In(len(chunk)), storage.Args(chunk)...)
		if err != nil {
			return vs, fmt.Errorf("read versions: %w", err)
		}
		found, err := scanIDs(rows)
		if err != nil {
			return vs, err
		}
		for _, v := range found {
			if err := s.addVersion(ctx, &vs, v); err != nil {
				return vs, err
			}
		}
	}
	return vs, nil
}

func (s *Service) addVersion(ctx context.Context, vs *versions, version id.ID) (err error) {
	if vs.of[version] == nil {
		vs.of[version], err = s.rules.Version(ctx, version)
	}
	return err
}

// add takes accounts in, each once, and says which are new.
func (vs *versions) add(accounts ...id.ID) (fresh []id.ID) {
	for _, a := range accounts {
		if i, there := slices.BinarySearch(vs.accounts, a); !there {
			vs.accounts = slices.Insert(vs.accounts, i, a)
			fresh = append(fresh, a)
		}
	}
	return fresh
}

// readAside is the record's own, but for items that never have anything aside.
func (vs versions) readAside(read query, c *record) error {
	if v := vs.of[c.scheme]; v != nil {
		if item, ok := v.Scheme.Item(c.item); ok && item.Plain() {
			return nil
		}
	}
	return c.readAside(read)
}

// connected adds the accounts whose decisions may rest on these: through cases that count for several accounts, and by
// limits of a group or of the village.
func (s *Service) connected(ctx context.Context, vs *versions, cs []*record) error {
	for _, c := range cs {
		keys := scheme.Needs(vs.of[c.scheme].Scheme, []scheme.Case{c.deed()})
		for _, w := range keys.Windows {
			if len(w.Accounts) > 0 {
				continue
			}
			all, err := historyOfMany(s.outside(ctx), c.village, w)
			if err != nil {
				return err
			}
			for _, d := range all {
				vs.add(d.Account)
			}
		}
	}
	for frontier := slices.Clone(vs.accounts); len(frontier) > 0; {
		var next []id.ID
		for chunk := range storage.Chunks(frontier, storage.ChunkRows/3) {
			in := storage.In(len(chunk))
			rows, err := s.db.Query(ctx, `SELECT DISTINCT o.account_id FROM case_shares s JOIN case_shares o ON o.case_id = s.case_id WHERE s.account_id IN `+in+`
				UNION SELECT c.account_id FROM case_shares s JOIN cases c ON c.id = s.case_id WHERE s.account_id IN `+in+`
				UNION SELECT s.account_id FROM cases c JOIN case_shares s ON s.case_id = c.id WHERE c.account_id IN `+in,
				storage.Args(chunk, storage.Args(chunk, storage.Args(chunk)...)...)...)
			if err != nil {
				return fmt.Errorf("read connected accounts: %w", err)
			}
			found, err := scanIDs(rows)
			if err != nil {
				return err
			}
			next = append(next, vs.add(found...)...)
		}
		frontier = next
	}
	return nil
}

func scanIDs(rows *sql.Rows) (out []id.ID, err error) {
	defer rows.Close()
	for rows.Next() {
		var x id.ID
		if err := rows.Scan(&x); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

// guard locks what a correction of some cases reads.
func (vs versions) guard(tx *storage.Tx, cs ...*record) error {
	var keys []string
	for _, c := range cs {
		v := vs.of[c.scheme]
		if v == nil { // decided anew by a version that came into force since
			return ErrState
		}
		keys = append(keys, guardKeys(c.village, scheme.Needs(v.Scheme, []scheme.Case{c.deed()}))...)
	}
	slices.Sort(keys)
	return ledger.Guard(tx, vs.accounts, slices.Compact(keys))
}
