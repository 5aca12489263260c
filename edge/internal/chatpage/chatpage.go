// Package chatpage is the page at which people ask and watch the answer come: plain
// modules and a style sheet, embedded as they are written. What it takes from others,
// vendor/vendor.mjs copies from npm, and assets/vendor/vendored.json says what that is.
//
// The page uses the public API alone, of which this package knows nothing.
package chatpage

import (
	"embed"
	"io/fs"
	"net/http"

	"github.com/pawstream/pawstream/edge/internal/page"
)

//go:embed assets
var assets embed.FS

// trust has no string made into markup but by the sanitiser, beside what every page of the
// edge is held to.
const trust = "require-trusted-types-for 'script'; trusted-types dompurify"

// Mount adds the page to mux: at "/", and its parts below "/chat/".
func Mount(mux *http.ServeMux) error {
	dir, err := fs.Sub(assets, "assets")
	if err != nil {
		return err
	}
	files, err := page.Load(dir)
	if err != nil {
		return err
	}
	files.Restrict(trust)
	const index = "index.html"
	mux.Handle("GET /{$}", files[index])
	delete(files, index)
	files.Mount(mux, "/chat/")
	return nil
}
