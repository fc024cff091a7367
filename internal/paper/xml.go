package paper

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"
)

// Limits of one part of a workbook. Excel itself stays far below them.
const (
	maxTag   = 16 << 10  // bytes of a tag with its attributes
	maxText  = 256 << 10 // bytes of character data between two tags; a cell holds 32,767 characters
	maxDepth = 64
)

var errXML = errors.New("paper: malformed XML")

// tags reads an XML part tag by tag in constant memory. It knows as much of XML as workbooks use and refuses document
// types and other encodings than UTF-8; unlike a general reader it keeps no tree and no stack, so that neither depth nor
// size of a part cost memory.
type tags struct {
	r     *bufio.Reader
	depth int

	text  []byte // character data before the tag, still escaped
	name  []byte // of the tag, without its prefix
	attrs []byte
	end   bool // </name>
	empty bool // <name/>

	raw []byte
}

func newTags(r io.Reader) *tags { return &tags{r: bufio.NewReaderSize(r, 64<<10)} }

// next moves to the next tag. io.EOF ends a part in which every tag was closed.
func (t *tags) next() error {
	t.text = t.text[:0]
	for {
		var err error
		if t.text, err = t.until(t.text, '<', maxText); err != nil {
			if err == io.EOF && t.depth > 0 {
				return io.ErrUnexpectedEOF
			}
			return err
		}
		switch b, _ := t.r.Peek(1); {
		case len(b) == 0:
			return io.ErrUnexpectedEOF
		case b[0] == '!':
			if err := t.skip(); err != nil {
				return err
			}
		case b[0] == '?':
			if err := t.instruction(); err != nil {
				return err
			}
		default:
			return t.tag()
		}
	}
}

// until appends what comes before the delimiter, and takes the delimiter.
func (t *tags) until(dst []byte, delim byte, limit int) ([]byte, error) {
	for {
		part, err := t.r.ReadSlice(delim)
		if len(dst)+len(part) > limit+1 {
			return dst, ErrTooLarge
		}
		dst = append(dst, part...)
		if err == nil {
			return dst[:len(dst)-1], nil
		}
		if err != bufio.ErrBufferFull {
			return dst, err
		}
	}
}

// closing reads on until a > that stands after the given end.
func (t *tags) closing(end string, limit int) error {
	t.raw = t.raw[:0]
	for {
		var err error
		if t.raw, err = t.until(t.raw, '>', limit); err != nil {
			return cut(err)
		}
		if bytes.HasSuffix(t.raw, []byte(end)) {
			return nil
		}
		t.raw = append(t.raw, '>')
	}
}

func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// skip passes a comment and takes a section of literal text into the text. Everything else that begins with <! is refused.
func (t *tags) skip() error {
	if b, _ := t.r.Peek(3); string(b) == "!--" {
		return t.closing("--", maxText)
	}
	if b, _ := t.r.Peek(8); string(b) != "![CDATA[" {
		return errXML
	}
	if err := t.closing("]]", maxText); err != nil {
		return err
	}
	for _, b := range t.raw[8 : len(t.raw)-2] {
		if b == '&' {
			t.text = append(t.text, "&amp;"...)
			continue
		}
		t.text = append(t.text, b)
	}
	if len(t.text) > maxText {
		return ErrTooLarge
	}
	return nil
}

// instruction passes <?xml … ?> and refuses one that names another encoding.
func (t *tags) instruction() error {
	if err := t.closing("?", maxTag); err != nil {
		return err
	}
	s := bytes.ToLower(t.raw)
	if bytes.Contains(s, []byte("encoding")) && !bytes.Contains(s, []byte("utf-8")) && !bytes.Contains(s, []byte("utf8")) {
		return errXML
	}
	return nil
}

func (t *tags) tag() error {
	t.raw = t.raw[:0]
	for {
		var err error
		if t.raw, err = t.until(t.raw, '>', maxTag); err != nil {
			return cut(err)
		}
		if quoted(t.raw) {
			t.raw = append(t.raw, '>')
			continue
		}
		break
	}
	s := t.raw
	t.end, t.empty = false, false
	if len(s) > 0 && s[0] == '/' {
		t.end, s = true, s[1:]
	} else if n := len(s); n > 0 && s[n-1] == '/' {
		t.empty, s = true, s[:n-1]
	}
	n := bytes.IndexAny(s, " \t\r\n")
	if n < 0 {
		n = len(s)
	}
	t.name, t.attrs = local(s[:n]), s[n:]
	switch {
	case len(t.name) == 0:
		return errXML
	case t.end:
		t.depth--
	case !t.empty:
		t.depth++
	}
	if t.depth < 0 || t.depth > maxDepth {
		return errXML
	}
	return nil
}

func local(name []byte) []byte { return name[bytes.LastIndexByte(name, ':')+1:] }

// quoted reports whether a tag was cut within a quoted value.
func quoted(s []byte) bool {
	quote := byte(0)
	for _, b := range s {
		switch {
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'':
			quote = b
		}
	}
	return quote != 0
}

// is reports whether the tag begins (or is) an element of that name.
func (t *tags) is(name string) bool { return !t.end && string(t.name) == name }

// ends reports whether the tag ends an element of that name.
func (t *tags) ends(name string) bool { return (t.end || t.empty) && string(t.name) == name }

// attr is the value of an attribute by its name without prefix, nil if there is none.
func (t *tags) attr(name string) []byte {
	s := t.attrs
	for {
		eq := bytes.IndexByte(s, '=')
		if eq < 0 {
			return nil
		}
		key := bytes.TrimSpace(s[:eq])
		s = bytes.TrimLeft(s[eq+1:], " \t\r\n")
		if len(s) == 0 || s[0] != '"' && s[0] != '\'' {
			return nil
		}
		end := bytes.IndexByte(s[1:], s[0])
		if end < 0 {
			return nil
		}
		value := s[1 : 1+end]
		if string(local(key)) == name {
			return value
		}
		s = s[end+2:]
	}
}

// unescape appends character data with its entities resolved. What is no entity stays as it is.
func unescape(dst, s []byte) []byte {
	for {
		i := bytes.IndexByte(s, '&')
		if i < 0 {
			return append(dst, s...)
		}
		dst, s = append(dst, s[:i]...), s[i:]
		end := bytes.IndexByte(s[:min(len(s), 12)], ';')
		if r, ok := entity(s[1:max(end, 1)]); end > 0 && ok {
			dst, s = utf8.AppendRune(dst, r), s[end+1:]
			continue
		}
		dst, s = append(dst, '&'), s[1:]
	}
}

func entity(name []byte) (rune, bool) {
	switch string(name) {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	digits, base := string(name[1:]), 10
	if digits[0] == 'x' || digits[0] == 'X' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	return rune(n), err == nil
}
