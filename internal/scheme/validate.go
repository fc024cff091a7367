package scheme

import (
	"slices"
	"strconv"
	"strings"

	"hefen/internal/id"
	"hefen/internal/points"
)

// MaxPersons is the most people that a case may count.
const MaxPersons = 10_000

// checkOnly holds an item to those for whom it is meant, as the village's records stood on the day of the deed.
func (i *Item) checkOnly(c *Case) error {
	o := i.Only
	if o == nil {
		return nil
	}
	age := c.Who.age(c.OccurredOn)
	switch {
	case len(o.States) > 0 && !slices.ContainsFunc(o.States, c.Who.is):
		return o.refuse(i, "要有"+stateNames(o.States)+"身份")
	case slices.ContainsFunc(o.Not, c.Who.is):
		return o.refuse(i, "有"+stateNames(o.Not)+"身份的不记")
	case (o.MinAge > 0 || o.MaxAge > 0) && age < 0:
		return o.refuse(i, "没有登记出生日期，请先在村民资料里补上")
	case o.MinAge > 0 && age < o.MinAge:
		return o.refuse(i, "要满"+strconv.Itoa(o.MinAge)+"岁，当天"+strconv.Itoa(age)+"岁")
	case o.MaxAge > 0 && age > o.MaxAge:
		return o.refuse(i, "要在"+strconv.Itoa(o.MaxAge)+"岁以下（含），当天"+strconv.Itoa(age)+"岁")
	case o.when != nil && !o.when.holds(c):
		return o.refuse(i, "不符合细则规定的条件（"+o.When+"）")
	}
	return nil
}

func (o *Only) refuse(i *Item, why string) error {
	if o.Say != "" {
		why = o.Say
	}
	return ErrNotMeant.With("“%s”不能记：%s", i.Name, why)
}

// checkCalendar holds an item that is checked on certain days to them.
func (i *Item) checkCalendar(c *Case) error {
	k := i.Calendar
	if k == nil {
		return nil
	}
	dom := c.OccurredOn.Dom()
	if k.From > 0 && (dom < k.From || dom > k.To) || len(k.Weekdays) > 0 && !slices.Contains(k.Weekdays, isoWeekday(c.OccurredOn)) {
		return wrong("occurred_on", "“"+i.Name+"”"+k.text()+"，"+c.OccurredOn.Chinese()+weekdayNames[isoWeekday(c.OccurredOn)]+"不在其中，请核对日期")
	}
	return nil
}

// checkParties sees to it that whoever the item touches is named, and nobody else. Those whom the village's records
// name are found later and may be missing here.
func (i *Item) checkParties(c *Case) error {
	type person struct {
		role            string
		account, member id.ID
	}
	met := map[person]bool{}
	count := map[string]int{}
	for k := range c.Parties {
		p := &c.Parties[k]
		rule := i.party(p.Role)
		switch {
		case rule == nil || rule.Who == PartySelf:
			return wrong("parties", "“"+i.Name+"”没有“"+short(p.Role)+"”这样的人，请不要填写")
		case p.Account == 0:
			return wrong("parties", "请选择"+rule.Name+"是谁")
		case p.Account == c.Account && p.Member == c.Member && rule.Who == PartyNamed && i.Value.Kind != ValuePerPerson:
			return wrong("parties", rule.Name+"不能就是本人，请另选")
		case len(rule.Relations) > 0 && !slices.Contains(rule.Relations, p.Relation):
			return wrong("parties", rule.Name+"要选"+strings.Join(rule.Relations, "、")+"之一，请写明关系")
		}
		if rule.Who == PartyNamed {
			if who := (person{p.Role, p.Account, p.Member}); met[who] {
				return wrong("parties", rule.Name+"里同一个人选了两次，请删去一个")
			} else {
				met[who] = true
			}
		}
		count[p.Role]++
	}
	for k := range i.Parties {
		rule := &i.Parties[k]
		n := count[rule.Role]
		switch {
		case rule.Who != PartyNamed || i.Value.Kind == ValuePerPerson && c.Persons > 0:
		case n < rule.Min:
			return wrong("parties", "请选择"+rule.Name+"，至少"+strconv.Itoa(rule.Min)+"个")
		case n > rule.Max:
			return wrong("parties", rule.Name+"最多"+strconv.Itoa(rule.Max)+"个，请删去多余的")
		}
	}
	return nil
}

func (i *Item) party(role string) *PartyRule {
	for k := range i.Parties {
		if i.Parties[k].Role == role {
			return &i.Parties[k]
		}
	}
	return nil
}

// checkFilled checks what the case says about its value, and that it says nothing it may not.
func (i *Item) checkFilled(c *Case) error {
	v := &i.Value
	if v.Kind != ValueRange && c.Points != 0 && !(c.Settled && v.Settles()) {
		return wrong("points", "这个事项的分值由细则确定，不能自己填写分数")
	}
	if v.Kind != ValueGrades && c.Grade != "" {
		return wrong("grade", "这个事项不分等级，请不要选择等级")
	}
	if !v.Quantified() && c.Quantity != 0 {
		return wrong("quantity", "这个事项不按数量计分，请不要填写数量")
	}
	if v.Kind != ValueSheet && len(c.Parts) > 0 {
		return wrong("parts", "这个事项没有检查表，请不要填写")
	}
	if v.Kind != ValuePerPerson && c.Persons != 0 {
		return wrong("persons", "这个事项不按人次计分，请不要填写人数")
	}
	if c.Repaired && i.Repair == nil {
		return wrong("repaired", "这个事项没有整改后减轻的规定")
	}
	switch v.Kind {
	case ValueRange:
		return v.checkPoints(c)
	case ValueGrades:
		if _, ok := v.Grade(c.Grade); !ok {
			return wrong("grade", "请选择等级："+gradeNames(v.Grades))
		}
	case ValueSteps, ValuePerUnit, ValueBrackets, ValueMilestones:
		if c.Quantity <= 0 || c.Quantity > MaxQuantity {
			return wrong("quantity", "请填写数量（单位："+v.Unit+"），要大于0，不超过100万")
		}
	case ValueFaults:
		if c.Quantity < 0 || c.Quantity > MaxQuantity {
			return wrong("quantity", "请填写发现了多少"+v.Unit+"，没有就填0")
		}
	case ValueSheet:
		return v.checkSheet(c)
	case ValuePerPerson:
		return i.checkPersons(c)
	}
	return nil
}

func (v *Value) checkPoints(c *Case) error {
	if v.Panel && c.Points == 0 && (v.From > 0 || v.To < 0) {
		return wrong("points", "这个事项由评议小组给分，请先由小组在"+between(v.From, v.To)+"评定")
	}
	if c.Points == 0 || c.Points < v.From || c.Points > v.To {
		return wrong("points", "请填写"+between(v.From, v.To)+"的分数，不能是0分")
	}
	if blank(c.Note) {
		return wrong("note", "这个事项由评定人给分，请写明理由")
	}
	return nil
}

// checkSheet holds a filled-in sheet to its parts. A part with full points that is left out has lost nothing; where there
// are options one must be chosen.
func (v *Value) checkSheet(c *Case) error {
	seen := map[string]bool{}
	for k := range c.Parts {
		got := &c.Parts[k]
		at := slices.IndexFunc(v.Parts, func(p SheetPart) bool { return p.Code == got.Code })
		if at < 0 {
			return wrong("parts", "检查表里没有“"+short(got.Code)+"”这一部分，请重新打开检查表")
		}
		p := &v.Parts[at]
		_, known := p.option(got.Option)
		switch {
		case seen[got.Code]:
			return wrong("parts", "“"+p.Name+"”填了两次，请删去一个")
		case len(p.Options) > 0 && (!known || got.Off != 0):
			return wrong("parts", "“"+p.Name+"”请在这些里选一个："+gradeNames(p.Options))
		case len(p.Options) == 0 && got.Option != "":
			return wrong("parts", "“"+p.Name+"”请填写扣几分，不用选择")
		case len(p.Options) == 0 && (got.Off < 0 || got.Off > p.Full):
			return wrong("parts", "“"+p.Name+"”满分"+p.Full.String()+"分，请填写扣几分，0到"+p.Full.String()+"之间")
		}
		seen[got.Code] = true
	}
	for k := range v.Parts {
		if p := &v.Parts[k]; len(p.Options) > 0 && !seen[p.Code] {
			return wrong("parts", "请填写“"+p.Name+"”，在这些里选一个："+gradeNames(p.Options))
		}
	}
	return nil
}

// checkPersons wants those who took part, named or counted.
func (i *Item) checkPersons(c *Case) error {
	switch {
	case len(c.Parties) > 0 && c.Persons != 0:
		return wrong("persons", "已经选了参加的人，请不要再填人数")
	case len(c.Parties) == 0 && (c.Persons <= 0 || c.Persons > MaxPersons):
		ask := "请填写有多少" + i.Value.Unit + "参加"
		if len(i.Parties) > 0 {
			ask += "，或选择参加的人"
		}
		return wrong("persons", ask)
	}
	return nil
}

// between is a range of points as an instruction.
func between(from, to points.Amount) string {
	if to <= 0 {
		return "扣分，" + from.String() + "到" + to.String() + "之间（扣分写成负数）"
	}
	return from.String() + "到" + to.String() + "之间"
}
