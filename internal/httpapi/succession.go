package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/activity"
	"hefen/internal/cases"
	"hefen/internal/market"
	"hefen/internal/message"
	"hefen/internal/standing"
	"hefen/internal/storage"
	"hefen/internal/succession"
	"hefen/internal/voice"
)

// CarryOver brings over, in a merger of villages, what the features above the register hold of the village that ends.
func CarryOver(tx *storage.Tx, m succession.Merger) error {
	if err := standing.Rehome(tx, m.From, m.Into); err != nil {
		return err
	}
	if err := cases.Rehome(tx, m.From, m.Into); err != nil {
		return err
	}
	if err := message.Rehome(tx, m.From, m.Into); err != nil {
		return err
	}
	if err := activity.Rehome(tx, m.From, m.Into); err != nil {
		return err
	}
	if err := voice.Rehome(tx, m.From, m.Into); err != nil {
		return err
	}
	return market.Rehome(tx, m.From, m.Into, m.By, m.On)
}

func (s *Server) registerSuccession(a *api) {
	register(a, get("/villages/{village}/successions", "list-successions", "分户、并户、迁移、去世、销户的记录"), succession.MayRead, s.listSuccessions)
	register(a, get("/villages/{village}/successions/{succession}", "get-succession", "一条变更记录"), succession.MayRead, s.getSuccession)
	register(a, post("/villages/{village}/successions/split", "split-household", "分户"), succession.MayChange,
		func(ctx context.Context, by access.Actor, in *actInput[succession.Split]) (succession.Record, error) {
			return s.Successions.Split(ctx, by, in.Village.ID, in.Body)
		})
	register(a, post("/villages/{village}/successions/merge", "merge-households", "并户"), succession.MayChange,
		func(ctx context.Context, by access.Actor, in *actInput[succession.Merge]) (succession.Record, error) {
			return s.Successions.Merge(ctx, by, in.Village.ID, in.Body)
		})
	register(a, post("/villages/{village}/successions/move", "move-household", "迁移：换组或迁出本村"), succession.MayChange,
		func(ctx context.Context, by access.Actor, in *actInput[succession.Move]) (succession.Record, error) {
			return s.Successions.Move(ctx, by, in.Village.ID, in.Body)
		})
	register(a, post("/villages/{village}/successions/death", "record-death", "去世"), succession.MayChange,
		func(ctx context.Context, by access.Actor, in *actInput[succession.Death]) (succession.Record, error) {
			return s.Successions.Death(ctx, by, in.Village.ID, in.Body)
		})
	register(a, post("/villages/{village}/successions/dissolve", "dissolve-household", "销户"), succession.MayChange,
		func(ctx context.Context, by access.Actor, in *actInput[succession.Dissolve]) (succession.Record, error) {
			return s.Successions.Dissolve(ctx, by, in.Village.ID, in.Body)
		})
	register(a, post("/villages/{village}/successions/villages", "merge-villages", "并村：把另一个村并入本村"), succession.MayMergeVillages,
		func(ctx context.Context, by access.Actor, in *actInput[succession.MergeVillages]) (succession.Record, error) {
			return s.Successions.MergeVillages(ctx, by, in.Village.ID, in.Body)
		})
}

// actInput is a succession of one kind.
type actInput[T any] struct {
	Village idParam `path:"village"`
	Body    T
}

type successionsInput struct {
	InVillage
	Cursor idParam `query:"cursor" doc:"上一页给出的 next"`
	Limit  int     `query:"limit" minimum:"0" maximum:"100"`
}

type successionPage struct {
	Items []succession.Record `json:"items"`
	Next  string              `json:"next" doc:"cursor of the next page, empty at the end"`
}

func (s *Server) listSuccessions(ctx context.Context, by access.Actor, in *successionsInput) (out successionPage, err error) {
	if in.Limit == 0 {
		in.Limit = 50
	}
	out.Items, err = s.Successions.List(ctx, by, in.Village.ID, in.Cursor.ID, in.Limit)
	if len(out.Items) == in.Limit {
		out.Next = out.Items[in.Limit-1].ID.String()
	}
	return out, err
}

type successionInput struct {
	InVillage
	Succession idParam `path:"succession"`
}

func (s *Server) getSuccession(ctx context.Context, by access.Actor, in *successionInput) (succession.Record, error) {
	return s.Successions.Get(ctx, by, in.Village.ID, in.Succession.ID)
}
