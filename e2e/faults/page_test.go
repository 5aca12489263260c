package faults

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	namedTest    = regexp.MustCompile("`(Test[A-Z]\\w*)`")
	numberedRow  = regexp.MustCompile(`^\| F(\d+) \| `)
	declaredTest = regexp.MustCompile(`(?m)^func (Test[A-Z]\w*)\(`)
)

// TestThePageNamesTestsThatExist looks for each test that docs/faults.md names.
func TestThePageNamesTestsThatExist(t *testing.T) {
	t.Parallel()
	const root = "../.."
	page, err := os.ReadFile(filepath.Join(root, "docs/faults.md"))
	if err != nil {
		t.Fatal(err)
	}
	declared := make(map[string]bool)
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "node_modules") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, match := range declaredTest.FindAllSubmatch(text, -1) {
			declared[string(match[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := namedTest.FindAllSubmatch(page, -1)
	if len(named) < 40 {
		t.Errorf("the page names %d tests", len(named))
	}
	for _, match := range named {
		if name := string(match[1]); !declared[name] {
			t.Errorf("there is no %s", name)
		}
	}
}

// TestRowsAreNumbered checks that each row of the tests of single faults has the next number, and names a test:
// issues refer to rows by number.
func TestRowsAreNumbered(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Tests of single faults\n")
	section, _, _ = strings.Cut(section, "\n## ")
	_, table, _ := strings.Cut(section, "\n| --- | --- | --- |\n")
	rows := strings.Split(strings.TrimSpace(table), "\n")
	for i, row := range rows {
		number := numberedRow.FindStringSubmatch(row)
		if number == nil || number[1] != strconv.Itoa(i+1) || !namedTest.MatchString(row) {
			t.Errorf("row %d is %s", i+1, row)
		}
	}
	if len(rows) < 36 {
		t.Errorf("%d rows: one that is gone leaves its number to another", len(rows))
	}
}
