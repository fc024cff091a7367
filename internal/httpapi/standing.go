package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/ledger"
	"hefen/internal/standing"
)

// Who moves a village's periods on, and who sees where they stand.
var (
	mayShutPeriod = access.Need{Roles: []access.Role{access.FirstSecretary, access.CountyAdmin}, Scope: access.Village}
	maySeePeriods = access.Need{Roles: access.Officials, Scope: access.Village}
)

func (s *Server) registerStanding(a *api) {
	register(a, get("/villages/{village}/households/{household}/tags", "list-tags", "一户和家里人身上的标记：理由、期限、谁解除的").tagged("tags"), standing.MaySee, s.listTags)
	register(a, post("/villages/{village}/tags/{tag}/lift", "lift-tag", "解除一票否决、取消兑换资格或暂停兑换，写明理由"), standing.MayLift, s.liftTag)
	register(a, get("/villages/{village}/faults", "list-faults", "待整改的问题，快到期的在前"), standing.MaySeeFaults, s.listFaults)
	register(a, get("/villages/{village}/periods", "list-periods", "积分周期：未结、核对中、已结账"), maySeePeriods, s.listPeriods)
	register(a, post("/villages/{village}/periods", "shut-period", "积分周期结账：先核对（grace），再结账（closed），写明理由"), mayShutPeriod, s.shutPeriod)
}

type tagList struct {
	Items []standing.Noted `json:"items" doc:"newest first, at most 100"`
}

func (s *Server) listTags(ctx context.Context, by access.Actor, in *InHousehold) (out tagList, err error) {
	out.Items, err = s.Standing.List(ctx, by, in.Village.ID, in.Household.ID)
	return out, err
}

type faultList struct {
	Items []standing.Fault `json:"items"`
}

func (s *Server) listFaults(ctx context.Context, by access.Actor, in *InVillage) (out faultList, err error) {
	out.Items, err = s.Standing.Faults(ctx, by, in.Village.ID)
	return out, err
}

type liftInput struct {
	InVillage
	Tag  idParam `path:"tag"`
	Body standing.LiftRequest
}

func (s *Server) liftTag(ctx context.Context, by access.Actor, in *liftInput) (standing.Noted, error) {
	return s.Standing.Lift(ctx, by, in.Village.ID, in.Tag.ID, in.Body)
}

type periodList struct {
	Items     []ledger.Period `json:"items" doc:"shut periods, the latest first"`
	FirstOpen clock.Day       `json:"first_open" doc:"first day that is still open; empty while every day is"`
}

func (s *Server) listPeriods(ctx context.Context, _ access.Actor, in *InVillage) (out periodList, err error) {
	out.Items, err = ledger.Periods(ctx, s.DB, in.Village.ID)
	if len(out.Items) > 0 {
		out.FirstOpen = out.Items[0].To.Add(1)
	}
	return out, err
}

type shutPeriodInput struct {
	InVillage
	Body ledger.ShutRequest
}

func (s *Server) shutPeriod(ctx context.Context, by access.Actor, in *shutPeriodInput) (ledger.Period, error) {
	return ledger.ShutPeriod(ctx, s.DB, s.Now(), in.Village.ID, by.User(), in.Body)
}
