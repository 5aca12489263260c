// Package examples is clients of Pawstream, each as short as one would paste it. /docs/protocol
// shows these very files, and so does README; e2e runs each of them.
//
// openai_sdk.py alone is not run in CI, whose machine cannot get Python's openai: there its
// syntax is checked, and what that client makes of our streams is a test of its decoder's rules.
package examples

import (
	"embed"
	"io/fs"
)

//go:embed *.mjs *.py *.sh */main.go
var files embed.FS

// Files returns the examples by their slash-separated names.
func Files() fs.FS { return files }
