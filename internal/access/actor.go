package access

import (
	"slices"

	"hefen/internal/id"
)

// Actor is who performs an operation, as the database knew them when the request began. The zero Actor is a visitor
// without a session. Only this package makes others, by Service.Actor and Service.ActAs.
type Actor struct {
	user    id.ID
	session []byte // hash of the session's token; nil for ActAs
	only    id.ID  // the household that a session opened with its PIN is for, 0 for persons
	offices []Office
	homes   []Home
	kin     []Kinship
}

// Office is a granted role that is in force.
type Office struct {
	ID      id.ID
	Role    Role
	Village id.ID // for roles of a village and keepers
	Shop    id.ID // for keepers
	Group   id.ID // for group leaders: the group they lead
	Region  id.ID // for supervisors and county administrators

	covers map[id.ID]bool // towns and villages under Region, and Region
}

// Home is a household the user belongs to, through a member the user stands for.
type Home struct{ Village, Household, Member id.ID }

// Kinship is a household of relatives that a member in office has declared.
type Kinship struct{ Village, Household id.ID }

// User is the id of the user, 0 for a visitor.
func (a Actor) User() id.ID { return a.user }

// OnlyHousehold is the household as which the actor acts, after a login with its PIN; 0 for a person.
func (a Actor) OnlyHousehold() id.ID { return a.only }

// person refuses what concerns a person to an actor who is a household.
func (a Actor) person() error {
	if a.only != 0 {
		return ErrHouseholdOnly
	}
	return nil
}

// Allow checks that the actor meets the need at the place. It returns ErrSignIn to visitors where a session would be
// needed and ErrForbidden to everyone else who does not meet it.
func (a Actor) Allow(n Need, p Place) error {
	if n.Scope == Public {
		return nil
	}
	if a.user == 0 {
		return ErrSignIn
	}
	ok := false
	switch n.Scope {
	case Signed:
		ok = true
	case Self:
		ok = a.livesIn(p) || a.holds(n.Roles, p)
	case Village, Shop:
		ok = a.holds(n.Roles, p)
	case Region:
		ok = p.Region != 0 && slices.ContainsFunc(a.offices, func(o Office) bool {
			return o.covers[p.Region] && slices.Contains(n.Roles, o.Role)
		})
	}
	if !ok {
		return ErrForbidden
	}
	return nil
}

// holds reports whether one of the roles is held in the place's village. A keeper must hold the place's shop when one
// is named; without one, any shop of the village will do.
func (a Actor) holds(roles []Role, p Place) bool {
	if p.Village == 0 {
		return false
	}
	for _, o := range a.offices {
		if !slices.Contains(roles, o.Role) {
			continue
		}
		switch o.Role.seat() {
		case onVillage:
			if o.Village == p.Village {
				return true
			}
		case onShop:
			if o.Village == p.Village && (p.Shop == 0 || o.Shop == p.Shop) {
				return true
			}
		case onRegion:
			if o.covers[p.Village] {
				return true
			}
		}
	}
	return slices.Contains(roles, Villager) && slices.ContainsFunc(a.homes, func(h Home) bool { return h.Village == p.Village })
}

func (a Actor) livesIn(p Place) bool {
	return p.Household != 0 && slices.ContainsFunc(a.homes, func(h Home) bool {
		return h.Household == p.Household && (p.Village == 0 || h.Village == p.Village)
	})
}

// Has reports whether the actor holds the role in the village (for roles over a region: over the village).
func (a Actor) Has(role Role, village id.ID) bool {
	return a.holds([]Role{role}, Place{Village: village})
}

// KeepsShop reports whether the actor is keeper of the shop.
func (a Actor) KeepsShop(shop id.ID) bool {
	return slices.ContainsFunc(a.offices, func(o Office) bool { return o.Role == Keeper && o.Shop == shop && shop != 0 })
}

// Leads lists the groups of a village whose leader the actor is; none for a leader of no named group.
func (a Actor) Leads(village id.ID) []id.ID {
	var groups []id.ID
	for _, o := range a.offices {
		if o.Role == GroupLeader && o.Village == village && o.Group != 0 {
			groups = append(groups, o.Group)
		}
	}
	return groups
}

// Offices lists the granted roles in force.
func (a Actor) Offices() []Office { return slices.Clone(a.offices) }

// Homes lists the households the actor belongs to and as which member.
func (a Actor) Homes() []Home { return slices.Clone(a.homes) }

// Households lists the households the actor belongs to.
func (a Actor) Households() []id.ID {
	var hs []id.ID
	for _, h := range a.homes {
		if !slices.Contains(hs, h.Household) {
			hs = append(hs, h.Household)
		}
	}
	return hs
}

// IsOwn reports whether the household is the actor's own or one of declared relatives.
func (a Actor) IsOwn(household id.ID) bool {
	return slices.ContainsFunc(a.homes, func(h Home) bool { return h.Household == household }) ||
		slices.ContainsFunc(a.kin, func(k Kinship) bool { return k.Household == household })
}

// NotOwn returns ErrOwn if one of the households is the actor's own or one of declared relatives: nobody scores,
// reviews or redeems for these as an official.
func (a Actor) NotOwn(households ...id.ID) error {
	if slices.ContainsFunc(households, a.IsOwn) {
		return ErrOwn
	}
	return nil
}

// IsMember reports whether the actor stands for the member (for items that credit persons).
func (a Actor) IsMember(member id.ID) bool {
	return slices.ContainsFunc(a.homes, func(h Home) bool { return h.Member == member && member != 0 })
}
