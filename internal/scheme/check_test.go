package scheme

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

func everything(t testing.TB) string {
	t.Helper()
	src, err := os.ReadFile("testdata/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// TestBind pins what every construct of the file becomes. A change of the golden file is a change of what villages wrote.
func TestBind(t *testing.T) {
	s, problems := Parse([]byte(everything(t)))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	got, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/everything.json")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) == strings.TrimSpace(string(want)) {
		return
	}
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Fatalf("line %d:\n got  %s\n want %s", i+1, g[i], w[i])
		}
	}
	t.Fatalf("%d lines, want %d", len(g), len(w))
}

// TestCheckMeaning changes the correct file in one place; ‹ marks where the problem must be shown. A code that ends in ?
// is a reminder.
func TestCheckMeaning(t *testing.T) {
	full := everything(t)
	if _, problems := Parse([]byte(full)); len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, tt := range []struct{ old, changed, want string }{
		// wallets
		{"wallet: task, ratio: 1,", "wallet: ‹tusk, ratio: 1,", "reference “tusk”不是可以兑换的钱包"},
		{"wallet: task, ratio: 1,", "wallet: ‹gift, ratio: 1,", "with 钱包不能和自己搭配"},
		{"name: 金币, kind: spend,", "name: 金币, kind: spend, with: {wallet: ‹gift, ratio: 1},", "with “礼品积分”自己也要搭配"},
		{"pays: [goods, fee]", "pays: [fee]", "with? “礼品积分”要和“任务积分”一起用"},
		{"{wallet: task, ratio: 1, ratios", "{wallet: task, ratio: ‹1.2345, ratios", "quantity “1.2345”的小数太多"},
		{"- {code: year, name: 年度积分, kind: score}", "- {code: year, name: 年度积分, kind: score, pays: ‹[goods]}", "wallet 只有可以兑换的钱包能写抵什么"},
		{"  - {code: base, name: 基础分, kind: base}", "  - {code: base, name: 基础分, kind: base}\n  - ‹{code: more, name: 又一个, kind: base}", "base 基础分钱包只能有一个"},
		{"earns: false, debt: true}", "earns: false}\n  - ‹{code: lone, name: 空的, kind: spend, earns: false}", "empty_wallet? 没有一个事项往“空的”里记分"},
		{"every: quarter, max: 100", "every: quarter, carry: 0, max: ‹100", "reset 一点也不结转"},
		{"charge: [task, gift, base]", "charge: [task, ‹gold]", "reference 没有“gold”这个钱包"},
		{"charge: [task, gift, base]", "charge: [task, ‹year]", "charge “年度积分”计入排名"},
		{"charge: [task, gift, base]", "charge: [‹coin, base]", "charge? “金币”允许欠分"},
		// limits
		{"{per: year, points: 9000, except: [honour]}", "{per: year, points: 9000, except: [‹honur]}", "reference 没有“honur”这个类别"},
		{"{per: week, points: 10}", "‹{per: day, times: 2}", "cap_twice? 和第"},
		{"{per: week, points: 10}", "‹{per: week, points: 2}", "cap_small? 上限2分比一次的2.5分还少"},
		{"{per: month, points: 160}", "{per: month, points: 2}", "cap_small? “人居环境”类的上限2分"},
		{"range: {from: 1, to: 20},", "range: {from: 1, to: 20}, caps: [‹{per: day, points: 10}],", "unreachable? 范围的一头是20分，上限只有10分"},
		{"same: year}", "same: year}\n  - ‹{code: none, name: 空组}", "conflict? “空组”组里没有事项"},
		{"points: 15, conflict: praise}", "points: 15}", "conflict? “表彰”组里只有一个事项"},
		{"points: 15, conflict: praise}", "points: -15, conflict: praise}", "conflict? “表彰”组里有加分也有扣分"},
		{"points: 15, conflict: praise}", "points: 15, conflict: ‹prize}", "reference 没有“prize”这个不重复计分的组"},
		{"points: 15, conflict: praise}", "points: 15, state: year, conflict: ‹praise}", "together state和conflict不能写在同一个事项里"},
		{"sum: true}}", "sum: true}, state: ‹year}", "together milestones和state不能写在同一个事项里"},
		{"to: 2026-01-31, factor: 2,", "to: ‹2025-01-31, factor: 2,", "date 活动结束的日期早于开始的日期"},
		{"to: 2026-01-31, factor: 2,", "to: 2026-01-31, factor: ‹1,", "campaign? 倍数是1"},
		{"items: [visit], beyond_caps", "items: [‹visitt], beyond_caps", "reference 没有“visitt”这个事项"},
		{"beyond_caps: true}", "beyond_caps: true}\n  - ‹{name: 元旦, from: 2026-01-31, to: 2026-02-03, factor: 3}", "campaign? 和“首月双倍”（第"},
		{"points: 5000, beyond", "points: ‹4, beyond", "budget_small? 发放总额4分比“坚持清扫”一次的10分还少"},
		{"of: [base, year], below: 70", "of: [base, ‹task], below: 70", "reference “task”不能用来看分数线"},
		{"lift_at: 75", "lift_at: ‹65", "threshold 解除的分数比分数线还低"},
		{"of: [base, year], below: 70, lift_at: 75", "of: [base], below: 70, lift_at: ‹101", "threshold 基础分最多100分，永远到不了101分"},
		{"of: [base, year], below: 70, lift_at: 75", "of: [year], below: ‹70, lift_at: 75", "threshold? 一开始是0分，低于70分"},
		{"term: {until: quarter}, rounds", "lift_at: ‹60, term: {until: quarter}, rounds", "threshold? 写了时间（term）"},
		{"term: {until: quarter}, rounds", "term: ‹{until: quarter, days: 3}, rounds", "term 时间长短写了2样"},
		{"then: suspended}", "then: suspended, rounds: ‹[year_end]}", "threshold 只有一票否决"},
		{"rounds: [year_end], at", "rounds: [‹yearend], at", "reference 没有“yearend”这个评比"},
		{"span: year, mean_of: quarter", "span: quarter, mean_of: ‹half", "watch 取平均的周期"},
		{"percent: 20.5, wallet: coin", "percent: 20.5, wallet: ‹base", "reference “base”不是可以记分的钱包"},
		{"percent: 20.5, wallet: coin", "percent: 20.5, wallet: ‹year", "rank_coins? “年度积分”计入排名"},
		{"- {name: 月度前20%, every: month, percent: 20.5", "- ‹{name: 月度前20%, every: month, top: 3, percent: 20.5", "rank_coins 前几名和前百分之几要写一个"},
		{"own_items: {awards: 1", "own_items: {awards: 0", "own_items 自定的加分事项超过0个"},
		{"points: 3, own: true", "points: 4, own: ‹true", "own_items 自定事项一次有4分，最多3分"},
		{"own_items: {awards: 1, deductions: 1, points: 3}\n", "", "own_items 没有写自定事项可以有几个"},
		// values
		{"full: 12, each: -3, floor: 1", "full: 12, each: -3, floor: ‹12", "faults 扣到12分为止"},
		{"{up_to: 6000, every: 500", "{up_to: ‹1500, every: 500", "brackets 这一段和前一段重叠"},
		{"{up_to: 6000, every: 500", "‹{every: 500", "brackets 这一段没有写到多少为止"},
		{"{up_to: 6000, every: 500", "‹{up_to: 2400, every: 500", "brackets? 这一段只有400元，不满500元"},
		{"{every: 1000, points: 1}]", "{up_to: ‹9000, every: 1000, points: 1}]", "brackets 最后一段不能写到多少为止"},
		{"{every: 1000, points: 1}], max: 50", "‹{every: 1000, points: 1}], max: 18", "brackets? 前面的段已经到了一次最多18分"},
		{"{every: 1000, points: 1}], max: 50", "{every: 1000, points: -1}], max: 50", "brackets 各段要么都加分，要么都扣分"},
		{"{at: 15, points: 3}", "{at: ‹5, points: 3}", "milestones 各档没有从小到大排列"},
		{"{at: 15, points: 3}], sum: true", "‹{at: 15, points: 1}]", "milestones? 只计最高一档"},
		{"at_least: 2.5, points: 10, items: [sweep], classes: [eco]", "at_least: ‹3, points: 10, items: [sweep]", "streak 每天最多能得2.5分，到不了3分"},
		{"items: [sweep], classes: [eco]}}", "items: [‹swep], classes: [eco]}}", "reference 没有“swep”这个事项"},
		{"items: [sweep], classes: [eco]}}", "items: ‹[steady]}}", "streak 连续达标不能看自己"},
		{"- {code: yard, name: 庭院, full: 3}", "- ‹{code: yard, name: 庭院}", "sheet 检查表的一部分要写满分或几种情况"},
		{"name: 柴草, options", "name: ‹庭院, options", "duplicate 名称“庭院”"},
		{"{points: 2, max: 20}", "‹{points: 2}", "no_max? 没有写一次最多几分"},
		{"points: 0, set: true", "points: ‹0", "zero 分值是0"},
		{"points: 0, set: true", "points: 0, set: true, caps: ‹[{per: year, times: 1}]", "set 直接评定年度积分的事项不能再写 caps"},
		{"{unit: 公斤, points: 0.1, round: none},", "{unit: 公斤, points: 0.1, round: none}, set: ‹true,", "set 按数量"},
		{"tiers: [{up_to: 2, points: 1}, {points: 2}]", "tiers: [{up_to: 2, points: 1}, ‹{points: 1}]", "steps? 这一档和前一档分值一样"},
		// people and consequences
		{"month in [3, 4]\"", "month inn [3, 4]\"", "when "},
		{"\"size >= 3 && month in [3, 4]\"", "\"‹sise >= 3\"", "when 条件里的“sise”不认识"},
		{"\"size >= 3 && month in [3, 4]\"", "\"size + 3\"", "when 这个条件算出来不是“是”或“否”"},
		{"\"size >= 3 && month in [3, 4]\"", "‹\"grade == 'a'\"", "when? 条件里有 grade"},
		{"not: [away]", "not: [‹resident]", "only “resident”既写在要有的身份里"},
		{"max_age: 70", "max_age: ‹17", "only 最大年龄小于最小年龄"},
		{"who: householder, points: -1}", "who: householder, points: -1, factor: ‹2}", "parties 单独的分值和倍数只能写一个"},
		{"who: householder, points: -1}", "who: householder, points: -1, max: ‹2}", "parties “户主”不用写 max"},
		{"who: linked, factor: 0.2}", "who: linked, factor: ‹0}", "parties 倍数是0"},
		{"- {role: head, name: 户主, who: householder, points: -1}", "- ‹{role: head, name: 户主, who: self}", "parties 本人（who: self）写了两次"},
		{"min: 0, max: 50}", "min: 60, max: ‹50}", "parties 至少60个，却最多50个"},
		{"name: 队员, who: named, min: 0, max: 50}", "name: 队员, who: named, factor: 2}", "parties 按人次计分的事项"},
		{"points: 1, times: adults", "points: 1, subject: person, times: ‹adults", "times 不是按户记分的事项"},
		{"points: 3, own: true}", "points: 3, own: true, warn_first: ‹{months: 3}}", "warn_first 加分事项不用先警告"},
		{"points: 3, own: true}", "points: 3, own: true, repair: ‹{points: -1}}", "repair 这个事项不扣分也没有后果"},
		{"points: 3, own: true}", "points: 3, own: true, effects: ‹{zero: all}}", "effects? 加分事项写了后果"},
		{"points: 3, own: true}", "points: 3, own: true, charge: ‹[task]}", "charge 加分事项没有扣分顺序"},
		{"points: 3, own: true}", "points: 3, own: true, valid: ‹{open: true}}", "valid 记录有效期写了一直有效"},
		{"zero: [task, year]", "zero: [task, ‹yeer]", "reference 没有“yeer”这个钱包"},
		{"zero: [task, year]", "zero: [task, ‹honor]", "effects “荣誉积分”只增不减"},
		{"veto: {years: 1, rounds: [year_end]}", "veto: {years: 1, rounds: [‹june]}", "reference 没有“june”这个评比"},
		{"suspended: {days: 30}", "suspended: ‹{open: false}", "term 时间长短写了0样"},
		{"factor: 1.5, each", "factor: 1, each", "repeat? 倍数是1"},
		{"points: 15, conflict: praise}", "points: -15, conflict: praise, repair: {points: ‹-30}}", "repair? 整改以后扣30分"},
		{"name: 弄虚作假, class: order, points: 0,", "name: 弄虚作假, class: order, points: 0, review: ‹{direct: true},", "review 有后果（effects）的事项不能直接生效"},
		{"month_days: [1, 8]", "month_days: [8, ‹1]", "calendar 结束的日子早于开始的日子"},
		{"review: {panel: true, levels: 2}", "review: ‹{panel: true, direct: true}", "review 要评议小组评定的事项不能直接生效"},
		// words
		{"name: 弄虚作假", "name: ‹越级上访", "rights? 事项里有“上访”"},
		{"name: 一般, points: -2", "name: 孩子早恋, points: -2", "rights? 事项里有“早恋”"},
		{"name: 走访慰问", "name: ‹全年无信访", "rights? 事项里有“无信访”，像是奖励"},
		{"name: 走访慰问", "name: ‹主动放弃低保", "rights? 事项里有“放弃低保”"},
		{"name: 弄虚作假", "name: ‹酒驾取消低保", "rights? 事项里有“取消低保”"},
		{"name: 走访慰问", "name: ‹安装小程序", "app? 事项里有“安装小程序”"},
		{"name: 走访慰问", "name: ‹每日签到", "app? 事项里有“每日签到”"},
	} {
		if strings.Count(full, tt.old) != 1 {
			t.Errorf("%q stands there %d times", tt.old, strings.Count(full, tt.old))
			continue
		}
		src := strings.Replace(full, tt.old, tt.changed, 1)
		line, col := 0, 0
		if at := strings.Index(src, "‹"); at >= 0 {
			line = 1 + strings.Count(src[:at], "\n")
			col = 1 + len([]rune(src[strings.LastIndexByte(src[:at], '\n')+1:at]))
			src = strings.Replace(src, "‹", "", 1)
		}
		code, msg, _ := strings.Cut(tt.want, " ")
		level := LevelError
		if strings.HasSuffix(code, "?") {
			code, level = code[:len(code)-1], LevelWarning
		}
		s, problems := Parse([]byte(src))
		i := slices.IndexFunc(problems, func(p Problem) bool { return p.Code == code && strings.HasPrefix(p.Msg, msg) })
		switch {
		case i < 0 || problems[i].Level != level || line > 0 && (problems[i].Line != line || problems[i].Col != col):
			t.Errorf("%s\n want %d:%d %s\n got %v", tt.changed, line, col, tt.want, problems)
		case problems[i].Advice == "" || (s == nil) != slices.ContainsFunc(problems, isError):
			t.Errorf("%s: %v", tt.changed, problems)
		}
	}
}

// TestRightsAreNotNoisy holds the words to what villages really write.
func TestRightsAreNotNoisy(t *testing.T) {
	full := everything(t)
	for _, name := range []string{"党日活动签到", "优秀学生(校级)", "走访困难群众", "不赡养老人", "孝老爱亲", "参军入伍", "考上大学", "文明家庭", "家访", "会议签到",
		"平安家庭", "接种疫苗", "无偿献血", "使用公筷"} {
		_, problems := Parse([]byte(strings.Replace(full, "走访慰问", name, 1)))
		if len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}
