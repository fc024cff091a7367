package paper

import (
	"bytes"
	"fmt"
	"image/png"
	"strconv"

	"github.com/signintech/gopdf"
)

// Measures of an A4 page, in points.
const (
	pageWidth, pageHeight = 595.28, 841.89
	margin                = 36.0
	textWidth             = pageWidth - 2*margin
	bottom                = pageHeight - margin - 16 // the foot lies below
	leading               = 1.45
)

// PDF is the document on A4 pages. ErrNoFont or ErrBadFont where the font cannot be had.
func (d Document) PDF(f *Font) ([]byte, error) {
	if err := f.load(); err != nil {
		return nil, err
	}
	w := &writer{doc: &d, widths: map[rune]float64{}}
	w.pdf.Start(gopdf.Config{PageSize: gopdf.Rect{W: pageWidth, H: pageHeight}})
	w.pdf.SetInfo(gopdf.PdfInfo{Title: d.Title, Producer: "Hefen"})
	if err := w.pdf.AddTTFFontData("text", f.data); err != nil {
		return nil, ErrBadFont.Wrap(err)
	}
	w.size(measureSize)
	w.page()
	w.lines(d.Title, 18, margin, textWidth)
	for _, p := range d.Above {
		w.lines(p, 11, margin, textWidth)
	}
	for i := range d.Tables {
		w.table(&d.Tables[i])
	}
	w.y += 8
	for _, p := range d.Below {
		w.lines(p, 10, margin, textWidth)
	}
	w.code()
	if w.err != nil {
		return nil, fmt.Errorf("pdf: %w", w.err)
	}
	var b bytes.Buffer
	if _, err := w.pdf.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("pdf: %w", err)
	}
	return b.Bytes(), nil
}

// measureSize is the size at which the width of each character is taken once.
const measureSize = 100

// writer lays a document out from the top of the first page to the end of the last. The first error stays.
type writer struct {
	doc    *Document
	pdf    gopdf.GoPdf
	y      float64
	pages  int
	widths map[rune]float64 // at measureSize
	now    float64          // size that is set
	err    error
}

func (w *writer) keep(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *writer) size(n float64) {
	if w.now != n {
		w.keep(w.pdf.SetFont("text", "", n))
		w.now = n
	}
}

// page begins a page and writes its foot.
func (w *writer) page() {
	w.pdf.AddPage()
	w.pages++
	w.pdf.SetLineWidth(0.5)
	w.text(w.doc.Foot, 8, margin, pageHeight-margin)
	w.text("第"+strconv.Itoa(w.pages)+"页", 8, pageWidth-margin-40, pageHeight-margin)
	w.y = margin
}

func (w *writer) room(height float64) bool {
	if w.y+height <= bottom {
		return false
	}
	w.page()
	return true
}

func (w *writer) text(s string, size, x, y float64) {
	if s == "" {
		return
	}
	w.size(size)
	w.pdf.SetXY(x, y)
	w.keep(w.pdf.Text(s))
}

func (w *writer) width(r rune) float64 {
	if n, ok := w.widths[r]; ok {
		return n
	}
	w.size(measureSize)
	n, err := w.pdf.MeasureTextWidth(string(r))
	w.keep(err)
	w.widths[r] = n
	return n
}

// wrap breaks a text into lines of a width: Chinese breaks anywhere.
func wrap(s string, width float64, of func(rune) float64) []string {
	var out []string
	from, used := 0, 0.0
	for i, r := range s {
		n := of(r)
		if r == '\n' || used+n > width && i > from {
			out = append(out, s[from:i])
			from, used = i, 0
			if r == '\n' {
				from, n = i+1, 0
			}
		}
		used += n
	}
	return append(out, s[from:])
}

func (w *writer) wrapped(s string, size, width float64) []string {
	return wrap(s, width*measureSize/size, w.width)
}

func (w *writer) lines(s string, size, x, width float64) {
	for _, line := range w.wrapped(s, size, width) {
		w.room(size * leading)
		w.y += size * leading
		w.text(line, size, x, w.y-size*0.35)
	}
	w.y += 2
}

const cellSize, cellPad = 9.5, 3.0

func (w *writer) table(t *Listing) {
	columns := w.doc.shown(t)
	if len(columns) == 0 {
		return
	}
	var sum float64
	for _, c := range columns {
		sum += t.Columns[c].Share
	}
	w.y += 8
	if t.Title != "" {
		w.room(60)
		w.lines(t.Title, 13, margin, textWidth)
	}
	edges := []float64{margin}
	names := make([]string, len(t.Columns))
	for _, c := range columns {
		edges = append(edges, edges[len(edges)-1]+textWidth*t.Columns[c].Share/sum)
		names[c] = t.Columns[c].Name
	}
	w.row(t, columns, edges, names, false, nil)
	for i, cells := range t.Rows {
		w.row(t, columns, edges, cells, t.Off(i), names)
	}
}

// row writes one row; on a new page the names of the columns are written again.
func (w *writer) row(t *Listing, columns []int, edges []float64, cells []string, strike bool, names []string) {
	var split [][]string
	most := 1
	for i, c := range columns {
		text := ""
		if c < len(cells) {
			text = cells[c]
		}
		lines := w.wrapped(text, cellSize, edges[i+1]-edges[i]-2*cellPad)
		split = append(split, lines)
		most = max(most, len(lines))
	}
	height := float64(most)*cellSize*leading + 3
	if w.room(height) && names != nil {
		w.row(t, columns, edges, names, false, nil)
	}
	for i, c := range columns {
		for j, line := range split[i] {
			x, y := edges[i]+cellPad, w.y+float64(j+1)*cellSize*leading-2
			wide := 0.0
			if t.Columns[c].Right || strike {
				for _, r := range line {
					wide += w.width(r) * cellSize / measureSize
				}
			}
			if t.Columns[c].Right {
				x = edges[i+1] - cellPad - wide
			}
			w.text(line, cellSize, x, y)
			if strike {
				w.pdf.Line(x, y-cellSize*0.35, x+wide, y-cellSize*0.35)
			}
		}
		w.pdf.RectFromUpperLeft(edges[i], w.y, edges[i+1]-edges[i], height)
	}
	w.y += height
}

// code puts the QR code at the end, with its note beside it.
func (w *writer) code() {
	if w.doc.QR == nil {
		return
	}
	const side = 92.0
	w.y += 6
	w.room(side + 6)
	img, err := png.Decode(bytes.NewReader(w.doc.QR))
	if err != nil {
		w.keep(err)
		return
	}
	w.keep(w.pdf.ImageFrom(img, margin, w.y, &gopdf.Rect{W: side, H: side}))
	y := w.y + 14
	for _, line := range w.wrapped(w.doc.QRNote, 10, textWidth-side-12) {
		w.text(line, 10, margin+side+12, y)
		y += 10 * leading
	}
	w.y += side
}
