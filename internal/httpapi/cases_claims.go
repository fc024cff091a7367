package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/cases"
)

func (s *Server) registerClaims(a *api) {
	register(a, post("/villages/{village}/households/{household}/claims", "claim-case", "申报：本户自己报上来，审核后计分"), cases.MayClaim, s.claimCase)
	register(a, post("/villages/{village}/households/{household}/reports", "report-case", "报送：替别的户报好事，报送人只有工作人员看得到"), cases.MayClaim, s.reportCase)
	register(a, post("/villages/{village}/households/{household}/claims/{case}/withdraw", "withdraw-claim", "审核以前撤回申报或报送"), cases.MayClaim, s.withdrawClaim)
	register(a, get("/villages/{village}/polls", "list-polls", "等着本人表决的申报"), cases.MayVote, s.listPolls)
	register(a, post("/villages/{village}/cases/{case}/vote", "vote-case", "评议小组成员表决，一人一次"), cases.MayVote, s.voteCase)
}

type claimInput struct {
	InHousehold
	Body cases.Claim
}

func (s *Server) claimCase(ctx context.Context, by access.Actor, in *claimInput) (cases.Answer, error) {
	return s.Cases.Claim(ctx, by, in.Village.ID, in.Household.ID, in.Body)
}

func (s *Server) reportCase(ctx context.Context, by access.Actor, in *claimInput) (cases.Answer, error) {
	return s.Cases.Report(ctx, by, in.Village.ID, in.Household.ID, in.Body)
}

type withdrawClaimInput struct {
	InHousehold
	Case idParam `path:"case"`
	Body cases.Step
}

func (s *Server) withdrawClaim(ctx context.Context, by access.Actor, in *withdrawClaimInput) (cases.Answer, error) {
	return s.Cases.WithdrawClaim(ctx, by, in.Village.ID, in.Household.ID, in.Case.ID, in.Body)
}

type caseList struct {
	Items []cases.View `json:"items"`
}

func (s *Server) listPolls(ctx context.Context, by access.Actor, in *InVillage) (out caseList, err error) {
	out.Items, err = s.Cases.Polls(ctx, by, in.Village.ID)
	return out, err
}

type voteInput struct {
	InCase
	Body cases.VoteRequest
}

func (s *Server) voteCase(ctx context.Context, by access.Actor, in *voteInput) (cases.Answer, error) {
	return s.Cases.Vote(ctx, by, in.Village.ID, in.Case.ID, in.Body)
}
