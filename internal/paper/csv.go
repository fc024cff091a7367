package paper

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// csvRows gives out the records of a text file. It is written out because a record of a general reader may be as long as
// the file: one line of twenty million commas, or a quote that nobody closes.
type csvRows struct {
	data  []byte
	comma byte
	at    int
	line  int // of the next record
	cells []string
}

func newCSV(data []byte) (*csvRows, error) {
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
	c := &csvRows{data: data, comma: ',', line: 1}
	if head, _, _ := bytes.Cut(data[:min(len(data), maxTag)], []byte("\n")); bytes.Count(head, []byte("\t")) > bytes.Count(head, []byte(",")) {
		c.comma = '\t'
	}
	return c, nil
}

// next gives the fields of the next record that is not an empty line, and the line it begins on; the fields hold until the
// next call. Fields beyond MaxColumns are passed over.
func (c *csvRows) next() (cells []string, line int, err error) {
	for c.at < len(c.data) && c.lineEnd() {
	}
	if c.at >= len(c.data) {
		return nil, 0, io.EOF
	}
	if line = c.line; line > maxLines {
		return nil, 0, ErrTooLarge
	}
	cells = c.cells[:0]
	defer func() { c.cells = cells }()
	for n := 1; ; n++ {
		if n > maxRowCells {
			return nil, 0, ErrTooLarge
		}
		field, err := c.field()
		if err != nil {
			return nil, 0, err
		}
		if len(cells) < MaxColumns {
			cells = append(cells, field)
		}
		switch {
		case c.at >= len(c.data), c.lineEnd():
			return cells, line, nil
		}
		c.at++ // the comma
	}
}

// lineEnd takes the end of a line, if one stands here: \n, \r\n, or \r alone as old Macintosh files have it.
func (c *csvRows) lineEnd() bool {
	switch c.data[c.at] {
	case '\r':
		if c.at++; c.at < len(c.data) && c.data[c.at] == '\n' {
			c.at++
		}
	case '\n':
		c.at++
	default:
		return false
	}
	c.line++
	return true
}

func (c *csvRows) field() (string, error) {
	if c.at < len(c.data) && c.data[c.at] == '"' {
		return c.quotedField()
	}
	start := c.at
	n := bytes.IndexAny(c.data[start:min(len(c.data), start+maxText)], string(c.comma)+"\r\n")
	if n < 0 {
		if n = len(c.data) - start; n > maxText {
			return "", ErrTooLarge
		}
	}
	c.at += n
	return string(c.data[start : start+min(n, maxCellBytes)]), nil
}

// quotedField reads up to a quote before a comma or the end of the line; other quotes within are taken as they stand.
func (c *csvRows) quotedField() (string, error) {
	var b strings.Builder
	opened := c.line
	for c.at++; c.at < len(c.data); c.at++ {
		ch := c.data[c.at]
		switch {
		case ch == '"' && c.at+1 < len(c.data) && c.data[c.at+1] == '"':
			c.at++
		case ch == '"' && (c.at+1 == len(c.data) || strings.IndexByte("\r\n"+string(c.comma), c.data[c.at+1]) >= 0):
			c.at++
			return b.String(), nil
		case ch == '\n', ch == '\r' && (c.at+1 == len(c.data) || c.data[c.at+1] != '\n'):
			c.line++
		}
		if b.Len() < maxCellBytes {
			b.WriteByte(ch)
		} else if b.Len() > maxText {
			break
		}
		if c.line-opened > maxFieldLines {
			break
		}
	}
	return "", ErrQuote.With("第%d行有一个双引号没有成对，后面的行都连在了一起。请删去这个双引号，或补上后一个。", opened)
}
