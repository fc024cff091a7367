package report

import "hefen/internal/paper"

// maxPrinted bounds the ranking on paper; the workbook has it whole.
const maxPrinted = 200

// Document is the report on paper: what may hang on a wall. The list of households to look in on is not in it.
func (b *Yearbook) Document() paper.Document {
	d := paper.Document{Title: b.title(), Above: []string{b.asOf()}, Foot: b.title(), Below: []string{"积分只用于村内激励，多少不得用来考核干部。", "村民委员会（盖章）：　　　　　　　　　　　　　　　　　年　　月　　日"}}
	for _, t := range b.tables() {
		if t.inside || len(t.rows) == 0 {
			continue
		}
		l := paper.Listing{Title: t.name, Rows: t.rows}
		if t.name == ranking && len(l.Rows) > maxPrinted {
			l.Rows = l.Rows[:maxPrinted]
			l.Title += "（前" + count(maxPrinted) + "行，全部见表格文件）"
		}
		for _, c := range t.columns {
			l.Columns = append(l.Columns, paper.ListColumn{Name: c.name, Share: c.width, Right: c.right})
		}
		d.Tables = append(d.Tables, l)
	}
	return d
}
