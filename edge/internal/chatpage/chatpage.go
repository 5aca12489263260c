// Package chatpage is the page at which people ask and watch the answer come: plain
// modules and a style sheet, embedded as they are written. What it takes from others,
// vendor/vendor.mjs copies from npm, and assets/vendor/vendored.json says what that is.
//
// The page uses the public API alone, of which this package knows nothing.
package chatpage

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets
var assets embed.FS

// policy lets the page load what comes with it and call where it comes from, and nothing
// else: no inline script or style, no frame, and no string made into markup but by the
// sanitiser.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types dompurify"

// Handle adds the page to mux: at "/", and its parts below "/chat/", each a route of its
// own, so that whatever else is asked for there does not exist.
func Handle(mux *http.ServeMux) error {
	return fs.WalkDir(assets, "assets", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := assets.ReadFile(name)
		if err != nil {
			return fmt.Errorf("chat page: %w", err)
		}
		route := "/chat" + strings.TrimPrefix(name, "assets")
		if route == "/chat/index.html" {
			route = "/{$}"
		}
		mux.Handle("GET "+route, newFile(name, body))
		return nil
	})
}

// A file is a part of the page. It implements [http.Handler].
type file struct {
	name, body, contentType, etag string
}

func newFile(name string, body []byte) *file {
	sum := sha256.Sum256(body)
	return &file{
		name: name, body: string(body), contentType: typeOf(name),
		etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`,
	}
}

// typeOf does not ask the system, whose tables differ.
func typeOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json":
		return "application/json"
	default:
		return "text/plain; charset=utf-8"
	}
}

// ServeHTTP answers with the file. A browser asks each time whether it has changed: an
// edge that was replaced must not meet modules of the one before.
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", "no-cache")
	h.Set("Etag", f.etag)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	http.ServeContent(w, r, f.name, time.Time{}, strings.NewReader(f.body))
}
