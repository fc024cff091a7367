package paper

import "html/template"

// Document is a printed list: headings, tables and what stands below. It becomes an A4 page for the browser, a PDF or one
// long picture, all with the same words.
type Document struct {
	Title  string
	Above  []string
	Tables []Listing
	Below  []string
	QR     []byte // PNG, or nil
	QRNote string // beside the code
	Foot   string // on every page of a PDF
	Narrow bool   // for a telephone: leave out the columns that are Wide
}

// Listing is one table of a document. A row has a cell for each column.
type Listing struct {
	Title   string
	Columns []ListColumn
	Rows    [][]string
	Strike  []bool // rows struck through, or nil
}

// ListColumn says how wide a column is beside the others, and on which side its cells begin.
type ListColumn struct {
	Name  string
	Share float64
	Right bool
	Wide  bool // only where there is room
}

// Off reports whether a row is struck through.
func (t Listing) Off(row int) bool { return row < len(t.Strike) && t.Strike[row] }

// HTML is the document as a page with print styles and no script.
func (d Document) HTML() ([]byte, error) {
	data := struct {
		Document
		Code template.URL
	}{Document: d}
	if d.QR != nil {
		data.Code = dataURL(d.QR)
	}
	return sheet("document", data)
}

// shown are the columns that this document shows, by their place in a row.
func (d *Document) shown(t *Listing) []int {
	var out []int
	for i, c := range t.Columns {
		if !d.Narrow || !c.Wide {
			out = append(out, i)
		}
	}
	return out
}
