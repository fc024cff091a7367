package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// levels is docs/adr/0002: a package may import those of lower levels only.
var levels = map[string]int{
	"errs": 0, "clock": 0, "config": 0, "points": 0, "id": 0, "stepcode": 0,
	"backup": 1, "storage": 1, "redisx": 1, "wechat": 1, "paper": 1, "sms": 1,
	"village": 2, "scheme": 2,
	"ledger": 3, "media": 3, "access": 3, "message": 3,
	"standing": 4, "rulebook": 4, "succession": 4,
	"cases": 5, "market": 5, "board": 5, "voice": 5,
	"season": 6, "publication": 6, "notify": 6, "activity": 6, "report": 6, "preview": 6, "bench": 6,
	"httpapi": 7, "demo": 7,
}

func TestImportsGoDown(t *testing.T) {
	seen := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		from, inner, nested := strings.Cut(filepath.ToSlash(filepath.Dir(path)), "/")
		if nested && strings.HasSuffix(inner, "test") { // helpers of tests
			return nil
		}
		level, ok := levels[from]
		if !ok {
			t.Errorf("%s: package %s has no level; decide it in docs/adr/0002", path, from)
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, imp := range f.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			rest, ok := strings.CutPrefix(p, "hefen/internal/")
			if !ok {
				continue
			}
			to, _, _ := strings.Cut(rest, "/")
			if to == from {
				continue
			}
			seen++
			if levels[to] >= level {
				t.Errorf("%s (level %d) imports %s (level %d)", path, level, to, levels[to])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 20 {
		t.Errorf("only %d imports seen: the walk found nothing", seen)
	}
}
