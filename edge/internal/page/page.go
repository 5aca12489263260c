// Package page serves the edge's pages: files that are embedded in the program, with headers that keep a
// browser from running anything else.
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

// policy lets a page load and call only the edge itself, and allows nothing inline (but see [NewWhole]). Images may
// be data URLs, as in style sheets.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// secure sets the security headers of everything that a browser may show: a strict Content-Security-Policy, and
// others. No site may frame it.
func secure(h http.Header, policy string) {
	h.Set("Content-Security-Policy", policy)
	h.Set(header.ContentTypeOptions, "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}

// A File is one file in memory. It answers GET and HEAD, with gzip for clients that accept it, and with 304 if
// the ETag of its content matches. Browsers revalidate each time, so that files of different versions of the
// edge never mix. It is safe for concurrent use.
type File struct {
	body              []byte
	packed            func() []byte // the body in gzip, or nil if that is no smaller
	contentType, etag string
	policy            string
}

// NewFile returns a file with the given media type and content. It keeps body.
func NewFile(contentType string, body []byte) *File {
	sum := sha256.Sum256(body)
	packed := sync.OnceValue(func() []byte { return pack(body) }) // on demand: most programs serve few files
	return &File{body: body, packed: packed, contentType: contentType, etag: hex.EncodeToString(sum[:16]), policy: policy}
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

// takesGzip reports whether a client's Accept-Encoding accepts gzip (RFC 9110, section 12.5.3).
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
	h.Add("Vary", header.AcceptEncoding) // keeps values from other handlers
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

// Write answers with a generated page, such as an error page. Clients must not store it.
func Write(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	secure(h, policy)
	h.Set(header.ContentType, contentType)
	h.Set(header.CacheControl, "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // an error means that the client has left
}

// Files are the files of a directory by their slash-separated names.
type Files map[string]*File

// Load reads every file below a directory. It returns an error for a file with an unknown media type.
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

// Restrict adds directives to the Content-Security-Policy of all files. Call it before the first request.
func (f Files) Restrict(directives string) {
	for _, file := range f {
		file.policy += "; " + directives
	}
}

// A Mux registers routes, as an [http.ServeMux] does.
type Mux interface {
	Handle(pattern string, handler http.Handler)
}

// Mount adds a GET route for each file below prefix, which must end in a slash. It leaves other paths alone.
func (f Files) Mount(mux Mux, prefix string) {
	for name, file := range f {
		mux.Handle("GET "+prefix+name, file)
	}
}

// mediaType returns the media type for a file's name, or "". Package mime would read the system's table, which
// differs between machines.
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
