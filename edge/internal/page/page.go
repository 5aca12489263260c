// Package page serves the pages of the edge: files that are embedded in the program,
// with the headers that keep a browser from running anything else.
package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pawstream/pawstream/internal/header"
)

// policy lets a page load and call what is the edge's own, and nothing inline. Images
// may be data: stylesheets have them.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// secure sets the headers of everything that a browser may show: a strict
// Content-Security-Policy, with more directives where given, and its like. Nothing inline
// runs, and nobody frames it.
func secure(h http.Header, more string) {
	h.Set("Content-Security-Policy", policy+more)
	h.Set(header.ContentTypeOptions, "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}

// A File is one file in memory: its handler answers GET and HEAD, compressed for clients that
// take that, and by the ETag of its content also with 304. Browsers ask again each time, so that a new version of the
// edge never meets the files of an old one. It is safe for concurrent use.
type File struct {
	body              []byte
	packed            func() []byte // the body in gzip, or nil where that is no smaller
	contentType, etag string
	policy            string // more directives
}

// NewFile returns a file of that content and media type. It keeps body.
func NewFile(contentType string, body []byte) *File {
	sum := sha256.Sum256(body)
	packed := sync.OnceValue(func() []byte { return pack(body) }) // when it is asked for: most programs serve few files
	return &File{body: body, packed: packed, contentType: contentType, etag: hex.EncodeToString(sum[:16])}
}

func pack(body []byte) []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(body) // a buffer takes everything
	_ = w.Close()
	if packed.Len() >= len(body) {
		return nil
	}
	return packed.Bytes()
}

// takesGzip reports whether a client takes gzip by its Accept-Encoding (RFC 9110, section 12.5.3).
func takesGzip(h http.Header) bool {
	for _, field := range h.Values(header.AcceptEncoding) {
		for coding := range strings.SplitSeq(field, ",") {
			name, weight, _ := strings.Cut(coding, ";")
			if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
				continue
			}
			q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
			return err != nil || q > 0
		}
	}
	return false
}

// ServeHTTP implements http.Handler.
func (f *File) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	secure(h, f.policy)
	h.Set(header.ContentType, f.contentType)
	h.Set(header.CacheControl, "no-cache")
	h.Add("Vary", header.AcceptEncoding) // what others have set stays
	body, etag := f.body, f.etag
	if takesGzip(r.Header) {
		if packed := f.packed(); packed != nil {
			body, etag = packed, etag+"-gzip"
			h.Set(header.ContentEncoding, "gzip")
		}
	}
	h.Set("ETag", `"`+etag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// Write answers with a page that is no file: what could not be shown, say. Nobody keeps it.
func Write(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	secure(h, "")
	h.Set(header.ContentType, contentType)
	h.Set(header.CacheControl, "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever is gone needs no answer
}

// Files are those of a directory by their slash-separated names.
type Files map[string]*File

// Load reads every file of a directory and its directories. A file whose media type is
// not known here is an error.
func Load(dir fs.FS) (Files, error) {
	files := make(Files)
	err := fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		contentType := mediaType(name)
		if contentType == "" {
			return fmt.Errorf("page: no media type for %s", name)
		}
		body, err := fs.ReadFile(dir, name)
		if err != nil {
			return err
		}
		files[name] = NewFile(contentType, body)
		return nil
	})
	return files, err
}

// Restrict adds directives of Content-Security-Policy to those that every page has.
func (f Files) Restrict(directives string) {
	for _, file := range f {
		file.policy += "; " + directives
	}
}

// A Mux takes routes, as an [http.ServeMux] does.
type Mux interface {
	Handle(pattern string, handler http.Handler)
}

// Mount adds one route for each file, below prefix, which ends in a slash. What is not
// a file stays what it was without it.
func (f Files) Mount(mux Mux, prefix string) {
	for name, file := range f {
		mux.Handle("GET "+prefix+name, file)
	}
}

// mediaType returns what a file is by its name. The system's table, which package mime
// reads, differs from one machine to another.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return header.HTML
	case ".css":
		return "text/css; charset=utf-8"
	case ".js", ".mjs":
		return header.JavaScript
	case ".json", ".map":
		return header.JSON
	case ".webmanifest":
		return "application/manifest+json"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/x-icon"
	case ".woff2":
		return "font/woff2"
	case ".txt", ".md", ".LICENSE", ".go", ".py", ".sh", ".toml":
		return header.PlainText
	}
	return ""
}
