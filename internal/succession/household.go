package succession

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/village"
)

// Placement is where a person stands in a household.
type Placement struct {
	Member   id.ID  `json:"member"`
	Relation string `json:"relation" minLength:"1" maxLength:"8" doc:"to the householder; 户主 for the householder"`
}

// Split makes some members of a household a household of their own (分户).
type Split struct {
	Act
	From      id.ID       `json:"from"`
	Number    string      `json:"number" minLength:"1" maxLength:"20" doc:"number of the new household"`
	Group     id.ID       `json:"group_id" doc:"group of the new household"`
	Members   []Placement `json:"members" minItems:"1" maxItems:"59" doc:"who leaves, one of them as 户主"`
	NewHead   id.ID       `json:"new_head,omitempty" doc:"householder of those who stay, if theirs leaves"`
	KeepParts int64       `json:"keep_parts,omitempty" minimum:"0" maximum:"1000" doc:"parts of the spendable points that stay"`
	GoParts   int64       `json:"go_parts,omitempty" minimum:"0" maximum:"1000" doc:"parts that go to the new household; 0 and 0: all stay"`
}

// Split records a split; scores and debts stay with the old household. Besides its own errors it returns those of
// the register (number taken, not a member, bad day).
func (s *Service) Split(ctx context.Context, a access.Actor, villageID id.ID, in Split) (Record, error) {
	if err := allowed(a, villageID, in.From); err != nil {
		return Record{}, err
	}
	return s.split(ctx, a.User(), villageID, in)
}

func allowed(a access.Actor, villageID id.ID, households ...id.ID) error {
	if err := a.Allow(MayChange, access.Place{Village: villageID}); err != nil {
		return err
	}
	return a.NotOwn(households...)
}

func (s *Service) split(ctx context.Context, by, villageID id.ID, in Split) (Record, error) {
	made := s.db.NewID()
	shares := []Share{{in.From, in.KeepParts}, {made, in.GoParts}}
	if in.KeepParts == 0 && in.GoParts == 0 {
		shares = nil
	}
	if err := checkShares(shares); err != nil {
		return Record{}, err
	}
	return s.run(ctx, by, villageID, KindSplit, in.Act, in, []id.ID{in.From}, func(x *act) error {
		purses, err := x.purses(in.From, false)
		if err != nil {
			return err
		}
		if err := x.splitHousehold(in, made); err != nil {
			return err
		}
		x.from(village.OwnerHousehold, in.From)
		x.to(village.OwnerHousehold, made)
		x.to(village.OwnerHousehold, in.From)
		x.shareOut(in.From, purses, shares)
		return x.post("分户：积分分给 " + in.Number + " 户")
	})
}

func (x *act) splitHousehold(in Split, made id.ID) error {
	heads, leaving := []village.Membership{}, map[id.ID]bool{}
	headLeaves := false
	for _, p := range in.Members {
		m, err := x.member(p.Member, in.From)
		if err != nil {
			return err
		}
		if leaving[p.Member] {
			return ErrInvalid.With("同一个人写了两次，请核对。")
		}
		leaving[p.Member] = true
		headLeaves = headLeaves || m.Relation == village.Head
		if p.Relation == village.Head {
			heads = append(heads, m)
		}
	}
	if len(heads) != 1 {
		return ErrInvalid.With("新户要有且只有一位户主。")
	}
	all, err := x.s.villages.OpenMembers(x.tx, x.w.Village, in.From)
	if err != nil {
		return err
	}
	if len(all) == len(leaving) {
		return ErrInvalid.With("原户至少要留下一个人；全家搬走请办理迁移，改户主请用“变更户主”。")
	}
	if err := x.s.villages.OpenHousehold(x.tx, x.w, made, in.Number, in.Group, heads[0].Name, x.rec.On); err != nil {
		return err
	}
	for _, p := range in.Members {
		if err := x.s.villages.Place(x.tx, x.w, p.Member, made, p.Relation, x.rec.On); err != nil {
			return err
		}
	}
	if !headLeaves {
		return nil
	}
	return x.replaceHead(in.From, in.NewHead)
}

// replaceHead makes a member who stays the householder.
func (x *act) replaceHead(household, head id.ID) error {
	if head == 0 {
		return ErrInvalid.With("原户主离开了这一户，请选定新户主。")
	}
	return x.s.villages.SetHead(x.tx, x.w, household, head, "", x.rec.On)
}

// Merge puts all members of households into another one (并户).
type Merge struct {
	Act
	From      []id.ID     `json:"from" minItems:"1" maxItems:"20" doc:"households that end"`
	To        id.ID       `json:"to" doc:"household that continues"`
	Relations []Placement `json:"relations,omitempty" maxItems:"60" doc:"to the continuing householder; who is not named becomes 其他"`
}

// Merge records a merge: all spendable points go to the household that continues, which makes good the debts of the
// others (ErrDebt if it cannot); the scores of the others stay on their closed accounts.
func (s *Service) Merge(ctx context.Context, a access.Actor, villageID id.ID, in Merge) (Record, error) {
	if err := allowed(a, villageID, append([]id.ID{in.To}, in.From...)...); err != nil {
		return Record{}, err
	}
	return s.merge(ctx, a.User(), villageID, in)
}

func (s *Service) merge(ctx context.Context, by, villageID id.ID, in Merge) (Record, error) {
	relation := map[id.ID]string{}
	for _, p := range in.Relations {
		if p.Relation == village.Head {
			return Record{}, ErrInvalid.With("并户后户主不变；要换户主请在并户后用“变更户主”。")
		}
		relation[p.Member] = p.Relation
	}
	seen := map[id.ID]bool{in.To: true}
	for _, f := range in.From {
		if seen[f] {
			return Record{}, ErrInvalid.With("同一户写了两次，请核对。")
		}
		seen[f] = true
	}
	if len(in.From) == 0 || len(in.From) > 20 {
		return Record{}, ErrInvalid.With("请选1到20户并入。")
	}
	return s.run(ctx, by, villageID, KindMerge, in.Act, in, append([]id.ID{in.To}, in.From...), func(x *act) error {
		for _, f := range in.From {
			if err := x.mergeHousehold(f, in.To, relation); err != nil {
				return err
			}
		}
		x.to(village.OwnerHousehold, in.To)
		if err := x.post("并户：积分转入"); err != nil {
			return err
		}
		return x.close(in.From...)
	})
}

func (x *act) mergeHousehold(from, to id.ID, relation map[id.ID]string) error {
	purses, err := x.purses(from, true)
	if err != nil {
		return err
	}
	members, err := x.s.villages.OpenMembers(x.tx, x.w.Village, from)
	if err != nil {
		return err
	}
	for _, m := range members {
		r := relation[m.Member]
		if r == "" {
			r = "其他"
		}
		if err := x.s.villages.Place(x.tx, x.w, m.Member, to, r, x.rec.On); err != nil {
			return err
		}
	}
	if err := x.s.villages.CloseHousehold(x.tx, x.w, from, to, village.Dissolved, x.rec.On); err != nil {
		return err
	}
	x.from(village.OwnerHousehold, from)
	x.shareOut(from, purses, []Share{{to, 1}})
	return x.payDebts(from, to, purses)
}

// payDebts has the continuing household make good what one that ends owes.
func (x *act) payDebts(from, to id.ID, purses []purse) error {
	for _, p := range purses {
		if p.debt == 0 {
			continue
		}
		has, err := x.purses(to, false)
		if err != nil {
			return err
		}
		free := x.incoming(to, p.wallet)
		for _, h := range has {
			if h.wallet == p.wallet {
				free += h.free - h.debt
			}
		}
		if free < p.debt {
			return ErrDebt
		}
		x.rec.Moved = append(x.rec.Moved, Moved{to, from, p.wallet, p.debt})
	}
	return nil
}

// incoming is what this succession has so far moved into a wallet of an account.
func (x *act) incoming(account id.ID, wallet string) (sum points.Amount) {
	for _, m := range x.rec.Moved {
		if m.Wallet == wallet && m.To == account {
			sum += m.Amount
		}
		if m.Wallet == wallet && m.From == account {
			sum -= m.Amount
		}
	}
	return sum
}
