package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// ProposalDays is how long after a hand-over drafts from the earlier official's device are still taken.
const ProposalDays = 30

const maxUserName = 20 // characters

// Errors of hand-overs.
var (
	ErrNothingHeld = errs.New(errs.Conflict, "access_nothing_held", "对方在本村没有任职，没有可交接的工作")
	ErrSamePerson  = errs.New(errs.Invalid, "access_same_person", "交接双方不能是同一个人")
	ErrHandName    = errs.New(errs.Invalid, "access_hand_name", "接任人的姓名最多20个字，请写短一些")
	ErrHandNote    = errs.New(errs.Invalid, "access_hand_note", "交接说明最多200个字")
)

// MayHandOver is for the officials of a village, who may hand over their own work, and for those who grant roles.
var MayHandOver = Need{Roles: []Role{GroupLeader, TeamMember, FirstSecretary, PanelMember, VillageSupervisor, Keeper, CountyAdmin}, Scope: Village}

// HandOverRequest names both sides.
type HandOverRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64"`
	From      id.ID  `json:"from_user_id" doc:"who leaves"`
	To        id.ID  `json:"to_user_id,omitempty" doc:"who takes over"`
	ToPhone   string `json:"to_phone,omitempty" maxLength:"20" doc:"phone number of who takes over, instead of to_user_id"`
	ToName    string `json:"to_name,omitempty" maxLength:"20" doc:"name to show for who takes over, if there is none yet"`
	Note      string `json:"note,omitempty" maxLength:"200"`
}

// HandOver is the record of one.
type HandOver struct {
	ID        id.ID     `json:"id"`
	Village   id.ID     `json:"village_id"`
	From      id.ID     `json:"from_user_id"`
	To        id.ID     `json:"to_user_id"`
	FromDay   clock.Day `json:"from_day" doc:"when the term began whose drafts are still taken"`
	ToDay     clock.Day `json:"to_day" doc:"day of the hand-over"`
	Note      string    `json:"note"`
	CreatedAt int64     `json:"created_at" doc:"milliseconds since 1970 UTC"`
	Roles     []Term    `json:"roles" doc:"roles of the successor in the village now"`
	Repeated  bool      `json:"repeated"`
}

// HandOver ends all roles that From holds in the village and gives To those that To does not hold yet, for the rest of
// their terms. Sessions of From are revoked. From then on Successor(From) is To, and drafts of From's device dated
// within the term are taken as proposals to To for 30 days. Who leaves may do it alone only if To holds the same roles
// already; otherwise it takes somebody who may grant them.
func (s *Service) HandOver(ctx context.Context, a Actor, village id.ID, r HandOverRequest) (HandOver, error) {
	place := Place{Village: village}
	sent := r
	if err := a.Allow(MayHandOver, place); err != nil { // whoever has handed over alone holds nothing any more
		made, found, e := s.db.Earlier(ctx, a.user, r.RequestID, "hand_over", []any{village, sent})
		if e != nil || !found {
			return HandOver{}, err
		}
		return s.handover(ctx, made, true)
	}
	if r.Note = strings.TrimSpace(r.Note); utf8.RuneCountInString(r.Note) > 200 {
		return HandOver{}, ErrHandNote
	}
	if r.ToName = strings.TrimSpace(r.ToName); utf8.RuneCountInString(r.ToName) > maxUserName {
		return HandOver{}, ErrHandName
	}
	to, err := s.findUser(ctx, r.To, r.ToPhone)
	if err != nil {
		return HandOver{}, err
	}
	if r.To = to; r.From == to {
		return HandOver{}, ErrSamePerson
	}
	var made id.ID
	var repeated bool
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if made, repeated, err = tx.Once(a.user, r.RequestID, "hand_over", []any{village, sent}, tx.NewID()); err != nil || repeated {
			return err
		}
		return s.handOver(tx, a, made, place, r)
	})
	if err != nil {
		return HandOver{}, fmt.Errorf("hand over: %w", err)
	}
	return s.handover(ctx, made, repeated)
}

func (s *Service) handOver(tx *storage.Tx, a Actor, made id.ID, p Place, r HandOverRequest) error {
	both := []id.ID{r.From, r.To}
	slices.Sort(both) // one order of locks
	for _, user := range both {
		// Somebody who has left for good may be closed; the successor must be there.
		if err := lockUser(tx, user); err != nil && (user == r.To || !errors.Is(err, ErrUserUnknown)) {
			return err
		}
	}
	if err := isPerson(tx, r.To); err != nil {
		return err
	}
	terms, err := scanTerms(tx.Query(selectTerm+"WHERE r.user_id = ? AND r.village_id = ? AND r.to_day > ? ORDER BY r.id", r.From, p.Village, s.today()))
	if err != nil {
		return err
	}
	if len(terms) == 0 {
		return ErrNothingHeld
	}
	began, today := s.today(), s.today()
	for _, t := range terms {
		began = min(began, t.FromDay)
		if r.From != a.user {
			if err := mayGrant(a, t.Role, p, r.From); err != nil {
				return err
			}
		}
		if err := s.endTerm(tx, t, a.user); err != nil {
			return err
		}
		next := t
		next.ID, next.User, next.FromDay, next.GrantedBy = tx.NewID(), r.To, max(today, t.FromDay), a.user
		if held, err := s.holdsAlready(tx, next); err != nil {
			return err
		} else if held {
			continue
		}
		if err := mayGrant(a, t.Role, p, r.To); err != nil {
			return err
		}
		if err := s.insertTerm(tx, next); err != nil {
			return err
		}
	}
	if r.ToName != "" {
		if _, err := tx.Exec("UPDATE users SET name = ? WHERE id = ? AND name = ''", r.ToName, r.To); err != nil {
			return err
		}
	}
	_, err = tx.Exec("INSERT INTO handovers (id, village_id, from_user, to_user, from_day, to_day, note, made_by, created_at) VALUES (?,?,?,?,?,?,?,?,?)",
		made, p.Village, r.From, r.To, began, today, r.Note, a.user, clock.Ms(s.now()))
	if err != nil {
		return err
	}
	return revokeAll(tx, r.From)
}

func scanTerms(rows *sql.Rows, err error) ([]Term, error) {
	if err != nil {
		return nil, fmt.Errorf("list roles: %w", err)
	}
	terms := []Term{}
	err = eachRow(rows, func() error {
		t, err := scanTerm(rows.Scan)
		terms = append(terms, t)
		return err
	})
	return terms, err
}

func (s *Service) handover(ctx context.Context, handover id.ID, repeated bool) (HandOver, error) {
	h := HandOver{Repeated: repeated}
	err := s.db.QueryRow(ctx, "SELECT id, village_id, from_user, to_user, from_day, to_day, note, created_at FROM handovers WHERE id = ?", handover).
		Scan(&h.ID, &h.Village, &h.From, &h.To, &h.FromDay, &h.ToDay, &h.Note, &h.CreatedAt)
	if err != nil {
		return HandOver{}, fmt.Errorf("hand-over: %w", err)
	}
	h.Roles, err = scanTerms(s.db.Query(ctx, selectTerm+"WHERE r.user_id = ? AND r.village_id = ? AND r.to_day > ? ORDER BY r.id", h.To, h.Village, s.today()))
	return h, err
}
