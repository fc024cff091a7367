package season

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/market"
	"hefen/internal/media"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

var (
	ErrNoPrize   = errs.New(errs.NotFound, "season_no_prize", "没有找到这份奖励，请刷新后再看")
	ErrCollected = errs.New(errs.Conflict, "season_prize_collected", "这份奖励不能再领：已经领过、已经入账或者已经作废")
	ErrReceipt   = errs.New(errs.Invalid, "season_receipt", "请填写领取人，并拍下签名；用纸质签收表的，写明是哪一张")
	ErrChoice    = errs.New(errs.Invalid, "season_choice", "请选择其中一样")
	ErrOffShop   = errs.New(errs.Invalid, "season_off_shop", "不从超市发放的奖品，请写明从哪里来")
)

// photosOfPrizes is the kind under which media keeps the signatures of those who collected.
const photosOfPrizes = "prize"

// Collect is a request to hand out a prize.
type Collect struct {
	RequestID string      `json:"request_id" minLength:"16" maxLength:"64"`
	Receiver  string      `json:"receiver" minLength:"1" maxLength:"60" doc:"who took it"`
	Choice    string      `json:"choice,omitempty" maxLength:"60" doc:"name of the basket chosen, where there is a choice"`
	Shop      id.ID       `json:"shop,omitempty" doc:"goods: whose stock they leave; empty: not out of a shop, see note"`
	Photos    []media.Ref `json:"photos,omitempty" maxItems:"3" doc:"the signature"`
	Note      string      `json:"note,omitempty" maxLength:"200" doc:"the paper list that was signed; where goods come from that leave no shop"`
}

// Collect hands a prize out against a signature: goods leave the stock in the same transaction. Nobody hands out to the own
// or a kin household.
func (s *Service) Collect(ctx context.Context, a access.Actor, in, round, prize id.ID, c Collect) (Prize, error) {
	if err := a.Allow(MayHandOut, access.Place{Village: in}); err != nil {
		return Prize{}, err
	}
	c.Receiver, c.Note = strings.TrimSpace(c.Receiver), strings.TrimSpace(c.Note)
	if n := utf8.RuneCountInString(c.Receiver); n == 0 || n > 60 || utf8.RuneCountInString(c.Note) > 200 || len(c.Photos) == 0 && c.Note == "" {
		return Prize{}, ErrReceipt
	}
	at, repeated := s.now(), false
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, repeated, err = tx.Once(a.User(), c.RequestID, "season.collect", []any{in, round, prize, c}, prize); err != nil || repeated {
			return err
		}
		p, err := holdPrize(tx, in, round, prize)
		if err != nil {
			return err
		}
		if err := a.NotOwn(p.Household); err != nil {
			return err
		}
		if p.State != prizeDue {
			return ErrCollected
		}
		goods, err := p.goods(c.Choice)
		if err != nil {
			return err
		}
		if len(goods) > 0 && c.Shop == 0 && c.Note == "" {
			return ErrOffShop
		}
		handed := tx.NewID()
		if len(goods) > 0 && c.Shop != 0 {
			if err := s.shops.HandOut(tx, a, in, c.Shop, handed, goods, p.AwardName+"："+p.Words, at); err != nil {
				return err
			}
		}
		if len(c.Photos) > 0 {
			if err := s.photos.Attach(tx, media.Use{Village: in, Kind: photosOfPrizes, Ref: prize, Role: "signature", By: a.User(), Trusted: true, Lasting: true}, c.Photos...); err != nil {
				return err
			}
		}
		shop := c.Shop
		if len(goods) == 0 {
			shop = 0
		}
		n, err := tx.Exec("UPDATE award_prizes SET state = 'collected', handed_id = ?, chosen = ?, shop_id = ?, receiver = ?, note = ?, collected_at = ?, collected_by = ? WHERE id = ? AND state = 'due'",
			handed, c.Choice, shop, c.Receiver, c.Note, clock.Ms(at), a.User(), prize)
		if err == nil && n == 0 {
			err = ErrCollected
		}
		return err
	})
	if err != nil {
		return Prize{}, err
	}
	return s.prize(ctx, prize, repeated)
}

// goods are the pieces that a prize hands out.
func (p *Prize) goods(choice string) ([]market.PrizeGoods, error) {
	var of []scheme.Goods
	switch p.Kind {
	case scheme.RewardGoods:
		of = []scheme.Goods{{Name: p.What, Count: p.Pieces}}
	case scheme.RewardChoice:
		at := slices.IndexFunc(p.Choice, func(b scheme.Basket) bool { return b.Name == choice })
		if at < 0 {
			return nil, ErrChoice
		}
		of = p.Choice[at].Goods
	}
	if p.Kind != scheme.RewardChoice && choice != "" {
		return nil, ErrChoice.With("这份奖励没有可选的")
	}
	out := make([]market.PrizeGoods, len(of))
	for i, g := range of {
		out[i] = market.PrizeGoods{Name: g.Name, Count: int64(g.Count)}
	}
	return out, nil
}
