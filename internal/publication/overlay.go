package publication

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"hefen/internal/cases"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/village"
)

// page lays what has happened since over what was printed.
func (s *Service) page(ctx context.Context, n Notice) (Page, error) {
	var snap Snapshot
	if err := json.Unmarshal([]byte(n.snapshot), &snap); err != nil {
		return Page{}, fmt.Errorf("snapshot of notice %s: %w", n.ID, err)
	}
	p := Page{Notice: n, Title: snap.Title(), Period: snap.Period(), VillageName: snap.VillageName, TownName: snap.TownName, GroupName: snap.GroupName,
		HowTo: snap.HowTo, CorrectsNo: snap.Corrects, Sum: snap.Sum, Honour: append([]Place{}, snap.Honour...), Warning: append([]Place{}, snap.Warning...),
		Lines: make([]LineNow, len(snap.Lines)), Later: []Notice{}, Code: snap.Seal.Code()}
	p.Notice.Seal = snap.Seal
	for i, l := range snap.Lines {
		p.Lines[i] = LineNow{Line: l, NowIs: l.Points}
	}
	if n.Kind == KindNotice {
		if err := s.later(ctx, &p); err != nil {
			return p, err
		}
	}
	return p, s.overlay(ctx, &p)
}

// later reads the corrections of a notice.
func (s *Service) later(ctx context.Context, p *Page) error {
	rows, err := s.db.Query(ctx, "SELECT "+noticeColumns+", snapshot FROM notices WHERE corrects_id = ? AND village_id = ? ORDER BY id", p.Notice.ID, p.Notice.village)
	if err != nil {
		return fmt.Errorf("read corrections: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		n, err := s.scan(rows, &text)
		if err != nil {
			return err
		}
		var snap Snapshot
		if err := json.Unmarshal([]byte(text), &snap); err != nil {
			return fmt.Errorf("snapshot of notice %s: %w", n.ID, err)
		}
		p.Later, p.kept = append(p.Later, n), append(p.kept, snap)
	}
	return rows.Err()
}

// printed is what paper last said of a case.
type printed struct {
	points        points.Amount
	warned, taken bool
}

func (s *Service) overlay(ctx context.Context, p *Page) error {
	var list, homes []id.ID
	for i := range p.Lines {
		if l := &p.Lines[i]; !l.Share {
			list = append(list, l.Case)
		}
		homes = append(homes, p.Lines[i].Household)
	}
	at, err := s.keptBy(ctx, p.Notice.village)
	if err != nil {
		return err
	}
	now, err := s.cases.SinceNotice(ctx, at, list)
	if err != nil {
		return err
	}
	hidden, err := idsAmong(ctx, s.db, "SELECT case_id FROM notice_hidden WHERE case_id IN ", list)
	if err != nil {
		return err
	}
	masked, err := maskedHomes(ctx, s.db, homes)
	if err != nil {
		return err
	}
	last := map[id.ID]printed{}
	for _, k := range p.kept {
		for _, l := range k.Lines {
			last[l.Case] = printed{l.Points, l.Warned, l.Taken}
		}
	}
	modest := map[id.ID]bool{} // households of hidden deeds
	for i := range p.Lines {
		l := &p.Lines[i]
		if c, ok := now[l.Case]; ok {
			l.since(c, last)
		}
		if l.change {
			p.Changes++
		}
		if masked[l.Household] {
			l.Name, l.Member = village.MaskName(l.Name), village.MaskName(l.Member)
		}
		if hidden[l.Case] {
			modest[l.Household] = true
			*l = LineNow{Line: Line{Case: l.Case, Household: l.Household, Share: l.Share, Name: "（已隐去）", Item: "（应本户要求不再展示）", On: l.On, Points: l.Points}, Now: NowHidden,
				NowIs: l.NowIs, Note: "应本户要求不再展示", change: l.change, why: l.why, warned: l.warned, reversed: l.reversed}
		}
	}
	p.maskPlaces(masked)
	p.Honour = slices.DeleteFunc(p.Honour, func(h Place) bool { return modest[h.Household] }) // their deed would show there after all
	return nil
}

func (p *Page) maskPlaces(masked map[id.ID]bool) {
	for _, list := range [][]Place{p.Honour, p.Warning} {
		for i := range list {
			if masked[list[i].Household] {
				list[i].Name = village.MaskName(list[i].Name)
			}
		}
	}
}

// since says what has become of a line's case. last is what corrections have printed.
func (l *LineNow) since(c cases.CaseNow, last map[id.ID]printed) {
	was, ok := last[l.Case]
	if !ok {
		was = printed{l.Points, l.Warned, l.Taken}
	}
	if l.Share { // the case's own line tells the correction
		if c.Reversed {
			l.Now, l.NowIs, l.Note = NowReversed, 0, "已撤销"
		}
		return
	}
	l.NowIs = c.Points
	l.change = !c.Objected && was != (printed{c.Points, c.Warned, c.Reversed})
	l.why, l.warned, l.reversed = c.Why, c.Warned, c.Reversed
	switch {
	case c.Objected:
		l.Now, l.NowIs, l.Note = NowObjected, l.Points, "有异议，正在核实，积分先冻结"
	case c.Reversed && !l.Taken:
		l.Now, l.Note = NowReversed, "已撤销，不再计分"
	case c.Points != l.Points || c.Warned != l.Warned:
		l.Now, l.Note = NowAmended, "已更正为"+c.Points.Signed()+"分"
	}
}

// keptBy is the village that keeps the cases of a village: the one into which it was merged, if it was.
func (s *Service) keptBy(ctx context.Context, in id.ID) (id.ID, error) {
	for range 10 {
		r, err := s.villages.Region(ctx, in)
		if err != nil || r.Into == 0 {
			return in, err
		}
		in = r.Into
	}
	return in, nil
}
