// Package demopage serves the page at /demo, which shows what happens to an answer when something breaks. Its
// buttons cut connections, kill a completion service, and take the network away. Only a demonstration serves
// it: see [Demo].
package demopage

import (
	"bytes"
	"context"
	"embed"
	"io/fs"
	"net/http"
	"strings"

	"github.com/pawstream/pawstream/edge/internal/page"
	"github.com/pawstream/pawstream/internal/header"
)

//go:embed pages
var pages embed.FS

// A Demo is the page and the actions of its buttons. It is safe for concurrent use.
type Demo struct {
	// Network is the network between the page's viewers and the server.
	Network Network
	// kill kills the completion service that writes an answer, and returns a sentence that says which one it
	// was.
	kill   func(context.Context) (killed string, err error)
	page   *page.File
	assets page.Files
}

// New returns a demonstration. kill must kill a completion service and return a sentence about it; see [Demo].
func New(kill func(context.Context) (killed string, err error)) (*Demo, error) {
	dir, err := fs.Sub(pages, "pages")
	if err != nil {
		return nil, err
	}
	d := &Demo{kill: kill, assets: make(page.Files)}
	files, err := page.Load(dir)
	if err != nil {
		return nil, err
	}
	for name, file := range files {
		if !strings.HasSuffix(name, ".html") {
			d.assets[name] = file
		}
	}
	made, err := page.Templates(dir, nil)
	if err != nil {
		return nil, err
	}
	var html bytes.Buffer
	if err := made.ExecuteTemplate(&html, "demo.html", nil); err != nil {
		return nil, err
	}
	d.page = page.NewFile(header.HTML, html.Bytes())
	return d, nil
}

// Mount adds the routes: the page and its assets, and POST /demo/{cut,kill,drop}. The latter pass through
// guard, and refuse requests from other sites' pages.
func (d *Demo) Mount(mux page.Mux, guard func(http.Handler) http.Handler) {
	mux.Handle("GET /demo", d.page)
	mux.Handle("GET /demo/{$}", http.RedirectHandler("/demo", http.StatusMovedPermanently))
	d.assets.Mount(mux, "/demo/")
	own := http.NewCrossOriginProtection()
	for name, act := range map[string]http.HandlerFunc{"cut": d.cut, "kill": d.killOne, "drop": d.drop} {
		mux.Handle("POST /demo/"+name, guard(own.Handler(act)))
	}
}

func (d *Demo) cut(w http.ResponseWriter, r *http.Request) {
	d.Network.Cut(r.Context())
	say(w, http.StatusOK, "")
}

func (d *Demo) drop(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close") // otherwise the request's own connection would survive
	say(w, http.StatusOK, "")
	_ = http.NewResponseController(w).Flush() // an error means that the client has left
	d.Network.Drop(r.Context())
}

func (d *Demo) killOne(w http.ResponseWriter, r *http.Request) {
	killed, err := d.kill(r.Context())
	if err != nil {
		say(w, http.StatusServiceUnavailable, "There is nothing to kill just now. Try again in a second.")
		return
	}
	say(w, http.StatusOK, killed)
}

// say answers with a line of text.
func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set(header.ContentType, header.PlainText)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // an error means that the client has left
}
