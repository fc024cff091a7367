package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/id"
	"hefen/internal/scheme"
	"hefen/internal/village"
)

// mayFindNeighbour: the people of a village, who report what another household did well.
var mayFindNeighbour = access.Need{Roles: access.Everyone, Scope: access.Village}

func (s *Server) registerNeighbour(a *api) {
	register(a, post("/villages/{village}/neighbour", "find-neighbour", "按门牌上的户号找到要报送的一户，姓名隐去中间的字").tagged("households"), mayFindNeighbour, s.neighbour)
}

type neighbourInput struct {
	InVillage
	Body struct {
		Number string `json:"number" minLength:"1" maxLength:"20" doc:"the household's number, whole"`
	}
}

// neighbourView shows no more of a household than a public board does.
type neighbourView struct {
	Household id.ID             `json:"household"`
	Number    string            `json:"number"`
	Name      string            `json:"name" doc:"masked"`
	Group     string            `json:"group"`
	People    []neighbourPerson `json:"people" doc:"where persons are scored: who it can be about"`
}

type neighbourPerson struct {
	Member id.ID  `json:"member"`
	Name   string `json:"name" doc:"masked"`
}

func (s *Server) neighbour(ctx context.Context, _ access.Actor, in *neighbourInput) (neighbourView, error) {
	day := s.Village.Today()
	found, err := s.Village.ByNumber(ctx, in.Village.ID, in.Body.Number, day)
	if err != nil {
		return neighbourView{}, err
	}
	h := found[0]
	out := neighbourView{Household: h.ID, Number: h.Number, Name: village.MaskName(h.Name), Group: h.GroupName, People: []neighbourPerson{}}
	v, err := s.Book.InForce(ctx, in.Village.ID, day)
	if err != nil || v.Scheme.Subject == scheme.SubjectHousehold {
		return out, err
	}
	all, err := s.Village.Detail(ctx, in.Village.ID, h.ID, day)
	for _, m := range all.People {
		out.People = append(out.People, neighbourPerson{m.ID, village.MaskName(m.Name)})
	}
	return out, err
}
