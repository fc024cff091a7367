package scheme

import "hefen/internal/points"

// checkCaps warns where a limit is smaller than a single record, which nobody means, or than one of its levels, which
// then nobody can reach.
func (b *binder) checkCaps(it *Item, n *node) {
	if it.Set {
		return
	}
	for i := range it.Caps {
		at := n.get("caps").vals[i]
		if !b.capSmall(&it.Caps[i], it, at, "上限") {
			b.unreachable(&it.Caps[i], it, at)
		}
	}
	value := n
	for _, k := range valueKeys {
		if v := n.get(k); v != nil {
			value = v
		}
	}
	class, ok := b.s.classes[it.Class]
	if !ok {
		return
	}
	for i := range class.Caps {
		b.capSmall(&class.Caps[i], it, value, "“"+class.Name+"”类的上限")
	}
	for i := range b.s.Caps {
		if c := &b.s.Caps[i]; !c.spares(it.Class) {
			b.capSmall(c, it, value, "各项合计的上限")
		}
	}
}

func (b *binder) capSmall(c *Cap, it *Item, at *node, what string) bool {
	least := it.Value.least(c.On)
	if c.Points == 0 || least <= c.Points {
		return false
	}
	if what == "上限" {
		b.warn(at, "cap_small", "上限"+c.Points.String()+"分比一次的"+least.String()+"分还少，一次也记不满", "请核对上限和分值")
	} else {
		b.warn(at, "cap_small", what+c.Points.String()+"分比这个事项一次的"+least.String()+"分还少", "请核对上限和事项的分值")
	}
	return true
}

// unreachable warns of grades and steps above the cap.
func (b *binder) unreachable(c *Cap, it *Item, at *node) {
	var name string
	var most points.Amount
	look := func(a points.Amount, what string) {
		if onSide(c.On, a) && a.Abs() > max(c.Points, most) {
			most, name = a.Abs(), what
		}
	}
	switch v := &it.Value; v.Kind {
	case ValueGrades:
		for _, g := range v.Grades {
			look(g.Points, "“"+g.Name+"”")
		}
	case ValueSteps:
		for i := range v.Steps {
			look(v.Steps[i].Points, "“"+v.stepName(&v.Steps[i])+"”")
		}
	case ValueRange:
		look(v.From, "范围的一头")
		look(v.To, "范围的一头")
	}
	if c.Points > 0 && most > 0 {
		b.warn(at, "unreachable", name+"是"+most.String()+"分，上限只有"+c.Points.String()+"分，永远记不满", "请核对上限和分值")
	}
}

// checkStreaks looks at the days in a row once all items are known: what they count must exist, and be able to reach
// what each day asks for.
func (b *binder) checkStreaks(n *node) {
	s := b.s
	var daily map[string]points.Amount // what each item can bring on one day; worked out once
	for i, v := range n.vals {
		at, it := v.get("streak"), &s.Items[i]
		if at == nil || it.Value.Streak == nil {
			continue
		}
		st := it.Value.Streak
		b.knownItems(at.get("items"))
		if contains(st.Items, it.Code) {
			b.fail(at.get("items"), "streak", "连续达标不能看自己", "请写别的事项的代号")
		}
		if b.failed() {
			continue
		}
		if daily == nil {
			daily = s.daily()
		}
		if most := s.mostOfDay(st, it, daily); most < st.AtLeast {
			place := at.get("at_least")
			if place == nil {
				place = at
			}
			b.fail(place, "streak", "每天最多能得"+most.String()+"分，到不了"+st.AtLeast.String()+"分，这个事项永远达不到", "请核对 at_least 和每天的上限")
		}
	}
}

// daily is the most that each item can bring one account on one day, by its value and its own caps.
func (s *Scheme) daily() map[string]points.Amount {
	out := make(map[string]points.Amount, len(s.Items))
	for i := range s.Items {
		it := &s.Items[i]
		_, hi := it.sides()
		once := max(hi, 0)
		most := points.Max
		if it.Times == "" && !it.Set && len(s.Campaigns) == 0 && it.Repeat == nil {
			most = dailyCap(it.Caps, once)
		} else {
			most = dailyCap(it.Caps, points.Max)
		}
		if once == 0 {
			most = 0
		}
		if it.State != "" && it.Times == "" {
			most = min(most, once)
		}
		out[it.Code] = most
	}
	return out
}

// dailyCap is the most that caps leave of a day on which one record brings at most so much; points.Max where nothing
// limits it.
func dailyCap(caps []Cap, once points.Amount) points.Amount {
	most := points.Max
	for i := range caps {
		c := &caps[i]
		if c.Of != OfAccount || !c.limits(1) {
			continue
		}
		if c.Points > 0 {
			most = min(most, c.Points)
		} else if once < points.Max {
			most = min(most, once.Times(int64(c.Times), 1))
		}
	}
	return most
}

// mostOfDay is the most that what a streak looks at can bring on one day.
func (s *Scheme) mostOfDay(st *Streak, self *Item, daily map[string]points.Amount) points.Amount {
	sum, all := points.Amount(0), len(st.Items)+len(st.Classes) == 0
	classes := map[string]points.Amount{}
	for i := range s.Items {
		it := &s.Items[i]
		if it.Code == self.Code || !all && !contains(st.Items, it.Code) && !contains(st.Classes, it.Class) {
			continue
		}
		classes[it.Class] = min(points.Max, classes[it.Class]+daily[it.Code])
	}
	for code, most := range classes {
		if class, ok := s.classes[code]; ok {
			most = min(most, dailyCap(class.Caps, points.Max))
		}
		sum = min(points.Max, sum+most)
	}
	spared := false
	for i := range s.Caps {
		spared = spared || len(s.Caps[i].Except) > 0
	}
	if !spared {
		sum = min(sum, dailyCap(s.Caps, points.Max))
	}
	return sum
}
