package succession

import (
	"context"
	"database/sql"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// Move moves a household to another group of its village, or out of the village (迁移).
type Move struct {
	Act
	Household id.ID   `json:"household"`
	Group     id.ID   `json:"group_id,omitempty" doc:"the new group; 0: out of the village"`
	Shares    []Share `json:"shares,omitempty" maxItems:"50" doc:"out of the village only: who receives the spendable points; none: they stay on the closed account"`
}

// Move records a move. Within the village nothing happens to points; out of it accounts are closed.
func (s *Service) Move(ctx context.Context, a access.Actor, villageID id.ID, in Move) (Record, error) {
	if err := s.allowedToGive(ctx, a, villageID, in.Household, in.Shares); err != nil {
		return Record{}, err
	}
	return s.move(ctx, a.User(), villageID, in)
}

func (s *Service) move(ctx context.Context, by, villageID id.ID, in Move) (Record, error) {
	if in.Group == 0 {
		return s.end(ctx, by, villageID, KindMove, in.Act, in, in.Household, in.Shares, village.Moved)
	}
	if len(in.Shares) > 0 {
		return Record{}, ErrShares.With("在本村内换组，积分不变，不用填分法。")
	}
	return s.run(ctx, by, villageID, KindMove, in.Act, in, []id.ID{in.Household}, func(x *act) error {
		if err := x.inVillage(in.Household); err != nil {
			return err
		}
		x.from(village.OwnerHousehold, in.Household)
		x.to(village.OwnerGroup, in.Group)
		return x.s.villages.SetGroup(x.tx, x.w, in.Household, in.Group, x.rec.On)
	})
}

// Dissolve ends a household (销户); whoever still belongs to it leaves the register.
type Dissolve struct {
	Act
	Household id.ID   `json:"household"`
	Shares    []Share `json:"shares,omitempty" maxItems:"50" doc:"who receives the spendable points; none: they stay on the closed account"`
}

// Dissolve records the end of a household.
func (s *Service) Dissolve(ctx context.Context, a access.Actor, villageID id.ID, in Dissolve) (Record, error) {
	if err := s.allowedToGive(ctx, a, villageID, in.Household, in.Shares); err != nil {
		return Record{}, err
	}
	return s.dissolve(ctx, a.User(), villageID, in)
}

func (s *Service) dissolve(ctx context.Context, by, villageID id.ID, in Dissolve) (Record, error) {
	return s.end(ctx, by, villageID, KindDissolve, in.Act, in, in.Household, in.Shares, village.Dissolved)
}

// Death ends a person's place in the household (去世). If nobody is left the household ends with it.
type Death struct {
	Act
	Household id.ID   `json:"household"`
	Member    id.ID   `json:"member"`
	NewHead   id.ID   `json:"new_head,omitempty" doc:"new householder, if the householder died and others are left"`
	Shares    []Share `json:"shares,omitempty" maxItems:"50" doc:"who receives the person's own spendable points, and the household's if it ends; none: they stay on the closed account"`
}

// Death records a death.
func (s *Service) Death(ctx context.Context, a access.Actor, villageID id.ID, in Death) (Record, error) {
	if err := s.allowedToGive(ctx, a, villageID, in.Household, in.Shares); err != nil {
		return Record{}, err
	}
	return s.death(ctx, a.User(), villageID, in)
}

func (s *Service) death(ctx context.Context, by, villageID id.ID, in Death) (Record, error) {
	if err := checkShares(in.Shares); err != nil {
		return Record{}, err
	}
	accounts := accountsOf(in.Shares, in.Household, in.Member)
	return s.run(ctx, by, villageID, KindDeath, in.Act, in, accounts, func(x *act) error {
		m, err := x.member(in.Member, in.Household)
		if err != nil {
			return err
		}
		all, err := x.s.villages.OpenMembers(x.tx, villageID, in.Household)
		if err != nil {
			return err
		}
		ending := []id.ID{in.Member}
		x.from(village.OwnerPerson, in.Member)
		if len(all) == 1 {
			ending = append(ending, in.Household)
			x.from(village.OwnerHousehold, in.Household)
			err = x.s.villages.CloseHousehold(x.tx, x.w, in.Household, 0, village.Dead, x.rec.On)
		} else {
			err = x.bury(m, in.NewHead)
		}
		if err != nil {
			return err
		}
		return x.wind(ending, in.Shares, "去世：积分转给家人")
	})
}

func (x *act) bury(m village.Membership, newHead id.ID) error {
	if newHead == m.Member {
		return ErrInvalid.With("新户主不能是去世的人。")
	}
	if err := x.s.villages.Leave(x.tx, x.w, m.Member, x.rec.On); err != nil {
		return err
	}
	if err := x.s.villages.SetMemberStatus(x.tx, x.w, m.Member, village.Dead, x.rec.On); err != nil {
		return err
	}
	if m.Relation != village.Head {
		return nil
	}
	return x.replaceHead(m.Household, newHead)
}

// allowedToGive is allowed for a succession in which points go to whom the official names: not to own or kin households,
// nor to their members.
func (s *Service) allowedToGive(ctx context.Context, a access.Actor, villageID, household id.ID, shares []Share) error {
	if err := allowed(a, villageID, household); err != nil {
		return err
	}
	if err := checkShares(shares); err != nil || len(shares) == 0 {
		return err
	}
	to := storage.Padded(accountsOf(shares))
	rows, err := s.db.Query(ctx, `SELECT household_id FROM memberships WHERE village_id = ? AND to_day = ? AND member_id IN `+storage.In(len(to)),
		storage.Args(to, villageID, clock.Forever)...)
	if err != nil {
		return err
	}
	homes, err := collect(rows, func(rows *sql.Rows) (h id.ID, err error) { err = rows.Scan(&h); return h, err })
	if err != nil {
		return err
	}
	return a.NotOwn(append(homes, to...)...)
}

// end closes a household with everybody in it.
func (s *Service) end(ctx context.Context, by, villageID id.ID, kind string, a Act, body any, household id.ID, shares []Share, status string) (Record, error) {
	if err := checkShares(shares); err != nil {
		return Record{}, err
	}
	people, err := s.peopleOf(ctx, villageID, household)
	if err != nil {
		return Record{}, err
	}
	accounts := accountsOf(shares, append([]id.ID{household}, people...)...)
	return s.run(ctx, by, villageID, kind, a, body, accounts, func(x *act) error {
		members, err := x.s.villages.OpenMembers(x.tx, villageID, household)
		if err != nil {
			return err
		}
		ending := []id.ID{household}
		x.from(village.OwnerHousehold, household)
		for _, m := range members {
			ending = append(ending, m.Member)
		}
		if err := x.s.villages.CloseHousehold(x.tx, x.w, household, 0, status, x.rec.On); err != nil {
			return err
		}
		title := "销户：积分转出"
		if kind == KindMove {
			title = "迁出：积分转出"
		}
		return x.wind(ending, shares, title)
	})
}

// peopleOf reads the members before the transaction, so that all accounts are guarded in one order.
func (s *Service) peopleOf(ctx context.Context, villageID, household id.ID) (people []id.ID, err error) {
	rows, err := s.db.Query(ctx, `SELECT member_id FROM memberships WHERE household_id = ? AND village_id = ? AND to_day = ?`, household, villageID, clock.Forever)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(rows *sql.Rows) (m id.ID, err error) { err = rows.Scan(&m); return m, err })
}

// wind shares out what ending accounts hold and closes them.
func (x *act) wind(ending []id.ID, shares []Share, title string) error {
	for _, e := range ending {
		for _, s := range shares {
			if s.To == e {
				return ErrShares.With("积分不能分给要停用的户或人，请核对。")
			}
		}
	}
	if err := x.recipients(shares); err != nil {
		return err
	}
	for _, e := range ending {
		purses, err := x.purses(e, true)
		if err != nil {
			return err
		}
		if len(shares) > 0 {
			x.shareOut(e, purses, shares)
		}
	}
	if err := x.post(title); err != nil {
		return err
	}
	return x.close(ending...)
}

// inVillage insists that a household is in force here.
func (x *act) inVillage(household id.ID) error {
	var n int
	err := x.tx.QueryRow(`SELECT COUNT(*) FROM households WHERE id = ? AND village_id = ? AND to_day = ?`, household, x.w.Village, clock.Forever).Scan(&n)
	if err == nil && n == 0 {
		err = village.ErrNoHousehold
	}
	return err
}
