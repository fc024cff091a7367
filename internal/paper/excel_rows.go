package paper

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// sheetRows gives out the rows of a sheet of a workbook.
type sheetRows struct {
	book *workbook
	part io.ReadCloser
	t    *tags
	row  int // number of the row last given

	rows, cellCount int
	buf             []string
}

func (b *workbook) rows() (*sheetRows, error) {
	if b.sheet.UncompressedSize64 > maxSheetBytes {
		return nil, ErrTooLarge
	}
	part, err := b.sheet.Open()
	if err != nil {
		return nil, ErrNotATable.Wrap(err)
	}
	return &sheetRows{book: b, part: part, t: newTags(part)}, nil
}

func (s *sheetRows) close() error { return s.part.Close() }

// next gives the cells of the next row that has any, and its number; the cells hold until the next call. io.EOF at the
// end of the sheet.
func (s *sheetRows) next() (cells []string, row int, err error) {
	for {
		if err := s.t.next(); err != nil {
			if err == io.EOF {
				return nil, 0, io.EOF
			}
			return nil, 0, notATable(err)
		}
		switch {
		case s.t.end && string(s.t.name) == "sheetData":
			return nil, 0, io.EOF
		case s.t.is("row"):
			if s.rows++; s.rows > maxLines {
				return nil, 0, ErrTooLarge
			}
			s.row++
			if n, err := strconv.Atoi(string(s.t.attr("r"))); err == nil && n > s.row {
				s.row = n
			}
			if s.t.empty {
				continue
			}
			cells, err := s.cells()
			if err != nil {
				return nil, 0, notATable(err)
			}
			if len(cells) > 0 {
				return cells, s.row, nil
			}
		}
	}
}

// cells reads a row up to its end. Cells beyond MaxColumns are passed over.
func (s *sheetRows) cells() ([]string, error) {
	cells := s.buf[:0]
	defer func() { s.buf = cells }()
	column := 0 // of the next cell, unless it names its own
	for n := 0; ; {
		if err := s.t.next(); err != nil {
			return nil, cut(err)
		}
		if s.t.ends("row") {
			return cells, nil
		}
		if !s.t.is("c") {
			continue
		}
		n, s.cellCount = n+1, s.cellCount+1
		if n > maxRowCells || s.cellCount > maxCells {
			return nil, ErrTooLarge
		}
		if at := columnIndex(s.t.attr("r")); at >= column {
			column = at
		}
		text, err := s.cell()
		if err != nil {
			return nil, err
		}
		if text != "" && column < MaxColumns {
			for len(cells) < column {
				cells = append(cells, "")
			}
			cells = append(cells, text)
		}
		column++
	}
}

// columnIndex is 0 for A1, 27 for AB12, and -1 for what names no column.
func columnIndex(ref []byte) int {
	n := 0
	for i, b := range ref {
		switch {
		case b >= 'A' && b <= 'Z' && i < 3:
			n = n*26 + int(b-'A') + 1
		case b >= 'a' && b <= 'z' && i < 3:
			n = n*26 + int(b-'a') + 1
		default:
			return n - 1
		}
	}
	return n - 1
}

// cell reads one cell up to its end.
func (s *sheetRows) cell() (string, error) {
	if s.t.empty {
		return "", nil
	}
	kind := string(s.t.attr("t"))
	style, _ := strconv.Atoi(string(s.t.attr("s")))
	var value, inline []byte
	spoken := false
	for {
		if err := s.t.next(); err != nil {
			return "", cut(err)
		}
		switch {
		case s.t.ends("c"):
			return s.show(kind, style, value, inline), nil
		case s.t.is("rPh"):
			spoken = !s.t.empty
		case s.t.ends("rPh"):
			spoken = false
		case s.t.end && string(s.t.name) == "v":
			value = append(value[:0], s.t.text[:min(len(s.t.text), maxCellBytes)]...)
		case s.t.end && string(s.t.name) == "t" && !spoken:
			if inline = unescape(inline, s.t.text); len(inline) > maxCellBytes {
				inline = inline[:maxCellBytes]
			}
		}
	}
}

// show is a cell's value as text.
func (s *sheetRows) show(kind string, style int, value, inline []byte) string {
	switch kind {
	case "s":
		return plain(s.book.shared.at(value))
	case "inlineStr":
		return plain(inline)
	case "str", "e":
		return plain(unescape(nil, value))
	case "b":
		if string(bytes.TrimSpace(value)) == "1" {
			return "TRUE"
		}
		return "FALSE"
	case "d":
		day, _, _ := strings.Cut(string(value), "T")
		return day
	}
	f := format{}
	if style >= 0 && style < len(s.book.formats) {
		f = s.book.formats[style]
	}
	return f.show(strings.TrimSpace(string(value)), s.book.base)
}

var hexed = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// plain resolves _x000D_, by which Excel writes characters that XML cannot hold.
func plain(b []byte) string {
	if !bytes.Contains(b, []byte("_x")) {
		return string(b)
	}
	return hexed.ReplaceAllStringFunc(string(b), func(m string) string {
		n, _ := strconv.ParseUint(m[2:6], 16, 16)
		return string(rune(n))
	})
}
