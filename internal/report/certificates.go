package report

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/paper"
)

// ErrNoCertificates: the round is not settled, or nobody won anything in it.
var ErrNoCertificates = errs.New(errs.NotFound, "report_no_certificates", "这次评比还没有定名单，或者没有人获奖，没有证书可以打印")

// MayCertify: those who hand certificates out; they stand with the full name.
var MayCertify = access.Need{Roles: []access.Role{access.TeamMember, access.FirstSecretary}, Scope: access.Village}

// Certificates are the sheets of an award round whose list is settled: one for each title of a winner, or else one that
// names the tier. ErrNoCertificates.
func (s *Service) Certificates(ctx context.Context, a access.Actor, in, award id.ID) ([]paper.Certificate, error) {
	if err := a.Allow(MayCertify, access.Place{Village: in}); err != nil {
		return nil, err
	}
	at, err := s.villages.Region(ctx, in)
	if err != nil {
		return nil, err
	}
	seal := ""
	if heads, err := ledger.Heads(ctx, s.db, in, 0, 1); err != nil {
		return nil, err
	} else if len(heads) > 0 {
		seal = "积分台账封账号：" + heads[0].Code()
	}
	type winner struct {
		name, tier string
		titles     []string
	}
	var all []winner
	var round string
	var span clock.Span
	var frozen int64
	last := id.ID(0)
	rows, err := s.db.Query(ctx, `SELECT r.name, r.span, r.frozen_at, p.account_id, p.name, p.member_id, p.tier_name, z.kind, z.name FROM award_rounds r
		JOIN award_places p ON p.round_id = r.id JOIN award_prizes z ON z.round_id = r.id AND z.account_id = p.account_id AND z.state <> 'void'
		WHERE r.id = ? AND r.village_id = ? AND r.state IN ('frozen', 'issuing', 'issued') ORDER BY p.position, p.account_id, z.ref`, award, in)
	if err := each(rows, err, func(r *sql.Rows) error {
		var w winner
		var account, member id.ID
		var kind, title string
		if err := r.Scan(&round, &span, &frozen, &account, &w.name, &member, &w.tier, &kind, &title); err != nil {
			return err
		}
		if member == 0 {
			w.name += "家庭"
		}
		if account != last {
			all, last = append(all, w), account
		}
		if kind == "title" {
			of := &all[len(all)-1]
			of.titles = append(of.titles, title)
		}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read winners: %w", err)
	}
	if !strings.Contains(round, span.String()[:4]) {
		round = span.Chinese() + round
	}
	var out []paper.Certificate
	for _, w := range all {
		c := paper.Certificate{Village: at.Name, Name: w.name, Round: round, Verb: "获得", Award: w.tier, Seal: seal,
			On: clock.DayOf(clock.FromMs(frozen)).Chinese()}
		if w.tier == "" && len(w.titles) == 0 {
			continue
		}
		if len(w.titles) == 0 {
			out = append(out, c)
		}
		for _, title := range w.titles {
			c.Verb, c.Award = "被评为", title
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return nil, ErrNoCertificates
	}
	return out, nil
}
