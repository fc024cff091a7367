package media

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"

	"github.com/bep/imagemeta"
	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/webp"
	"golang.org/x/sync/semaphore"
)

// Limits of a stored picture, and of the small one beside it for lists.
const (
	MaxSide   = 1600    // pixels of the longer side
	MaxStored = 300_000 // bytes
	smallSide = 240
	maxSmall  = 20_000
)

// Memory that decoding may take: one picture, and all that are decoded at once. A picture that would take more is refused
// by what its header says, before a pixel of it is read.
const (
	maxDecode   = 256 << 20
	decodeSpace = 256 << 20
)

// picture is what is stored of a photo: re-encoded, upright, without anything but its pixels.
type picture struct {
	full, small   []byte // JPEG
	width, height int    // of full
}

var decoding = semaphore.NewWeighted(decodeSpace)

// convert reads a JPEG, PNG or WebP and makes the stored picture of it. What else the file holds, place and time of the
// photo or another file behind it, is gone afterwards. Errors: ErrNotPicture, ErrKind, ErrPixels.
func convert(ctx context.Context, data []byte) (*picture, error) {
	f, err := formatOf(data)
	if err != nil {
		return nil, err
	}
	cfg, err := f.config(bytes.NewReader(data))
	if err != nil || cfg.Width < 1 || cfg.Height < 1 {
		return nil, ErrNotPicture.Wrap(err)
	}
	cost := int64(cfg.Width) * int64(cfg.Height) * f.perPixel(data, cfg.ColorModel)
	if cost > maxDecode {
		return nil, ErrPixels
	}
	if err := decoding.Acquire(ctx, cost); err != nil {
		return nil, err
	}
	defer decoding.Release(cost)
	img, err := f.decode(bytes.NewReader(data))
	if err != nil {
		return nil, ErrNotPicture.Wrap(err)
	}
	if b := img.Bounds(); b.Dx() != cfg.Width || b.Dy() != cfg.Height {
		return nil, ErrNotPicture // the header did not say what the picture is
	}
	upright := turn(fit(img, MaxSide), orientation(data, f))
	p := &picture{}
	if p.full, p.width, p.height, err = squeeze(upright, MaxSide, MaxStored); err != nil {
		return nil, err
	}
	p.small, _, _, err = squeeze(fit(upright, smallSide), smallSide, maxSmall)
	return p, err
}

// format is one kind of picture that is read.
type format struct {
	config   func(io.Reader) (image.Config, error)
	decode   func(io.Reader) (image.Image, error)
	perPixel func(data []byte, m color.Model) int64 // bytes of memory, at most
	meta     imagemeta.ImageFormat
}

var (
	jpegFormat = format{jpeg.DecodeConfig, jpeg.Decode, func(data []byte, _ color.Model) int64 {
		if progressive(data) {
			return 20 // the decoder holds all coefficients, four bytes each
		}
		return 5
	}, imagemeta.JPEG}
	pngFormat = format{png.DecodeConfig, png.Decode, func(_ []byte, m color.Model) int64 {
		switch m {
		case color.NRGBA64Model, color.RGBA64Model:
			return 12 // and half again for the passes of an interlaced file
		case color.GrayModel:
			return 2
		case color.Gray16Model:
			return 3
		}
		return 6
	}, imagemeta.PNG}
	webpFormat = format{webp.DecodeConfig, webp.Decode, func([]byte, color.Model) int64 { return 8 }, imagemeta.WebP}
)

// formatOf looks at the first bytes; what a file is called or said to be does not count.
func formatOf(data []byte) (f format, err error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return jpegFormat, nil
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return pngFormat, nil
	case len(data) > 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return webpFormat, nil
	case bytes.HasPrefix(data, []byte("GIF8")), bytes.HasPrefix(data, []byte("BM")):
		return f, ErrKind
	case len(data) > 12 && string(data[4:8]) == "ftyp":
		return f, ErrKind.With("这是苹果手机的高效格式照片，请在手机“设置—相机—格式”里选“兼容性最佳”，或者在小程序里直接拍照")
	}
	return f, ErrNotPicture
}

// progressive reports whether a JPEG is a progressive one, from the markers before its pixels.
func progressive(data []byte) bool {
	for i := 2; i+4 <= len(data) && data[i] == 0xff; {
		m := data[i+1]
		switch {
		case m == 0xff: // filling
			i++
			continue
		case m == 0xc2:
			return true
		case m == 0xda, m == 0xc0, m == 0xc1:
			return false
		}
		i += 2 + int(data[i+2])<<8 + int(data[i+3])
	}
	return true // not to be told: count the most
}

// orientation is the EXIF way up, 1 to 8; 1 where nothing or nonsense is said.
func orientation(data []byte, f format) int {
	way := 1
	_, _ = imagemeta.Decode(imagemeta.Options{ // a picture with broken metadata is a picture all the same
		R: bytes.NewReader(data), ImageFormat: f.meta, Sources: imagemeta.EXIF, LimitNumTags: 500, LimitTagSize: 1000,
		ShouldHandleTag: func(t imagemeta.TagInfo) bool { return t.Tag == "Orientation" && t.Namespace == "IFD0" },
		HandleTag: func(t imagemeta.TagInfo) error {
			if v, ok := t.Value.(uint16); ok && v >= 1 && v <= 8 {
				way = int(v)
			}
			return imagemeta.ErrStopWalking
		},
	})
	return way
}

// fit shrinks a picture so that its longer side is at most side, on white. Whole squares of pixels are averaged first, in
// strips, because a filter over the whole picture takes many times its memory; what is left, less than half, is interpolated.
func fit(src image.Image, side int) *image.RGBA {
	b := src.Bounds()
	w, h := within(b.Dx(), b.Dy(), side)
	k := max(1, max(b.Dx(), b.Dy())/side)
	boxed := average(src, k)
	if boxed.Rect.Dx() == w && boxed.Rect.Dy() == h {
		return boxed
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	xdraw.ApproxBiLinear.Scale(out, out.Rect, boxed, boxed.Rect, draw.Src, nil)
	return out
}

// within is a width and height scaled so that the longer is at most side; never below 1, never enlarged.
func within(w, h, side int) (int, int) {
	long := max(w, h)
	if long <= side {
		return w, h
	}
	return max(1, w*side/long), max(1, h*side/long)
}

// average makes one pixel of each k × k pixels; what is left over at the far edges goes into the last ones.
func average(src image.Image, k int) *image.RGBA {
	b := src.Bounds()
	w, h := (b.Dx()+k-1)/k, (b.Dy()+k-1)/k
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	strip := image.NewRGBA(image.Rect(0, 0, b.Dx(), k))
	for y := range h {
		rows := min(k, b.Dy()-y*k)
		part := image.Rect(0, 0, b.Dx(), rows)
		draw.Draw(strip, part, image.White, image.Point{}, draw.Src)
		draw.Draw(strip, part, src, image.Pt(b.Min.X, b.Min.Y+y*k), draw.Over)
		for x := range w {
			columns := min(k, b.Dx()-x*k)
			var sum [3]int
			for r := range rows {
				at := strip.Pix[r*strip.Stride+x*k*4:]
				for c := range columns {
					sum[0], sum[1], sum[2] = sum[0]+int(at[c*4]), sum[1]+int(at[c*4+1]), sum[2]+int(at[c*4+2])
				}
			}
			n, to := rows*columns, out.Pix[y*out.Stride+x*4:]
			to[0], to[1], to[2], to[3] = uint8(sum[0]/n), uint8(sum[1]/n), uint8(sum[2]/n), 255
		}
	}
	return out
}

// turn sets a picture upright by its EXIF way up.
func turn(src *image.RGBA, way int) *image.RGBA {
	if way < 2 || way > 8 {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if way >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			to := [9][2]int{2: {w - 1 - x, y}, 3: {w - 1 - x, h - 1 - y}, 4: {x, h - 1 - y}, 5: {y, x}, 6: {h - 1 - y, x}, 7: {h - 1 - y, w - 1 - x}, 8: {y, w - 1 - x}}[way]
			copy(out.Pix[to[1]*out.Stride+to[0]*4:][:4], src.Pix[y*src.Stride+x*4:][:4])
		}
	}
	return out
}

// squeeze encodes a picture in at most so many bytes: by quality first, then by size.
func squeeze(img *image.RGBA, side, most int) (data []byte, width, height int, err error) {
	for {
		for _, quality := range []int{82, 74, 64, 54, 44} {
			var b bytes.Buffer
			if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
				return nil, 0, 0, err
			}
			if b.Len() <= most {
				return b.Bytes(), img.Rect.Dx(), img.Rect.Dy(), nil
			}
		}
		side = min(side, max(img.Rect.Dx(), img.Rect.Dy())) * 4 / 5
		img = fit(img, side)
	}
}
