package village

import (
	"bytes"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// writer gathers rows and sends them in large statements.
type writer struct {
	tx   *storage.Tx
	rows map[string][][]any // by INSERT
	ends map[string][]id.ID // by table
	day  clock.Day
}

const (
	insertHousehold  = `INSERT INTO households (id, village_id, number, name, pinyin, initials, created_at, from_day, to_day) VALUES `
	insertInGroup    = `INSERT INTO household_groups (id, village_id, household_id, group_id, from_day, to_day, set_by) VALUES `
	insertMembership = `INSERT INTO memberships (id, village_id, member_id, household_id, relation, from_day, to_day, set_by) VALUES `
)

func insertState(t stateTable) string {
	return `INSERT INTO ` + t.table + ` (id, village_id, ` + t.owner + `, kind, value, from_day, to_day, set_by) VALUES `
}

func (w *writer) add(insert string, row ...any) error {
	w.rows[insert] = append(w.rows[insert], row)
	if len(w.rows[insert]) < rowsPerInsert {
		return nil
	}
	return w.flushRows(insert)
}

func (w *writer) flushRows(insert string) error {
	err := insertRows(w.tx, insert, w.rows[insert])
	w.rows[insert] = w.rows[insert][:0]
	return err
}

// end notes an open term that ends on the writer's day.
func (w *writer) end(table string, t term) error {
	w.ends[table] = append(w.ends[table], t.id)
	if len(w.ends[table]) < rowsPerInsert {
		return nil
	}
	return w.flushEnds(table)
}

func (w *writer) flushEnds(table string) error {
	ids := w.ends[table]
	if len(ids) == 0 {
		return nil
	}
	n, err := w.tx.Exec(`UPDATE `+table+` SET to_day = ? WHERE to_day = ? AND id IN `+storage.In(len(ids)), storage.Args(ids, w.day, clock.Forever)...)
	if err == nil && int(n) != len(ids) {
		err = fmt.Errorf("%s: %d of %d terms were open", table, n, len(ids))
	}
	w.ends[table] = ids[:0]
	return err
}

func (w *writer) flush() error {
	for table := range w.ends {
		if err := w.flushEnds(table); err != nil {
			return err
		}
	}
	for insert := range w.rows {
		if err := w.flushRows(insert); err != nil {
			return err
		}
	}
	return nil
}

// apply writes every household that is right and opens the accounts of the new ones.
func (p *plan) apply(tx *storage.Tx, progress func(string, int, int)) error {
	if err := p.makeGroups(tx); err != nil {
		return err
	}
	w := &writer{tx: tx, rows: map[string][][]any{}, ends: map[string][]id.ID{}, day: p.day}
	var owners []Owner
	done := 0
	for _, j := range p.jobs {
		if p.faults.bad[j.d.number] {
			continue
		}
		made, err := p.applyHousehold(w, j)
		if err != nil {
			return fmt.Errorf("row %d: %w", j.d.row, err)
		}
		if owners = append(owners, made...); len(owners) >= storage.ChunkRows {
			if err := p.s.opened(tx, p.w.Village, owners); err != nil {
				return err
			}
			owners = nil
		}
		if before := done; before/1000 != (done+len(j.people))/1000 {
			progress("写入", done+len(j.people), p.sheet.rows)
		}
		done += len(j.people)
	}
	if err := w.flush(); err != nil {
		return err
	}
	progress("写入", p.sheet.rows, p.sheet.rows)
	if len(owners) == 0 {
		return nil
	}
	return p.s.opened(tx, p.w.Village, owners)
}

func (p *plan) makeGroups(tx *storage.Tx) error {
	for _, j := range p.jobs {
		if _, known := p.now.groups[j.d.group]; known || p.faults.bad[j.d.number] {
			continue
		}
		code := ""
		for n := len(p.now.groupNames) + 1; code == ""; n++ {
			if c := fmt.Sprintf("%02d", n); p.now.groups[c] == 0 {
				code = c
			}
		}
		g, err := p.s.insertRegion(tx, p.w.Village, Group, NewRegion{Code: code, Name: j.d.group, From: p.day})
		if err != nil {
			return err
		}
		p.now.groups[g.Name], p.now.groups[g.Code] = g.ID, g.ID
		p.now.groupNames = append(p.now.groupNames, g.Name)
		p.madeGroups = append(p.madeGroups, g.Name)
	}
	return nil
}

func (p *plan) applyHousehold(w *writer, j *job) (made []Owner, err error) {
	head := j.d.head().name
	household := id.ID(0)
	changed := !j.states.none()
	if j.h == nil {
		household = w.tx.NewID()
		made = append(made, Owner{household, OwnerHousehold, p.w.Village})
		full, initials := Pinyin(head)
		err = w.add(insertHousehold, household, p.w.Village, j.d.number, head, full, initials, clock.Ms(p.s.now()), p.day, clock.Forever)
		j.regroup = true
		p.households.New++
	} else {
		household = j.h.id
		if j.h.name != head {
			changed, err = true, showHead(w.tx, household, head)
		}
		if changed || j.regroup {
			p.households.Changed++
		} else {
			p.households.Same++
		}
	}
	if err != nil {
		return nil, err
	}
	if j.regroup {
		if j.h != nil && j.h.group != 0 {
			if err := w.end("household_groups", j.h.inGroup); err != nil {
				return nil, err
			}
		}
		if err := w.add(insertInGroup, w.tx.NewID(), p.w.Village, household, p.now.groups[j.d.group], p.day, clock.Forever, p.w.By); err != nil {
			return nil, err
		}
	}
	if err := p.applyStates(w, householdStates, household, j.states); err != nil {
		return nil, err
	}
	for i := range j.people {
		member, isNew, err := p.applyPerson(w, household, &j.people[i])
		if err != nil {
			return nil, err
		}
		if isNew {
			made = append(made, Owner{member, OwnerPerson, p.w.Village})
		}
	}
	return made, nil
}

func (p *plan) applyStates(w *writer, t stateTable, owner id.ID, c changes) error {
	for _, e := range c.end {
		if err := w.end(t.table, e); err != nil {
			return err
		}
	}
	for _, b := range c.begin {
		if err := w.add(insertState(t), w.tx.NewID(), p.w.Village, owner, b.kind, b.value, p.day, clock.Forever, p.w.By); err != nil {
			return err
		}
	}
	return nil
}

func (p *plan) applyPerson(w *writer, household id.ID, pj *personJob) (member id.ID, isNew bool, err error) {
	l := pj.l
	if pj.m == nil {
		member, isNew = w.tx.NewID(), true
		row, err := p.s.memberRow(p.w.Village, person{id: member, name: l.name, phone: l.phone, idno: l.idno, born: l.born})
		if err != nil {
			return 0, false, err
		}
		if err := w.add(memberInsert, row...); err != nil {
			return 0, false, err
		}
		p.members.New++
	} else {
		member = pj.m.id
		changed, err := p.correct(w.tx, pj.m, l)
		if err != nil {
			return 0, false, err
		}
		if changed || pj.join || !pj.states.none() {
			p.members.Changed++
		} else {
			p.members.Same++
		}
	}
	if pj.leave {
		if err := w.end("memberships", pj.m.place); err != nil {
			return 0, false, err
		}
	}
	if pj.join {
		if err := w.add(insertMembership, w.tx.NewID(), p.w.Village, member, household, l.relation, p.day, clock.Forever, p.w.By); err != nil {
			return 0, false, err
		}
	}
	return member, isNew, p.applyStates(w, memberStates, member, pj.states)
}

// correct brings a stored person's own particulars up to the file; empty cells change nothing.
func (p *plan) correct(tx *storage.Tx, m *nowMember, l line) (changed bool, err error) {
	keys := p.s.db.Keys
	phone := keys.Index(storage.IndexPhone, l.phone)
	newPhone := l.phone != "" && !bytes.Equal(phone, []byte(m.phone))
	newIDNo := l.idno != "" && m.idno == ""
	newBorn := l.born != 0 && l.born != m.born
	if l.name == m.name && !newPhone && !newIDNo && !newBorn {
		return false, nil
	}
	part := particulars{name: l.name, born: m.born}
	if newBorn {
		part.born = l.born
	}
	if newPhone {
		part.phone = &l.phone
	}
	if newIDNo {
		part.idno = &l.idno
	}
	return true, p.s.updateMember(tx, m.id, part)
}
