// Package chatpage serves the page on which people ask questions and watch the answers arrive: plain modules
// and a style sheet, embedded as written. The document at "/" contains what the browser needs to draw the page and
// to take a question: its style sheets and two small scripts. It uses the client in clients/js. vendor/vendor.mjs
// copies third-party files from npm, and assets/vendor/vendored.json lists them.
//
// The page uses only the public API, of which this package knows nothing.
package chatpage

import (
	"crypto/sha256"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/clients/js"
	"github.com/pawstream/pawstream/edge/internal/page"
	"github.com/pawstream/pawstream/internal/header"
)

//go:embed assets
var assets embed.FS

// trust is an addition to the policy of the edge's pages. Only the sanitiser may turn a string into markup, and
// only the registration of the service worker may turn one into a script's address.
const trust = "require-trusted-types-for 'script'; trusted-types dompurify shell"

// Root is the path of the page's files. The page itself is at "/".
const Root = "/chat/"

const (
	index = "index.html"
	// worker is the service worker. Its path is at the root, so that it may serve the page there.
	worker = "sw.js"
)

// Mount adds the page to mux: at "/", its service worker at "/sw.js", and its files below "/chat/".
func Mount(mux page.Mux) error {
	dir, err := fs.Sub(assets, "assets")
	if err != nil {
		return err
	}
	files, err := page.Load(dir)
	if err != nil {
		return err
	}
	taken, err := page.Load(js.Files())
	if err != nil {
		return err
	}
	maps.Copy(files, taken)
	keeper, err := keeperOf(files, dir, js.Files())
	if err != nil {
		return err
	}
	text, err := fs.ReadFile(dir, index)
	if err != nil {
		return err
	}
	files[index], err = page.NewWhole(text, func(address string) ([]byte, error) {
		return fs.ReadFile(dir, strings.TrimPrefix("/"+address, Root))
	})
	if err != nil {
		return err
	}
	files.Restrict(trust)
	mux.Handle("GET /{$}", files[index])
	mux.Handle("GET /"+worker, keeper)
	delete(files, index)
	delete(files, worker)
	files.Mount(mux, Root)
	return nil
}

// keeperOf returns the service worker with the list of files and their version. Different files make a
// different service worker, so a browser keeps files of only one version.
func keeperOf(files page.Files, dir, taken fs.FS) (*page.File, error) {
	kept, version := []string{"/"}, sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		from := dir
		if name == js.Name {
			from = taken
		}
		body, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, err
		}
		_, _ = fmt.Fprintf(version, "%s %d ", name, len(body)) // a hash never fails
		_, _ = version.Write(body)
		switch path.Ext(name) {
		case ".js", ".css", ".svg":
			if name != worker {
				kept = append(kept, Root+name)
			}
		}
	}
	list, err := json.Marshal(kept)
	if err != nil {
		return nil, err
	}
	script, err := fs.ReadFile(dir, worker)
	if err != nil {
		return nil, err
	}
	head := fmt.Sprintf("const version = \"%x\", files = %s;\n", version.Sum(nil)[:8], list)
	return page.NewFile(header.JavaScript, append([]byte(head), script...)), nil
}
