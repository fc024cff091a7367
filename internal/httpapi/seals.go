package httpapi

import (
	"context"
	"strconv"

	"hefen/internal/access"
	"hefen/internal/ledger"
)

// maySeeSeals: seals hold no names, only roots; they are for everybody of the village.
var maySeeSeals = access.Need{Roles: access.Everyone, Scope: access.Village}

func (s *Server) registerSeals(a *api) {
	register(a, get("/villages/{village}/seals", "list-seals", "封账记录，新的在前").tagged("seals"), maySeeSeals, s.seals)
	register(a, get("/villages/{village}/seals/consistency", "prove-consistency", "证明后一次封账包含前一次的全部内容").tagged("seals"), maySeeSeals, s.consistency)
	register(a, get("/villages/{village}/households/{household}/entries/{posting}/proof", "prove-entry", "一笔流水的封账证明，手机上可以自己核对").tagged("seals"), mayReadPassbook, s.proveEntry)
}

type sealsInput struct {
	InVillage
	Cursor string `query:"cursor" maxLength:"20" doc:"上一页给出的 next"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

type sealPage struct {
	Items []ledger.Head `json:"items"`
	Next  string        `json:"next" doc:"cursor of the next page; empty at the end"`
}

func (s *Server) seals(ctx context.Context, _ access.Actor, in *sealsInput) (sealPage, error) {
	before, _ := strconv.ParseInt(in.Cursor, 10, 64) // what is no cursor begins at the newest
	heads, err := ledger.Heads(ctx, s.DB, in.Village.ID, before, in.Limit+1)
	if err != nil {
		return sealPage{}, err
	}
	page := sealPage{Items: heads}
	if len(heads) > in.Limit {
		page.Items = heads[:in.Limit]
		page.Next = strconv.FormatInt(page.Items[in.Limit-1].Size, 10)
	}
	return page, nil
}

type consistencyInput struct {
	InVillage
	From int64 `query:"from" required:"true" minimum:"1" doc:"size of the earlier seal"`
	To   int64 `query:"to" minimum:"0" doc:"size of the later seal; 0: the newest"`
}

func (s *Server) consistency(ctx context.Context, _ access.Actor, in *consistencyInput) (ledger.Consistency, error) {
	return ledger.Consistent(ctx, s.DB, in.Village.ID, in.From, in.To)
}

type entryProofInput struct {
	InPassbook
	Posting idParam `path:"posting" doc:"id of the event, as the passbook gives it"`
	Size    int64   `query:"size" minimum:"0" doc:"in which seal, by its size; 0: the newest"`
}

func (s *Server) proveEntry(ctx context.Context, by access.Actor, in *entryProofInput) (ledger.Proof, error) {
	h, err := s.account(ctx, by, &in.InPassbook)
	if err != nil {
		return ledger.Proof{}, err
	}
	return ledger.Prove(ctx, s.DB, h.account, in.Posting.ID, in.Size)
}
