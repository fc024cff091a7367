package scheme

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"hefen/internal/points"
)

// Prize is one reward of one winner. Ref names it within the round: the tier, counted from 1 and 0 for the round's own
// rewards, and the reward's place in it. Round, account and Ref together are issued once.
type Prize struct {
	Ref string `json:"ref"`
	Reward
	Fen   int64  `json:"fen,omitempty" doc:"dividend of money: the winner's part; of points: points"`
	Words string `json:"words" doc:"what it is, in words"`
}

// reward hands out what the tiers and the round give to those who won.
func (a *awarding) reward() {
	for t := range a.r.Tiers {
		for i := range a.r.Tiers[t].Rewards {
			a.give(strconv.Itoa(t+1)+"."+strconv.Itoa(i+1), &a.r.Tiers[t].Rewards[i], func(e *entry) bool { return e.Tier == t+1 })
		}
	}
	for i := range a.r.Rewards {
		a.give("0."+strconv.Itoa(i+1), &a.r.Rewards[i], func(e *entry) bool { return e.Wins })
	}
	for _, e := range a.entries {
		if len(e.Prizes) > 0 {
			words := make([]string, len(e.Prizes))
			for i := range e.Prizes {
				words[i] = e.Prizes[i].Words
			}
			e.because("奖励：" + strings.Join(words, "；"))
		}
	}
}

// give adds one reward to the winners it is for. A dividend waits until nothing is left to be drawn, because every part
// of it depends on who else shares.
func (a *awarding) give(ref string, rw *Reward, to func(*entry) bool) {
	var winners []*entry
	for _, e := range a.entries {
		if e.Drawing > 0 && rw.Kind == RewardDividend {
			return
		}
		if to(e) {
			winners = append(winners, e)
		}
	}
	if rw.Kind != RewardDividend {
		for _, e := range winners {
			e.Prizes = append(e.Prizes, Prize{Ref: ref, Reward: *rw, Words: a.s.rewardText(rw)})
		}
		return
	}
	scores := make([]points.Amount, len(winners))
	for i, e := range winners {
		scores[i] = e.Score
	}
	pool := cmp.Or(rw.Pool.Fen, int64(rw.Pool.Points))
	for i, part := range a.split(pool, winners, scores) {
		if part == 0 {
			continue
		}
		p := Prize{Ref: ref, Reward: *rw}
		if rw.Pool.Fen > 0 {
			p.Fen, p.Words = part, fmt.Sprintf("分红%s元（共%s元，按积分分配）", yuan(part), yuan(pool))
		} else {
			p.Points = points.Amount(part)
			p.Words = "分红" + a.s.walletName(rw.Wallet) + p.Points.String() + "分（共" + rw.Pool.Points.String() + "分，按积分分配）"
		}
		winners[i].Prizes = append(winners[i].Prizes, p)
	}
}

// split shares a pool by score: everybody gets the whole units of pool × own ÷ all, and the units that are left go one
// each to the largest fractions, equal ones by account. The parts sum to the pool exactly, unless nobody scored above 0.
func (a *awarding) split(pool int64, winners []*entry, scores []points.Amount) []int64 {
	parts := make([]int64, len(scores))
	all := new(big.Int)
	for _, s := range scores {
		all.Add(all, big.NewInt(int64(max(s, 0))))
	}
	if all.Sign() == 0 {
		return parts
	}
	left, fractions, order := pool, make([]*big.Int, len(scores)), make([]int, 0, len(scores))
	for i, s := range scores {
		whole, fraction := new(big.Int).QuoRem(new(big.Int).Mul(big.NewInt(pool), big.NewInt(int64(max(s, 0)))), all, new(big.Int))
		parts[i], fractions[i] = whole.Int64(), fraction
		left -= parts[i]
		order = append(order, i)
	}
	slices.SortFunc(order, func(x, y int) int {
		return cmp.Or(fractions[y].Cmp(fractions[x]), cmp.Compare(winners[x].Account, winners[y].Account))
	})
	for _, i := range order[:left] {
		parts[i]++
	}
	return parts
}

func (s *Scheme) walletName(code string) string {
	if w, ok := s.Wallet(code); ok {
		return w.Name
	}
	return code
}

// rewardText is a reward in words: 金币8分, 大米2件, 大米或食用油（任选一样）.
func (s *Scheme) rewardText(rw *Reward) string {
	switch rw.Kind {
	case RewardPoints:
		return s.walletName(rw.Wallet) + rw.Points.String() + "分"
	case RewardGoods:
		return goodsText(Goods{rw.Name, rw.Count})
	case RewardChoice:
		names := make([]string, len(rw.Choice))
		for i := range rw.Choice {
			names[i] = rw.Choice[i].text()
		}
		return strings.Join(names, "或") + "（任选一样）"
	case RewardTitle:
		return "荣誉称号“" + rw.Name + "”"
	}
	return rw.Name
}

func (b *Basket) text() string {
	if len(b.Goods) == 1 && b.Goods[0].Name == b.Name {
		return goodsText(b.Goods[0])
	}
	parts := make([]string, len(b.Goods))
	for i, g := range b.Goods {
		parts[i] = goodsText(g)
	}
	return b.Name + "（" + strings.Join(parts, "、") + "）"
}

func goodsText(g Goods) string { return g.Name + strconv.Itoa(g.Count) + "件" }

// yuan is fen as people write money: 12, 3.5, 0.07.
func yuan(fen int64) string { return points.Amount(fen).String() }
