package paper

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Table gives out the rows of one sheet, top to bottom. Close it when done.
type Table struct {
	Sum [sha256.Size]byte // of the file as it was sent

	next  func() (cells []string, row int, err error) // io.EOF at the end
	close func() error
}

// Open reads an .xlsx or a CSV file (UTF-8 with or without BOM, or GBK); which one it is shows in its content, not in its
// name. Of a workbook it takes the sheet called sheet, or else the first. Cells are given as Excel shows them, days as
// 2026-01-31. A file beyond the limits is refused here, before a row is given out: whatever it holds, reading it takes
// about a second and a fixed amount of memory at most. An open file or upload is read where it lies, from its beginning.
func Open(r io.Reader, sheet string) (*Table, error) {
	at, size, err := whole(r)
	if err != nil {
		return nil, err
	}
	head := make([]byte, 4)
	n, err := at.ReadAt(head, 0)
	var t *Table
	switch {
	case err != nil && err != io.EOF:
		return nil, fmt.Errorf("read table: %w", err)
	case n == 0:
		return nil, ErrEmptyTable
	case string(head) == "PK\x03\x04":
		t, err = openExcel(at, size, sheet)
	case string(head) == "\xD0\xCF\x11\xE0":
		return nil, ErrOldExcel
	default:
		t, err = openCSV(at, size)
	}
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(at, 0, size)); err != nil {
		return nil, errors.Join(fmt.Errorf("read table: %w", err), t.Close())
	}
	sum.Sum(t.Sum[:0])
	return t, nil
}

// whole is a file that can be read at any place: the one that is given, or what a stream holds.
func whole(r io.Reader) (io.ReaderAt, int64, error) {
	if f, ok := r.(interface {
		io.ReaderAt
		io.Seeker
	}); ok {
		if size, err := f.Seek(0, io.SeekEnd); err == nil {
			if size > MaxFileBytes {
				return nil, 0, ErrTooLarge
			}
			return f, size, nil
		}
	}
	data, err := io.ReadAll(io.LimitReader(r, MaxFileBytes+1))
	if err != nil {
		return nil, 0, fmt.Errorf("read table: %w", err)
	}
	if len(data) > MaxFileBytes {
		return nil, 0, ErrTooLarge
	}
	return bytes.NewReader(data), int64(len(data)), nil
}

func openExcel(r io.ReaderAt, size int64, sheet string) (*Table, error) {
	b, err := openWorkbook(r, size, sheet)
	if err != nil {
		return nil, err
	}
	first, err := b.rows()
	if err != nil {
		return nil, err
	}
	err = measure(first.next)
	if e := first.close(); err == nil && e != nil {
		err = ErrNotATable.Wrap(e)
	}
	if err != nil {
		return nil, err
	}
	rows, err := b.rows()
	if err != nil {
		return nil, err
	}
	return &Table{next: rows.next, close: rows.close}, nil
}

func openCSV(r io.ReaderAt, size int64) (*Table, error) {
	data := make([]byte, size)
	if _, err := r.ReadAt(data, 0); err != nil && err != io.EOF {
		return nil, fmt.Errorf("read table: %w", err)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, ErrEmptyTable
	}
	c, err := newCSV(data)
	if err != nil {
		return nil, err
	}
	first := *c
	if err := measure(first.next); err != nil {
		return nil, err
	}
	return &Table{next: c.next, close: func() error { return nil }}, nil
}

// measure goes once through a table, so that one with too many rows or too much text costs nothing but that.
func measure(next func() ([]string, int, error)) error {
	rows, text := 0, 0
	for {
		cells, _, err := next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		some := false
		for _, c := range cells {
			text += len(c)
			some = some || strings.TrimSpace(c) != ""
		}
		if some {
			rows++
		}
		if rows > MaxRows || text > maxTableText {
			return ErrTooLarge
		}
	}
}

// Next is the next row that holds anything, its cells trimmed, and its number in the file, counted from 1. It ends
// with io.EOF.
func (t *Table) Next() (cells []string, row int, err error) {
	for {
		if cells, row, err = t.next(); err != nil {
			return nil, 0, err
		}
		if !slices.ContainsFunc(cells, func(c string) bool { return c != "" }) {
			continue
		}
		clean, some := make([]string, len(cells)), false
		for i, c := range cells {
			clean[i] = Clean(c)
			some = some || clean[i] != ""
		}
		if some {
			return clean, row, nil
		}
	}
}

// Close gives back what the table holds open.
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
