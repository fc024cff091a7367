package access

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"hefen/internal/id"
)

const (
	here, there        id.ID = 10, 20 // two villages, in different counties
	shopHere, shopNext id.ID = 11, 12 // two shops of the first
	townHere, county   id.ID = 13, 14
	homeHere, kinHere  id.ID = 15, 16
	elsewhere          id.ID = 99
)

// holder is an actor that holds exactly one role, all on the first village.
func holder(r Role) Actor {
	a := Actor{user: 1}
	switch r.seat() {
	case onVillage:
		a.offices = []Office{{Role: r, Village: here}}
	case onShop:
		a.offices = []Office{{Role: r, Village: here, Shop: shopHere}}
	case onRegion:
		a.offices = []Office{{Role: r, Region: townHere, covers: map[id.ID]bool{townHere: true, here: true}}}
	default:
		a.homes = []Home{{Village: here, Household: homeHere, Member: 17}}
	}
	return a
}

// TestAllowTable walks every role asked for × role held × scope × place and compares with the rule written out.
func TestAllowTable(t *testing.T) {
	places := map[string]Place{
		"here":              {Village: here, Shop: shopHere, Region: townHere, Household: homeHere},
		"next shop":         {Village: here, Shop: shopNext, Region: townHere, Household: 88},
		"foreign village":   {Village: there, Shop: shopHere, Region: elsewhere, Household: homeHere},
		"region above":      {Region: county},
		"nothing":           {},
		"village, no shop":  {Village: here},
		"stranger's home":   {Village: here, Household: 88},
		"foreign with home": {Village: there, Household: homeHere},
	}
	scopes := map[string]Scope{"undeclared": undeclared, "public": Public, "signed": Signed, "self": Self, "village": Village, "shop": Shop, "region": Region}
	want := func(held, asked Role, scope Scope, p Place) bool {
		holds := held == asked && p.Village == here && (held != Keeper || p.Shop == 0 || p.Shop == shopHere)
		switch scope {
		case Public, Signed:
			return true
		case Self:
			return holds || held == Villager && p.Village == here && p.Household == homeHere
		case Village, Shop:
			return holds
		case Region:
			return held == asked && held.seat() == onRegion && p.Region == townHere
		}
		return false
	}
	n := 0
	for _, held := range Everyone {
		for _, asked := range Everyone {
			for sname, scope := range scopes {
				for pname, p := range places {
					err := holder(held).Allow(Need{Roles: []Role{asked}, Scope: scope}, p)
					if got := err == nil; got != want(held, asked, scope, p) {
						t.Errorf("%s asks %s, %s holds it at %s: allowed = %v", sname, asked, held, pname, got)
					}
					if err != nil && !errors.Is(err, ErrForbidden) {
						t.Errorf("%v", err)
					}
					n++
				}
			}
		}
	}
	if n != 9*9*7*8 {
		t.Errorf("%d cases walked", n)
	}
}

func TestAllowVisitor(t *testing.T) {
	var visitor Actor
	for _, scope := range []Scope{undeclared, Signed, Self, Village, Shop, Region} {
		if err := visitor.Allow(Need{Roles: Everyone, Scope: scope}, Place{Village: here}); !errors.Is(err, ErrSignIn) {
			t.Errorf("scope %d: %v", scope, err)
		}
	}
	if err := visitor.Allow(Need{Scope: Public}, Place{}); err != nil {
		t.Error(err)
	}
}

func TestOwn(t *testing.T) {
	a := holder(TeamMember)
	a.homes = []Home{{Village: here, Household: homeHere, Member: 17}, {Village: here, Household: homeHere, Member: 18}}
	a.kin = []Kinship{{Village: here, Household: kinHere}}
	for h, own := range map[id.ID]bool{homeHere: true, kinHere: true, 88: false} {
		if a.IsOwn(h) != own || errors.Is(a.NotOwn(77, h), ErrOwn) != own {
			t.Errorf("household %d: own should be %v", h, own)
		}
	}
	if got := a.Households(); !slices.Equal(got, []id.ID{homeHere}) {
		t.Errorf("households %v: kin are not one's own, and none stands twice", got)
	}
	if !a.IsMember(18) || a.IsMember(19) || a.IsMember(0) {
		t.Error("members")
	}
	if err := a.Allow(Need{Scope: Self}, Place{Village: here, Household: kinHere}); !errors.Is(err, ErrForbidden) {
		t.Errorf("declared kin may not be looked into: %v", err)
	}
}

func TestNeedDeclared(t *testing.T) {
	for i, c := range []struct {
		n    Need
		want bool
	}{
		{Need{}, false}, {Need{Roles: Everyone}, false}, {Need{Scope: Village}, false}, {Need{Scope: Shop}, false}, {Need{Scope: Region}, false},
		{Need{Scope: Public}, true}, {Need{Scope: Signed}, true}, {Need{Scope: Self}, true}, {Need{Roles: Everyone, Scope: Village}, true},
	} {
		if c.n.Declared() != c.want {
			t.Error(i, fmt.Sprint(c.n))
		}
	}
	for _, r := range Everyone {
		if r.Name() == "" {
			t.Errorf("%s has no Chinese name", r)
		}
	}
}
