package ledger

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/transparency-dev/merkle/rfc6962"
)

// vector is a proof that other programs are tested with: the pages verify these on the phone's code.
type vector struct {
	Size    int64       `json:"size"`
	Root    string      `json:"root"`
	Entries []Inclusion `json:"entries"`
}

// subtree and path are RFC 6962, sections 2.1 and 2.1.1, word for word: a second way to the same hashes.
func subtree(leaves [][]byte) []byte {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := split(len(leaves))
	return rfc6962.DefaultHasher.HashChildren(subtree(leaves[:k]), subtree(leaves[k:]))
}

func path(m int, leaves [][]byte) [][]byte {
	if len(leaves) == 1 {
		return nil
	}
	if k := split(len(leaves)); m < k {
		return append(path(m, leaves[:k]), subtree(leaves[k:]))
	} else {
		return append(path(m-k, leaves[k:]), subtree(leaves[:k]))
	}
}

// split is the largest power of two below n.
func split(n int) int {
	k := 1
	for k*2 < n {
		k *= 2
	}
	return k
}

// TestSealVectors keeps the leaf's layout and the tree as they are for ever: whoever holds a printed root must be able to
// check it with any later version. HEFEN_UPDATE=1 writes the file; only a new first line of the layout justifies that.
func TestSealVectors(t *testing.T) {
	var texts []string
	var leaves [][]byte
	for i := range 23 {
		salt := make([]byte, saltBytes)
		for j := range salt {
			salt[j] = byte(i*16 + j)
		}
		e := &Entry{ID: 9007199254740993, Village: 4, Posting: 5, Line: i, Kind: Award, Ref: fmt.Sprint("case:", i), Account: 8, Wallet: "year", Bucket: Available, Seq: int64(i + 1),
			Amount: 250, BalanceAfter: 1250, Occurred: 20260620, Counted: 20260620, At: 1781913600000, Case: 6, Group: 7, Item: "sweep", Class: "eco", Scheme: 3, Title: "参加清扫\\门口\n第二行"}
		e.ID += 2
		texts = append(texts, leafText(e, salt))
		leaves = append(leaves, leafHash(e, salt))
	}
	var all []vector
	for _, size := range []int{1, 2, 7, 8, 23} {
		v := vector{Size: int64(size), Root: hex.EncodeToString(subtree(leaves[:size]))}
		for _, m := range []int{0, size / 2, size - 1} {
			in := Inclusion{Entry: 9007199254740995, Text: texts[m], Index: int64(m), Path: []string{}}
			for _, h := range path(m, leaves[:size]) {
				in.Path = append(in.Path, hex.EncodeToString(h))
			}
			v.Entries = append(v.Entries, in)
		}
		all = append(all, v)
	}
	got, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "seal-vectors.json")
	if os.Getenv("HEFEN_UPDATE") != "" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != string(got)+"\n" {
		t.Errorf("%s is not what the ledger says: %v", file, err)
	}
}
