package ledger

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/transparency-dev/merkle/rfc6962"
)

// saltBytes is the random part of a leaf: without it, who knows a village could guess an entry and look it up in a proof
// of somebody else.
const saltBytes = 16

func newSalt() ([]byte, error) {
	salt := make([]byte, saltBytes)
	if _, err := rand.Read(salt); err != nil {
		return nil, fmt.Errorf("salt: %w", err)
	}
	return salt, nil
}

// leafText is the documented layout of a leaf (docs/ledger.md): a line of name and value for each field, in this order, in
// UTF-8, each ended by a line feed. It says everything that the entry says; nothing may ever be left out, added or put in
// another order under the same first line. Backslash and line feed in a text are written \\ and \n, so that no two
// entries give the same text.
func leafText(e *Entry, salt []byte) string {
	var b strings.Builder
	b.Grow(512)
	b.WriteString("hefen-entry-1\n")
	line := func(name, value string) {
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(value)
		b.WriteByte('\n')
	}
	number := func(name string, n int64) { line(name, strconv.FormatInt(n, 10)) }
	text := func(name, s string) { line(name, escape.Replace(s)) }
	line("salt", hex.EncodeToString(salt))
	number("entry", int64(e.ID))
	number("village", int64(e.Village))
	number("posting", int64(e.Posting))
	number("line", int64(e.Line))
	text("kind", string(e.Kind))
	text("ref", e.Ref)
	number("batch", int64(e.Batch))
	number("corrects", int64(e.Corrects))
	number("by", int64(e.By))
	number("account", int64(e.Account))
	text("wallet", e.Wallet)
	text("bucket", string(e.Bucket))
	number("seq", e.Seq)
	number("amount", int64(e.Amount))
	number("balance_after", int64(e.BalanceAfter))
	number("expires_on", int64(e.ExpiresOn))
	number("occurred_on", int64(e.Occurred))
	number("counted_on", int64(e.Counted))
	number("created_at", e.At)
	number("case", int64(e.Case))
	number("member", int64(e.Member))
	number("group", int64(e.Group))
	text("item", e.Item)
	text("class", e.Class)
	number("scheme", int64(e.Scheme))
	text("title", e.Title)
	return b.String()
}

var escape = strings.NewReplacer(`\`, `\\`, "\n", `\n`)

// leafHash is SHA-256 of a zero byte and the text: the leaf of RFC 6962.
func leafHash(e *Entry, salt []byte) []byte {
	return rfc6962.DefaultHasher.HashLeaf([]byte(leafText(e, salt)))
}
