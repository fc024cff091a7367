package report

import (
	"context"
	"database/sql"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// prizeStates is how far a reward has come.
var prizeStates = map[string]string{"due": "待发", "posted": "已入账", "collected": "已领取"}

const awardQuery = `SELECT r.span, r.name, p.tier_name, p.place, p.number, p.name, z.kind, z.name, z.words, z.state, COALESCE(m.born_on, 0) FROM award_rounds r
	JOIN award_prizes z ON z.round_id = r.id AND z.state <> 'void' JOIN award_places p ON p.round_id = r.id AND p.account_id = z.account_id
	LEFT JOIN members m ON m.id = p.member_id
	WHERE r.state IN ('frozen', 'issuing', 'issued') AND r.village_id IN `

// readAwards reads what was awarded about a span and the spans within it, by round and place. Names are masked where the rules
// mask those of the ranking, and those of minors always.
func (s *Service) readAwards(ctx context.Context, villages []id.ID, span clock.Span, mask bool) ([]Award, error) {
	today := clock.DayOf(s.now())
	var all []Award
	rows, err := s.db.Query(ctx, awardQuery+storage.In(len(villages))+" ORDER BY r.span, r.id, p.position, z.ref", storage.Args(villages)...)
	if err := each(rows, err, func(r *sql.Rows) error {
		var a Award
		var of clock.Span
		var kind, name, state string
		var born clock.Day
		if err := r.Scan(&of, &a.Round, &a.Tier, &a.Place, &a.Number, &a.Name, &kind, &name, &a.Words, &state, &born); err != nil {
			return err
		}
		if !span.Covers(of) {
			return nil
		}
		if a.Honour = kind == "title" || kind == "privilege"; a.Honour {
			a.Words = name
		}
		if mask || born != 0 && today < born.AddMonths(18*12) {
			a.Name, a.Number = village.MaskName(a.Name), ""
		}
		a.State = prizeStates[state]
		all = append(all, a)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read awards: %w", err)
	}
	return all, nil
}
