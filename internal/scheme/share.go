package scheme

import (
	"strconv"

	"hefen/internal/id"
	"hefen/internal/points"
)

// touched are the accounts that a case may move, its own first whether or not it is a party.
func touched(item *Item, c *Case) []Party {
	out := []Party{{Role: PartySelf, Account: c.Account, Household: c.Household, Member: c.Member, Group: c.Group, Who: c.Who}}
	for _, rule := range item.Parties {
		for i := range c.Parties {
			if p := &c.Parties[i]; p.Role == rule.Role && rule.Who != PartySelf {
				out = append(out, *p)
			}
		}
	}
	return out
}

// divide says how much the item is worth to each of those whom it touches.
func (r *run) divide() error {
	v := r.worth
	switch r.item.Times {
	case TimesMembers:
		v = v.Times(int64(r.c.Who.Size), 1)
		r.because("按家庭人口" + strconv.Itoa(r.c.Who.Size) + "人计，共" + plainPoints(v))
	case TimesAdults:
		v = v.Times(int64(r.c.Who.Adults), 1)
		r.because("按家中成年人" + strconv.Itoa(r.c.Who.Adults) + "人计，共" + plainPoints(v))
	}
	r.own.Account, r.own.Member, r.own.Group = r.c.Account, r.c.Member, r.c.Group
	if len(r.item.Parties) == 0 || r.item.Value.Kind == ValuePerPerson {
		r.own.to = v
	}
	for i := range r.item.Parties {
		rule := &r.item.Parties[i]
		amount := rule.amount(v)
		if rule.Who == PartySelf {
			r.own.to = amount
			continue
		}
		for _, p := range r.c.Parties {
			if p.Role != rule.Role || r.item.Value.Kind == ValuePerPerson && r.seen(&p) {
				continue
			}
			sh := share{Share: Share{Role: rule.Role, Account: p.Account, Member: p.Member, Group: p.Group}, name: rule.Name}
			if r.item.Value.Kind != ValuePerPerson {
				sh.to = amount
				r.because(rule.Name + "：" + plainPoints(amount))
			}
			r.others = append(r.others, sh)
		}
	}
	r.Value = r.own.to
	for i := range r.others {
		r.others[i].Value = r.others[i].to
	}
	return nil
}

// amount is what a party gets of the item's value.
func (p *PartyRule) amount(v points.Amount) points.Amount {
	if p.Points != nil {
		return *p.Points
	}
	return v.Times(p.Factor, 1000)
}

// seen reports whether a person already took part in the same event by another record of the item.
func (r *run) seen(p *Party) bool {
	for _, d := range r.facts.byAccount[p.Account] {
		if d.Item == r.item.Code && d.Case != r.c.ID && d.Member == p.Member && sameEvent(r.c, &d) {
			return true
		}
	}
	return false
}

// sameEvent: records that name an event are of the same one if they name the same; where none is named, if they are of
// the same day.
func sameEvent(c *Case, d *Decided) bool {
	if c.Event != 0 || d.Event != 0 {
		return c.Event == d.Event
	}
	return c.OccurredOn == d.OccurredOn
}

// fresh are the persons of a per-person record who do not count by another record of the event already, each once.
func (r *run) fresh() (count, again int) {
	type person struct{ account, member id.ID }
	met := map[person]bool{}
	for i := range r.c.Parties {
		p := &r.c.Parties[i]
		if k := (person{p.Account, p.Member}); met[k] || r.seen(p) {
			again++
		} else {
			met[k] = true
			count++
		}
	}
	return count, again
}
