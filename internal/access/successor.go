package access

import (
	"context"
	"fmt"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
)

// maxChain bounds how many hand-overs in a row are followed.
const maxChain = 20

// Successor is who now answers for what a user left pending in a village: the user at the end of the chain of hand-overs.
// ok is false for a user who has handed nothing over there, or who holds an office there again.
func (s *Service) Successor(ctx context.Context, village, user id.ID) (successor id.ID, ok bool, err error) {
	seen := []id.ID{}
	for next := user; len(seen) < maxChain && !slices.Contains(seen, next); {
		seen = append(seen, next)
		holds, err := s.holdsOffice(ctx, village, next)
		if err != nil {
			return 0, false, err
		}
		if holds {
			return next, next != user, nil
		}
		err = s.db.QueryRow(ctx, "SELECT to_user FROM handovers WHERE from_user = ? AND village_id = ? ORDER BY id DESC LIMIT 1", next, village).Scan(&next)
		if noRows(err) {
			return next, next != user, nil // the last of the chain, though out of office without a successor
		}
		if err != nil {
			return 0, false, fmt.Errorf("successor: %w", err)
		}
	}
	return 0, false, nil
}

func (s *Service) holdsOffice(ctx context.Context, village, user id.ID) (bool, error) {
	var n int
	day := s.today()
	err := s.db.QueryRow(ctx, "SELECT COUNT(*) FROM user_roles WHERE user_id = ? AND village_id = ? AND to_day > ? AND from_day <= ?", user, village, day, day).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("offices: %w", err)
	}
	return n > 0, nil
}

// Predecessors are the users whose pending work in the village now lies with the user, through one hand-over or several.
func (s *Service) Predecessors(ctx context.Context, village, user id.ID) ([]id.ID, error) {
	var all []id.ID
	for next := []id.ID{user}; len(next) > 0 && len(all) < maxChain; {
		from, err := scanIDs(s.db.Query(ctx, "SELECT DISTINCT from_user FROM handovers WHERE to_user = ? AND village_id = ?", next[0], village))
		if err != nil {
			return nil, fmt.Errorf("predecessors: %w", err)
		}
		next = next[1:]
		for _, f := range from {
			now, ok, err := s.Successor(ctx, village, f)
			if err != nil {
				return nil, err
			}
			if ok && now == user && !slices.Contains(all, f) {
				all = append(all, f)
				next = append(next, f)
			}
		}
	}
	return all, nil
}

// ProposalFor answers to whom a draft of a former official goes that is dated on day: to the successor, as a proposal,
// if the day lies within the term that ended with a hand-over in the village and that was at most 30 days ago.
func (s *Service) ProposalFor(ctx context.Context, a Actor, village id.ID, day clock.Day) (successor id.ID, ok bool, err error) {
	if a.user == 0 {
		return 0, false, ErrSignIn
	}
	var n int
	err = s.db.QueryRow(ctx, "SELECT COUNT(*) FROM handovers WHERE from_user = ? AND village_id = ? AND from_day <= ? AND to_day >= ? AND to_day >= ?",
		a.user, village, day, day, s.today().Add(-ProposalDays)).Scan(&n)
	if err != nil {
		return 0, false, fmt.Errorf("proposal: %w", err)
	}
	if n == 0 {
		return 0, false, nil
	}
	return s.Successor(ctx, village, a.user)
}

// HandedOver reports whether a former official's drafts are still taken in a village: the hand-over was at most 30 days ago.
func (s *Service) HandedOver(ctx context.Context, a Actor, village id.ID) (bool, error) {
	if a.user == 0 || village == 0 {
		return false, nil
	}
	var n int
	err := s.db.QueryRow(ctx, "SELECT COUNT(*) FROM handovers WHERE from_user = ? AND village_id = ? AND to_day >= ?",
		a.user, village, s.today().Add(-ProposalDays)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("hand-over: %w", err)
	}
	return n > 0, nil
}
