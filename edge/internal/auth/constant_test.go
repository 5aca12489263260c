package auth

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// TestComparesInConstantTime reads in the source how keys are compared: the time must not
// reveal how close a guess is. A measurement would only measure the machine.
func TestComparesInConstantTime(t *testing.T) {
	for _, test := range []struct{ file, function, comparison string }{
		{"keys.go", "Authenticate", "subtle.ConstantTimeCompare"},
		{"ticket.go", "open", "hmac.Equal"},
	} {
		t.Run(test.function, func(t *testing.T) {
			file, err := parser.ParseFile(token.NewFileSet(), test.file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			compared := 0
			for _, d := range file.Decls {
				function, ok := d.(*ast.FuncDecl)
				if !ok || function.Name.Name != test.function {
					continue
				}
				ast.Inspect(function.Body, func(n ast.Node) bool {
					switch n := n.(type) {
					case *ast.CallExpr:
						if name := called(n); name == test.comparison {
							compared++
						} else if name == "bytes.Equal" || name == "bytes.Compare" {
							t.Errorf("%s compares by %s", test.function, name)
						}
					case *ast.RangeStmt: // over the keys
						ast.Inspect(n.Body, func(n ast.Node) bool {
							switch n.(type) {
							case *ast.BranchStmt, *ast.ReturnStmt:
								t.Errorf("%s does not look at every key", test.function)
							}
							return true
						})
					}
					return true
				})
			}
			if compared != 1 {
				t.Errorf("%s calls %s %d times", test.function, test.comparison, compared)
			}
		})
	}
}

// called returns the name of the called function of another package.
func called(call *ast.CallExpr) string {
	if selector, ok := call.Fun.(*ast.SelectorExpr); ok {
		if pkg, ok := selector.X.(*ast.Ident); ok {
			return pkg.Name + "." + selector.Sel.Name
		}
	}
	return ""
}
