// Package apidocs serves the documentation of the public API: a handwritten description in OpenAPI 3.2, Swagger
// UI to show it, and pages about streams and examples.
package apidocs

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"

	"github.com/goccy/go-yaml"

	"github.com/pawstream/pawstream/clients/js"
	"github.com/pawstream/pawstream/edge/internal/page"
	"github.com/pawstream/pawstream/examples"
	"github.com/pawstream/pawstream/internal/header"
)

// Root is the path of the pages.
const Root = "/docs"

//go:embed openapi.yaml
var description []byte

//go:embed pages
var pages embed.FS

//go:embed swagger/*.css swagger/*.js swagger/*.txt
var swagger embed.FS

// Docs is the documentation of the API. It is safe for concurrent use.
type Docs struct {
	asYAML, asJSON   *page.File
	pages            page.Files // by their paths
	assets, examples page.Files
	client           page.Files
}

// New converts the description and renders the pages, once.
func New() (*Docs, error) {
	converted, err := yaml.YAMLToJSON(description)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	d := &Docs{
		asYAML: page.NewFile("application/yaml", description), // RFC 9512
		asJSON: page.NewFile(header.JSON, converted),
	}
	ours, err := load(pages, "pages")
	if err != nil {
		return nil, err
	}
	if d.assets, err = load(swagger, "swagger"); err != nil {
		return nil, err
	}
	d.pages = page.Files{Root: ours["docs.html"]}
	for _, name := range []string{"docs.js", "docs.css", "protocol.css", "reading.js"} {
		d.assets[name] = ours[name]
	}
	if d.examples, err = page.Load(examples.Files()); err != nil {
		return nil, err
	}
	if d.client, err = page.Load(js.Files()); err != nil {
		return nil, err
	}
	return d, d.write()
}

// write renders our own pages, which can include files of the examples.
func (d *Docs) write() error {
	show := template.FuncMap{"source": func(name string) (string, error) {
		text, err := fs.ReadFile(examples.Files(), name)
		return string(text), err
	}}
	dir, err := fs.Sub(pages, "pages")
	if err != nil {
		return err
	}
	all, err := page.Templates(dir, show)
	if err != nil {
		return err
	}
	for _, name := range []string{"protocol", "protocols", "grpc", "authentication"} {
		var html bytes.Buffer
		if err := all.ExecuteTemplate(&html, name+".html", nil); err != nil {
			return err
		}
		d.pages[Root+"/"+name] = page.NewFile(header.HTML, html.Bytes())
	}
	return nil
}

func load(files embed.FS, dir string) (page.Files, error) {
	sub, err := fs.Sub(files, dir)
	if err != nil {
		return nil, err
	}
	return page.Load(sub)
}

// Mount adds the routes: /openapi.yaml, /openapi.json, /docs and the pages below it, their assets, the
// examples, and the client that the examples use. The routes need no authentication.
func (d *Docs) Mount(mux page.Mux) {
	mux.Handle("GET /openapi.yaml", d.asYAML)
	mux.Handle("GET /openapi.json", d.asJSON)
	for path, file := range d.pages {
		mux.Handle("GET "+path, file)
		mux.Handle("GET "+path+"/{$}", http.RedirectHandler(path, http.StatusMovedPermanently))
	}
	d.assets.Mount(mux, Root+"/")
	d.examples.Mount(mux, Root+"/examples/")
	d.client.Mount(mux, Root+"/clients/js/") // where the examples find it
}
