package demo

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/scheme"
)

// album is the pictures that a village's team has uploaded, by kind of evidence. A few serve the whole year: nobody looks at
// the same one twice.
type album map[string][]id.ID

// scenes of each kind that are drawn.
const scenes = 4

// photograph fills the album of a village: hills and fields for photos, a paper with a stamp for certificates, strokes for
// signatures. All are drawn, nobody is on them.
func (l *loader) photograph(ctx context.Context, by access.Actor, village id.ID) (album, error) {
	a := album{}
	for n := range scenes {
		for kind, draw := range map[string]func(int) ([]byte, error){
			scheme.EvidencePhoto: hills, scheme.EvidenceCertificate: certificate, scheme.EvidenceSignature: signature,
		} {
			data, err := draw(n)
			if err != nil {
				return nil, err
			}
			u, err := l.photos.Put(ctx, media.Sender{Village: village, User: by.User()}, data)
			if err != nil {
				return nil, err
			}
			a[kind] = append(a[kind], u.Photo)
		}
	}
	return a, nil
}

// evidence is what a diligent team brings for an item. Choices are drawn from a chance of their own, so that the history
// stays the same whatever is photographed.
func (l *loader) evidence(p *place, code string, subjects []id.ID) []cases.Evidence {
	item, ok := p.rules.Item(code)
	if !ok {
		return nil
	}
	var out []cases.Evidence
	for _, kind := range item.Evidence {
		switch kind {
		case scheme.EvidenceNone:
			if len(out) > 0 && l.eye.IntN(100) < 60 { // more often than not there was no time
				return nil
			}
		case scheme.EvidenceBoth:
			if item.EvidenceAll || len(out) == 0 || len(subjects) == 1 && l.eye.IntN(100) < 40 {
				both := cases.Evidence{Kind: kind, Household: l.neighbour(p, subjects), Note: "户主当面确认"}
				if item.EvidenceAll {
					out = append(out, both)
				} else {
					out = []cases.Evidence{both}
				}
			}
		default:
			if item.EvidenceAll || len(out) == 0 {
				out = append(out, cases.Evidence{Kind: kind, Ref: media.Ref{Photo: p.album[kind][l.eye.IntN(scenes)]}})
			}
		}
	}
	return out
}

// neighbour is a household that none of the subjects is of.
func (l *loader) neighbour(p *place, subjects []id.ID) id.ID {
	own := map[id.ID]bool{}
	for _, s := range subjects {
		own[p.homeOf[s]] = true
	}
	for {
		if h := p.homes[l.eye.IntN(len(p.homes))]; !own[h] {
			return h
		}
	}
}

const sceneWidth, sceneHeight = 640, 480

// hills is a landscape: sky, two ranges, terraced fields.
func hills(n int) ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, sceneWidth, sceneHeight))
	wave := func(x, base, high, long, shift float64) int {
		return int(base - high*math.Sin((x+shift)/long) - high/3*math.Sin((x-shift)/long*2.7))
	}
	tint := uint8(12 * n)
	for x := range sceneWidth {
		far := wave(float64(x), 190, 45, 90, float64(97*n))
		near := wave(float64(x), 290, 35, 130, float64(41*n+60))
		for y := range sceneHeight {
			c := color.RGBA{150 + uint8(y/5), 200 + uint8(y/10), 240, 255}
			switch {
			case y > near && (y-near)/18%2 == 0:
				c = color.RGBA{122 + tint, 166, 74, 255}
			case y > near:
				c = color.RGBA{150 + tint, 186, 92, 255}
			case y > far:
				c = color.RGBA{70, 116 + tint, 88, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 85})
	return b.Bytes(), err
}

// certificate is a sheet of paper with lines of writing and a round red stamp.
func certificate(n int) ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, sceneHeight, sceneWidth))
	for y := range sceneWidth {
		for x := range sceneHeight {
			c := color.RGBA{250, 246, 232, 255}
			dx, dy := float64(x-340), float64(y-500)
			switch r := math.Hypot(dx, dy); {
			case r > 52 && r < 60 || r < 14:
				c = color.RGBA{205, 52, 44, 255}
			case y > 120 && y < 440 && y/14%3 == 0 && x > 60 && x < 360+17*n && (x/9+y/14)%5 != 0:
				c = color.RGBA{90, 84, 78, 255}
			case y > 60 && y < 84 && x > 150 && x < 330 && x/30%2 == 0:
				c = color.RGBA{160, 30, 30, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 85})
	return b.Bytes(), err
}

// signature is strokes of a finger on a transparent ground, as the page draws them.
func signature(n int) ([]byte, error) {
	img := image.NewNRGBA(image.Rect(0, 0, 360, 160))
	for stroke := range 5 {
		for t := 0.0; t < 1; t += 0.002 {
			x := 40 + float64(stroke)*56 + 44*t
			y := 80 + 46*math.Sin(t*5+float64(stroke*2+n)) - 18*t
			for dy := -2; dy <= 2; dy++ {
				for dx := -2; dx <= 2; dx++ {
					img.SetNRGBA(int(x)+dx, int(y)+dy, color.NRGBA{20, 20, 30, 255})
				}
			}
		}
	}
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}
