package spec_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A model's head cites code as "package/file.go, function and function". A file without a package
// is of the package before it.
var (
	citation = regexp.MustCompile(`((?:[a-z]+/)?[a-z]+\.go)([^:;]*)`)
	function = regexp.MustCompile(`^[A-Za-z]\w*$`)
)

// TestWhatModelsCiteExists looks for each function that the head of a model cites.
func TestWhatModelsCiteExists(t *testing.T) {
	t.Parallel()
	models, err := filepath.Glob("*.pml")
	if err != nil || len(models) < 3 {
		t.Fatalf("models %q, %v", models, err)
	}
	total := 0
	for _, model := range models {
		text, err := os.ReadFile(model)
		if err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(string(text), "*/")
		for line := range strings.SplitSeq(head, "\n") {
			dir := ""
			for file, names := range cited(line) {
				if d := path.Dir(file); d != "." {
					dir = d
				}
				declared := functions(t, filepath.Join("../../services/completion/internal", dir, path.Base(file)))
				if len(names) == 0 {
					t.Errorf("%s: no function is cited with %s", model, file)
				}
				for _, name := range names {
					total++
					if !declared[name] {
						t.Errorf("%s: %s/%s has no function %s", model, dir, path.Base(file), name)
					}
				}
			}
		}
	}
	if total < 30 {
		t.Errorf("%d functions are cited", total)
	}
}

// cited yields the files that a line cites, in their order, each with its functions.
func cited(line string) func(yield func(string, []string) bool) {
	return func(yield func(string, []string) bool) {
		// A second file in a citation begins another one.
		parts := regexp.MustCompile(`(?:[a-z]+/)?[a-z]+\.go`).ReplaceAllString(line, ";$0")
		for _, found := range citation.FindAllStringSubmatch(parts, -1) {
			var names []string
			for _, item := range regexp.MustCompile(`,|\band\b`).Split(found[2], -1) {
				if item = strings.TrimSpace(item); function.MatchString(item) {
					names = append(names, item)
				}
			}
			if !yield(found[1], names) {
				return
			}
		}
	}
}

// functions returns the names of a file's functions and methods.
func functions(t *testing.T, name string) map[string]bool {
	t.Helper()
	declared := map[string]bool{}
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Error(err)
		return declared
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			declared[f.Name.Name] = true
		}
	}
	return declared
}
