package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestAlone checks that the tests which .ci/run leaves for the end are those of the packages that it then runs, and that
// all it names are there: another one of that name would never run.
func TestAlone(t *testing.T) {
	script, err := os.ReadFile("../run")
	if err != nil {
		t.Fatal(err)
	}
	text := string(script)
	names := regexp.MustCompile(`(?m)^alone='\^Test\(([\w|]+)\)\$'$`).FindStringSubmatch(text)
	line := regexp.MustCompile(`(?m)^.* -run "\$alone" (.*)$`).FindStringSubmatch(text)
	if names == nil || line == nil || !strings.Contains(text, `-skip "$alone"`) {
		t.Fatalf("the script has %q, and runs %q", names, line)
	}
	found := make(map[string][]string) // by name, the packages
	function := regexp.MustCompile(`(?m)^func Test(` + names[1] + `)\(`)
	err = filepath.WalkDir("../../e2e", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range function.FindAllStringSubmatch(string(source), -1) {
			found[m[1]] = append(found[m[1]], "./"+filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), "../../")))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(names[1], "|") {
		if in := found[name]; len(in) != 1 || !strings.Contains(" "+line[1]+" ", " "+in[0]+" ") {
			t.Errorf("Test%s is in %q, want one of %s", name, in, line[1])
		}
	}
}
