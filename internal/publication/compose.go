package publication

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// Range says what a notice is about.
type Range struct {
	Group id.ID     `json:"group,omitempty" doc:"a group of villagers; 0: the whole village"`
	From  clock.Day `json:"from_on" doc:"first day of decision"`
	To    clock.Day `json:"to_on" doc:"last day of decision"`
}

// Preview is what a notice would say. Digest goes into the request that publishes it.
type Preview struct {
	Snapshot
	Digest string `json:"digest" doc:"send it along when publishing: a list that has changed since is refused"`
	Days   int    `json:"object_days" doc:"days for objections under the rules in force"`
}

// Preview puts a notice together without publishing it.
func (s *Service) Preview(ctx context.Context, a access.Actor, in id.ID, r Range) (Preview, error) {
	if err := a.Allow(MayPublish, access.Place{Village: in}); err != nil {
		return Preview{}, err
	}
	n, err := s.compose(ctx, in, r)
	if err != nil {
		return Preview{}, err
	}
	return Preview{Snapshot: n.Snapshot, Digest: digest(n.Lines), Days: n.days}, nil
}

// draft is a notice that is being put together.
type draft struct {
	Snapshot
	days  int // for objections
	waits bool
	found []cases.NoticeLine
}

func (s *Service) compose(ctx context.Context, in id.ID, r Range) (*draft, error) {
	today := clock.DayOf(s.now())
	if !r.From.Valid() || !r.To.Valid() || r.From > r.To || r.To > today || r.From.Add(MaxSpan) < r.To {
		return nil, ErrSpan
	}
	n, names, err := s.blank(ctx, in, r, today)
	if err != nil {
		return nil, err
	}
	if n.found, err = s.cases.ForNotice(ctx, in, r.Group, r.From, r.To); err != nil {
		return nil, err
	}
	if len(n.found) == 0 {
		return nil, ErrNoCases
	}
	if len(n.found) > MaxCases {
		return nil, ErrTooMany
	}
	if err := names.load(ctx, s.db, n.found); err != nil {
		return nil, err
	}
	for i := range n.found {
		c := &n.found[i]
		l := names.line(c)
		l.Case, l.Item, l.Detail, l.On, l.Revision = c.ID, c.ItemName, detail(c), c.OccurredOn, c.Revision
		l.Waits = c.State == cases.Decided
		n.Lines = append(n.Lines, l)
		for j := range c.Shares {
			sh := names.line(&c.Shares[j])
			sh.Share, sh.Case, sh.Item, sh.On, sh.Waits = true, c.ID, c.ItemName, c.OccurredOn, l.Waits
			n.Lines = append(n.Lines, sh)
		}
	}
	n.sum()
	n.lists(names.scheme)
	return n, nil
}

// blank is a notice with everything but its lines and its number.
func (s *Service) blank(ctx context.Context, in id.ID, r Range, today clock.Day) (*draft, *naming, error) {
	at, err := s.villages.Region(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	v, err := s.rules.InForce(ctx, in, today)
	if err != nil {
		return nil, nil, err
	}
	names := &naming{scheme: v.Scheme, today: today, groups: map[id.ID]string{}}
	n := &draft{Snapshot: Snapshot{Format: 1, Village: in, VillageName: at.Name, Kind: KindNotice, Year: int(today) / 10000, Group: r.Group, From: r.From, To: r.To, PublishedOn: today, Lines: []Line{}}}
	if town, err := s.villages.Region(ctx, at.Town); err == nil {
		n.TownName = town.Name
	}
	records := &v.Scheme.Records
	n.waits, n.days = records.Waits(), records.ObjectDays
	if n.waits {
		n.days = records.PublishDays
	}
	n.ObjectUntil = today.Add(max(n.days, 1))
	n.HowTo = fmt.Sprintf("对榜上的分数有疑问，请在%s前提出异议：在“禾分”里打开这条记录点“觉得不对，提异议”，或者到村委会当面说，由工作人员代为登记。村里在%d个工作日内核实并书面答复，核实期间有异议的积分先冻结。",
		n.ObjectUntil.Chinese(), max(records.AnswerDays, 1))
	if err := names.readGroups(ctx, s.db, in); err != nil {
		return nil, nil, err
	}
	if r.Group != 0 {
		if n.GroupName = names.groups[r.Group]; n.GroupName == "" {
			return nil, nil, village.ErrInvalid.With("没有这个小组，请重新选择。")
		}
	}
	return n, names, nil
}

func detail(c *cases.NoticeLine) string {
	switch {
	case c.GradeName != "":
		return c.GradeName
	case c.Quantity != 0:
		return strconv.FormatFloat(float64(c.Quantity)/1000, 'f', -1, 64)
	}
	return ""
}

func (n *draft) sum() {
	homes := map[id.ID]bool{}
	for i := range n.Lines {
		l := &n.Lines[i]
		if !l.Share {
			n.Sum.Cases++
		}
		homes[l.Household] = true
		if l.Points > 0 {
			n.Sum.Plus += l.Points
		} else {
			n.Sum.Minus += l.Points
		}
	}
	delete(homes, 0)
	n.Sum.Homes = len(homes)
}

// lists makes the honour list where the rules show ranks to the village, and the warning list, masked in any case, where
// they name who is behind.
func (n *draft) lists(rules *scheme.Scheme) {
	plus, minus := map[id.ID]*Place{}, map[id.ID]*Place{}
	add := func(to map[id.ID]*Place, l *Line) *Place {
		p := to[l.Household]
		if p == nil {
			p = &Place{Household: l.Household, Name: l.Name, GroupName: l.GroupName}
			to[l.Household] = p
		}
		p.Points += l.Points
		return p
	}
	for i := range n.Lines {
		l := &n.Lines[i]
		switch {
		case l.Household == 0:
		case l.Warned:
			add(minus, l).Warnings++
		case l.Points > 0:
			add(plus, l)
		case l.Points < 0:
			add(minus, l)
		}
	}
	if rules.Boards.Show != scheme.ShowOff {
		n.Honour = ranked(plus, func(x, y *Place) int { return cmp.Compare(y.Points, x.Points) }, honourPlaces)
	}
	if len(rules.Watch) > 0 {
		n.Warning = ranked(minus, func(x, y *Place) int { return cmp.Compare(x.Points, y.Points) }, len(minus))
		for i := range n.Warning {
			n.Warning[i].Rank, n.Warning[i].Name = 0, village.MaskName(n.Warning[i].Name)
		}
	}
}

// ranked sorts and gives equal ranks to equal points, and cuts after so many places, but never between equals.
func ranked(of map[id.ID]*Place, better func(x, y *Place) int, places int) []Place {
	var all []*Place
	for _, p := range of {
		all = append(all, p)
	}
	slices.SortFunc(all, func(x, y *Place) int { return cmp.Or(better(x, y), cmp.Compare(x.Household, y.Household)) })
	var out []Place
	for i, p := range all {
		p.Rank = i + 1
		if i > 0 && p.Points == all[i-1].Points {
			p.Rank = all[i-1].Rank
		}
		if p.Rank > places {
			break
		}
		out = append(out, *p)
	}
	return out
}

// naming decides how names are shown.
type naming struct {
	scheme *scheme.Scheme
	today  clock.Day
	groups map[id.ID]string
	asked  map[id.ID]bool // households that want to be masked
	minors map[id.ID]bool
}

func (k *naming) readGroups(ctx context.Context, db *storage.DB, in id.ID) error {
	rows, err := db.Query(ctx, "SELECT id, name FROM regions WHERE village_id = ? AND kind = 'group'", in)
	if err != nil {
		return fmt.Errorf("read groups: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var g id.ID
		var name string
		if err := rows.Scan(&g, &name); err != nil {
			return err
		}
		k.groups[g] = name
	}
	return rows.Err()
}

// adult is the age from which a name may be shown in full.
const adult = 18

func (k *naming) load(ctx context.Context, db *storage.DB, found []cases.NoticeLine) error {
	var members, homes []id.ID
	for i := range found {
		for _, l := range append([]cases.NoticeLine{found[i]}, found[i].Shares...) {
			if l.Member != 0 {
				members = append(members, l.Member)
			}
			if l.Household != 0 {
				homes = append(homes, l.Household)
			}
		}
	}
	var err error
	if k.asked, err = maskedHomes(ctx, db, homes); err != nil {
		return err
	}
	born := k.today - adult*10000 // born later: not yet adult
	k.minors, err = idsAmong(ctx, db, "SELECT id FROM members WHERE born_on > "+strconv.Itoa(int(born))+" AND id IN ", members)
	return err
}

func maskedHomes(ctx context.Context, db *storage.DB, homes []id.ID) (map[id.ID]bool, error) {
	return idsAmong(ctx, db, "SELECT household_id FROM notice_names WHERE masked = 1 AND household_id IN ", homes)
}

// idsAmong are those of the list that a query finds.
func idsAmong(ctx context.Context, db *storage.DB, query string, list []id.ID) (map[id.ID]bool, error) {
	slices.Sort(list)
	list = slices.Compact(list)
	out := map[id.ID]bool{}
	for chunk := range storage.Chunks(list, storage.ChunkRows) {
		chunk = storage.Padded(chunk)
		rows, err := db.Query(ctx, query+storage.In(len(chunk)), storage.Args(chunk)...)
		if err != nil {
			return nil, fmt.Errorf("read names: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var v id.ID
			if err := rows.Scan(&v); err != nil {
				return nil, err
			}
			out[v] = true
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
		rows.Close()
	}
	return out, nil
}

// line is the part that a case and a share have in common.
func (k *naming) line(c *cases.NoticeLine) Line {
	l := Line{Household: c.Household, Number: c.Number, Name: c.Name, Member: c.MemberName, GroupName: k.groups[c.Group], Points: c.Points, Warned: c.Warned}
	if c.Household != 0 && (k.scheme.Boards.Mask || k.asked[c.Household]) {
		l.Name, l.Member = village.MaskName(l.Name), village.MaskName(l.Member)
	}
	if k.minors[c.Member] {
		l.Member = village.MaskName(l.Member)
		if c.Name == c.MemberName {
			l.Name = l.Member
		}
	}
	return l
}
