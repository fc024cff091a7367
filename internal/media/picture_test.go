package media

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"testing"
)

// noise is a picture that compresses as badly as one can.
func noise(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range img.Pix {
		img.Pix[i] = uint8(r.Uint32())
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	return img
}

// corner is white with a black top left quarter: one sees which way up it is.
func corner(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{255, 255, 255, 255}
			if x < w/2 && y < h/2 {
				c = color.RGBA{0, 0, 0, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

func asJPEG(img image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func asPNG(img image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// withExif puts an EXIF segment with a way up and a secret into a JPEG.
func withExif(data []byte, way uint16) []byte {
	const secret = "GPS 28.5N 109.6E"
	tiff := []byte("II*\x00\x08\x00\x00\x00\x02\x00")
	entry := func(tag, kind uint16, n, value uint32) {
		tiff = binary.LittleEndian.AppendUint16(tiff, tag)
		tiff = binary.LittleEndian.AppendUint16(tiff, kind)
		tiff = binary.LittleEndian.AppendUint32(tiff, n)
		tiff = binary.LittleEndian.AppendUint32(tiff, value)
	}
	entry(0x010e, 2, uint32(len(secret)+1), 8+2+24+4)
	entry(0x0112, 3, 1, uint32(way))
	tiff = append(tiff, 0, 0, 0, 0)
	tiff = append(tiff, secret+"\x00"...)
	body := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(body)+2))...)
	out = append(out, body...)
	return append(out, data[2:]...)
}

// hugePNG says that it is of any size and holds almost nothing.
func hugePNG(w, h uint32) []byte {
	chunk := func(kind string, data []byte) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
		b = append(b, kind...)
		b = append(b, data...)
		return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
	}
	head := binary.BigEndian.AppendUint32(nil, w)
	head = binary.BigEndian.AppendUint32(head, h)
	head = append(head, 8, 6, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", head)...)
	out = append(out, chunk("IDAT", []byte("x\x9cc\x00\x00\x00\x01\x00\x01"))...)
	return append(out, chunk("IEND", nil)...)
}

func animatedGIF() []byte {
	var b bytes.Buffer
	frame := image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.Black, color.White})
	if err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// One pixel in each of the two forms of WebP.
var (
	losslessWebP = decoded("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	lossyWebP    = decoded("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
)

func decoded(text string) []byte {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return b
}

func TestHostilePictures(t *testing.T) {
	good := asJPEG(corner(400, 300))
	truncatedPNG := asPNG(noise(64, 64))
	cases := []struct {
		name string
		data []byte
		want error
	}{
		{"empty", nil, ErrNotPicture},
		{"text", []byte("no picture at all"), ErrNotPicture},
		{"html_called_jpg", []byte("<html><script>alert(1)</script></html>"), ErrNotPicture},
		{"svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), ErrNotPicture},
		{"pdf", []byte("%PDF-1.7 ..............."), ErrNotPicture},
		{"magic_only", []byte("\xff\xd8\xff"), ErrNotPicture},
		{"truncated_jpeg", good[:len(good)/3], ErrNotPicture},
		{"truncated_png", truncatedPNG[:len(truncatedPNG)/2], ErrNotPicture},
		{"header_only_png", truncatedPNG[:40], ErrNotPicture},
		{"png_of_50000_by_50000", hugePNG(50_000, 50_000), ErrPixels},
		{"png_of_2_to_31", hugePNG(1<<31-1, 1<<31-1), ErrNotPicture},
		{"png_one_row_of_400_million", hugePNG(400_000_000, 1), ErrPixels},
		{"png_without_pixels", hugePNG(0, 0), ErrNotPicture},
		{"png_that_lies_small", hugePNG(4000, 4000), ErrNotPicture},
		{"animated_gif", animatedGIF(), ErrKind},
		{"bmp", []byte("BM............."), ErrKind},
		{"heic", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), ErrKind},
		{"webp_header", []byte("RIFF\x10\x00\x00\x00WEBPVP8 \x00\x00\x00\x00"), ErrNotPicture},
		{"jpeg_polyglot_with_zip", append(bytes.Clone(good), "PK\x03\x04 a zip and <script> behind it"...), nil},
		{"png_called_anything", asPNG(corner(30, 20)), nil},
		{"webp_lossless", losslessWebP, nil},
		{"webp_lossy", lossyWebP, nil},
		{"exif_that_is_nonsense", withExif(good, 99), nil},
		{"one_pixel", asPNG(corner(1, 1)), nil},
		{"very_long", asPNG(corner(9000, 3)), nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, err := convert(context.Background(), c.data)
			if !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if err != nil {
				return
			}
			for name, data := range map[string][]byte{"full": p.full, "small": p.small} {
				if _, err := jpeg.Decode(bytes.NewReader(data)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				for _, trace := range []string{"PK\x03\x04", "script", "Exif", "GPS"} {
					if bytes.Contains(data, []byte(trace)) {
						t.Errorf("%s holds %q", name, trace)
					}
				}
			}
		})
	}
}

func TestPictureLimits(t *testing.T) {
	for name, img := range map[string]image.Image{
		"noise": noise(2600, 1900), "tall": noise(300, 4000), "exact": noise(MaxSide, MaxSide), "quiet": corner(3200, 1600), "gray": image.NewGray16(image.Rect(0, 0, 1700, 1700)),
	} {
		t.Run(name, func(t *testing.T) {
			p, err := convert(context.Background(), asJPEG(img))
			if err != nil {
				t.Fatal(err)
			}
			if len(p.full) > MaxStored || len(p.small) > maxSmall || max(p.width, p.height) > MaxSide {
				t.Errorf("%d bytes, small %d bytes, %d × %d", len(p.full), len(p.small), p.width, p.height)
			}
			cfg, err := jpeg.DecodeConfig(bytes.NewReader(p.full))
			if err != nil || cfg.Width != p.width || cfg.Height != p.height {
				t.Errorf("stored %d × %d, said %d × %d: %v", cfg.Width, cfg.Height, p.width, p.height, err)
			}
			b := img.Bounds()
			if got, want := float64(p.width)/float64(p.height), float64(b.Dx())/float64(b.Dy()); got/want > 1.02 || want/got > 1.02 {
				t.Errorf("sides %.3f became %.3f", want, got)
			}
		})
	}
}

// Every way up of EXIF comes out with the dark corner where the eye would have it.
func TestUpright(t *testing.T) {
	dark := map[uint16][2]int{1: {0, 0}, 2: {1, 0}, 3: {1, 1}, 4: {0, 1}, 5: {0, 0}, 6: {1, 0}, 7: {1, 1}, 8: {0, 1}}
	plain := asJPEG(corner(400, 200))
	for way, want := range dark {
		p, err := convert(context.Background(), withExif(plain, way))
		if err != nil {
			t.Fatal(err)
		}
		if turned := p.height > p.width; turned != (way >= 5) {
			t.Errorf("way %d: %d × %d", way, p.width, p.height)
		}
		img, err := jpeg.Decode(bytes.NewReader(p.full))
		if err != nil {
			t.Fatal(err)
		}
		for qy := range 2 {
			for qx := range 2 {
				r, _, _, _ := img.At(p.width/4+qx*p.width/2, p.height/4+qy*p.height/2).RGBA()
				if black := r < 0x8000; black != (want == [2]int{qx, qy}) {
					t.Errorf("way %d: quarter %d,%d black is %v", way, qx, qy, black)
				}
			}
		}
	}
}

// Transparent parts become white, not black: signatures are drawn so.
func TestTransparent(t *testing.T) {
	p, err := convert(context.Background(), asPNG(image.NewNRGBA(image.Rect(0, 0, 50, 40))))
	if err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.Decode(bytes.NewReader(p.full))
	if err != nil {
		t.Fatal(err)
	}
	if r, g, b, _ := img.At(20, 20).RGBA(); min(r, g, b) < 0xf000 {
		t.Errorf("transparent became %x %x %x", r, g, b)
	}
}
