package paper

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// TestCellsAsShown holds what is read against what another reader shows, and days and numbers against what a clerk sees.
func TestCellsAsShown(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	long := strings.Repeat("很长的说明", 100)
	for cell, v := range map[string]any{"A1": "文字", "B1": " 前后有空格 ", "C1": "a<b>&\"c'", "D1": "一\n二", "E1": "_x0041_不是控制字符", "F1": long,
		"A2": 12, "B2": 35.5, "C2": 0.1 + 0.2, "D2": 13800138000, "E2": -7.25, "F2": true, "A3": "", "B3": 1e-7, "C3": 1234567890123, "D3": 431229198001010011} {
		if err := f.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SetCellRichText("Sheet1", "A4", []excelize.RichTextRun{{Text: "粗"}, {Text: "细", Font: &excelize.Font{Bold: true}}}); err != nil {
		t.Fatal(err)
	}
	day := time.Date(1980, 1, 31, 0, 0, 0, 0, time.UTC)
	shown := map[string]struct {
		value  any
		format string
		number int
		want   string
	}{
		"A5": {value: day, number: 14, want: "1980-01-31"}, "B5": {value: day, number: 31, want: "1980-01-31"},
		"C5": {value: day, format: `yyyy"年"m"月"d"日";@`, want: "1980-01-31"}, "D5": {value: day, format: `[$-804]dddd, mmmm d, yyyy`, want: "1980-01-31"},
		"E5": {value: day.Add(8*time.Hour + 30*time.Minute), number: 22, want: "1980-01-31 08:30:00"}, "F5": {value: 0.5, number: 20, want: "12:00:00"},
		"A6": {value: 7, format: "000", want: "007"}, "B6": {value: 35.5, format: "0.00", want: "35.50"}, "C6": {value: 1234.5, number: 4, want: "1234.50"},
		"D6": {value: 0.125, format: "0.0%", want: "12.5%"}, "E6": {value: 13800138000, number: 49, want: "13800138000"},
		"F6": {value: 2.675, format: "0.00", want: "2.68"}, "A7": {value: 35.5, format: `0.0"分"`, want: "35.5"}, "B7": {value: 5, format: "[Red]0", want: "5"},
		"C7": {value: 59, number: 14, want: "1900-02-28"}, "D7": {value: 61, number: 14, want: "1900-03-01"}, "E7": {value: -3, number: 14, want: "-3"},
	}
	for cell, c := range shown {
		style := excelize.Style{NumFmt: c.number}
		if c.format != "" {
			style.CustomNumFmt = &c.format
		}
		id, err := f.NewStyle(&style)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.SetCellValue("Sheet1", cell, c.value); err != nil {
			t.Fatal(err)
		}
		if err := f.SetCellStyle("Sheet1", cell, cell, id); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	rows, numbers := readAll(t, bytes.NewReader(b.Bytes()), "")
	other, err := f.GetRows("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range numbers {
		for col, got := range rows[i] {
			cell, _ := excelize.CoordinatesToCellName(col+1, n)
			want := Clean(other[n-1][col])
			if c, ok := shown[cell]; ok {
				want = c.want
			}
			switch cell { // where the other reader shows what a clerk does not: floating point noise, E notation
			case "B3":
				want = "0.0000001"
			case "D3":
				want = "431229198001010000"
			}
			if got != want {
				t.Errorf("%s: %q, want %q", cell, got, want)
			}
		}
	}
	if len(numbers) != 7 {
		t.Errorf("rows %v", numbers)
	}
}

// TestOddWorkbooks reads what other programs write: prefixes, no cell names, comments, literal text, spoken readings,
// another calendar, sheets in another place.
func TestOddWorkbooks(t *testing.T) {
	text := func(s string) func(io.Writer) { return func(w io.Writer) { io.WriteString(w, s) } }
	const office = `"http://purl.oclc.org/ooxml/officeDocument/relationships`
	data := packed(t, map[string]func(io.Writer){
		"_rels/.rels":              text(`<Relationships><Relationship Id="a" Type=` + office + `/officeDocument" Target="/book/main.xml"/></Relationships>`),
		"book/main.xml":            text(`<?xml version="1.0" encoding="utf-8"?><x:workbook><x:workbookPr date1904='1'/><x:sheets><x:sheet name="其他" r:id="s1"/><x:sheet name="图" r:id="s3"/><x:sheet name="住户&amp;名册" r:id="s2"/></x:sheets></x:workbook>`),
		"book/_rels/main.xml.rels": text(`<Relationships><Relationship Target="sheets/one.xml" Id="s1" Type=` + office + `/worksheet"/><Relationship Target="sheets/../sheets/two.xml" Id="s2" Type=` + office + `/worksheet"/><Relationship Target="c.xml" Id="s3" Type=` + office + `/chartsheet"/><Relationship Id="q" Target="strings.xml" Type=` + office + `/sharedStrings"/><Relationship Id="p" Target="st.xml" Type=` + office + `/styles"/></Relationships>`),
		"book/st.xml":              text(`<styleSheet><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>`),
		"book/strings.xml":         text(`<sst><si><t>张</t><rPh sb="0" eb="1"><t>zhang</t></rPh></si><si/><si><r><t xml:space="preserve">李 </t></r><r><t>四</t></r></si></sst>`),
		"book/sheets/one.xml":      text(`<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>`),
		"book/sheets/two.xml": text("<?xml version=\"1.0\"?>\n<x:worksheet><x:sheetData>\n <!-- > <row> -->" +
			`<x:row><x:c t="s"><x:v>0</x:v></x:c><x:c t="s"><x:v>1</x:v></x:c><x:c t="s"><x:v> 2 </x:v></x:c><x:c t="s"><x:v>99</x:v></x:c></x:row>` +
			`<x:row r="4"><x:c r="C4" t="inlineStr"><x:is><x:t><![CDATA[<一&二>]]></x:t></x:is></x:c><x:c/><x:c t="b"><x:v>1</x:v></x:c><x:c t="str"><x:f>A1&gt;"&gt;"</x:f><x:v>&#20108;&#x4e8c;&nbsp;</x:v></x:c><x:c r="BM4" t="str"><x:v>远</x:v></x:c></x:row>` +
			`<x:row r="5" a='>'><x:c s="1"><x:v>29249</x:v></x:c><x:c t="e"><x:v>#N/A</x:v></x:c><x:c t="d"><x:v>2020-01-31T00:00:00</x:v></x:c></x:row></x:sheetData></x:worksheet>`),
	})
	rows, numbers := readAll(t, bytes.NewReader(data), "住户&名册")
	want := [][]string{{"张", "", "李 四"}, {"", "", "<一&二>", "", "TRUE", "二二&nbsp;"}, {"1984-01-30", "#N/A", "2020-01-31"}}
	if !slices.EqualFunc(rows, want, slices.Equal) || !slices.Equal(numbers, []int{1, 4, 5}) {
		t.Errorf("%q %v", rows, numbers)
	}
	if rows, _ := readAll(t, bytes.NewReader(data), "没有"); rows[0][0] != "1" {
		t.Errorf("%q", rows)
	}
}

// TestCSVAsTyped: quotes, line ends within a field and line numbers.
func TestCSVAsTyped(t *testing.T) {
	rows, numbers := readAll(t, strings.NewReader("\xEF\xBB\xBFa,\"b,\"\"c\"\"\",d\r\n\"一\n二\",x\n\r\n3\"寸,\"y\"z\",\rlast,"), "")
	want := [][]string{{"a", `b,"c"`, "d"}, {"一 二", "x"}, {`3"寸`, `y"z`, ""}, {"last", ""}}
	if !slices.EqualFunc(rows, want, slices.Equal) || !slices.Equal(numbers, []int{1, 2, 5, 6}) {
		t.Errorf("%q %v", rows, numbers)
	}
	if rows, _ := readAll(t, strings.NewReader("a\tb,c\n1\t2\n"), ""); len(rows[0]) != 2 {
		t.Errorf("%q", rows)
	}
}

// FuzzSheet: whatever stands in a sheet, reading it ends without a panic and stays within the limits.
func FuzzSheet(f *testing.F) {
	f.Add([]byte(`<worksheet><sheetData><row r="2"><c r="B2" t="s"><v>0</v></c><c><is><t>x&amp;</t></is></c></row></sheetData></worksheet>`))
	f.Add([]byte(`<a b='>'/><!-- --><![CDATA[x]]><?xml encoding="utf-8"?></a:c>`))
	f.Fuzz(func(t *testing.T, sheet []byte) {
		table, err := Open(bytes.NewReader(packed(t, map[string]func(io.Writer){sheetPart: func(w io.Writer) { w.Write(sheet) }})), "")
		if err != nil {
			return
		}
		defer table.Close()
		for {
			cells, _, err := table.Next()
			if err != nil {
				return
			}
			if len(cells) > MaxColumns {
				t.Fatalf("%d cells", len(cells))
			}
		}
	})
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("a,\"b\"\r\nc"))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := Open(bytes.NewReader(data), "")
		for err == nil {
			_, _, err = table.Next()
		}
	})
}
