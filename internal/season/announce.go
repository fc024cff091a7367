package season

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/message"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// announceDays is how long before a wallet is emptied its household is told.
const announceDays = 30

var errTold = errs.New(errs.Conflict, "season_told", "已经通知过")

// Ending is points that will be emptied.
type Ending struct {
	Account    id.ID         `json:"account"`
	Household  id.ID         `json:"household"`
	Member     id.ID         `json:"member,omitempty"`
	Wallet     string        `json:"wallet"`
	WalletName string        `json:"wallet_name"`
	Amount     points.Amount `json:"amount" doc:"what would go if nothing were spent until then"`
	On         clock.Day     `json:"on" doc:"the day on which it falls due"`
	Reason     string        `json:"reason"`
}

// Ending lists the points of a village that a reset will empty within some days, by account. Points with a last day of
// their own are the ledger's.
func (s *Service) Ending(ctx context.Context, in id.ID, within int) ([]Ending, error) {
	list, err := s.resets(ctx, in, within)
	if err != nil {
		return nil, err
	}
	var out []Ending
	for i := range list {
		some, err := s.ending(s.query(ctx), in, &list[i])
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	return out, nil
}

// resets are the ends of periods that empty something from tomorrow on within some days.
func (s *Service) resets(ctx context.Context, in id.ID, within int) ([]due, error) {
	today := clock.DayOf(s.now())
	v, err := s.book.InForce(ctx, in, today)
	if errors.Is(err, rulebook.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []due
	for _, p := range v.Scheme.Periods(today.Add(1), today.Add(within)) {
		if d := (due{Period: p, rules: v}); len(d.emptied()) > 0 && p.Span.Last() >= v.FromDay {
			out = append(out, d)
		}
	}
	return out, nil
}

// ending computes what a reset would empty today.
func (s *Service) ending(read query, in id.ID, d *due) ([]Ending, error) {
	today := clock.DayOf(s.now())
	l := &loading{read: read, village: in, until: d.Span.Last()}
	var out []Ending
	for after := id.ID(0); ; {
		of, err := l.chunk(d, after, 1<<63-1, storage.ChunkRows)
		if err != nil || len(of) == 0 {
			return out, err
		}
		after = of[len(of)-1].id
		list, at := standings(of)
		if err := l.balances(ids(of), d.emptied(), d.emptied(), today, at); err != nil {
			return nil, err
		}
		homes, err := homesOf(read, of)
		if err != nil {
			return nil, err
		}
		for i := range list {
			for _, c := range scheme.CloseEach(d.rules.Scheme, d.Period, &list[i]) {
				home := homes[c.Account]
				if c.Kind != scheme.CloseReset || home.household == 0 {
					continue
				}
				w, _ := d.rules.Scheme.Wallet(c.Change.Wallet)
				out = append(out, Ending{c.Account, home.household, home.member, c.Change.Wallet, w.Name, -c.Change.Amount, d.On, c.Reason})
			}
		}
	}
}

// homesOf tells which household and person are behind accounts; groups and teams have none.
func homesOf(read query, of []account) (map[id.ID]person, error) {
	out := map[id.ID]person{}
	var members []id.ID
	for _, a := range of {
		switch a.kind {
		case scheme.SubjectHousehold:
			out[a.id] = person{household: a.id}
		case scheme.SubjectPerson:
			members = append(members, a.id)
		}
	}
	if len(members) == 0 {
		return out, nil
	}
	rows, err := read("SELECT member_id, household_id FROM memberships WHERE to_day = ? AND member_id IN "+storage.In(len(members)), storage.Args(members, any(clock.Forever))...)
	return out, each(rows, err, func(r *sql.Rows) error {
		var p person
		err := r.Scan(&p.member, &p.household)
		out[p.member] = p
		return err
	})
}

// Announce tells households of points that a reset will empty within 30 days, once for each reset of a village. It is a
// nightly job and tells how many messages it sent.
func (s *Service) Announce(ctx context.Context) (int, error) {
	at := s.now()
	all, err := s.villages.Villages(ctx, 0, clock.DayOf(at))
	if err != nil {
		return 0, err
	}
	sent := 0
	for _, v := range all {
		list, err := s.resets(ctx, v.ID, announceDays)
		if err != nil {
			return sent, fmt.Errorf("announce in %s: %w", v.Code, err)
		}
		for i := range list {
			d, n := &list[i], 0
			err := s.db.InTx(ctx, func(tx *storage.Tx) error {
				n = 0
				_, err := tx.Exec("INSERT INTO season_told (village_id, what, on_day, told_at, accounts) VALUES (?,?,?,?,0)", v.ID, fmt.Sprintf("reset:%d", d.Span), d.On, clock.Ms(at))
				if storage.IsDuplicate(err) {
					return errTold
				}
				if err != nil {
					return err
				}
				some, err := s.ending(tx.Query, v.ID, d)
				if err != nil {
					return err
				}
				var told []message.Message
				for _, e := range some {
					told = append(told, message.Message{Village: v.ID, Household: e.Household, Member: e.Member, Kind: message.Expiring, At: at, Title: "积分快要清零",
						Body: fmt.Sprintf("您家的%s到%s将有%s分清零，请在这以前使用。", e.WalletName, e.On.Chinese(), e.Amount), About: message.About{Kind: "points", ID: e.Account}})
				}
				if n = len(told); n == 0 {
					return nil
				}
				if _, err := tx.Exec("UPDATE season_told SET accounts = ? WHERE village_id = ? AND what = ? AND on_day = ?", n, v.ID, fmt.Sprintf("reset:%d", d.Span), d.On); err != nil {
					return err
				}
				return message.Tell(tx, told...)
			})
			if errors.Is(err, errTold) {
				continue
			}
			if err != nil {
				return sent, fmt.Errorf("announce in %s: %w", v.Code, err)
			}
			sent += n
		}
	}
	return sent, nil
}
