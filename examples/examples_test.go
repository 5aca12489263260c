package examples_test

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/examples"
)

// names returns the examples' names and all of their text.
func names(t *testing.T) (all []string, text string) {
	t.Helper()
	err := fs.WalkDir(examples.Files(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := fs.ReadFile(examples.Files(), name)
		all, text = append(all, name), text+string(b)
		return err
	})
	if err != nil || len(all) < 12 {
		t.Fatalf("%d examples, %v", len(all), err)
	}
	return all, text
}

// TestEveryExampleIsListed compares the table of README.md with the files.
func TestEveryExampleIsListed(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, row := range regexp.MustCompile(`(?m)^\| \[(.+?)\]\((.+?)\) \| \S.* \|`).FindAllStringSubmatch(string(readme), -1) {
		if row[1] != row[2] {
			t.Errorf("%s leads to %s", row[1], row[2])
		}
		listed = append(listed, row[1])
	}
	slices.Sort(listed)
	want, _ := names(t)
	slices.Sort(want) // a directory comes before a file of its name with an ending
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Errorf("(-files +README.md)\n%s", diff)
	}
}

// TestEveryExampleIsRun looks for each example in the test that runs them, or in another one that
// imports it.
func TestEveryExampleIsRun(t *testing.T) {
	t.Parallel()
	runs, err := os.ReadFile("../e2e/stream/examples_test.go")
	if err != nil {
		t.Fatal(err)
	}
	all, text := names(t)
	for _, name := range all {
		if !strings.Contains(string(runs), `"`+name+`"`) && !strings.Contains(string(runs), `"/docs/examples/`+name+`"`) &&
			!strings.Contains(text, `from "./`+name+`"`) {
			t.Errorf("nothing runs %s", name)
		}
	}
}
