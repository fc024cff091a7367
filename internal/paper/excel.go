package paper

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
)

// Limits of what a workbook unpacks to. The directory of a packed file says how large each part is, and the reader of a
// part stops there, so a part can be refused before any of it is unpacked.
const (
	maxParts       = 2000
	maxSheetBytes  = 96 << 20
	maxStringBytes = 48 << 20
	maxSmallBytes  = 8 << 20 // styles, list of sheets
	maxStrings     = 1 << 20
	maxSharedText  = 32 << 20
	maxStyles      = 100_000
	maxRowCells    = 16_384  // as in Excel
	maxCells       = 2 << 20 // of a sheet, empty ones with a style included
	maxCellBytes   = 8 << 10 // of a cell that are kept; Clean cuts to MaxCellRunes
)

// workbook is what of a packed workbook is needed to read one sheet.
type workbook struct {
	parts   map[string]*zip.File // by lower-case path
	sheet   *zip.File
	shared  sharedStrings
	formats []format // by style of a cell
	base    int      // days from serial 0 to 1970-01-01, see dateOf
}

// openWorkbook reads the parts beside the sheets and finds the sheet that is asked for, or else the first.
func openWorkbook(r io.ReaderAt, size int64, sheet string) (*workbook, error) {
	if err := countParts(r, size); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, ErrNotATable.Wrap(err)
	}
	b := &workbook{parts: make(map[string]*zip.File, len(z.File)), base: base1900}
	for _, f := range z.File {
		b.parts[partName(f.Name)] = f
	}
	main := "xl/workbook.xml"
	for _, rel := range b.relations("") {
		if strings.HasSuffix(rel.kind, "/officeDocument") {
			main = rel.target
		}
	}
	sheets, err := b.readMain(main)
	if err != nil {
		return nil, notATable(err)
	}
	first := ""
	for _, rel := range b.relations(main) {
		switch kind := rel.kind[strings.LastIndexByte(rel.kind, '/')+1:]; kind {
		case "worksheet":
			sheets.found(rel)
		case "sharedStrings":
			if f := b.parts[rel.target]; f != nil && b.shared.all == nil {
				b.shared.all = make([]byte, 0, min(f.UncompressedSize64, maxSharedText))
				err = b.read(rel.target, maxStringBytes, b.shared.read)
			}
		case "styles":
			if b.formats == nil {
				b.formats = []format{}
				err = b.read(rel.target, maxSmallBytes, b.readStyles)
			}
		}
		if err != nil {
			return nil, notATable(err)
		}
	}
	for _, s := range *sheets {
		if s.target != "" && (first == "" || s.name == sheet) {
			if first = s.target; s.name == sheet {
				break
			}
		}
	}
	if b.sheet = b.parts[first]; b.sheet == nil {
		return nil, ErrNotATable
	}
	return b, nil
}

// countParts counts the entries of the directory before it is read: each takes memory, and a file may claim any number.
func countParts(r io.ReaderAt, size int64) error {
	const sign = "PK\x01\x02"
	buf := make([]byte, 256<<10)
	n := 0
	for at := int64(0); at < size; at += int64(len(buf) - len(sign) + 1) {
		got, err := r.ReadAt(buf, at)
		if err != nil && err != io.EOF {
			return fmt.Errorf("read workbook: %w", err)
		}
		if n += bytes.Count(buf[:got], []byte(sign)); n > maxParts {
			return ErrTooLarge
		}
	}
	return nil
}

// notATable says of a broken file that it is one; a limit says so itself.
func notATable(err error) error {
	if errors.Is(err, ErrTooLarge) {
		return err
	}
	return ErrNotATable.Wrap(err)
}

func partName(s string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(s, "\\", "/"), "/"))
}

// read gives the tags of a part to fn; a part that is not there is nothing to read.
func (b *workbook) read(name string, limit uint64, fn func(*tags) error) error {
	f := b.parts[name]
	if f == nil {
		return nil
	}
	if f.UncompressedSize64 > limit {
		return ErrTooLarge
	}
	rc, err := f.Open()
	if err != nil {
		return err
	}
	defer rc.Close()
	return fn(newTags(rc))
}

// each calls fn at every tag of a part.
func each(fn func(t *tags) error) func(*tags) error {
	return func(t *tags) error {
		for {
			if err := t.next(); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			if err := fn(t); err != nil {
				return err
			}
		}
	}
}

type relation struct{ id, kind, target string }

// relations says which parts a part names; a broken list names none.
func (b *workbook) relations(of string) []relation {
	dir, file := path.Split(of)
	var all []relation
	_ = b.read(dir+"_rels/"+file+".rels", maxSmallBytes, each(func(t *tags) error {
		if t.is("Relationship") && len(all) < maxParts {
			target := string(unescape(nil, t.attr("Target")))
			if !strings.HasPrefix(target, "/") {
				target = dir + target
			}
			all = append(all, relation{id: string(t.attr("Id")), kind: string(t.attr("Type")), target: partName(path.Clean(target))})
		}
		return nil
	}))
	return all
}

// sheetNames are the sheets in their order, with their parts as soon as they are found.
type sheetNames []struct{ name, id, target string }

func (s *sheetNames) found(rel relation) {
	for i := range *s {
		if (*s)[i].id == rel.id {
			(*s)[i].target = rel.target
		}
	}
}

func (b *workbook) readMain(name string) (*sheetNames, error) {
	sheets := &sheetNames{}
	return sheets, b.read(name, maxSmallBytes, each(func(t *tags) error {
		switch {
		case t.is("sheet") && len(*sheets) < maxParts:
			*sheets = append(*sheets, struct{ name, id, target string }{name: string(unescape(nil, t.attr("name"))), id: string(t.attr("id"))})
		case t.is("workbookPr"):
			if v := string(t.attr("date1904")); v == "1" || v == "true" {
				b.base = base1904
			}
		}
		return nil
	}))
}

// sharedStrings are the texts that cells name by number, in one piece of memory.
type sharedStrings struct {
	all  []byte
	ends []uint32
}

func (s *sharedStrings) read(t *tags) error {
	spoken := false // within the spelling of how a text is spoken
	start := 0
	return each(func(t *tags) error {
		switch {
		case t.is("si"):
			if start = len(s.all); len(s.ends) == maxStrings {
				return ErrTooLarge
			}
		case t.is("rPh"):
			spoken = !t.empty
		case t.ends("rPh"):
			spoken = false
		case t.end && string(t.name) == "t" && !spoken:
			s.all = unescape(s.all, t.text)
			if s.all = s.all[:min(len(s.all), start+maxCellBytes)]; len(s.all) > maxSharedText {
				return ErrTooLarge
			}
		}
		if t.ends("si") {
			s.ends = append(s.ends, uint32(len(s.all)))
		}
		return nil
	})(t)
}

// at is the text of a number, nothing for a number that is not there.
func (s *sharedStrings) at(number []byte) []byte {
	n, err := strconv.Atoi(string(bytes.TrimSpace(number)))
	if err != nil || n < 0 || n >= len(s.ends) {
		return nil
	}
	start := uint32(0)
	if n > 0 {
		start = s.ends[n-1]
	}
	return s.all[start:s.ends[n]]
}

// readStyles notes for each style of a cell how its numbers are shown.
func (b *workbook) readStyles(t *tags) error {
	codes := map[string]string{}
	inCells := false
	return each(func(t *tags) error {
		switch {
		case t.is("numFmt") && len(codes) < maxParts:
			codes[string(t.attr("numFmtId"))] = string(unescape(nil, t.attr("formatCode")))
		case t.is("cellXfs"):
			inCells = !t.empty
		case t.ends("cellXfs"):
			inCells = false
		case t.is("xf") && inCells:
			if len(b.formats) == maxStyles {
				return ErrTooLarge
			}
			id := string(t.attr("numFmtId"))
			b.formats = append(b.formats, formatOf(id, codes[id]))
		}
		return nil
	})(t)
}
