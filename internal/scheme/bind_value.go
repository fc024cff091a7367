package scheme

// valueKeys are the ways of writing what a record is worth. Exactly one must be written.
var valueKeys = []string{"points", "range", "panel", "grades", "steps", "per_unit", "brackets", "faults", "milestones", "streak", "sheet", "per_person"}

// value binds whichever kind of value the item has; checkItem sees to it that there is exactly one.
func (b *binder) value(n *node) Value {
	for _, k := range valueKeys {
		v := n.get(k)
		if v == nil {
			continue
		}
		switch k {
		case "range", "panel":
			return Value{Kind: ValueRange, From: b.amount(v.get("from")), To: b.amount(v.get("to")), Panel: k == "panel"}
		case "grades":
			return Value{Kind: ValueGrades, Grades: b.grades(v)}
		case "steps":
			return b.steps(v)
		case "per_unit":
			return Value{Kind: ValuePerUnit, Unit: text(v.get("unit")), Points: b.amount(v.get("points")), Max: b.amount(v.get("max")),
				Round: textOr(v.get("round"), RoundNearest)}
		case "brackets":
			return b.brackets(v)
		case "faults":
			return Value{Kind: ValueFaults, Unit: text(v.get("unit")), Full: b.amount(v.get("full")), Points: b.amount(v.get("each")), From: b.amount(v.get("floor"))}
		case "milestones":
			return b.milestones(v)
		case "streak":
			return b.streak(v)
		case "sheet":
			return b.sheet(v)
		case "per_person":
			return Value{Kind: ValuePerPerson, Unit: textOr(v.get("unit"), "人"), Points: b.amount(v.get("points")), Max: b.amount(v.get("max"))}
		}
	}
	return Value{Kind: ValueFixed, Points: b.amount(n.get("points"))}
}

func (b *binder) grades(n *node) []Grade {
	var out []Grade
	for _, g := range n.vals {
		out = append(out, Grade{Code: text(g.get("code")), Name: text(g.get("name")), Points: b.amount(g.get("points")), Effects: b.effects(g.get("effects"))})
	}
	return out
}

func (b *binder) steps(n *node) Value {
	v := Value{Kind: ValueSteps, Unit: text(n.get("unit"))}
	for _, t := range n.get("tiers").vals {
		v.Steps = append(v.Steps, Step{UpTo: b.upTo(t), Points: b.amount(t.get("points"))})
	}
	return v
}

// upTo is the end of a tier; zero where it has none.
func (b *binder) upTo(tier *node) int64 {
	if up := tier.get("up_to"); up != nil {
		return b.thousandths(up)
	}
	return 0
}

func (b *binder) brackets(n *node) Value {
	v := Value{Kind: ValueBrackets, Unit: text(n.get("unit")), Max: b.amount(n.get("max")), Round: textOr(n.get("round"), RoundDown)}
	if least := n.get("least"); least != nil {
		v.Least = b.thousandths(least)
	}
	for _, t := range n.get("tiers").vals {
		v.Brackets = append(v.Brackets, Bracket{UpTo: b.upTo(t), Every: b.thousandths(t.get("every")), Points: b.amount(t.get("points"))})
	}
	return v
}

func (b *binder) milestones(n *node) Value {
	v := Value{Kind: ValueMilestones, Unit: text(n.get("unit")), Per: text(n.get("per")), Sum: boolOr(n.get("sum"), false)}
	for _, t := range n.get("tiers").vals {
		v.Milestones = append(v.Milestones, Milestone{At: b.thousandths(t.get("at")), Points: b.amount(t.get("points"))})
	}
	return v
}

// streak binds days in a row. Where nothing is said of how much each day must bring, anything counted will do.
func (b *binder) streak(n *node) Value {
	st := &Streak{Days: number(n.get("days"), 0), AtLeast: 1, Items: texts(n.get("items")), Classes: b.knownClasses(n.get("classes"))}
	if least := n.get("at_least"); least != nil {
		st.AtLeast = b.amount(least)
	}
	return Value{Kind: ValueStreak, Points: b.amount(n.get("points")), Streak: st}
}

func (b *binder) sheet(n *node) Value {
	v := Value{Kind: ValueSheet}
	for _, p := range n.get("parts").vals {
		part := SheetPart{Code: text(p.get("code")), Name: text(p.get("name")), Full: b.amount(p.get("full"))}
		if o := p.get("options"); o != nil {
			part.Options = b.grades(o)
		}
		v.Full += part.Full
		v.Parts = append(v.Parts, part)
	}
	return v
}
