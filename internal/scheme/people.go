package scheme

import (
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
)

// Who is what the village's records say of somebody on the day of the deed.
type Who struct {
	States []string  // statuses, flags and offices, of the person and of the household: resident, party_member, volunteer …
	BornOn clock.Day // of the person; zero where unknown or where a household is meant
	Size   int       // members of the household that day
	Adults int       // of them, 18 years or older
}

// is reports whether a state stands.
func (w *Who) is(state string) bool { return slices.Contains(w.States, state) }

// age is in full years on a day; -1 where the birthday is unknown.
func (w *Who) age(on clock.Day) int {
	if w.BornOn == 0 {
		return -1
	}
	years := on.Year() - w.BornOn.Year()
	if on%10000 < w.BornOn%10000 {
		years--
	}
	return years
}

// Party is somebody whom a case touches beside its own account: named by the recorder, or found in the village's
// records.
type Party struct {
	Role      string // of the item's parties
	Account   id.ID
	Household id.ID
	Member    id.ID
	Group     id.ID
	Relation  string // to the one who did it, where the item names relations
	Who       Who
}

// How the parties of an item are found.
const (
	PartySelf        = "self"        // the account of the case
	PartyNamed       = "named"       // whom the recorder names
	PartyHouseholder = "householder" // the householder's own account
	PartyGroup       = "group"       // the villagers' group of the household
	PartyLinked      = "linked"      // the officials or party members who answer for the household
)

// PartyRule says who is credited or charged by an item, and how much.
type PartyRule struct {
	Role      string         `json:"role"`
	Name      string         `json:"name" doc:"as the pages call it: 另一方, 受益人"`
	Who       string         `json:"who" enum:"self,named,householder,group,linked"`
	Points    *points.Amount `json:"points,omitempty" doc:"so much; absent: the item's value times factor"`
	Factor    int64          `json:"factor,omitempty" doc:"thousandths of the item's value; 1000 where neither is given"`
	Relations []string       `json:"relations,omitempty" doc:"one of these relations to the one who did it must be given"`
	Min       int            `json:"min" doc:"how many must be named"`
	Max       int            `json:"max" doc:"how many may be named"`
}

// Found are the roles of the item's parties that come from the village's records instead of the recorder.
func (i *Item) Found() []PartyRule {
	var out []PartyRule
	for _, p := range i.Parties {
		if p.Who != PartySelf && p.Who != PartyNamed {
			out = append(out, p)
		}
	}
	return out
}

// Only says for whom an item is meant. All that is written must hold.
type Only struct {
	States []string `json:"states,omitempty" doc:"one of these must stand"`
	Not    []string `json:"not,omitempty" doc:"none of these may stand"`
	MinAge int      `json:"min_age,omitempty"`
	MaxAge int      `json:"max_age,omitempty"`
	When   string   `json:"when,omitempty" doc:"an expression over age, states, size, adults, quantity, grade, month, day, weekday"`
	Say    string   `json:"say,omitempty" doc:"what to tell those for whom it is not meant"`

	when *condition
}

// By whom an amount may be multiplied.
const (
	TimesMembers = "members" // of the household that day
	TimesAdults  = "adults"  // of the household that day, 18 or older
)

// AsksWho reports whether some item asks for states, ages or the size of a household.
func (s *Scheme) AsksWho() bool {
	return slices.ContainsFunc(s.Items, func(i Item) bool { return i.Only != nil || i.Times != "" })
}
