// Package docs_test holds the source to what the documents say of it.
package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// What a reader can hold in mind at once. Functions are for the linter to measure.
const (
	maxMethods = 30
	maxFields  = 15
	maxLines   = 3000 // of a package, without tests
)

// measured are the directories that keep to it.
func measured() []string { return []string{"../edge", "../internal", "../services"} }

// An exception is what may be larger, by how much at most, and why.
type exception struct {
	most int
	why  string
}

const service = "services/completion/internal/"

// wide are types with more fields, by their packages and names.
func wide() map[string]exception {
	const facts = "each field is a fact of the catalogue's files"
	params := (&completionv1.CompletionParams{}).ProtoReflect().Descriptor().Fields().Len()
	return map[string]exception{
		service + "openaibackend.request":         {30, "it is a body of OpenAI's API, which has as many"},
		service + "openaibackend.responseRequest": {21, "the same, of its other API"},
		service + "chat.Request":                  {params + 2, "it is the contract's params in the domain's terms, with their digest and count"},
		service + "catalogue.Breed":               {25, facts},
		service + "catalogue.Pet":                 {20, facts},
		service + "catalogue.Filter":              {17, "each field is a wish that the catalogue can look for"},
		service + "advisor/plan.Item":             {25, "it is all that one paragraph of an answer may be made of"},
		service + "jetlog.Stats":                  {16, "each field is a metric"},
		service + "jetlog.Log":                    {38, jetlog},
		service + "jetlog.writer":                 {20, jetlog},
	}
}

// jetlog is one mechanism: its replicas, its books, its names and its eras share what is in memory.
const jetlog = "orphans, books, names and eras are one protocol, whose model is docs/spec"

// rich are types with more methods, by their packages and names.
func rich() map[string]exception {
	return map[string]exception{
		service + "jetlog.Log":               {88, jetlog},
		service + "service.Service":          {40, "admitting, generating and adopting share what runs"},
		service + "advisor/compose.composer": {65, "each method writes one kind of paragraph"},
		service + "advisor/plan.Planner":     {45, "each method plans one kind of answer"},
	}
}

// long are packages with more lines.
func long() map[string]exception {
	return map[string]exception{
		service + "jetlog":          {4500, jetlog},
		service + "advisor/compose": {3350, "an answer in another language is composed of the same fits and passages"},
	}
}

// limit returns what something may be, where the rule is most.
func limit(exceptions map[string]exception, name string, most int) int {
	return max(most, exceptions[name].most)
}

// packages returns the packages below the measured directories, by their directories.
func packages(t *testing.T) map[string][]*ast.File {
	t.Helper()
	found := map[string][]*ast.File{}
	for _, root := range measured() {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
			if err == nil {
				dir := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(name)), "../")
				found[dir] = append(found[dir], file)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(found) < 20 {
		t.Fatalf("%d packages", len(found))
	}
	return found
}

var files = token.NewFileSet()

// receiver returns the type that a method is of, "" for a function.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	of := f.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	if index, ok := of.(*ast.IndexExpr); ok {
		of = index.X
	}
	if name, ok := of.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

func TestSizes(t *testing.T) {
	for dir, sources := range packages(t) {
		methods, lines := map[string]int{}, 0
		for _, source := range sources {
			lines += files.Position(source.FileEnd).Line
			for node := range ast.Preorder(source) {
				switch node := node.(type) {
				case *ast.FuncDecl:
					methods[receiver(node)]++
				case *ast.TypeSpec:
					s, ok := node.Type.(*ast.StructType)
					if most := limit(wide(), dir+"."+node.Name.Name, maxFields); ok && s.Fields.NumFields() > most {
						t.Errorf("%s: %s has %d fields, more than %d", dir, node.Name, s.Fields.NumFields(), most)
					}
				}
			}
		}
		delete(methods, "")
		for name, n := range methods {
			if most := limit(rich(), dir+"."+name, maxMethods); n > most {
				t.Errorf("%s: %s has %d methods, more than %d", dir, name, n, most)
			}
		}
		if most := limit(long(), dir, maxLines); lines > most {
			t.Errorf("%s has %d lines, more than %d", dir, lines, most)
		}
	}
}

// TestWiring holds that a package called server wires, and does nothing of what it wires.
func TestWiring(t *testing.T) {
	for dir, sources := range packages(t) {
		if path.Base(dir) != "server" {
			continue
		}
		for _, source := range sources {
			for node := range ast.Preorder(source) {
				f, ok := node.(*ast.FuncDecl)
				if ok && f.Recv != nil && (f.Name.Name == "Read" || f.Name.Name == "Write" || f.Name.Name == "Invoke") {
					t.Errorf("%s: %s.%s belongs in a package of its own", dir, receiver(f), f.Name)
				}
			}
		}
	}
}

// places are the sections of architecture.md, by the directories whose packages they name. The
// rest is in the last one, by their directories.
var places = []struct{ dir, section string }{
	{"services/completion/", "The completion service"},
	{"edge/", "The edge"},
	{"internal/", "What both have"},
	{"", "Around them"},
}

// goList returns what go list says of patterns, from the root of the module.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

// TestEveryPackageHasItsPlace looks for each package in its section of architecture.md, by its last
// name or its last two.
func TestEveryPackageHasItsPlace(t *testing.T) {
	text, err := os.ReadFile("architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]map[string]bool{}
	for _, section := range strings.Split(string(text), "\n## ")[1:] {
		title, body, _ := strings.Cut(section, "\n")
		named := map[string]bool{}
		for _, name := range regexp.MustCompile("`[a-z0-9/-]+`").FindAllString(body, -1) {
			named[strings.Trim(name, "`")] = true
		}
		sections[title] = named
	}
	dirs := goList(t, "./...")
	for _, dir := range dirs {
		dir = strings.TrimPrefix(dir, "github.com/pawstream/pawstream/")
		if dir == "edge" || dir == "services/completion" || dir == "services/standalone" || path.Base(dir) == "program" { // the programs
			continue
		}
		for _, place := range places {
			if !strings.HasPrefix(dir, place.dir) {
				continue
			}
			named := sections[place.section]
			if !named[dir] && (place.dir == "" || !named[path.Base(dir)] && !named[path.Base(path.Dir(dir))+"/"+path.Base(dir)]) {
				t.Errorf("architecture.md does not name %s under %q", dir, place.section)
			}
			break
		}
	}
	if len(dirs) < 80 {
		t.Errorf("%d packages", len(dirs))
	}
}

// TestGlossary holds that the page explains enough words, each once, in order, and only such as
// the code or the contract has too.
func TestGlossary(t *testing.T) {
	text, err := os.ReadFile("architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, glossary, _ := strings.Cut(string(text), "\n## Glossary\n")
	var terms []string
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-z ]+) \| .`).FindAllStringSubmatch(glossary, -1) {
		if row[1] != "term" {
			terms = append(terms, row[1])
		}
	}
	if len(terms) < 40 || !slices.IsSorted(terms) || len(slices.Compact(slices.Clone(terms))) < len(terms) {
		t.Errorf("terms %q", terms)
	}
	words := spoken(t)
	for _, term := range terms {
		if joined := strings.ReplaceAll(term, " ", ""); !words[joined] && !words[joined+"s"] && !words[joined+"d"] {
			t.Errorf("the code has no %q", term)
		}
	}
}

// spoken returns the words of the programs' names: an identifier counts as a whole, and by each of
// its words and each two of them.
func spoken(t *testing.T) map[string]bool {
	t.Helper()
	said := map[string]bool{}
	part := regexp.MustCompile(`[A-Z]?[a-z]+|[A-Z]+`)
	for _, root := range []string{"../edge", "../internal", "../services", "../gen"} {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			for node := range ast.Preorder(file) {
				if id, ok := node.(*ast.Ident); ok {
					before := ""
					for _, word := range part.FindAllString(id.Name, -1) {
						word = strings.ToLower(word)
						said[word], said[before+word] = true, true
						before = word
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return said
}

// TestProgramsAreWithoutAClient holds decision 33: what a program links it pays for, used or not.
func TestProgramsAreWithoutAClient(t *testing.T) {
	for _, name := range goList(t, "-deps", "./edge/...", "./services/...") {
		if strings.HasPrefix(name, "github.com/openai/") || strings.HasPrefix(name, "github.com/sashabaranov/") {
			t.Errorf("the programs have %s", name)
		}
	}
}
