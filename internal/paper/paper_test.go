package paper

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"hefen/internal/errs"
)

func readAll(t *testing.T, r io.Reader, sheet string) (rows [][]string, numbers []int) {
	t.Helper()
	table, err := Open(r, sheet)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	for {
		cells, n, err := table.Next()
		if errors.Is(err, io.EOF) {
			return rows, numbers
		}
		if err != nil {
			t.Fatal(err)
		}
		rows, numbers = append(rows, cells), append(numbers, n)
	}
}

func TestExcelThereAndBack(t *testing.T) {
	want := [][]string{{"编号", "名"}, {"001", "=cmd|' /C calc'!A0"}, {"002", "-1"}, {"003", "@x"}, {"004", "+86"}, {"005", "普通"}}
	var b bytes.Buffer
	err := WriteExcel(&b, Sheet{Name: "说明", Columns: []Column{{Title: "x"}}}, Sheet{
		Name: "表", Rows: slices.Values(want[1:]), Room: 10,
		Columns: []Column{{Title: "编号", Text: true, Required: true, Hint: "h"}, {Title: "名", Choices: []string{"甲", "乙"}, Strict: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, cell := range []string{"B2", "B3", "B4", "B5"} {
		v, _ := f.GetCellValue("表", cell)
		formula, _ := f.GetCellFormula("表", cell)
		if v[0] != '\'' || formula != "" {
			t.Errorf("%s would run: %q %q", cell, v, formula)
		}
	}
	if v, _ := f.GetDataValidations("表"); len(v) != 2 {
		t.Errorf("%d validations", len(v))
	}
	rows, numbers := readAll(t, bytes.NewReader(b.Bytes()), "表")
	if !slices.EqualFunc(rows, want, slices.Equal) || !slices.Equal(numbers, []int{1, 2, 3, 4, 5, 6}) {
		t.Errorf("%q %v", rows, numbers)
	}
	if first, _ := readAll(t, bytes.NewReader(b.Bytes()), "没有"); first[0][0] != "x" {
		t.Errorf("the first sheet is not taken: %q", first)
	}
}

// TestRowNumbers shows that empty rows are left out and the others keep the numbers the clerk sees.
func TestRowNumbers(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	for cell, v := range map[string]any{"A1": "头", "A3": "三", "B6": 13800138000, "A7": "　七\n行 "} {
		if err := f.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]io.Reader{"excel": &b, "csv": strings.NewReader("头\n\n三\n,\n\n,13800138000\n　七 行 \n")} {
		rows, numbers := readAll(t, in, "")
		if !slices.Equal(numbers, []int{1, 3, 6, 7}) || rows[2][1] != "13800138000" || rows[3][0] != "七 行" {
			t.Errorf("%s: %q %v", name, rows, numbers)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, in := range map[string]string{"": " \n", "zip": "PK\x03\x04", "xls": "\xD0\xCF\x11\xE0", "image": "\x89PNG\x00\x00"} {
		if _, err := Open(strings.NewReader(in), ""); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(io.LimitReader(zeros{}, MaxFileBytes+10), ""); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestQR(t *testing.T) {
	png, err := QR("HF1-0123456789012345678901", 300)
	if err != nil || !bytes.HasPrefix(png, []byte("\x89PNG")) {
		t.Errorf("%v %d bytes", err, len(png))
	}
	if _, err := QR(strings.Repeat("长", 2000), 300); err == nil {
		t.Error("what does not fit is accepted")
	}
}
