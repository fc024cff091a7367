package scheme

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/file"
)

func (b *binder) checkWarnFirst(it *Item, n *node) {
	at := n.get("warn_first")
	if at == nil {
		return
	}
	if lo, _ := it.sides(); lo >= 0 {
		b.fail(at, "warn_first", "加分事项不用先警告", "请删去 warn_first，或把分值写成负数")
	}
}

func (b *binder) checkRepeat(it *Item, n *node) {
	if it.Repeat != nil && it.Repeat.Factor == 1000 {
		b.warn(n.get("repeat"), "repeat", "倍数是1，再犯和第一次一样", "请写 factor: 2 表示加倍，或删去 repeat")
	}
	if it.Repeat != nil && it.State != "" {
		b.warn(n.get("repeat"), "repeat", "每期一次的状态，上一期的记录也会算成再犯", "想只按状态计分的，请删去 repeat")
	}
	if v := n.get("valid"); v != nil && it.Valid.Open {
		b.fail(v, "valid", "记录有效期写了一直有效，等于没有写", "请删去 valid，或写 {years: 2}")
	}
}

// checkEffects warns of consequences that hang on an award.
func (b *binder) checkEffects(it *Item, n *node) {
	if lo, hi := it.sides(); it.Effects != nil && lo >= 0 && hi > 0 && !it.Set {
		b.warn(n.get("effects"), "effects", "加分事项写了后果，加分的同时会清零或取消资格", "请核对；后果一般写在扣分事项里")
	}
	for i := range it.Value.Grades {
		if g := &it.Value.Grades[i]; g.Effects != nil && g.Points > 0 && !it.Set {
			b.warn(n.get("grades").vals[i].get("effects"), "effects", "加分的等级“"+g.Name+"”写了后果", "请核对；后果一般写在扣分的等级里")
		}
	}
}

// checkRepair holds that there is something to put right, and that doing so does not cost more.
func (b *binder) checkRepair(it *Item, n *node) {
	at := n.get("repair")
	if at == nil {
		return
	}
	lo, _ := it.sides()
	effects := it.effects()
	if lo >= 0 && len(effects) == 0 {
		b.fail(at, "repair", "这个事项不扣分也没有后果，没有可以整改的", "请删去 repair")
		return
	}
	zeroes := slices.ContainsFunc(effects, func(e *Effects) bool { return len(e.Zero) > 0 })
	if it.Repair.Points < lo && !zeroes && !it.Set {
		b.warn(at.get("points"), "repair", "整改以后扣"+(-it.Repair.Points).String()+"分，比不整改的"+(-lo).String()+"分还多", "请核对 repair 的分值")
	}
}

func (b *binder) checkParties(it *Item, n *node) {
	selves := 0
	for i, p := range list(n.get("parties")) {
		rule := &it.Parties[i]
		deny := func(key, advice string) {
			if k := p.get(key); k != nil {
				b.fail(k, "parties", "“"+rule.Name+"”不用写 "+key, advice)
			}
		}
		if p.get("points") != nil && p.get("factor") != nil {
			b.fail(p.get("factor"), "parties", "单独的分值和倍数只能写一个", "请删去 points 或 factor")
		}
		if p.get("factor") != nil && rule.Factor == 0 {
			b.fail(p.get("factor"), "parties", "倍数是0，“"+rule.Name+"”什么也得不到", "请写大于0的数，例如 0.5，或删去这一行")
		}
		if rule.Who != PartyNamed {
			deny("relations", "关系只写给登记时选的人（who: named）")
			deny("min", "人数只写给登记时选的人（who: named）")
			deny("max", "人数只写给登记时选的人（who: named）")
		} else if rule.Min > rule.Max {
			b.fail(cmp.Or(p.get("max"), p.get("min")), "parties", "至少"+strconv.Itoa(rule.Min)+"个，却最多"+strconv.Itoa(rule.Max)+"个", "请核对 min 和 max")
		}
		if rule.Who == PartySelf {
			if selves++; selves > 1 {
				b.fail(p, "parties", "本人（who: self）写了两次", "请只留一个")
			}
		}
	}
	if at := n.get("parties"); at != nil && it.Value.Kind == ValuePerPerson {
		for i, p := range at.vals {
			if it.Parties[i].Who != PartyNamed || p.get("points") != nil || p.get("factor") != nil {
				b.fail(p, "parties", "按人次计分的事项只能写登记时选的参加人，分都记给本账户", "请写成 {role: member, name: 参加人, who: named, max: 50}")
			}
		}
	}
}

func (b *binder) checkOnly(it *Item, n *node) {
	at := n.get("only")
	if at == nil {
		return
	}
	o := it.Only
	if o.MaxAge > 0 && o.MinAge > o.MaxAge {
		b.fail(at.get("max_age"), "only", "最大年龄小于最小年龄，谁也不符合", "请核对 min_age 和 max_age")
	}
	for i, s := range o.Not {
		if contains(o.States, s) {
			b.fail(at.get("not").vals[i], "only", "“"+short(s)+"”既写在要有的身份里，又写在不能有的身份里", "请删去一个")
		}
	}
	if o.When == "" {
		if len(o.States)+len(o.Not) == 0 && at.get("min_age") == nil && at.get("max_age") == nil {
			b.fail(at, "only", "没有写只给哪些人", "请写 states、not、min_age、max_age 或 when")
		}
		return
	}
	if quantityWord.MatchString(o.When) && !it.Value.Quantified() {
		b.warn(at.get("when"), "when", "条件里有 quantity，可这个事项不填数量，它总是0", "请核对条件")
	}
	if gradeWord.MatchString(o.When) && it.Value.Kind != ValueGrades {
		b.warn(at.get("when"), "when", "条件里有 grade，可这个事项不分等级", "请核对条件")
	}
}

var (
	quantityWord = regexp.MustCompile(`\bquantity\b`)
	gradeWord    = regexp.MustCompile(`\bgrade\b`)
	matchesWord  = regexp.MustCompile(`\bmatches\b`)
	unknownName  = regexp.MustCompile(`unknown name (\S+)`)
)

const conditionAdvice = "可以用 age、states、size、adults、quantity、grade、points、month、day、weekday 和 > >= < <= == != && || ! in，例如 size >= 3 && month in [3, 4]"

// condition compiles an expression and says where in the file it is wrong.
func (b *binder) condition(n *node, src string) *condition {
	if matchesWord.MatchString(src) {
		b.fail(n, "when", "条件里不能用 matches", conditionAdvice) // patterns cost far more to read than they are long
		return nil
	}
	c, err := newCondition(src)
	if err == nil {
		return c
	}
	at, msg := *n, "这个条件看不懂"
	if e := (*file.Error)(nil); errors.As(err, &e) {
		if e.Line == 1 && !strings.Contains(src, "\n") {
			at.col += e.Column
			if n.quoted {
				at.col++
			}
		}
		if m := unknownName.FindStringSubmatch(e.Message); m != nil {
			msg = "条件里的“" + short(m[1]) + "”不认识"
		} else if strings.Contains(e.Message, "expected bool") {
			msg = "这个条件算出来不是“是”或“否”"
		}
	} else if strings.Contains(err.Error(), "expected bool") {
		msg = "这个条件算出来不是“是”或“否”"
	}
	b.fail(&at, "when", msg, conditionAdvice)
	return nil
}
