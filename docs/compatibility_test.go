package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCompatibility holds that each row of compatibility.md names tests that there are. What follows a test's
// name behind a slash is a case that its package's tests or their data name.
func TestCompatibility(t *testing.T) {
	text, err := os.ReadFile("compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	test := regexp.MustCompile("`([a-z0-9/]+)\\.((?:Test|Fuzz)[A-Za-z0-9]+)(?:/([a-z0-9-]+))?`")
	rows, sources := 0, map[string]string{}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "| ---") || strings.HasSuffix(line, "| shown by |\n") {
			continue
		}
		rows++
		named := test.FindAllStringSubmatch(line, -1)
		if len(named) == 0 {
			t.Errorf("a row names no test: %.80s", line)
		}
		for _, n := range named {
			if sources[n[1]] == "" {
				sources[n[1]] = testsOf(t, filepath.Join("..", n[1]))
			}
			if !strings.Contains(sources[n[1]], "func "+n[2]+"(") {
				t.Errorf("%s has no %s", n[1], n[2])
			}
			if n[3] != "" && !strings.Contains(sources[n[1]], n[3]) {
				t.Errorf("%s has no case %s", n[1], n[3])
			}
		}
	}
	if rows < 40 {
		t.Errorf("%d rows", rows)
	}
}

// testsOf returns the text of a package's tests, and the names of their data.
func testsOf(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := filepath.Glob(filepath.Join(dir, "testdata", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	all.WriteString(strings.Join(data, "\n"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString("\n" + string(text))
	}
	return all.String()
}
