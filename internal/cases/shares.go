package cases

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// Limits of what a case says beside its account.
const (
	MaxParties  = 60
	MaxRelation = 8 // characters
)

// PartyRequest names somebody whom a deed touches beside its account: the other side of a quarrel, a beneficiary, the
// performers of a team.
type PartyRequest struct {
	Role     string `json:"role" maxLength:"32" doc:"one of the item's parties"`
	Subject  id.ID  `json:"subject" doc:"household or member"`
	Relation string `json:"relation,omitempty" maxLength:"20" doc:"to the one who did it, where the item names relations"`
}

// ShareView is what a case counts for somebody beside its own account.
type ShareView struct {
	Role    string        `json:"role"`
	Name    string        `json:"name" doc:"household or person, or the group"`
	Account id.ID         `json:"account"`
	Points  points.Amount `json:"points"`
}

// surround adds what the rules ask about those whom the cases touch: states and household of the account's owner, whom
// the recorder named, whom the village's records name. subs are the owners of the accounts, in the order of cs.
func (s *Service) surround(ctx context.Context, a access.Actor, v *rulebook.Version, item *scheme.Item, cs []*record, subs []village.Subject, named []PartyRequest) error {
	if item.Only == nil && item.Times == "" && len(item.Parties) == 0 && len(named) == 0 {
		return nil
	}
	if len(named) > MaxParties {
		return scheme.ErrCaseInvalid.With("一条记录最多写%d个相关的人", MaxParties).WithFields(errs.Field{Path: "parties", Msg: "太多了，请分几条登记"})
	}
	circles, err := s.circles(ctx, cs)
	if err != nil {
		return err
	}
	parties, err := s.named(ctx, v.Scheme, cs[0], named)
	if err != nil {
		return err
	}
	for i, c := range cs {
		c.who = whoIs(&subs[i], circles[c.household])
		c.parties = slices.Clone(parties)
		if err := s.find(ctx, item, c, circles[c.household]); err != nil {
			return err
		}
		if c.way != "" {
			continue // no official: others decide
		}
		if err := c.notOwn(a); err != nil {
			return err
		}
	}
	return nil
}

// notOwn refuses officials whose own or kin household the case touches, as its account or beside it.
func (c *record) notOwn(a access.Actor) error {
	touched := []id.ID{c.household}
	for _, p := range c.parties {
		touched = append(touched, p.Household)
	}
	return a.NotOwn(slices.DeleteFunc(touched, func(h id.ID) bool { return h == 0 })...)
}

func (s *Service) circles(ctx context.Context, cs []*record) (map[id.ID]*village.Circle, error) {
	var households []id.ID
	for _, c := range cs {
		if c.household != 0 {
			households = append(households, c.household)
		}
	}
	if len(households) == 0 {
		return nil, nil
	}
	return s.villages.Circles(ctx, cs[0].village, cs[0].occurred, households)
}

func whoIs(sub *village.Subject, c *village.Circle) scheme.Who {
	w := scheme.Who{States: append([]string{sub.Status}, sub.Flags...), BornOn: sub.BornOn}
	if c != nil {
		w.Size, w.Adults = c.Size, c.Adults
	}
	return w
}

// named looks up whom the recorder named.
func (s *Service) named(ctx context.Context, rules *scheme.Scheme, c *record, named []PartyRequest) ([]scheme.Party, error) {
	if len(named) == 0 {
		return nil, nil
	}
	ids := make([]id.ID, len(named))
	for i, p := range named {
		if ids[i] = p.Subject; p.Subject == 0 || utf8.RuneCountInString(p.Relation) > MaxRelation {
			return nil, scheme.ErrCaseInvalid.With("请选择相关的人").WithFields(errs.Field{Path: fmt.Sprintf("parties[%d]", i), Msg: "请选择是谁"})
		}
	}
	subs, err := s.villages.Subjects(ctx, c.village, c.occurred, ids)
	if err != nil {
		return nil, err
	}
	out := make([]scheme.Party, len(subs))
	for i := range subs {
		out[i] = party(rules, named[i].Role, &subs[i])
		out[i].Relation = strings.TrimSpace(named[i].Relation)
	}
	return out, nil
}

// party is somebody with the account that the rules score: a person's own where persons are scored or the household is
// not known.
func party(rules *scheme.Scheme, role string, sub *village.Subject) scheme.Party {
	p := scheme.Party{Role: role, Account: sub.Household, Household: sub.Household, Member: sub.Member, Group: sub.Group, Who: whoIs(sub, nil)}
	if rules.Subject == scheme.SubjectPerson && sub.Member != 0 {
		p.Account = sub.Member
	}
	return p
}

// find adds those whom the village's records name on the day: the householder, the group, who answers for the household.
// Their own accounts are credited.
func (s *Service) find(ctx context.Context, item *scheme.Item, c *record, circle *village.Circle) error {
	var out []scheme.Party
	for _, rule := range item.Found() {
		switch {
		case rule.Who == scheme.PartyGroup && c.group != 0:
			out = append(out, scheme.Party{Role: rule.Role, Account: c.group, Group: c.group})
		case rule.Who == scheme.PartyHouseholder && circle != nil && circle.Head != 0:
			out = append(out, scheme.Party{Role: rule.Role, Account: circle.Head, Household: c.household, Member: circle.Head, Group: c.group})
		case rule.Who == scheme.PartyLinked && circle != nil && len(circle.Linked) > 0:
			subs, err := s.villages.Subjects(ctx, c.village, c.occurred, circle.Linked)
			if err != nil {
				return err
			}
			for i := range subs {
				out = append(out, scheme.Party{Role: rule.Role, Account: subs[i].Member, Household: subs[i].Household, Member: subs[i].Member, Group: subs[i].Group})
			}
		}
		c.foundRoles = append(c.foundRoles, rule.Role)
	}
	c.parties = append(c.parties, out...)
	return nil
}

// complete reads back what a stored case says beside its row, so that it can be decided: before the transaction, since
// none of it changes between entry and decision but by an amendment.
func (s *Service) complete(ctx context.Context, rules *scheme.Scheme, c *record) error {
	item, ok := rules.Item(c.item)
	if !ok {
		return scheme.ErrItemUnknown
	}
	if err := c.readAside(s.outside(ctx)); err != nil {
		return err
	}
	circle, err := s.reacquaint(ctx, item, c)
	if err != nil || c.no != 0 { // of a decided case those found then are stored
		return err
	}
	return s.find(ctx, item, c, circle)
}

// reacquaint fills in who the account's owner was on the day, where the rules ask, and answers the household's circle.
func (s *Service) reacquaint(ctx context.Context, item *scheme.Item, c *record) (*village.Circle, error) {
	if item.Only == nil && item.Times == "" && len(item.Found()) == 0 {
		return nil, nil
	}
	subjects := s.villages.Subjects
	if c.household == 0 {
		subjects = s.villages.Bodies
	}
	subs, err := subjects(ctx, c.village, c.occurred, []id.ID{doer(c)})
	if err != nil {
		return nil, err
	}
	circles, err := s.circles(ctx, []*record{c})
	if err != nil {
		return nil, err
	}
	c.who = whoIs(&subs[0], circles[c.household])
	return circles[c.household], nil
}

// doer is who did the deed as Subjects knows him: the person where one is named.
func doer(c *record) id.ID {
	switch {
	case c.member != 0:
		return c.member
	case c.household != 0:
		return c.household
	}
	return c.account
}

// readAside reads the parties that were named and the rare details of a case.
func (c *record) readAside(read query) error {
	rows, err := read("SELECT role, relation, found, account_id, household_id, member_id, group_id, value, counted, replaced, warned FROM case_shares WHERE case_id = ? ORDER BY line", c.id)
	if err != nil {
		return fmt.Errorf("read shares: %w", err)
	}
	defer rows.Close()
	c.parties, c.shares = nil, nil
	for rows.Next() {
		var p scheme.Party
		var sh scheme.Share
		var found, warned int
		if err := rows.Scan(&p.Role, &p.Relation, &found, &p.Account, &p.Household, &p.Member, &p.Group, &sh.Value, &sh.Counted, &sh.Replaced, &warned); err != nil {
			return err
		}
		if found == 0 || c.no != 0 {
			c.parties = append(c.parties, p)
		}
		sh.Role, sh.Account, sh.Member, sh.Group, sh.Warned = p.Role, p.Account, p.Member, p.Group, warned != 0
		c.shares = append(c.shares, sh)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows.Close()
	return c.readDetails(read)
}

func (c *record) readDetails(read query) error {
	rows, err := read("SELECT persons, repaired, overdue, valid_to, parts FROM case_details WHERE case_id = ?", c.id)
	if err != nil {
		return fmt.Errorf("read details: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var repaired, overdue int
		var parts string
		if err := rows.Scan(&c.persons, &repaired, &overdue, &c.validTo, &parts); err != nil {
			return err
		}
		c.repaired, c.overdue = repaired != 0, overdue != 0
		if err := json.Unmarshal([]byte(parts), &c.parts); err != nil {
			return fmt.Errorf("details of case %s: %w", c.id, err)
		}
	}
	return rows.Err()
}

// storeAside writes the parties and details of cases, in place of what stood there. Most cases have none.
func storeAside(tx *storage.Tx, cs []*record, fresh bool) error {
	var shares []any
	var details []*record
	for _, c := range cs {
		if !fresh && (len(c.parties) > 0 || c.detailed()) {
			if _, err := tx.Exec("DELETE FROM case_shares WHERE case_id = ?", c.id); err != nil {
				return fmt.Errorf("replace shares: %w", err)
			}
			if _, err := tx.Exec("DELETE FROM case_details WHERE case_id = ?", c.id); err != nil {
				return fmt.Errorf("replace details: %w", err)
			}
		}
		for i, p := range c.parties {
			sh := c.shareOf(&p)
			shares = append(shares, c.id, i, c.village, p.Role, p.Relation, bit(c.isFound(p.Role)), p.Account, p.Household, p.Member, p.Group,
				int64(sh.Value), int64(sh.Counted), int64(sh.Replaced), bit(sh.Warned))
		}
		if c.detailed() {
			details = append(details, c)
		}
	}
	if err := tx.Insert(`INSERT INTO case_shares (case_id, line, village_id, role, relation, found, account_id, household_id, member_id, group_id,
		value, counted, replaced, warned) VALUES `, 14, shares); err != nil {
		return fmt.Errorf("insert shares: %w", err)
	}
	return storeDetails(tx, details)
}

// storeDetails writes the rare details of cases.
func storeDetails(tx *storage.Tx, cs []*record) error {
	var rows []any
	for _, c := range cs {
		parts, err := json.Marshal(c.parts)
		if err != nil {
			return err
		}
		rows = append(rows, c.id, c.village, c.persons, bit(c.repaired), bit(c.overdue), c.validTo, string(parts))
	}
	if err := tx.Insert("INSERT INTO case_details (case_id, village_id, persons, repaired, overdue, valid_to, parts) VALUES ", 7, rows); err != nil {
		return fmt.Errorf("insert details: %w", err)
	}
	return nil
}

func (c *record) detailed() bool {
	return c.persons != 0 || c.repaired || c.overdue || c.validTo != 0 || len(c.parts) > 0
}

func (c *record) shareOf(p *scheme.Party) scheme.Share {
	for _, sh := range c.shares {
		if sh.Role == p.Role && sh.Account == p.Account && sh.Member == p.Member {
			return sh
		}
	}
	return scheme.Share{}
}

// aside takes over what was read of the case before the transaction.
func (c *record) aside(seen *record) {
	c.who, c.parties, c.foundRoles, c.parts, c.persons, c.repaired, c.overdue = seen.who, seen.parties, seen.foundRoles, seen.parts, seen.persons, seen.repaired, seen.overdue
}

func (c *record) isFound(role string) bool { return slices.Contains(c.foundRoles, role) }

// accounts are all that the case moves: its own first.
func (c *record) accounts() []id.ID {
	out := []id.ID{c.account}
	for _, p := range c.parties {
		if !slices.Contains(out, p.Account) {
			out = append(out, p.Account)
		}
	}
	return out
}
