package succession

import (
	"context"
	"slices"
	"strings"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/village"
)

// MayMergeVillages is who may merge villages: the county, over each of them.
var MayMergeVillages = access.Need{Roles: []access.Role{access.CountyAdmin}, Scope: access.Village}

// ErrWallets refuses a merger while the village that continues does not know a kind of points that the other's people hold.
var ErrWallets = errs.New(errs.Conflict, "succession_wallets", "并入的村有本村细则里没有的积分种类。请先在细则里加上，再并村。")

// MergeVillages puts a village under another one that continues (并村).
type MergeVillages struct {
	Act
	From   id.ID  `json:"from" doc:"the village that ends"`
	Prefix string `json:"prefix,omitempty" maxLength:"6" doc:"set before the household numbers of the village that ends, so that none stands twice"`
}

// MergeVillages records a merger of villages. Nobody's points move: accounts, with their balances and totals, and the whole
// register go over as they are; old numbers become aliases. Offices of the village that ends end, its rules with it; what
// Carries names goes over: shops, tags, cases.
func (s *Service) MergeVillages(ctx context.Context, a access.Actor, into id.ID, in MergeVillages) (Record, error) {
	for _, v := range []id.ID{into, in.From} {
		if err := a.Allow(MayMergeVillages, access.Place{Village: v}); err != nil {
			return Record{}, err
		}
	}
	return s.mergeVillages(ctx, a.User(), into, in)
}

func (s *Service) mergeVillages(ctx context.Context, by, into id.ID, in MergeVillages) (Record, error) {
	if in.From == into || in.From == 0 {
		return Record{}, ErrInvalid.With("请选另一个村并入。")
	}
	return s.run(ctx, by, into, KindVillages, in.Act, in, nil, func(x *act) error {
		if err := x.s.villages.Lock(x.tx, in.From); err != nil {
			return err
		}
		if err := x.knowsWallets(in.From); err != nil {
			return err
		}
		at := s.now()
		if err := ledger.Rehome(x.tx, in.From, into, at); err != nil {
			return err
		}
		if err := access.Rehome(x.tx, in.From, into, by, x.rec.On, clock.Ms(at)); err != nil {
			return err
		}
		for _, carry := range s.carries {
			if err := carry(x.tx, Merger{From: in.From, Into: into, By: by, On: x.rec.On, At: at}); err != nil {
				return err
			}
		}
		x.from(village.Village, in.From)
		x.to(village.Village, into)
		return x.s.villages.Absorb(x.tx, x.w, in.From, in.Prefix, x.rec.On)
	})
}

// knowsWallets insists that the scheme in force names every wallet in which somebody of the other village holds
// points.
func (x *act) knowsWallets(from id.ID) error {
	used, err := ledger.WalletsInUse(x.tx, from)
	if err != nil {
		return err
	}
	var missing []string
	for w := range used {
		known := false
		if x.book != nil {
			_, known = x.book.Wallet(w)
		}
		if !known {
			missing = append(missing, w)
		}
	}
	if missing == nil {
		return nil
	}
	slices.Sort(missing)
	return ErrWallets.With("并入的村有本村细则里没有的积分种类（%s）。请先在细则里加上，再并村。", strings.Join(missing, "、"))
}
