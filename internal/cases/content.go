package cases

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hefen/internal/errs"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// Content is what a case says about its value. What its item does not ask for is empty.
type Content struct {
	Points   points.Amount       `json:"points,omitempty" doc:"items with a range: the value given, in hundredths, with its sign"`
	Grade    string              `json:"grade,omitempty" maxLength:"32"`
	Quantity int64               `json:"quantity,omitempty" doc:"thousandths of the unit"`
	Parts    []scheme.PartResult `json:"parts,omitempty" maxItems:"40" doc:"sheets: all lines"`
	Persons  int                 `json:"persons,omitempty" minimum:"0" maximum:"10000"`
}

func (c *record) content() Content {
	return Content{Points: c.points, Grade: c.grade, Quantity: c.quantity, Parts: c.parts, Persons: c.persons}
}

func (x *Content) equal(y *Content) bool {
	return x.Points == y.Points && x.Grade == y.Grade && x.Quantity == y.Quantity && x.Persons == y.Persons && slices.Equal(x.Parts, y.Parts)
}

// says reports whether this is what the case says already.
func (c *record) says(x Content, note string) bool {
	now := c.content()
	return now.equal(&x) && strings.TrimSpace(c.note) == strings.TrimSpace(note)
}

// change takes over a content, in memory.
func (c *record) change(rules *scheme.Scheme, x Content) {
	c.points, c.grade, c.quantity, c.parts, c.persons, c.gradeName = x.Points, x.Grade, x.Quantity, x.Parts, x.Persons, ""
	if item, ok := rules.Item(c.item); ok {
		if g, ok := item.Value.Grade(x.Grade); ok {
			c.gradeName = g.Name
		}
		c.settled = c.settled && item.Value.Settles() && c.points != 0
	}
}

// settleValue lowers a value that the rules fix, on the word of the answer to an objection.
func (c *record) settleValue(rules *scheme.Scheme) error {
	item, ok := rules.Item(c.item)
	if !ok || !item.Value.Settles() {
		return nil
	}
	if c.settled = c.points != 0; !c.settled {
		return nil
	}
	full := item.Value.Points
	if (c.points < 0) != (full < 0) || c.points.Abs() >= full.Abs() {
		msg := "按细则“" + item.Name + "”是" + full.Signed() + "分，更正后的分数要在0和" + full.Signed() + "之间；不该记的请选“撤销”"
		return scheme.ErrCaseInvalid.With("%s", msg).WithFields(errs.Field{Path: "points", Msg: msg})
	}
	return nil
}

// keepsFixed refuses a change of a value that the rules fix: only the answer to an objection may lower it.
func (c *record) keepsFixed(rules *scheme.Scheme, x Content) error {
	if item, ok := rules.Item(c.item); ok && item.Value.Settles() && x.Points != c.points {
		msg := "“" + item.Name + "”的分值由细则确定，不能直接改分数；有异议的，在处理异议时可以更正"
		return scheme.ErrCaseInvalid.With("%s", msg).WithFields(errs.Field{Path: "points", Msg: msg})
	}
	return nil
}

// storeContent writes what a change has put beside the row of a case.
func (c *record) storeContent(tx *storage.Tx) error {
	if _, err := tx.Exec("DELETE FROM case_details WHERE case_id = ?", c.id); err != nil {
		return fmt.Errorf("replace details: %w", err)
	}
	if !c.detailed() {
		return nil
	}
	return storeDetails(tx, []*record{c})
}

// sayContent is what a content says of an item, in words.
func sayContent(item *scheme.Item, x *Content) string {
	v := &item.Value
	switch {
	case v.Kind == scheme.ValueRange:
		return x.Points.String() + "分"
	case v.Kind == scheme.ValueGrades:
		if g, ok := v.Grade(x.Grade); ok {
			return "“" + g.Name + "”"
		}
	case v.Quantified():
		return strconv.FormatFloat(float64(x.Quantity)/1000, 'f', -1, 64) + v.Unit
	case v.Kind == scheme.ValuePerPerson && x.Persons > 0:
		return strconv.Itoa(x.Persons) + v.Unit
	case v.Kind == scheme.ValueSheet:
		return saySheet(v, x.Parts)
	}
	return ""
}

// saySheet names what a sheet says of each part, and the sum.
func saySheet(v *scheme.Value, parts []scheme.PartResult) string {
	var sum points.Amount
	var each []string
	for i := range v.Parts {
		p := &v.Parts[i]
		worth, said := p.Full, ""
		if k := slices.IndexFunc(parts, func(r scheme.PartResult) bool { return r.Code == p.Code }); k >= 0 {
			worth = p.Full - parts[k].Off
			for _, o := range p.Options {
				if o.Code == parts[k].Option {
					worth, said = o.Points, "（"+o.Name+"）"
				}
			}
		}
		sum += worth
		each = append(each, p.Name+worth.String()+"分"+said)
	}
	return cut(strings.Join(each, "、"), 200) + "，共" + sum.String() + "分"
}
