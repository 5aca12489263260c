package docs_test

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// maxReadme is how many lines a stranger reads.
const maxReadme = 200

func TestReadmeIsShort(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(readme, []byte("\n")); n > maxReadme {
		t.Errorf("README.md has %d lines, more than %d", n, maxReadme)
	}
}

// TestLinksLead follows each link of the documents to another file, and to a heading in it.
func TestLinksLead(t *testing.T) {
	pages, links := documents(t), 0
	for name, text := range pages {
		for _, link := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(text, -1) {
			if strings.Contains(link[1], "://") {
				continue
			}
			links++
			file, heading, _ := strings.Cut(link[1], "#")
			target := name
			if file != "" {
				target = filepath.Join(filepath.Dir(name), file)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s leads nowhere", name, link[1])
			} else if heading != "" && !headings(pages[target])[heading] {
				t.Errorf("%s: %s has no such heading", name, link[1])
			}
		}
	}
	if links < 100 {
		t.Errorf("%d links", links)
	}
}

// documents returns what is written for readers, by the name of the file.
func documents(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	read := func(name string) error {
		text, err := os.ReadFile(name)
		pages[name] = string(text)
		return err
	}
	err := filepath.WalkDir("../docs", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".md" {
			return err
		}
		return read(name)
	})
	for _, name := range []string{"../README.md", "../CONTRIBUTING.md", "../CHANGELOG.md", "../examples/README.md"} {
		if err == nil {
			err = read(name)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// headings returns the names that a page's headings are linked by.
func headings(page string) map[string]bool {
	names := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		names[strings.Map(func(c rune) rune {
			switch {
			case c == ' ':
				return '-'
			case c == '-', c == '_', unicode.IsLetter(c), unicode.IsDigit(c):
				return unicode.ToLower(c)
			}
			return -1
		}, heading[1])] = true
	}
	return names
}

// TestRunSaysThatItCompiles holds that the first thing that make run does is to say so, and for
// how long: the compiler says nothing.
func TestRunSaysThatItCompiles(t *testing.T) {
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("make is missing")
	}
	out, err := exec.CommandContext(t.Context(), "make", "-C", "..", "--no-print-directory", "--dry-run", "run").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	first, rest, _ := strings.Cut(string(out), "\n")
	if !regexp.MustCompile(`^echo .*[Cc]ompil.*minute`).MatchString(first) || !strings.Contains(rest, "./services/standalone") {
		t.Errorf("it does\n%s", out)
	}
}

// TestPagesNameFiles looks for each path that the pages on the source name, from the root or from
// where the programs' packages are.
func TestPagesNameFiles(t *testing.T) {
	for name, least := range map[string]int{"../CONTRIBUTING.md": 20, "architecture.md": 5} {
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		paths := regexp.MustCompile("`([a-z0-9_/]+/[a-z0-9_]+[.][a-z]+)`").FindAllStringSubmatch(string(page), -1)
		if len(paths) < least {
			t.Errorf("%s names %d paths", name, len(paths))
		}
		for _, path := range paths {
			if !slices.ContainsFunc([]string{"..", "../edge/internal", "../services/completion", "../services/completion/internal"}, func(root string) bool {
				_, err := os.Stat(filepath.Join(root, path[1]))
				return err == nil
			}) {
				t.Errorf("%s: there is no %s", name, path[1])
			}
		}
	}
}

// TestPromisesHaveTests looks for each test that the pages' promises name, and for a promise of each test of the pages.
func TestPromisesHaveTests(t *testing.T) {
	const pages = "e2e/pages"
	text, err := os.ReadFile("../" + pages + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := testsByFolder(t)
	var named []string
	for _, found := range regexp.MustCompile("`(?:([a-z0-9/]+)[.])?(Test\\w+)`").FindAllStringSubmatch(string(text), -1) {
		folder := found[1]
		if folder == "" {
			folder = pages
			named = append(named, found[2])
		}
		if !slices.Contains(tests[folder], found[2]) {
			t.Errorf("%s has no %s", folder, found[2])
		}
	}
	for _, test := range tests[pages] {
		if !slices.Contains(named, test) {
			t.Errorf("no promise names %s", test)
		}
	}
	if len(named) < 40 {
		t.Errorf("the promises name %d tests", len(named))
	}
}

// TestDocumentsNameTests looks for each test that a document names. What follows -run is a pattern, as in go test.
func TestDocumentsNameTests(t *testing.T) {
	tests := slices.Concat(slices.Collect(maps.Values(testsByFolder(t)))...)
	named := make(map[string]int) // by document
	for document, text := range documents(t) {
		for _, found := range regexp.MustCompile(`(-run \S*?)?\b((?:Test|Fuzz|Benchmark)[A-Z]\w*)(\|[\w|]+)?`).FindAllStringSubmatch(text, -1) {
			for name := range strings.SplitSeq(found[2]+found[3], "|") {
				named[document]++
				if !slices.ContainsFunc(tests, func(test string) bool {
					return test == name || found[1] != "" && strings.HasPrefix(test, name)
				}) {
					t.Errorf("%s names %s: there is no such test", document, name)
				}
			}
		}
	}
	for document, least := range map[string]int{"../docs/faults.md": 100, "../docs/compatibility.md": 50, "../docs/operations.md": 4} {
		if named[document] < least {
			t.Errorf("%s names %d tests", document, named[document])
		}
	}
}

// TestFaultsHaveTests looks for a test in each row of single faults, whose numbers have no gap.
func TestFaultsHaveTests(t *testing.T) {
	rows := regexp.MustCompile(`(?m)^\| F(\d+) \| .* \| (.*) \|$`).FindAllStringSubmatch(documents(t)["../docs/faults.md"], -1)
	for i, row := range rows {
		if row[1] != strconv.Itoa(i+1) {
			t.Errorf("row %d is F%s", i+1, row[1])
		}
		if !strings.Contains(row[2], "`Test") {
			t.Errorf("F%s names no test", row[1])
		}
	}
	if len(rows) < 36 {
		t.Errorf("there are %d rows", len(rows))
	}
}

// testsByFolder returns the names of the tests, fuzz tests and benchmarks of each folder that has some.
func testsByFolder(t *testing.T) map[string][]string {
	t.Helper()
	tests := make(map[string][]string)
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(\w+ \*testing[.][TFB]\)`)
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == ".cache"):
			return fs.SkipDir
		case !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		source, err := os.ReadFile(name)
		folder := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(name)), "../")
		for _, found := range function.FindAllStringSubmatch(string(source), -1) {
			tests[folder] = append(tests[folder], found[1])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}
