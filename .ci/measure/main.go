// Command measure tells how large things are in the source: files, functions, interfaces, types and
// packages, and how much of it is comments. It looks at what is written by hand, without tests.
//
//	go run ./.ci/measure [DIRECTORY]...
package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A thing is something with a size, and a name to find it by.
type thing struct {
	name string
	size int
}

type measures struct {
	set                                           *token.FileSet
	files, functions, interfaces, methods, fields []thing
	packages                                      map[string]int // their lines
	methodsOf                                     map[string]int
	lines, comments                               int
}

func main() {
	roots := os.Args[1:]
	if len(roots) == 0 {
		roots = []string{"edge", "internal", "services"}
	}
	if err := run(os.Stdout, roots); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer, roots []string) error {
	m := &measures{set: token.NewFileSet(), packages: make(map[string]int), methodsOf: make(map[string]int)}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
				return err
			}
			return m.file(name)
		})
		if err != nil {
			return err
		}
	}
	m.tell(out)
	return nil
}

func (m *measures) file(name string) error {
	source, err := parser.ParseFile(m.set, name, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil || ast.IsGenerated(source) {
		return err
	}
	dir, lines := filepath.Dir(name), m.set.Position(source.FileEnd).Line
	m.files = append(m.files, thing{name, lines})
	m.packages[dir] += lines
	m.lines += lines
	for _, comment := range source.Comments {
		m.comments += m.length(comment)
	}
	for node := range ast.Preorder(source) {
		switch node := node.(type) {
		case *ast.FuncDecl:
			m.functions = append(m.functions, thing{dir + "." + node.Name.Name, m.length(node)})
			if node.Recv != nil {
				m.methodsOf[dir+"."+receiver(node.Recv.List[0].Type)]++
			}
		case *ast.TypeSpec:
			switch of := node.Type.(type) {
			case *ast.InterfaceType:
				m.interfaces = append(m.interfaces, thing{dir + "." + node.Name.Name, of.Methods.NumFields()})
			case *ast.StructType:
				m.fields = append(m.fields, thing{dir + "." + node.Name.Name, of.Fields.NumFields()})
			}
		}
	}
	return nil
}

// length is how many lines a node takes.
func (m *measures) length(n ast.Node) int {
	return m.set.Position(n.End()).Line - m.set.Position(n.Pos()).Line + 1
}

func receiver(of ast.Expr) string {
	switch of := of.(type) {
	case *ast.StarExpr:
		return receiver(of.X)
	case *ast.IndexExpr:
		return receiver(of.X)
	case *ast.Ident:
		return of.Name
	}
	return ""
}

func (m *measures) tell(out io.Writer) {
	for name, n := range m.methodsOf {
		m.methods = append(m.methods, thing{name, n})
	}
	var packages []thing
	for name, n := range m.packages {
		packages = append(packages, thing{name, n})
	}
	fmt.Fprintf(out, "%d lines, %d %% of them comments\n", m.lines, 100*m.comments/max(m.lines, 1))
	for _, row := range []struct {
		name string
		of   []thing
	}{
		{"lines of a package", packages},
		{"lines of a file", m.files},
		{"lines of a function", m.functions},
		{"methods of an interface", m.interfaces},
		{"methods of a type", m.methods},
		{"fields of a type", m.fields},
	} {
		if len(row.of) == 0 {
			continue
		}
		slices.SortFunc(row.of, func(a, b thing) int { return cmp.Or(a.size-b.size, strings.Compare(a.name, b.name)) })
		at := func(part int) thing { return row.of[(len(row.of)-1)*part/100] }
		fmt.Fprintf(out, "%-24s %6d of them, median %d, nine of ten %d, most %d (%s)\n",
			row.name, len(row.of), at(50).size, at(90).size, at(100).size, at(100).name)
	}
}
