package village

import (
	"slices"
	"strings"

	"hefen/internal/clock"
	"hefen/internal/storage"
)

// plan is what an import is going to do: first everything is matched and checked, then everything right is written.
type plan struct {
	s            *Service
	w            Write
	day          clock.Day
	sheet        *sheet
	now          *picture
	faults       *faults
	createGroups bool

	jobs       []*job
	households Tally
	members    Tally
	madeGroups []string
}

// job is one household of the file beside what is stored of it.
type job struct {
	d       *draft
	h       *nowHousehold // nil if new
	people  []personJob
	regroup bool
	states  changes
}

type personJob struct {
	l      line
	m      *nowMember // nil if new
	join   bool       // begins a place with the line's relation
	leave  bool       // ends the open one
	states changes
}

// changes are states to end and to begin.
type changes struct {
	end   []term
	begin []term
}

func (c changes) none() bool { return len(c.end) == 0 && len(c.begin) == 0 }

// match finds for every household and person of the file who is stored already, and what differs.
func (p *plan) match() {
	for _, d := range p.sheet.drafts {
		if !p.faults.bad[d.number] {
			p.matchHousehold(d)
		}
	}
	for again := true; again; { // a household left out may leave another without a householder
		again = false
		for _, j := range p.jobs {
			if !p.faults.bad[j.d.number] && !p.headsRemain(j) {
				again = true
			}
		}
	}
}

func (p *plan) matchHousehold(d *draft) {
	j := &job{d: d, h: p.now.households[d.number]}
	if other := p.now.byID[p.now.aliases[d.number]]; j.h == nil && other != nil {
		p.faults.add(d.row, colNumber, d.number, "这是一个旧编号，现在的编号是 %s；请改用现在的编号", other.number)
		return
	}
	if j.h != nil && j.h.ended {
		p.faults.add(d.row, colNumber, d.number, "这个编号的户已经销户、迁出或并入别的户，请换一个编号")
		return
	}
	group, known := p.now.groups[d.group]
	if !known && !p.createGroups {
		p.faults.add(d.row, colGroup, d.number, "本村没有“%s”这个小组；现有：%s", d.group, p.groupList())
	} else if !known && !goodLabel(d.group, 30) {
		p.faults.add(d.row, colGroup, d.number, "小组名称应为1到30个字，只用汉字、字母和数字")
	}
	var has []term
	if j.h != nil {
		has = j.h.states
		if j.regroup = !known || group != j.h.group; j.regroup && j.h.group != 0 {
			p.notBefore(j.h.inGroup, d.row, colGroup, d.number)
		}
	}
	j.states = p.diff(has, colStatus, d.status, colFlags, d.flags, d.row, d.number)
	for _, l := range d.lines {
		j.people = append(j.people, p.matchPerson(j, l))
	}
	p.jobs = append(p.jobs, j)
}

func (p *plan) groupList() string {
	switch n := p.now.groupNames; {
	case len(n) == 0:
		return "（还没有，请先建立小组）"
	case len(n) > 12:
		return strings.Join(n[:12], "、") + "……"
	default:
		return strings.Join(n, "、")
	}
}

func (p *plan) matchPerson(j *job, l line) personJob {
	m, ok := p.find(j, l)
	pj := personJob{l: l, m: m, join: true}
	if !ok {
		return pj
	}
	var has []term
	if m != nil {
		m.taken = l.row
		has = m.states
		if m.household != nil {
			pj.leave = m.household != j.h || m.place.value != l.relation
			pj.join = pj.leave
		}
		if pj.leave {
			p.notBefore(m.place, l.row, colRelation, j.d.number)
		}
	}
	pj.states = p.diff(has, colOwnState, l.status, colOwnFlags, l.flags, l.row, j.d.number)
	return pj
}

// find looks for the stored person a line stands for: by identity number, else by name within the household. ok is
// false when the line was found wrong.
func (p *plan) find(j *job, l line) (m *nowMember, ok bool) {
	if l.idno != "" {
		m = p.now.byIDNo[string(p.s.db.Keys.Index(storage.IndexIDNo, l.idno))]
	}
	if m == nil && j.h != nil {
		var same []*nowMember
		for _, c := range j.h.members {
			if c.name == l.name {
				same = append(same, c)
			}
		}
		switch {
		case l.idno != "" && len(same) == 1 && same[0].idno != "":
			p.faults.add(l.row, colIDNo, j.d.number, "本户已有同名的人登记了另一个身份证号；若是写错了请改过来，若要更正登记请在系统里更正")
			return nil, false
		case len(same) > 1:
			p.faults.add(l.row, colIDNo, j.d.number, "本户登记有几个同名的人，请填身份证号以便区分")
			return nil, false
		case len(same) == 1:
			m = same[0]
		}
	}
	if m == nil {
		return nil, true
	}
	if m.taken != 0 {
		p.faults.add(l.row, colName, j.d.number, "与第%d行是同一个人，请删去一行", m.taken)
		return nil, false
	}
	for _, st := range m.states {
		if st.kind == kindStatus && st.value == Dead {
			p.faults.add(l.row, colName, j.d.number, "这个人已登记去世，请核对；若是登记错了请在系统里更正")
			return nil, false
		}
	}
	return m, true
}

// diff compares open states with what the file says. A column the file does not have changes nothing.
func (p *plan) diff(has []term, statusColumn, status, flagColumn string, flags []string, row int, number string) (c changes) {
	if status == "" {
		status = Resident
	}
	for _, t := range has {
		gone := t.kind == kindFlag && !slices.Contains(flags, t.value)
		column := flagColumn
		if t.kind == kindStatus {
			gone, column = t.value != status, statusColumn
		}
		returns := t.kind == kindStatus && t.value == Moved // who is in the register again has not moved away
		if gone && (p.sheet.has[column] || returns) {
			c.end = append(c.end, t)
			p.notBefore(t, row, column, number)
		}
	}
	begin := func(kind, value string) {
		for _, t := range has {
			if t.kind == kind && t.value == value {
				return
			}
		}
		c.begin = append(c.begin, term{kind: kind, value: value})
	}
	if p.sheet.has[statusColumn] && status != Resident {
		begin(kindStatus, status)
	}
	for _, f := range flags {
		begin(kindFlag, f)
	}
	return c
}

func (p *plan) notBefore(t term, row int, column, number string) {
	if p.day < t.from {
		p.faults.add(row, column, number, "现在登记的情况是从%s开始的，不能从更早的%s起更改", t.from.Chinese(), p.day.Chinese())
	}
}

// headsRemain checks that neither this household nor those its people come from end up with two householders or none.
func (p *plan) headsRemain(j *job) bool {
	ok := true
	here := map[*nowMember]bool{}
	for _, pj := range j.people {
		if pj.m == nil {
			continue
		}
		here[pj.m] = true
		if from := pj.m.household; from != nil && from != j.h && pj.m.place.value == Head && !p.rewritten(from.number) {
			p.faults.add(pj.l.row, colIDNo, j.d.number, "这个人是 %s 户的户主，移出后那一户就没有户主了；请把那一户也写进表里（定好新户主），或办理并户", from.number)
			ok = false
		}
	}
	if j.h == nil {
		return ok
	}
	for _, m := range j.h.members {
		if m.place.value == Head && !here[m] && !p.movesAway(m) {
			p.faults.add(j.d.row, colRelation, j.d.number, "这户现在登记的户主（%s）没有写在表里；请把这个人也写上并填好关系，或先办理变更", m.name)
			ok = false
		}
	}
	return ok
}

// rewritten reports whether the file has a household and it will be imported.
func (p *plan) rewritten(number string) bool {
	return p.sheet.byNumber[number] != nil && !p.faults.bad[number]
}

// movesAway reports whether the file puts a person into another household that will be imported.
func (p *plan) movesAway(m *nowMember) bool {
	for _, j := range p.jobs {
		if p.faults.bad[j.d.number] || j.h == m.household {
			continue
		}
		for _, pj := range j.people {
			if pj.m == m {
				return true
			}
		}
	}
	return false
}
