package paper

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"hefen/internal/errs"
)

// packed makes a workbook of the given parts; what is not given is as Excel writes it.
func packed(t *testing.T, parts map[string]func(io.Writer)) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	const office = `"http://schemas.openxmlformats.org/officeDocument/2006/relationships`
	for name, text := range map[string]string{
		"_rels/.rels":     `<Relationships><Relationship Id="r1" Type=` + office + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml": `<workbook><sheets><sheet name="表" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r1" Type=` + office + `/worksheet" Target="worksheets/sheet1.xml"/>` +
			`<Relationship Id="r2" Type=` + office + `/sharedStrings" Target="/xl/sharedStrings.xml"/>` +
			`<Relationship Id="r3" Type=` + office + `/styles" Target="styles.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml": `<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData></worksheet>`,
	} {
		if parts[name] == nil {
			if parts == nil {
				parts = map[string]func(io.Writer){}
			}
			parts[name] = func(w io.Writer) { io.WriteString(w, text) }
		}
	}
	for name, write := range parts {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		write(w)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	sheetPart   = "xl/worksheets/sheet1.xml"
	stringsPart = "xl/sharedStrings.xml"
	stylesPart  = "xl/styles.xml"
)

// repeated writes before, unit n times, and after.
func repeated(before, unit string, n int, after string) func(io.Writer) {
	return func(w io.Writer) {
		io.WriteString(w, before)
		chunk := strings.Repeat(unit, 1000)
		for ; n >= 1000; n -= 1000 {
			io.WriteString(w, chunk)
		}
		io.WriteString(w, strings.Repeat(unit, n)+after)
	}
}

func numbered(before, unit string, n int, after string) func(io.Writer) {
	return func(w io.Writer) {
		io.WriteString(w, before)
		for i := range n {
			fmt.Fprintf(w, unit, i+1)
		}
		io.WriteString(w, after)
	}
}

// lying makes a workbook whose directory says that the sheet is smaller or larger than it is.
func lying(t *testing.T, says uint64, zeros int) []byte {
	t.Helper()
	var body bytes.Buffer
	w, _ := flate.NewWriter(&body, flate.BestSpeed)
	io.CopyN(w, spaces{}, int64(zeros))
	w.Close()
	plain := packed(t, nil)
	z, err := zip.NewReader(bytes.NewReader(plain), int64(len(plain)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, f := range z.File {
		if f.Name != sheetPart {
			if err := out.Copy(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	raw, err := out.CreateRaw(&zip.FileHeader{Name: sheetPart, Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(nil), CompressedSize64: uint64(body.Len()), UncompressedSize64: says})
	if err != nil {
		t.Fatal(err)
	}
	raw.Write(body.Bytes())
	out.Close()
	return b.Bytes()
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// TestCraftedFiles reads files that were made to cost much. Each must be refused, or read within the limits, for a second
// of the processor and a part of the memory that a server may spend on an upload. What is counted is everything that was
// allocated on the way, more than was in use at any time.
func TestCraftedFiles(t *testing.T) {
	sheet := func(write func(io.Writer)) map[string]func(io.Writer) {
		return map[string]func(io.Writer){sheetPart: write}
	}
	manyParts := map[string]func(io.Writer){}
	for i := range 3000 {
		manyParts[fmt.Sprint("x", i)] = func(io.Writer) {}
	}
	long := strings.Repeat("长", maxCellBytes/3)
	const head, tail = `<worksheet><sheetData>`, `</sheetData></worksheet>`
	for name, c := range map[string]struct {
		parts map[string]func(io.Writer)
		data  []byte
		want  error // nil: it may be read
	}{
		"rows":               {parts: sheet(repeated(head, `<row><c><v>1</v></c></row>`, 1_200_000, tail)), want: ErrTooLarge},
		"rows_with_numbers":  {parts: sheet(numbered(head, `<row r="%[1]d"><c r="A%[1]d" t="inlineStr"><is><t>x</t></is></c></row>`, 1_000_000, tail)), want: ErrTooLarge},
		"empty_rows":         {parts: sheet(repeated(head, `<row><c s="1"/></row>`, 4_500_000, tail)), want: ErrTooLarge},
		"one_row":            {parts: sheet(repeated(head+`<row>`, `<c><v>1</v></c>`, 1_200_000, `</row>`+tail)), want: ErrTooLarge},
		"far_row":            {parts: sheet(repeated(head, `<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>`, 1, tail))},
		"styled_cells":       {parts: sheet(repeated(head, `<row>`+strings.Repeat(`<c s="1"/>`, 150)+`</row>`, 60_000, tail)), want: ErrTooLarge},
		"strings":            {parts: map[string]func(io.Writer){stringsPart: repeated(`<sst>`, `<si/>`, 9_000_000, `</sst>`)}, want: ErrTooLarge},
		"long_strings":       {parts: map[string]func(io.Writer){stringsPart: repeated(`<sst>`, `<si><t>`+long+`</t></si>`, 5800, `</sst>`)}, want: ErrTooLarge},
		"one_string":         {parts: map[string]func(io.Writer){stringsPart: repeated(`<sst><si><t>`, `x`, 40_000_000, `</t></si></sst>`)}, want: ErrTooLarge},
		"runs":               {parts: map[string]func(io.Writer){stringsPart: repeated(`<sst><si>`, `<r><t>xxxxxxxxxx</t></r>`, 1_900_000, `</si></sst>`)}},
		"string_everywhere":  {parts: map[string]func(io.Writer){stringsPart: repeated(`<sst><si><t>`+long, ``, 0, `</t></si></sst>`), sheetPart: repeated(head, `<row>`+strings.Repeat(`<c t="s"><v>0</v></c>`, 64)+`</row>`, 50_000, tail)}, want: ErrTooLarge},
		"depth":              {parts: sheet(repeated(head, `<a>`, 30_000_000, "")), want: ErrNotATable},
		"attribute":          {parts: sheet(repeated(head+`<row r="`, `1`, 90_000_000, `">`+tail)), want: ErrTooLarge},
		"attributes":         {parts: sheet(repeated(head+`<row `, `a="1" `, 14_000_000, `>`+tail)), want: ErrTooLarge},
		"comment":            {parts: sheet(repeated(head+`<!--`, `> `, 40_000_000, `-->`+tail)), want: ErrTooLarge},
		"entities":           {parts: sheet(repeated(`<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>`+head, `<row><c t="str"><v>&b;</v></c></row>`, 10, tail)), want: ErrNotATable},
		"encoding":           {parts: sheet(repeated(`<?xml version="1.0" encoding="UTF-16"?>`+head, `<row><c><v>1</v></c></row>`, 10, tail)), want: ErrNotATable},
		"cut":                {parts: sheet(repeated(head, `<row><c><v>1</v></c></row>`, 10, `<row>`)), want: ErrNotATable},
		"styles":             {parts: map[string]func(io.Writer){stylesPart: repeated(`<styleSheet><cellXfs>`, `<xf/>`, 1_600_000, `</cellXfs></styleSheet>`)}, want: ErrTooLarge},
		"parts":              {parts: manyParts, want: ErrTooLarge},
		"bomb":               {data: lying(t, 20<<30, 1000), want: ErrTooLarge},
		"bomb_that_lies":     {data: lying(t, 1000, 300<<20), want: ErrNotATable},
		"csv_commas":         {data: bytes.Repeat([]byte(","), MaxFileBytes), want: ErrTooLarge},
		"csv_line":           {data: bytes.Repeat([]byte("x"), MaxFileBytes), want: ErrTooLarge},
		"csv_lines":          {data: bytes.Repeat([]byte("\n"), MaxFileBytes)[:MaxFileBytes], want: ErrEmptyTable},
		"csv_empty_rows":     {data: bytes.Repeat([]byte(",\n"), MaxFileBytes/2), want: ErrTooLarge},
		"csv_rows":           {data: bytes.Repeat([]byte("1\n"), MaxFileBytes/2), want: ErrTooLarge},
		"csv_quote":          {data: append([]byte("编号,名\n\""), bytes.Repeat([]byte("001,张三\n"), 1_000_000)...), want: ErrQuote},
		"csv_quotes":         {data: bytes.Repeat([]byte("\"\n\","), MaxFileBytes/4), want: ErrTooLarge},
		"csv_doubled_quotes": {data: bytes.Repeat([]byte("\""), MaxFileBytes-1), want: ErrQuote},
		"csv_gbk":            {data: bytes.Repeat([]byte("\xb1\xe0,\xba\xc5\n"), MaxFileBytes/6), want: ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			data := c.data
			if data == nil {
				data = packed(t, c.parts)
			}
			if len(data) > MaxFileBytes {
				t.Fatalf("the file has %d bytes", len(data))
			}
			c.parts = nil
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := cpu()
			rows, err := drain(bytes.NewReader(data))
			took := cpu() - start
			runtime.ReadMemStats(&after)
			used := (after.TotalAlloc - before.TotalAlloc) >> 20
			t.Logf("%d KB sent: %d rows, %v, %d MB allocated in all, %v", len(data)>>10, rows, took.Round(time.Millisecond), used, err)
			if !errors.Is(err, c.want) || err != nil && c.want == nil {
				t.Errorf("%v, want %v", err, c.want)
			}
			if errors.Is(err, ErrTooLarge) && rows > 0 {
				t.Errorf("%d rows were given out first", rows)
			}
			if took > time.Second || used > 100 {
				t.Errorf("%v of the processor, %d MB", took, used)
			}
		})
	}
}

func drain(r io.Reader) (rows int, err error) {
	table, err := Open(r, "")
	if err != nil {
		return 0, err
	}
	defer table.Close()
	for ; ; rows++ {
		if _, _, err := table.Next(); err == io.EOF {
			return rows, nil
		} else if err != nil {
			return rows, err
		}
	}
}

// cpu is the processor time of this process, which a busy machine does not lengthen.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestFullRegister: the largest register that is promised is read well within the limits.
func TestFullRegister(t *testing.T) {
	var b bytes.Buffer
	s := Sheet{Name: "表", Columns: make([]Column, 12), Rows: func(yield func([]string) bool) {
		for i := range 50_000 {
			if !yield([]string{fmt.Sprintf("%05d", i/4), "第一组", "张三", "户主", fmt.Sprintf("4312291980%08d", i), fmt.Sprintf("138%08d", i), "", "监测户、党员户", "党员", "常住", "常住", "张三"}) {
				return
			}
		}
	}}
	for i := range s.Columns {
		s.Columns[i].Title = "列"
	}
	if err := WriteExcel(&b, s); err != nil {
		t.Fatal(err)
	}
	start := cpu()
	rows, err := drain(&b)
	if took := cpu() - start; err != nil || rows != 50_001 || took > 10*time.Second {
		t.Errorf("%d rows, %v, %v", rows, took, err)
	} else {
		t.Logf("%v", took)
	}
}

// TestTooManyRowsSaysWhatToDo: the message names the limits that hold.
func TestTooManyRowsSaysWhatToDo(t *testing.T) {
	for _, want := range []string{fmt.Sprintf("%d MB", MaxFileBytes>>20), fmt.Sprintf("%d 万行", MaxRows/10_000)} {
		if !strings.Contains(ErrTooLarge.Msg, want) || errs.KindOf(ErrTooLarge) != errs.TooLarge {
			t.Errorf("%q is not in %q", want, ErrTooLarge.Msg)
		}
	}
}
