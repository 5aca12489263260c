package docs_test

import (
	"go/ast"
	"go/token"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A form is what a kind of fact looks like where it is written down: what several parts of the programs have to spell
// the same way. Words, such as the fields of a request, are none.
type form struct {
	kind  string
	text  *regexp.Regexp
	not   map[string]string // texts that may stand in several packages, and why
	apart map[string]string // packages that may spell them too, and why
}

// forms returns the kinds of facts that have one home each.
func forms(t *testing.T) []form {
	t.Helper()
	return []form{
		{kind: "header", text: regexp.MustCompile(`^(Accept|Allow|Authorization|Origin|Vary|[A-Z][A-Za-z]*(-[A-Z][A-Za-z]*)+)$`)},
		{kind: "media type", text: regexp.MustCompile(`^(application|audio|image|text)/[a-z.+-]+(;.*)?$`)},
		{kind: "authentication scheme", text: regexp.MustCompile(`^(Bearer|Basic) $`)},
		{kind: "address", text: regexp.MustCompile(`^[\w.-]*:\d{2,5}$`)},
		{kind: "path", text: regexp.MustCompile(`^/[a-z]`)},
		{kind: "prefix of ids", text: regexp.MustCompile(`^[a-z]+[-_]$`), not: map[string]string{
			"tls-": "a prefix of flags is chosen by the table that has them",
		}},
		{kind: "event of OpenAI's API", text: regexp.MustCompile(`^(response\.[a-z_.]+|\[DONE\])$`)},
		{kind: "code of a failure", text: codes(t), apart: map[string]string{
			service + "openaibackend":        "the words are those of other servers",
			service + "openaibackend/accent": "the words are those of other servers",
		}},
		{kind: "attribute of a span", text: regexp.MustCompile(`^pawstream[._]`)},
		{kind: "flag", text: regexp.MustCompile(`^--[a-z]`)},
		{kind: "principal", text: regexp.MustCompile(`^anonymous$`)},
		{kind: "sentence", text: regexp.MustCompile(`^[A-Z][^%]* [^%]*\.$`), not: map[string]string{
			"The answer took too long.": "the edge says it of a call that ended without a reason",
		}},
	}
}

// codes matches the codes of failures that the edge gives, and OpenAI's types of errors.
func codes(t *testing.T) *regexp.Regexp {
	t.Helper()
	source, err := os.ReadFile("../edge/internal/failure/code.go")
	if err != nil {
		t.Fatal(err)
	}
	all := []string{`[a-z_]+_error`}
	for _, code := range regexp.MustCompile(`Code = "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		all = append(all, code[1])
	}
	if len(all) < 30 {
		t.Fatalf("%d codes", len(all))
	}
	return regexp.MustCompile(`^(` + strings.Join(all, "|") + `)$`)
}

// literals returns the strings that a file spells, those in the tags of flags included.
func literals(file *ast.File) []string {
	var found []string
	tags := map[*ast.BasicLit]bool{}
	for node := range ast.Preorder(file) {
		switch node := node.(type) {
		case *ast.ImportSpec:
			tags[node.Path] = true
		case *ast.Field:
			if node.Tag == nil {
				continue
			}
			tags[node.Tag] = true
			if text, err := strconv.Unquote(node.Tag.Value); err == nil {
				found = append(found, reflect.StructTag(text).Get("default"))
			}
		case *ast.BasicLit:
			if node.Kind == token.STRING && !tags[node] {
				if text, err := strconv.Unquote(node.Value); err == nil {
					found = append(found, text)
				}
			}
		}
	}
	return found
}

// TestFactsHaveOneHome holds that a string that is a fact is spelt in one package only.
func TestFactsHaveOneHome(t *testing.T) {
	kinds := forms(t)
	homes := map[string]map[string]bool{}
	for dir, sources := range packages(t) {
		if strings.HasSuffix(dir, "test") { // it helps tests, which spell out what they expect
			continue
		}
		for _, source := range sources {
			for _, text := range literals(source) {
				if homes[text] == nil {
					homes[text] = map[string]bool{}
				}
				homes[text][dir] = true
			}
		}
	}
	seen := map[string]bool{}
	for text, dirs := range homes {
		for _, form := range kinds {
			if !form.text.MatchString(text) {
				continue
			}
			seen[form.kind] = true
			maps.DeleteFunc(dirs, func(dir string, _ bool) bool { return form.apart[dir] != "" })
			if len(dirs) > 1 && form.not[text] == "" {
				t.Errorf("%s %q is spelt in %s", form.kind, text, strings.Join(slices.Sorted(maps.Keys(dirs)), ", "))
			}
		}
	}
	for _, form := range kinds {
		if !seen[form.kind] {
			t.Errorf("there is no %s", form.kind)
		}
	}
}
