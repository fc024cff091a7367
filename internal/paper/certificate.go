package paper

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"

	"github.com/signintech/gopdf"
)

//go:embed certificate.html
var certificateText string

var certificates = template.Must(template.New("certificates").Parse(certificateText))

// Certificate is one A4 sheet for a wall (荣誉证书).
type Certificate struct {
	Village, Name string
	Round         string // what was held, with its span: 2026年年终评比
	Verb, Award   string // 被评为 “五星文明户”, 获得 “一等奖”
	On            string // day on which the list was settled
	Seal          string // what lets anybody check the ledger behind it; may be empty
}

// CertificatesHTML is a page of certificates for the browser's printer, one sheet each.
func CertificatesHTML(title string, all []Certificate) ([]byte, error) {
	var b bytes.Buffer
	if err := certificates.Execute(&b, struct {
		Title  string
		Sheets []Certificate
	}{title, all}); err != nil {
		return nil, fmt.Errorf("print certificates: %w", err)
	}
	return b.Bytes(), nil
}

// CertificatesPDF is the same as a PDF, A4 lying. ErrNoFont or ErrBadFont where the font cannot be had.
func CertificatesPDF(title string, all []Certificate, f *Font) ([]byte, error) {
	if err := f.load(); err != nil {
		return nil, err
	}
	w := &writer{doc: &Document{Title: title}, widths: map[rune]float64{}}
	w.pdf.Start(gopdf.Config{PageSize: gopdf.Rect{W: pageHeight, H: pageWidth}})
	w.pdf.SetInfo(gopdf.PdfInfo{Title: title, Producer: "Hefen"})
	if err := w.pdf.AddTTFFontData("text", f.data); err != nil {
		return nil, ErrBadFont.Wrap(err)
	}
	w.size(measureSize)
	for _, c := range all {
		w.certificate(c)
	}
	if w.err != nil {
		return nil, fmt.Errorf("pdf: %w", w.err)
	}
	var b bytes.Buffer
	if _, err := w.pdf.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("pdf: %w", err)
	}
	return b.Bytes(), nil
}

// certificate draws one sheet: a double frame, the heading in the middle, the village at the lower right.
func (w *writer) certificate(c Certificate) {
	const wide, high, left = pageHeight, pageWidth, 110.0
	w.pdf.AddPage()
	w.pdf.SetStrokeColor(138, 31, 17)
	for _, edge := range []float64{40, 45} {
		w.pdf.SetLineWidth(1.5)
		w.pdf.RectFromUpperLeftWithStyle(edge, edge, wide-2*edge, high-2*edge, "D")
	}
	w.pdf.SetTextColor(138, 31, 17)
	w.text("荣 誉 证 书", 42, (wide-w.long("荣 誉 证 书", 42))/2, 130)
	w.pdf.SetTextColor(0, 0, 0)
	y := 200.0
	for _, line := range w.wrapped(c.Name+"：", 24, wide-2*left) {
		w.text(line, 24, left, y)
		y += 38
	}
	y += 10
	for _, line := range w.wrapped("　　在"+c.Round+"中，"+c.Verb+"“"+c.Award+"”，特发此证，以资鼓励。", 21, wide-2*left) {
		w.text(line, 21, left, y)
		y += 40
	}
	y = max(y+20, high-150)
	for _, line := range []string{c.Village + "村民委员会（盖章）", c.On} {
		w.text(line, 17, wide-left-w.long(line, 17), y)
		y += 28
	}
	for i, line := range w.wrapped(c.Seal, 8, wide-2*left) {
		w.text(line, 8, left, high-66+float64(i)*10)
	}
}

// long is how wide a text is at a size.
func (w *writer) long(s string, size float64) (n float64) {
	for _, r := range s {
		n += w.width(r)
	}
	return n * size / measureSize
}
