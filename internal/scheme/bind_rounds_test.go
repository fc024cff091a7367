package scheme

import (
	"strings"
	"testing"
)

func TestParseRefusesRounds(t *testing.T) {
	tier := func(s string) string { return "span: year, tiers: [" + s + "]" }
	for _, tt := range []struct{ round, want string }{
		{"span: year", "round 评比“奖”没有写奖给谁"},
		{"span: year, top: 1, tiers: [{top: 1}]", "round top 和 tiers 只能写一个"},
		{"span: month, top: 1, cutoff: {on: 01-10}", "cutoff 只有评全年才能写日期"},
		{"span: year, top: 1, cutoff: {on: 02-29}", "date 没有"},
		{"span: year, top: 1, cutoff: {}", "cutoff 截止日写几天后或日期"},
		{"span: year, top: 1, cutoff: {days: 1, on: 01-10}", "cutoff 截止日写几天后或日期"},
		{"span: year, top: 1, eligibility: {base_line: true}", "reference 细则里没有基础分"},
		{"span: year, top: 1, rank_by: {wallets: [spend]}", "reference “spend”不是计入排名的钱包"},
		{"span: year, top: 1, rank_by: {classes: [nix]}", "reference 没有“nix”这个类别"},
		{"span: year, top: 1, rank_by: {items: [nix]}", "reference 没有“nix”这个事项"},
		{"span: year, top: 1, rank_by: {items: [gift], classes: [eco]}", "rank_by 按钱包、按类别、按事项排名只能写一种"},
		{"span: year, top: 1, among: {states: [a], not: [a]}", "round “a”既要有又不能有"},
		{"span: year, top: 1, among: {not: [resident]}, eligibility: {resident: true}", "round 常住的不评"},
		{"span: year, top: 0", "number top（前几名）太小"},
		{"span: year, top: 1, ties: some", "choice ties（并列怎么办）不能写“some”"},
		{tier("{name: 空}"), "tier “空”没有写奖给谁"},
		{tier("{top: 1}, {top: 2}"), "tier 这一档没有写名称"},
		{tier("{name: 甲, top: 1}, {name: 甲, top: 2}"), "duplicate 名称“甲”"},
		{tier("{name: 甲, top: 3}, {name: 乙, top: 3}"), "unreachable “乙”永远轮不到"},
		{tier("{name: 甲, from: 20}, {name: 乙, from: 30}"), "unreachable “乙”永远轮不到"},
		{tier("{name: 甲, everyone: true}, {name: 乙, top: 3}"), "unreachable “乙”永远轮不到"},
		{tier("{name: 甲, per_group: 2}, {name: 乙, per_group: 1}"), "unreachable “乙”永远轮不到"},
		{tier("{everyone: true, top: 3}"), "tier 既写了人人有份，又写了名次或分数"},
		{tier("{from: 3, to: 2}"), "tier 最高分低于最低分"},
		{tier("{top: 3, percent_of: scored}"), "tier 没有写前百分之几"},
		{"of: group, " + tier("{per_group: 3}"), "tier 评的就是小组"},
		{tier("{top: 3, rewards: [{}]}"), "reward 一条奖励只能写一样"},
		{tier("{top: 3, rewards: [{points: 1, wallet: spend, goods: 大米}]}"), "reward 一条奖励只能写一样"},
		{tier("{top: 3, rewards: [{points: 1}]}"), "reward 没有写积分记入哪个钱包"},
		{tier("{top: 3, rewards: [{points: 1, wallet: nix}]}"), "reference “nix”不是可以记分的钱包"},
		{tier("{top: 3, rewards: [{title: 户, wallet: spend}]}"), "reward 这一条不是积分"},
		{tier("{top: 3, rewards: [{title: 户, count: 2}]}"), "reward 这一条不是商品"},
		{tier("{top: 3, rewards: [{dividend: {}}]}"), "dividend 分红写元或积分"},
		{tier("{top: 3, rewards: [{dividend: {yuan: 1, wallet: spend}}]}"), "dividend 分的是钱"},
		{tier("{top: 3, rewards: [{choice: [{name: 米}]}]}"), "count choice（任选一样）有1条"},
		{tier("{top: 3, rewards: [{choice: [{name: 米, count: 2, goods: [{name: 米}]}, {name: 油}]}]}"), "reward 写了 goods 就不用再写件数"},
		{"span: year, top: 1}\n  - {code: r, name: 另一个, span: year, top: 1", "duplicate 代号“r”"},
	} {
		s, problems := Parse([]byte(village + "rounds:\n  - {code: r, name: 奖, " + tt.round + "}\n"))
		if s != nil || len(problems) == 0 || !strings.HasPrefix(problems[0].Code+" "+problems[0].Msg, tt.want) {
			t.Errorf("%s: %v", tt.round, problems)
			continue
		}
		if p := problems[0]; p.Line < 30 || p.Advice == "" {
			t.Errorf("%s: %+v", tt.round, p)
		}
	}
}
