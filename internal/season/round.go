package season

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/standing"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// Who runs award rounds. A list that was published is for everybody of the village, with names as the boards show them.
var (
	MayAward    = MayClose
	MaySeeList  = access.Need{Roles: access.Everyone, Scope: access.Village}
	MayHandOut  = access.Need{Roles: []access.Role{access.TeamMember, access.FirstSecretary, access.Keeper}, Scope: access.Village}
	MaySeeAward = access.Need{Roles: append(slices.Clone(MaySee.Roles), access.Keeper), Scope: access.Village}
	MayObject   = access.Need{Scope: access.Self}
)

var (
	ErrNoRound    = errs.New(errs.NotFound, "season_no_round", "细则里没有这一项评比，或者这一项评比不按这个周期办")
	ErrNoAward    = errs.New(errs.NotFound, "season_no_award", "没有找到这次评比，请刷新后再看")
	ErrOpenPeriod = errs.New(errs.Conflict, "season_open_period", "这段日子还在计分。请先停止计入（结账），再公布评比名单")
	ErrCutoff     = errs.New(errs.Conflict, "season_cutoff", "评比的截止日还没有到")
	ErrRoundOn    = errs.New(errs.Conflict, "season_round_on", "这次评比已经公布过。要改名单，请先撤回")
	ErrAwardState = errs.New(errs.Conflict, "season_award_state", "这次评比现在不能这样办，请刷新后再看")
	ErrChanged    = errs.New(errs.Conflict, "season_list_changed", "公布以后情况有变化，名单和公布的不一样了。请撤回后重新公布")
	ErrDays       = errs.New(errs.Invalid, "season_object_days", "异议期应在1到30天之间")
	ErrObjecting  = errs.New(errs.Conflict, "season_objecting", "异议期还没有过，或者还有异议没有答复")
)

// declared is a round of the rules about a span.
type declared struct {
	*scheme.Round
	span  clock.Span
	rules *rulebook.Version
}

// declared finds a round by its code in the rules in force on the last day of the span.
func (s *Service) declared(ctx context.Context, in id.ID, code string, span clock.Span) (declared, error) {
	if span <= 0 || !span.First().Valid() {
		return declared{}, ErrNoRound
	}
	v, err := s.book.InForce(ctx, in, span.Last())
	if err != nil {
		return declared{}, err
	}
	return ofRules(v, code, span)
}

func ofRules(v *rulebook.Version, code string, span clock.Span) (declared, error) {
	at := slices.IndexFunc(v.Scheme.Rounds, func(r scheme.Round) bool { return r.Code == code })
	if at < 0 || !v.Scheme.IsSpan(v.Scheme.Rounds[at].Span, span) {
		return declared{}, ErrNoRound
	}
	return declared{&v.Scheme.Rounds[at], span, v}, nil
}

// person is who stands behind an account of a round, as it was on the day of the cut-off.
type person struct {
	account, household, member id.ID
	number, name, groupName    string
	group                      id.ID
}

// field is everything a round is computed from.
type field struct {
	people    map[id.ID]*person
	standings []scheme.Standing
}

// field reads who competes and where they stand on the day of the cut-off, or today if that is still to come.
func (l *loading) field(ctx context.Context, s *Service, d declared) (*field, error) {
	day := min(d.On(d.span), clock.DayOf(s.now()))
	f, err := l.people(d.Of, day)
	if err != nil {
		return nil, err
	}
	who, err := s.villages.Who(ctx, l.village, day)
	if err != nil {
		return nil, err
	}
	at := make(map[id.ID]*scheme.Standing, len(f.standings))
	accounts := make([]id.ID, len(f.standings))
	for i := range f.standings {
		st := &f.standings[i]
		at[st.Account], accounts[i] = st, st.Account
		if d.Of != scheme.SubjectGroup {
			st.States = withResident(who[st.Account].States)
		}
	}
	if err := l.tagsOn(accounts, d.On(d.span), at); err != nil {
		return nil, err
	}
	n := d.rules.Scheme.NeedsOf(d.Round, d.span)
	if d.Of == scheme.SubjectGroup {
		err = l.groupScores(n.Scores, at)
	} else {
		err = l.scores(d.Of, n.Scores, at)
	}
	if err == nil {
		err = l.counts(d, n.Counts, at)
	}
	return f, err
}

// people lists the accounts of a kind that were in force on a day and are open, by id.
func (l *loading) people(kind string, day clock.Day) (*field, error) {
	var text string
	args := []any{day, day, l.village, clock.Forever}
	switch kind {
	case scheme.SubjectPerson:
		text = `SELECT m.id, h.id, m.id, h.number, m.name, COALESCE(g.id, 0), COALESCE(g.name, '') FROM accounts a JOIN members m ON m.id = a.id
			JOIN memberships b ON b.member_id = m.id AND b.from_day <= ? AND b.to_day > ? JOIN households h ON h.id = b.household_id
			LEFT JOIN household_groups x ON x.household_id = h.id AND x.from_day <= ? AND x.to_day > ? LEFT JOIN regions g ON g.id = x.group_id
			WHERE a.village_id = ? AND a.kind = 'person' AND a.closed_on = ? ORDER BY a.id`
		args = []any{day, day, day, day, l.village, clock.Forever}
	case scheme.SubjectGroup:
		text = `SELECT g.id, 0, 0, g.code, g.name, g.id, g.name FROM accounts a JOIN regions g ON g.id = a.id AND g.from_day <= ? AND g.to_day > ?
			WHERE a.village_id = ? AND a.kind = 'group' AND a.closed_on = ? ORDER BY a.id`
	default:
		text = `SELECT h.id, h.id, 0, h.number, h.name, COALESCE(g.id, 0), COALESCE(g.name, '') FROM accounts a JOIN households h ON h.id = a.id AND h.from_day <= ? AND h.to_day > ?
			LEFT JOIN household_groups x ON x.household_id = h.id AND x.from_day <= ? AND x.to_day > ? LEFT JOIN regions g ON g.id = x.group_id
			WHERE a.village_id = ? AND a.kind = 'household' AND a.closed_on = ? ORDER BY a.id`
		args = []any{day, day, day, day, l.village, clock.Forever}
	}
	f := &field{people: map[id.ID]*person{}}
	rows, err := l.read(text, args...)
	err = each(rows, err, func(r *sql.Rows) error {
		var p person
		if err := r.Scan(&p.account, &p.household, &p.member, &p.number, &p.name, &p.group, &p.groupName); err != nil {
			return err
		}
		if f.people[p.account] != nil {
			return nil
		}
		f.people[p.account] = &p
		f.standings = append(f.standings, scheme.Standing{Account: p.account, Kind: kind, Group: p.group, GroupName: p.groupName,
			Scores: map[scheme.ScoreKey]points.Amount{}, Counts: map[scheme.CountKey]points.Amount{}, Balances: map[string]points.Amount{}})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read who competes: %w", err)
	}
	return f, nil
}

// tagsOn reads what stands against the accounts on a day.
func (l *loading) tagsOn(accounts []id.ID, day clock.Day, at map[id.ID]*scheme.Standing) error {
	tags, err := standing.Standing(l.read, accounts, day)
	if err != nil {
		return err
	}
	for account, list := range tags {
		for _, t := range list {
			at[account].Tags = append(at[account].Tags, scheme.Tag{Account: account, Kind: t.Kind, Code: t.Code, From: t.From, To: t.To, Rounds: t.Rounds, Reason: t.Reason})
		}
	}
	return nil
}

// groupScores sums what was counted in a group: by the group stamped on the entries, as the boards do.
func (l *loading) groupScores(keys []scheme.ScoreKey, at map[id.ID]*scheme.Standing) error {
	books, err := l.books()
	if err != nil {
		return err
	}
	for _, k := range keys {
		from, to := l.days(k.Span)
		rows, err := l.read("SELECT group_id, SUM(amount) FROM entries WHERE village_id IN "+storage.In(len(books))+" AND counted_on BETWEEN ? AND ? AND wallet = ? AND bucket = ? AND group_id <> 0 GROUP BY group_id",
			append(storage.Args(books), from, to, k.Wallet, string(ledger.Available))...)
		if err := l.take(rows, err, at, k); err != nil {
			return err
		}
	}
	return nil
}

// days are the first and last day of a span as far as the day until; of span 0 everything up to it.
func (l *loading) days(span clock.Span) (from, to clock.Day) {
	if span == 0 {
		return 0, l.until
	}
	return span.First(), min(span.Last(), l.until)
}

// counts sums what the records of a class or item counted in the score wallet.
func (l *loading) counts(d declared, keys []scheme.CountKey, at map[id.ID]*scheme.Standing) error {
	owner := "account_id"
	if d.Of == scheme.SubjectGroup {
		owner = "group_id"
	}
	if len(keys) == 0 {
		return nil
	}
	books, err := l.books()
	if err != nil {
		return err
	}
	for _, k := range keys {
		column, code := "item", k.Item
		if k.Class != "" {
			column, code = "class", k.Class
		}
		from, to := l.days(k.Span)
		rows, err := l.read("SELECT "+owner+", SUM(amount) FROM entries WHERE village_id IN "+storage.In(len(books))+" AND counted_on BETWEEN ? AND ? AND wallet = ? AND bucket = ? AND "+
			column+" = ? GROUP BY "+owner, append(storage.Args(books), from, to, d.rules.Scheme.ScoreWallet(), string(ledger.Available), code)...)
		err = each(rows, err, func(r *sql.Rows) error {
			var of id.ID
			var sum points.Amount
			if err := r.Scan(&of, &sum); err != nil {
				return err
			}
			if st := at[of]; st != nil {
				st.Counts[k] = sum
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read counts: %w", err)
		}
	}
	return nil
}

// withResident adds the status that needs no row.
func withResident(states []string) []string {
	out := slices.Clone(states)
	if !slices.ContainsFunc(out, func(s string) bool { return village.StatusNames[s] != "" }) {
		out = append(out, village.Resident)
	}
	slices.Sort(out)
	return out
}

// shutBy refuses a span that still counts.
func (s *Service) shutBy(ctx context.Context, in id.ID, span clock.Span) error {
	var one int
	err := s.db.QueryRow(ctx, "SELECT 1 FROM periods WHERE village_id = ? AND to_day >= ? AND state <> 'open' LIMIT 1", in, span.Last()).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrOpenPeriod
	}
	return err
}
