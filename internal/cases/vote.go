package cases

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// MayVote: the elected members of the panel (评议小组).
var MayVote = access.Need{Roles: []access.Role{access.PanelMember}, Scope: access.Village}

var (
	ErrNoVote     = errs.New(errs.Conflict, "cases_no_vote", "这条记录不由评议小组表决")
	ErrVoted      = errs.New(errs.Conflict, "cases_voted", "您已经表决过这条记录，不能再改")
	ErrVoteClosed = errs.New(errs.Conflict, "cases_vote_closed", "这条记录的表决已经截止")
	ErrPanelFirst = errs.New(errs.Conflict, "cases_panel_first", "这条申报先由评议小组表决，表决期满人数不够的再由工作人员审核")
	ErrVoteWhy    = errs.New(errs.Invalid, "cases_vote_why", "不同意的请写明理由，最多200字")
)

// VoteRequest is what a member of the panel says of a case.
type VoteRequest struct {
	RequestID string        `json:"request_id,omitempty" minLength:"16" maxLength:"64" doc:"made on the device; mandatory but within a draft, which has its own"`
	Aye       bool          `json:"aye"`
	Points    points.Amount `json:"points,omitempty" doc:"items whose value the panel gives: what it is worth, in hundredths, with its sign"`
	Why       string        `json:"why,omitempty" maxLength:"200" doc:"mandatory for a no"`
}

// Vote records what a member of the panel says, once, and decides the case when the result is certain. Not on an own or kin
// household, nor on an own claim.
func (s *Service) Vote(ctx context.Context, a access.Actor, where, caseID id.ID, r VoteRequest) (Answer, error) {
	if err := a.Allow(MayVote, access.Place{Village: where}); err != nil {
		return Answer{}, err
	}
	c, err := s.toReview(ctx, a, where, caseID)
	if err != nil {
		return Answer{}, err
	}
	p, err := s.poll(ctx, c)
	if err != nil {
		return Answer{}, err
	}
	if err := c.notOwn(a); err != nil {
		return Answer{}, err
	}
	if err := p.check(&r); err != nil {
		return Answer{}, err
	}
	return s.step(ctx, a, where, caseID, "cases.vote", Step{RequestID: r.RequestID, Why: r.Why}, func(tx *storage.Tx, at time.Time) error {
		if err := newSettlement(p.version, []*record{c}, a.User(), at).guard(tx); err != nil {
			return err
		}
		now, err := one(tx, where, caseID)
		switch {
		case err != nil:
			return err
		case now.state != Submitted || now.approvals > 0:
			return ErrVoteClosed
		case !at.Before(p.closes):
			return ErrVoteClosed
		}
		_, err = tx.Exec("INSERT INTO case_votes (case_id, user_id, village_id, aye, points, why, at_ms) VALUES (?,?,?,?,?,?,?)",
			caseID, a.User(), where, bit(r.Aye), int64(r.Points), strings.TrimSpace(r.Why), clock.Ms(at))
		if storage.IsDuplicate(err) {
			return ErrVoted
		}
		if err != nil {
			return fmt.Errorf("insert vote: %w", err)
		}
		return s.count(tx, p, a.User(), at)
	}, r)
}

// poll is a case before the panel.
type poll struct {
	of      *record
	version *rulebook.Version
	item    *scheme.Item
	closes  time.Time
	members int // who may vote on it
}

// poll reads what a vote on a case rests on, ErrNoVote where the panel has nothing to say.
func (s *Service) poll(ctx context.Context, c *record) (*poll, error) {
	v, err := s.rules.InForce(ctx, c.village, c.occurred)
	if err != nil {
		return nil, err
	}
	item, ok := v.Scheme.Item(c.item)
	if !ok || !item.Review.Panel {
		return nil, ErrNoVote
	}
	if err := s.complete(ctx, v.Scheme, c); err != nil {
		return nil, err
	}
	p := &poll{of: c, version: v, item: item, closes: clock.FromMs(c.createdAt).AddDate(0, 0, v.Scheme.Panel.Days)}
	p.members, err = s.panelFor(ctx, c)
	return p, err
}

// panelFor is how many members of the panel may vote on a case.
func (s *Service) panelFor(ctx context.Context, c *record) (n int, err error) {
	today := clock.DayOf(s.now())
	rows, err := s.db.Query(ctx, "SELECT DISTINCT user_id FROM user_roles WHERE village_id = ? AND role = ? AND from_day <= ? AND to_day > ?",
		c.village, string(access.PanelMember), today, today)
	if err != nil {
		return 0, fmt.Errorf("read panel: %w", err)
	}
	users, err := scanIDs(rows)
	if err != nil {
		return 0, err
	}
	for _, u := range users {
		a, err := s.people.ActAs(ctx, u)
		if err != nil {
			return 0, err
		}
		if u != c.author && c.notOwn(a) == nil {
			n++
		}
	}
	return n, nil
}

// gives reports whether the panel says what the case is worth.
func (p *poll) gives() bool { return p.item.Value.Kind == scheme.ValueRange }

func (p *poll) check(r *VoteRequest) error {
	if !r.Aye {
		r.Points = 0
		return checkWhyOf(r.Why)
	}
	if !p.gives() {
		r.Points = 0
		return nil
	}
	deed := p.of.deed()
	if deed.Points = r.Points; deed.Note == "" {
		deed.Note = p.item.Name
	}
	return p.version.Scheme.Validate(deed)
}

func checkWhyOf(why string) error {
	if checkWhy(why) != nil {
		return ErrVoteWhy
	}
	return nil
}

// tally is how many have voted for what.
type tally struct {
	ayes, noes int
	sum        points.Amount // of the ayes
	whys       []string
}

func (t *tally) mean() points.Amount {
	if t.ayes == 0 {
		return 0
	}
	return t.sum.Times(1, int64(t.ayes))
}

// result is whether the outcome is certain, and which: when everybody who may has voted or the time is over, and, where the
// panel only says yes or no, as soon as the missing votes cannot change it. A tie is a no. Without a quorum there is none.
func (p *poll) result(t *tally, over bool) (certain, carried bool) {
	rules, votes := p.version.Scheme.Panel, t.ayes+t.noes
	switch {
	case votes < rules.Quorum:
		return false, false
	case over || votes >= p.members:
		return true, rules.Carried(t.ayes, votes)
	case p.gives():
		return false, false
	}
	carried = rules.Carried(t.ayes, p.members)
	return carried || !rules.Carried(t.ayes+p.members-votes, p.members), carried
}

func (t *tally) say() string {
	return "评议小组表决：" + strconv.Itoa(t.ayes) + "票赞成，" + strconv.Itoa(t.noes) + "票反对"
}

// value is what the panel's vote makes the case worth, with the reason. claimed is what the household gives itself.
func (p *poll) value(claimed points.Amount, t *tally) (points.Amount, string) {
	mean := t.mean()
	if !p.item.Review.Average || claimed == 0 {
		return mean, "，平均" + mean.String() + "分"
	}
	both := (claimed + mean).Times(1, 2)
	return both, "，平均" + mean.String() + "分；自评" + claimed.String() + "分，各占一半，为" + both.String() + "分"
}

// count decides the case if the result is certain; the accounts are guarded.
func (s *Service) count(tx *storage.Tx, p *poll, by id.ID, at time.Time) error {
	c, err := one(tx, p.of.village, p.of.id)
	if err != nil || c.state != Submitted || c.approvals > 0 {
		return err
	}
	t, err := tallyOf(tx, c.id)
	if err != nil {
		return err
	}
	certain, carried := p.result(t, !at.Before(p.closes))
	if !certain {
		return nil
	}
	why, claimed := t.say(), c.content()
	if carried && p.gives() {
		if err := claimedBefore(tx, c.id, &claimed.Points); err != nil {
			return err
		}
		var say string
		c.points, say = p.value(claimed.Points, t)
		why += say
		carried = c.points != 0
	}
	if !carried {
		c.reasons = append([]string{why + "，没有通过"}, t.whys...)
		c.decider, c.decidedAt = by, clock.Ms(at)
		if err := c.move(tx, reject, by, at, cut(strings.Join(c.reasons, "；"), MaxEventWhy)); err != nil {
			return err
		}
		return answered(tx, []*record{c}, at)
	}
	if p.gives() {
		if _, err := tx.Exec("UPDATE cases SET points = ? WHERE id = ?", int64(c.points), c.id); err != nil {
			return fmt.Errorf("note value: %w", err)
		}
		if claimed.Points != 0 && claimed.Points != c.points {
			given := c.content()
			if err := keepClaim(tx, c, claimed, "", "自评"+sayContent(p.item, &claimed)+"，评定"+sayContent(p.item, &given), why, at); err != nil {
				return err
			}
		}
	}
	err = s.approve(tx, p.version, by, p.of, nil, why, at)
	if errors.Is(err, ErrBudgetWaits) || errors.Is(err, ErrUnconfirmed) {
		return nil // the vote stands; the nightly count tries again
	}
	return err
}

func tallyOf(tx *storage.Tx, caseID id.ID) (*tally, error) {
	votes, err := readVotes(tx.Query, caseID)
	if err != nil {
		return nil, err
	}
	return tallied(votes), nil
}

func tallied(votes []BallotVote) *tally {
	var t tally
	for _, v := range votes {
		if v.Aye {
			t.ayes++
			t.sum += v.Points
			continue
		}
		t.noes++
		t.whys = append(t.whys, "反对的理由："+v.Why)
	}
	return &t
}

func readVotes(read query, caseID id.ID) ([]BallotVote, error) {
	rows, err := read("SELECT v.user_id, COALESCE(u.name, ''), v.aye, v.points, v.why, v.at_ms FROM case_votes v LEFT JOIN users u ON u.id = v.user_id WHERE v.case_id = ? ORDER BY v.at_ms, v.user_id", caseID)
	if err != nil {
		return nil, fmt.Errorf("read votes: %w", err)
	}
	defer rows.Close()
	var out []BallotVote
	for rows.Next() {
		var v BallotVote
		var aye int
		if err := rows.Scan(&v.user, &v.Name, &aye, &v.Points, &v.Why, &v.At); err != nil {
			return nil, err
		}
		v.Aye = aye != 0
		out = append(out, v)
	}
	return out, rows.Err()
}

// beforePanel refuses officials a claim on which the panel still has to vote, or has voted.
func (s *Service) beforePanel(ctx context.Context, c *record) error {
	if c.way == "" || c.state != Submitted || c.approvals > 0 {
		return nil
	}
	p, err := s.poll(ctx, c)
	if errors.Is(err, ErrNoVote) {
		return nil
	}
	if err != nil {
		return err
	}
	quorum := p.version.Scheme.Panel.Quorum
	if s.now().Before(p.closes) && p.members >= quorum {
		return ErrPanelFirst
	}
	votes, err := readVotes(s.outside(ctx), c.id)
	if err == nil && len(votes) >= quorum {
		return ErrPanelFirst.With("评议小组已经表决，结果当晚统计后公布")
	}
	return err
}

// leaveToPanel takes from officials what is still the panel's to say.
func (s *Service) leaveToPanel(ctx context.Context, views []View) error {
	for i := range views {
		if !views[i].asksPanel {
			continue
		}
		c, err := s.one(ctx, views[i].village, views[i].ID)
		if err == nil {
			err = s.beforePanel(ctx, c)
		}
		if errors.Is(err, ErrPanelFirst) {
			views[i].CanReview, views[i].CanCorrect = false, false
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// CountVotes counts the votes whose time is over: the nightly job. It answers how many cases were decided.
func (s *Service) CountVotes(ctx context.Context) (int, error) {
	at := s.now()
	villages, err := s.villagesWith(ctx, Submitted)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, v := range villages {
		cs, err := many(s.db.Query(ctx, "SELECT "+columnsOfC+` FROM cases c WHERE c.village_id = ? AND c.state = 'submitted' AND c.approvals = 0
			AND EXISTS (SELECT 1 FROM case_votes x WHERE x.case_id = c.id) ORDER BY c.id`, v))
		if err != nil {
			return total, err
		}
		for _, c := range cs {
			decided, err := s.countOne(ctx, c, at)
			if err != nil {
				return total, fmt.Errorf("case %s: %w", c.id, err)
			}
			if decided {
				total++
			}
		}
	}
	return total, nil
}

func (s *Service) countOne(ctx context.Context, c *record, at time.Time) (decided bool, err error) {
	p, err := s.poll(ctx, c)
	if errors.Is(err, ErrNoVote) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		if err := newSettlement(p.version, []*record{c}, 0, at).guard(tx); err != nil {
			return err
		}
		if err := s.count(tx, p, 0, at); err != nil {
			return err
		}
		now, err := one(tx, c.village, c.id)
		decided = err == nil && (now.state != Submitted || now.approvals > 0)
		return err
	})
	if errors.Is(err, ErrState) || errs.KindOf(err) == errs.Invalid { // it changed meanwhile, or the rules do not allow it any more: officials decide
		return false, nil
	}
	return decided, err
}
