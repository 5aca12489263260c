// Package examples is clients of Pawstream, each as short as one would paste it. /docs/protocol
// shows these very files, README.md beside them lists each, and e2e runs each.
//
// Two are not run in CI, whose machine has neither Python's openai nor Codex: of openai_sdk.py and codex.toml
// the syntax is checked there. What that client makes of our streams is a test of its decoder's rules.
package examples

import (
	"embed"
	"io/fs"
)

//go:embed *.mjs *.py *.sh *.toml */main.go
var files embed.FS

// Files returns the examples by their slash-separated names.
func Files() fs.FS { return files }
