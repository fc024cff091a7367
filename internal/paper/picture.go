package paper

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"hefen/internal/errs"
)

// Measures of a long picture, in pixels: as wide as chat programs show without shrinking.
const (
	pictureWidth = 750
	pictureEdge  = 28
	// MaxPictureRows is how many rows of tables one picture holds; what is longer is read behind the QR code.
	MaxPictureRows = 300
)

// ErrLongPicture refuses a picture that no chat program would open.
var ErrLongPicture = errs.New(errs.TooLarge, "paper_long_picture", "内容太长，做不成一张图。请分组或分月，或者发网页链接")

// Picture is the document as one long PNG in shades of grey.
func (d Document) Picture(f *Font) ([]byte, error) {
	if err := f.load(); err != nil {
		return nil, err
	}
	d.Narrow = true
	p := &painter{doc: &d, font: f, faces: map[int]font.Face{}, widths: map[[2]int]float64{}, y: pictureEdge}
	p.paragraph(d.Title, 38)
	for _, s := range d.Above {
		p.paragraph(s, 26)
	}
	for i := range d.Tables {
		p.table(&d.Tables[i])
	}
	p.y += 16
	for _, s := range d.Below {
		p.paragraph(s, 24)
	}
	var code image.Image
	if d.QR != nil {
		var err error
		if code, err = png.Decode(bytes.NewReader(d.QR)); err != nil {
			return nil, fmt.Errorf("picture: %w", err)
		}
		p.y += 16
	}
	if p.err != nil {
		return nil, fmt.Errorf("picture: %w", p.err)
	}
	return p.paint(code)
}

// word is a text that has its place.
type word struct {
	text string
	size int
	x, y int
}

// painter finds the place of every word first, because the height of the picture follows from them.
type painter struct {
	doc    *Document
	font   *Font
	faces  map[int]font.Face
	widths map[[2]int]float64 // by size and rune
	words  []word
	rules  []image.Rectangle
	rows   int
	y      int
	err    error
}

func (p *painter) face(size int) font.Face {
	if f := p.faces[size]; f != nil {
		return f
	}
	f, err := opentype.NewFace(p.font.face, &opentype.FaceOptions{Size: float64(size), DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		p.err = err
		return nil
	}
	p.faces[size] = f
	return f
}

func (p *painter) width(size int) func(rune) float64 {
	face := p.face(size)
	return func(r rune) float64 {
		k := [2]int{size, int(r)}
		n, ok := p.widths[k]
		if !ok && face != nil {
			a, _ := face.GlyphAdvance(r)
			n = float64(a) / 64
			p.widths[k] = n
		}
		return n
	}
}

func (p *painter) paragraph(s string, size int) {
	for _, line := range wrap(s, pictureWidth-2*pictureEdge, p.width(size)) {
		p.words = append(p.words, word{line, size, pictureEdge, p.y + size})
		p.y += size * 3 / 2
	}
	p.y += 6
}

func (p *painter) table(t *Listing) {
	columns := p.doc.shown(t)
	if len(columns) == 0 {
		return
	}
	p.y += 14
	if t.Title != "" {
		p.paragraph(t.Title, 30)
	}
	var sum float64
	names := make([]string, len(t.Columns))
	for _, c := range columns {
		sum += t.Columns[c].Share
		names[c] = t.Columns[c].Name
	}
	edges := []int{pictureEdge}
	var at float64
	for _, c := range columns {
		at += t.Columns[c].Share / sum * (pictureWidth - 2*pictureEdge)
		edges = append(edges, pictureEdge+int(at))
	}
	p.row(t, columns, edges, names, false)
	for i, cells := range t.Rows {
		if p.rows++; p.rows > MaxPictureRows {
			p.paragraph(fmt.Sprintf("…… 还有%d条，请扫下面的二维码看全部", len(t.Rows)-i), 26)
			return
		}
		p.row(t, columns, edges, cells, t.Off(i))
	}
}

func (p *painter) row(t *Listing, columns []int, edges []int, cells []string, strike bool) {
	const size, pad = 24, 5
	most := 1
	width := p.width(size)
	for i, c := range columns {
		text := ""
		if c < len(cells) {
			text = cells[c]
		}
		lines := wrap(text, float64(edges[i+1]-edges[i]-2*pad), width)
		most = max(most, len(lines))
		for j, line := range lines {
			x, y := edges[i]+pad, p.y+8+j*34+size
			var wide float64
			for _, r := range line {
				wide += width(r)
			}
			if t.Columns[c].Right {
				x = edges[i+1] - pad - int(wide)
			}
			p.words = append(p.words, word{line, size, x, y})
			if strike {
				p.rules = append(p.rules, image.Rect(x, y-9, x+int(wide), y-7))
			}
		}
	}
	p.y += most*34 + 14
	p.rules = append(p.rules, image.Rect(pictureEdge, p.y-1, pictureWidth-pictureEdge, p.y))
}

// maxPictureHeight bounds the memory of a picture: 30 megabytes.
const maxPictureHeight = 40_000

func (p *painter) paint(code image.Image) ([]byte, error) {
	const side = 220
	var note []string
	if code != nil {
		note = wrap(p.doc.QRNote, pictureWidth-2*pictureEdge-side-16, p.width(24))
	}
	height := p.y + pictureEdge
	if code != nil {
		height += max(side, len(note)*36)
	}
	if height > maxPictureHeight {
		return nil, ErrLongPicture
	}
	img := image.NewGray(image.Rect(0, 0, pictureWidth, height))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	if code != nil {
		b := code.Bounds()
		for y := range side {
			for x := range side {
				img.Set(pictureEdge+x, p.y+y, code.At(b.Min.X+x*b.Dx()/side, b.Min.Y+y*b.Dy()/side))
			}
		}
		for i, line := range note {
			p.words = append(p.words, word{line, 24, pictureEdge + side + 16, p.y + 30 + i*36})
		}
	}
	for _, r := range p.rules {
		draw.Draw(img, r, image.NewUniform(color.Gray{Y: 110}), image.Point{}, draw.Src)
	}
	for _, w := range p.words {
		d := font.Drawer{Dst: img, Src: image.Black, Face: p.face(w.size), Dot: fixed.P(w.x, w.y)}
		d.DrawString(w.text)
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		return nil, fmt.Errorf("picture: %w", err)
	}
	return b.Bytes(), nil
}
