package paper

import (
	"fmt"
	"io"
	"strconv"

	"github.com/xuri/excelize/v2"
)

// formulaSigns are the characters with which a cell becomes a formula when someone opens the file.
const formulaSigns = "=+-@"

// Escape puts an apostrophe before a text that a spreadsheet would run as a formula.
func Escape(s string) string {
	if s == "" {
		return s
	}
	switch s[0] {
	case '=', '+', '-', '@', '\t', '\r':
		return "'" + s
	}
	return s
}

// Column describes a column of a sheet that is written.
type Column struct {
	Title    string
	Width    float64  // in characters
	Required bool     // its heading is red
	Text     bool     // cells are text, so that long numbers and leading zeros stay as typed
	Number   bool     // cells that are numbers are written as such, so that they can be added up
	Choices  []string // offered as a list; other values are refused by the spreadsheet when Strict
	Strict   bool
	Hint     string // shown when the cell is chosen
}

// Sheet is one sheet of a workbook that is written.
type Sheet struct {
	Name    string
	Columns []Column
	Rows    func(yield func([]string) bool) // nil is none; values are escaped
	Room    int                             // rows to which formats, lists and hints reach, beyond the written ones
}

// WriteExcel writes a workbook of the sheets, row by row, so that its size in memory does not grow with the rows.
func WriteExcel(w io.Writer, sheets ...Sheet) error {
	f := excelize.NewFile()
	defer f.Close()
	for i, s := range sheets {
		if i == 0 {
			if err := f.SetSheetName(f.GetSheetName(0), s.Name); err != nil {
				return err
			}
		} else if _, err := f.NewSheet(s.Name); err != nil {
			return err
		}
		if err := writeSheet(f, s); err != nil {
			return fmt.Errorf("sheet %s: %w", s.Name, err)
		}
	}
	return f.Write(w)
}

func writeSheet(f *excelize.File, s Sheet) error {
	styles, err := newStyles(f)
	if err != nil {
		return err
	}
	sw, err := f.NewStreamWriter(s.Name)
	if err != nil {
		return err
	}
	head := make([]any, len(s.Columns))
	for i, c := range s.Columns {
		style := styles.head
		if c.Required {
			style = styles.required
		}
		head[i] = excelize.Cell{StyleID: style, Value: Escape(c.Title)}
		if err := sw.SetColWidth(i+1, i+1, max(c.Width, 6)); err != nil {
			return err
		}
		if c.Text {
			if err := sw.SetColStyle(i+1, i+1, styles.text); err != nil {
				return err
			}
		}
	}
	if err := sw.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	if err := sw.SetRow("A1", head); err != nil {
		return err
	}
	row := 1
	if s.Rows != nil {
		for cells := range s.Rows {
			row++
			values := make([]any, len(cells))
			for i, c := range cells {
				values[i] = excelize.Cell{StyleID: styles.text, Value: Escape(c)}
				if n, err := strconv.ParseFloat(c, 64); err == nil && i < len(s.Columns) && s.Columns[i].Number {
					values[i] = excelize.Cell{Value: n}
				}
			}
			if err := sw.SetRow(fmt.Sprintf("A%d", row), values); err != nil {
				return err
			}
		}
	}
	if err := validate(f, s, row+s.Room); err != nil { // before Flush, which writes them
		return err
	}
	return sw.Flush()
}

// validate hangs lists and hints on the columns.
func validate(f *excelize.File, s Sheet, last int) error {
	for i, c := range s.Columns {
		if (len(c.Choices) == 0 && c.Hint == "") || last < 2 {
			continue
		}
		name, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		v := excelize.NewDataValidation(true)
		v.SetSqref(fmt.Sprintf("%s2:%s%d", name, name, last))
		if len(c.Choices) > 0 {
			if err := v.SetDropList(c.Choices); err != nil {
				return err
			}
			style := excelize.DataValidationErrorStyleWarning
			if c.Strict {
				style = excelize.DataValidationErrorStyleStop
			}
			v.SetError(style, c.Title, "请从列表里选一项。")
		}
		if c.Hint != "" {
			v.SetInput(c.Title, c.Hint)
		}
		if err := f.AddDataValidation(s.Name, v); err != nil {
			return err
		}
	}
	return nil
}

type styles struct{ head, required, text int }

func newStyles(f *excelize.File) (styles, error) {
	var s styles
	fill := excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E2EFDA"}}
	middle := &excelize.Alignment{Horizontal: "center", Vertical: "center"}
	for at, style := range map[*int]*excelize.Style{
		&s.head:     {Font: &excelize.Font{Bold: true}, Fill: fill, Alignment: middle},
		&s.required: {Font: &excelize.Font{Bold: true, Color: "C00000"}, Fill: fill, Alignment: middle},
		&s.text:     {NumFmt: 49, Alignment: &excelize.Alignment{Vertical: "center", WrapText: false}},
	} {
		id, err := f.NewStyle(style)
		if err != nil {
			return s, err
		}
		*at = id
	}
	return s, nil
}
