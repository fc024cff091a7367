package paper

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"sync"

	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"

	"hefen/internal/errs"
)

// Errors of fonts. They are told to whoever asked for a file; the page can be printed from a browser without any.
var (
	ErrNoFont  = errs.New(errs.Conflict, "paper_no_font", "服务器上没有中文字体，不能生成文件。请管理员安装一个 TrueType 中文字体（例如 apt-get install fonts-wqy-zenhei），或在配置 print.font 里写明字体文件；现在可以先打开打印网页，用浏览器打印或存成 PDF")
	ErrBadFont = errs.New(errs.Conflict, "paper_bad_font", "配置里的字体文件用不了：要带中文、数字和字母的 TrueType 字体（.ttf 或 .ttc，不能是 OpenType/CFF 的 .otf）。请管理员更换 print.font；现在可以先打开打印网页，用浏览器打印或存成 PDF")
)

// usualFonts are where Debian, Ubuntu and others put TrueType fonts with Chinese.
var usualFonts = []string{
	"/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
	"/usr/share/fonts/wqy-zenhei/wqy-zenhei.ttc", "/usr/share/fonts/truetype/arphic/uming.ttc", "/usr/share/fonts/truetype/arphic/ukai.ttc",
}

// Font is a TrueType font with Chinese, read once at its first use. Safe for concurrent use.
type Font struct {
	path string
	once sync.Once
	data []byte
	face *opentype.Font
	err  error
}

// NewFont names the font file; an empty path stands for the first of the usual places that has one.
func NewFont(path string) *Font { return &Font{path: path} }

// load reads the file. ErrNoFont where there is none, ErrBadFont for what is no TrueType font.
func (f *Font) load() error {
	f.once.Do(func() { f.err = f.read() })
	return f.err
}

func (f *Font) read() error {
	places := usualFonts
	if f.path != "" {
		places = []string{f.path}
	}
	i := slices.IndexFunc(places, func(p string) bool { _, err := os.Stat(p); return err == nil })
	if i < 0 {
		return ErrNoFont
	}
	b, err := os.ReadFile(places[i])
	if err != nil {
		return ErrNoFont.Wrap(err)
	}
	if f.data, err = single(b); err != nil {
		return ErrBadFont.Wrap(err)
	}
	if f.face, err = opentype.Parse(f.data); err != nil {
		return ErrBadFont.Wrap(err)
	}
	var buf sfnt.Buffer
	for _, r := range needed {
		if g, err := f.face.GlyphIndex(&buf, r); err != nil || g == 0 {
			return ErrBadFont.Wrap(fmt.Errorf("no glyph for %q", r))
		}
	}
	return nil
}

// needed are some of the characters that a font must have: fonts made to fall back on have Chinese, but no digits.
const needed = "0123456789aZ*+-（），第年月日分户积公示"

// single is the font of a file; of a collection (.ttc) the first one, put together as a file of its own.
func single(b []byte) ([]byte, error) {
	at := uint32(0)
	if len(b) > 16 && string(b[:4]) == "ttcf" {
		at = binary.BigEndian.Uint32(b[12:16])
	}
	if uint64(at)+12 > uint64(len(b)) {
		return nil, fmt.Errorf("font file is too short")
	}
	n := int(binary.BigEndian.Uint16(b[at+4 : at+6]))
	end := uint64(at) + 12 + 16*uint64(n)
	if end > uint64(len(b)) || n > 100 {
		return nil, fmt.Errorf("font file is cut off")
	}
	head, body := bytes.Clone(b[at:at+12]), []byte{}
	glyphs := false
	start := 12 + 16*n
	for i := range n {
		rec := bytes.Clone(b[int(at)+12+16*i : int(at)+28+16*i])
		off, size := uint64(binary.BigEndian.Uint32(rec[8:12])), uint64(binary.BigEndian.Uint32(rec[12:16]))
		if off+size > uint64(len(b)) {
			return nil, fmt.Errorf("font table is cut off")
		}
		glyphs = glyphs || string(rec[:4]) == "glyf"
		binary.BigEndian.PutUint32(rec[8:12], uint32(start+len(body))) //nolint:gosec // within the file
		head = append(head, rec...)
		body = append(body, b[off:off+size]...)
		body = append(body, make([]byte, (4-len(body)%4)%4)...)
	}
	if !glyphs {
		return nil, fmt.Errorf("no TrueType outlines in it")
	}
	return append(head, body...), nil
}
