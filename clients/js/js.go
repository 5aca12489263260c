// Package js is the client for JavaScript, as the edge serves it to its own pages.
package js

import (
	"embed"
	"io/fs"
)

// Name is the module's file name.
const Name = "pawstream.js"

//go:embed pawstream.js
var files embed.FS

// Files returns the module by its name.
func Files() fs.FS { return files }
