// Package apidocs is the description of the public API, written by hand as OpenAPI 3.2,
// Swagger UI, which shows it, and a page about its streams with the examples.
package apidocs

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"

	"github.com/goccy/go-yaml"

	"github.com/pawstream/pawstream/edge/internal/page"
	"github.com/pawstream/pawstream/examples"
)

//go:embed openapi.yaml
var description []byte

//go:embed pages
var pages embed.FS

//go:embed swagger/*.css swagger/*.js swagger/*.png swagger/*.txt
var swagger embed.FS

// Docs is what there is to read about the API. It is safe for concurrent use.
type Docs struct {
	asYAML, asJSON, page, protocol *page.File
	assets, examples               page.Files
}

// New converts the description and puts the page about streams together, once.
func New() (*Docs, error) {
	converted, err := yaml.YAMLToJSON(description)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	d := &Docs{
		asYAML: page.NewFile("application/yaml", description), // RFC 9512
		asJSON: page.NewFile("application/json", converted),
	}
	ours, err := load(pages, "pages")
	if err != nil {
		return nil, err
	}
	if d.assets, err = load(swagger, "swagger"); err != nil {
		return nil, err
	}
	d.page, d.assets["docs.js"], d.assets["protocol.css"] = ours["docs.html"], ours["docs.js"], ours["protocol.css"]
	if d.examples, err = page.Load(examples.Files()); err != nil {
		return nil, err
	}
	if d.protocol, err = protocol(); err != nil {
		return nil, fmt.Errorf("protocol.html: %w", err)
	}
	return d, nil
}

// protocol makes the page about streams: where it says so, it shows a file of the examples.
func protocol() (*page.File, error) {
	show := template.FuncMap{"source": func(name string) (string, error) {
		text, err := fs.ReadFile(examples.Files(), name)
		return string(text), err
	}}
	whole, err := template.New("protocol.html").Funcs(show).ParseFS(pages, "pages/protocol.html")
	if err != nil {
		return nil, err
	}
	var html bytes.Buffer
	if err := whole.Execute(&html, nil); err != nil {
		return nil, err
	}
	return page.NewFile("text/html; charset=utf-8", html.Bytes()), nil
}

func load(files embed.FS, dir string) (page.Files, error) {
	sub, err := fs.Sub(files, dir)
	if err != nil {
		return nil, err
	}
	return page.Load(sub)
}

// Mount adds the routes: /openapi.yaml, /openapi.json, /docs and /docs/protocol, with what they
// load and the examples below. They are open to everybody.
func (d *Docs) Mount(mux *http.ServeMux) {
	mux.Handle("GET /openapi.yaml", d.asYAML)
	mux.Handle("GET /openapi.json", d.asJSON)
	for path, file := range map[string]*page.File{"/docs": d.page, "/docs/protocol": d.protocol} {
		mux.Handle("GET "+path, file)
		mux.Handle("GET "+path+"/{$}", http.RedirectHandler(path, http.StatusMovedPermanently))
	}
	d.assets.Mount(mux, "/docs/")
	d.examples.Mount(mux, "/docs/examples/")
}
