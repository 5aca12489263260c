package stack

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestShare keeps programs, shares them with a later run, and builds one of them anew there.
func TestShare(t *testing.T) {
	t.Parallel()
	first, kept, second := t.TempDir(), t.TempDir(), t.TempDir()
	write := func(dir, name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(first, "edge", "old edge")
	write(first, "completion", "completion")
	names := []string{"edge", "completion", "never built"}
	share(first, kept, names)
	share(first, kept, names) // the very same files
	share(kept, second, names)
	if err := os.Remove(filepath.Join(second, "edge")); err != nil { // as the go command does before it writes a file
		t.Fatal(err)
	}
	write(second, "edge", "new edge")
	share(second, kept, names)
	old := map[string]string{"edge": "old edge", "completion": "completion"}
	current := map[string]string{"edge": "new edge", "completion": "completion"}
	for dir, want := range map[string]map[string]string{first: old, kept: current, second: current} {
		got := make(map[string]string)
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			text, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			got[e.Name()] = string(text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

// TestReadingIsNothingConcurrent checks that the packages without the race detector start no goroutines, and do
// not synchronise any: the detector would miss that.
func TestReadingIsNothingConcurrent(t *testing.T) {
	t.Parallel()
	for _, name := range reading() {
		dir := filepath.Join("..", "..", "..", filepath.FromSlash(name))
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Errorf("%s: %v, %d files", name, err, len(files))
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			parsed, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.ImportSpec:
					if path := strings.Trim(n.Path.Value, `"`); path == "sync" || path == "sync/atomic" || path == "unsafe" {
						t.Errorf("%v: it imports %s", set.Position(n.Pos()), path)
					}
				case *ast.GoStmt, *ast.ChanType, *ast.SelectStmt:
					t.Errorf("%v: it is concurrent", set.Position(n.Pos()))
				}
				return true
			})
		}
	}
}
