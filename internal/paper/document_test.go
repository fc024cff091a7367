package paper

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func list(rows int) Document {
	code, err := QR("https://hefen.example/g/abc", 240)
	if err != nil {
		panic(err)
	}
	d := Document{Title: "林源村积分公示", Above: []string{"2026年第3号 · 2026年6月", "公示到2026年7月7日，榜上的分数有疑问请在此前提出。"}, QR: code, QRNote: "扫一扫，在手机上看这张榜", Foot: "林源村 2026年第3号",
		Below: []string{"封账号：2400-1a2b 3c4d"}}
	t := Listing{Title: "加分和扣分", Columns: []ListColumn{{Name: "组", Share: 2}, {Name: "户号", Share: 2, Wide: true}, {Name: "户主", Share: 3}, {Name: "事项", Share: 7}, {Name: "日期", Share: 3, Wide: true}, {Name: "分数", Share: 2, Right: true}}}
	for i := range rows {
		t.Rows = append(t.Rows, []string{"一组", fmt.Sprintf("%04d", i), "张*山", "参加环境清扫、志愿服务和其他一些名字很长的事项", "2026-06-12", "+5"})
		t.Strike = append(t.Strike, i == 1)
	}
	d.Tables = append(d.Tables, t)
	return d
}

// TestDocument makes page, PDF and picture of one list with the fonts of the machine.
func TestDocument(t *testing.T) {
	d := list(40)
	page, err := d.HTML()
	if err != nil || strings.Count(string(page), "<tr") != 41 || !strings.Contains(string(page), `<tr class="off">`) || strings.Contains(string(page), "<script") {
		t.Errorf("%v %s", err, page)
	}
	if _, err := os.Stat(usualFonts[0]); err != nil {
		t.Fatalf("%v: the test script installs it (fonts-wqy-zenhei)", err)
	}
	for _, path := range usualFonts[:1] {
		f := NewFont(path)
		pdf, err := d.PDF(f)
		if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) || bytes.Count(pdf, []byte("/Type /Page\n")) < 2 && bytes.Count(pdf, []byte("/Type /Page")) < 3 {
			t.Errorf("%s: %d bytes, %v", path, len(pdf), err)
		}
		picture, err := d.Picture(f)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(picture))
		if err != nil || img.Bounds().Dx() != pictureWidth || img.Bounds().Dy() < 1500 {
			t.Errorf("%v %v", err, img.Bounds())
		}
		if dir := os.Getenv("HEFEN_TEST_KEEP"); dir != "" {
			name := filepath.Join(dir, filepath.Base(path))
			_ = os.WriteFile(name+".pdf", pdf, 0o600)
			_ = os.WriteFile(name+".png", picture, 0o600)
		}
	}
}

// TestDocumentOfAMonth keeps 2,000 lines within the time and the picture within its rows.
func TestDocumentOfAMonth(t *testing.T) {
	d := list(2000)
	f := NewFont("")
	start := time.Now()
	pdf, err := d.PDF(f)
	if err != nil || len(pdf) < 10_000 {
		t.Fatal(len(pdf), err)
	}
	t.Logf("PDF of 2,000 lines: %d bytes in %v", len(pdf), time.Since(start))
	start = time.Now()
	picture, err := d.Picture(f)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("picture: %d bytes in %v", len(picture), time.Since(start))
}

// TestNoFont: without a font, or with one that has no TrueType outlines, the person is told what to do.
func TestNoFont(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.ttf")
	if err := os.WriteFile(bad, []byte("OTTO\x00\x01 not a font at all, but long enough"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{filepath.Join(dir, "none.ttf"): ErrNoFont, bad: ErrBadFont} {
		if _, err := list(1).PDF(NewFont(path)); !errors.Is(err, want) {
			t.Errorf("%s: %v", path, err)
		}
		if _, err := list(1).Picture(NewFont(path)); !errors.Is(err, want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
