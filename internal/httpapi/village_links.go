package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/id"
	"hefen/internal/village"
)

type linksOutput struct {
	Items []village.Linked `json:"items"`
}

func (s *Server) links(ctx context.Context, _ access.Actor, in *InVillage) (out linksOutput, err error) {
	out.Items, err = s.Village.Links(ctx, in.Village.ID)
	return out, err
}

type householdLinkInput struct {
	InVillage
	Body struct {
		Writing
		Member    id.ID `json:"member_id" doc:"who answers for the household"`
		Household id.ID `json:"household_id"`
	}
}

func (s *Server) addLink(ctx context.Context, by access.Actor, in *householdLinkInput) (out changed, err error) {
	out.Repeated, err = s.Village.Link(ctx, in.Body.write(in.Village.ID, by), in.Body.Member, in.Body.Household)
	return out, err
}

func (s *Server) endLink(ctx context.Context, by access.Actor, in *householdLinkInput) (out changed, err error) {
	out.Repeated, err = s.Village.Unlink(ctx, in.Body.write(in.Village.ID, by), in.Body.Member, in.Body.Household)
	return out, err
}

type teamsOutput struct {
	Items []village.Team `json:"items"`
}

func (s *Server) teams(ctx context.Context, _ access.Actor, in *InVillage) (out teamsOutput, err error) {
	out.Items, err = s.Village.Teams(ctx, in.Village.ID)
	return out, err
}

type teamInput struct {
	InVillage
	Body struct {
		Writing
		Name string `json:"name" maxLength:"20"`
	}
}

type teamOutput struct {
	ID       id.ID `json:"id"`
	Repeated bool  `json:"repeated"`
}

func (s *Server) addTeam(ctx context.Context, by access.Actor, in *teamInput) (out teamOutput, err error) {
	out.ID, out.Repeated, err = s.Village.AddTeam(ctx, in.Body.write(in.Village.ID, by), in.Body.Name)
	return out, err
}
