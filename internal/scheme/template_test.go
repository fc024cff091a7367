package scheme

import (
	"io/fs"
	"strings"
	"testing"

	"hefen/configs"
)

// template parses a shipped scheme; any problem, a warning too, fails the test.
func template(t testing.TB, name string) *Scheme {
	t.Helper()
	src, err := configs.Schemes.ReadFile("schemes/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, problems := Parse(src)
	for _, p := range problems {
		t.Errorf("%s: %s", name, p)
	}
	if s == nil {
		t.FailNow()
	}
	return s
}

func TestTemplatesHaveNoProblem(t *testing.T) {
	files, err := fs.Glob(configs.Schemes, "schemes/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("templates: %v %v", files, err)
	}
	for _, f := range files {
		s := template(t, strings.TrimSuffix(strings.TrimPrefix(f, "schemes/"), ".yaml"))
		for _, it := range s.Items {
			if it.Words.Class == "" || it.Words.Value == "" || it.Words.Evidence == "" || it.Words.Review == "" {
				t.Errorf("%s %s has no words: %+v", f, it.Code, it.Words)
			}
		}
	}
}
