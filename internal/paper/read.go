package paper

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Table gives out the rows of one sheet, top to bottom. Close it when done.
type Table struct {
	next  func() ([]string, error) // io.EOF at the end
	close func() error
	row   int
}

// Open reads an .xlsx or a CSV file (UTF-8 with or without BOM, or GBK); which one it is shows in its content, not in its
// name. Of a workbook it takes the sheet called sheet, or else the first. Cells are given as Excel shows them.
func Open(r io.Reader, sheet string) (*Table, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read table: %w", err)
	}
	switch {
	case len(data) > MaxFileBytes:
		return nil, ErrTooLarge
	case len(bytes.TrimSpace(data)) == 0:
		return nil, ErrEmptyTable
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return openExcel(data, sheet)
	case bytes.HasPrefix(data, []byte("\xD0\xCF\x11\xE0")):
		return nil, ErrOldExcel
	}
	return openCSV(data)
}

// Next is the next row that holds anything, its cells trimmed, and its number in the file, counted from 1. It ends
// with io.EOF.
func (t *Table) Next() (cells []string, row int, err error) {
	for {
		if cells, err = t.next(); err != nil {
			return nil, 0, err
		}
		if t.row++; t.row > MaxRows {
			return nil, 0, ErrTooLarge
		}
		cells = cells[:min(len(cells), MaxColumns)]
		some := false
		for i, c := range cells {
			cells[i] = Clean(c)
			some = some || cells[i] != ""
		}
		if some {
			return cells, t.row, nil
		}
	}
}

// Close removes what was unpacked.
func (t *Table) Close() error { return t.close() }

// Clean trims a cell, full-width spaces included, takes out what cannot be seen and the apostrophe that Escape put
// before a formula sign.
func Clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\u3000' || r == '\u00a0' || r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r < ' ' || r == '\u200b' || r == '\ufeff' || r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	if len(s) > 1 && s[0] == '\'' && strings.ContainsRune(formulaSigns, rune(s[1])) {
		s = s[1:]
	}
	if n := MaxCellRunes; len(s) > n && utf8.RuneCountInString(s) > n {
		s = string([]rune(s)[:n])
	}
	return s
}

func openExcel(data []byte, sheet string) (*Table, error) {
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		UnzipSizeLimit: MaxUnpacked, UnzipXMLSizeLimit: inMemoryUnpack,
	})
	if err != nil {
		return nil, ErrNotATable.Wrap(err)
	}
	if i, err := f.GetSheetIndex(sheet); sheet == "" || err != nil || i < 0 {
		sheet = f.GetSheetName(0)
	}
	rows, err := f.Rows(sheet)
	if err != nil {
		return nil, errors.Join(ErrNotATable.Wrap(err), f.Close())
	}
	return &Table{
		next: func() ([]string, error) {
			if !rows.Next() {
				if err := rows.Error(); err != nil {
					return nil, ErrNotATable.Wrap(err)
				}
				return nil, io.EOF
			}
			cells, err := rows.Columns()
			if err != nil {
				return nil, ErrNotATable.Wrap(err)
			}
			return cells, nil
		},
		close: func() error { return errors.Join(rows.Close(), f.Close()) },
	}, nil
}

func openCSV(data []byte) (*Table, error) {
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	if !utf8.Valid(data) { // GB18030 holds GBK
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
		if err != nil {
			return nil, ErrNotATable.Wrap(err)
		}
		data = decoded
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, ErrNotATable
	}
	lines := &lineReader{r: bufio.NewReader(bytes.NewReader(data))}
	r := csv.NewReader(lines)
	r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = -1, true, false
	if head, _, _ := bytes.Cut(data, []byte("\n")); bytes.Count(head, []byte("\t")) > bytes.Count(head, []byte(",")) {
		r.Comma = '\t'
	}
	t := &Table{close: func() error { return nil }}
	t.next = func() ([]string, error) {
		cells, err := r.Read()
		if err == io.EOF {
			return nil, io.EOF
		}
		if err != nil {
			return nil, ErrNotATable.Wrap(err)
		}
		if len(cells) > 0 { // the csv reader leaves out empty lines; the number must be the one the clerk sees
			line, _ := r.FieldPos(0)
			t.row = line - 1
		}
		return cells, nil
	}
	return t, nil
}

// lineReader makes a lone carriage return end a line, as old Macintosh files have it.
type lineReader struct{ r *bufio.Reader }

func (l *lineReader) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		b, err := l.r.ReadByte()
		if err != nil {
			if n > 0 {
				return n, nil
			}
			return 0, err
		}
		if b == '\r' {
			if next, err := l.r.Peek(1); err == nil && next[0] == '\n' {
				continue
			}
			b = '\n'
		}
		p[n] = b
		n++
	}
	return n, nil
}
