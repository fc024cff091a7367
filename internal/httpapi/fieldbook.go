package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/scheme"
	"hefen/internal/village"
)

type fieldBookView struct {
	Households []village.FieldHousehold `json:"households"`
}

// fieldBook is what a device keeps for work without signal: of a group leader's groups only, and no more of a household than it
// takes to find and name it.
func (s *Server) fieldBook(ctx context.Context, by access.Actor, in *InVillage) (fieldBookView, error) {
	here := in.Village.ID
	day := clock.DayOf(s.Now())
	v, err := s.Book.InForce(ctx, here, day)
	if err != nil {
		return fieldBookView{}, err
	}
	var groups []id.ID
	if !by.Has(access.TeamMember, here) && !by.Has(access.FirstSecretary, here) {
		groups = by.Leads(here)
	}
	persons := v.Scheme.Subject != scheme.SubjectHousehold
	list, err := s.Village.FieldBook(ctx, here, day, groups, persons)
	for i := range list {
		list[i].Own = by.IsOwn(list[i].ID)
	}
	return fieldBookView{list}, err
}
