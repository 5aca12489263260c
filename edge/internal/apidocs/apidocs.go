// Package apidocs is the description of the public API, written by hand as OpenAPI 3.2,
// and Swagger UI, which shows it.
package apidocs

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/goccy/go-yaml"

	"github.com/pawstream/pawstream/edge/internal/page"
)

//go:embed openapi.yaml
var description []byte

//go:embed pages/docs.html pages/docs.js
var pages embed.FS

//go:embed swagger/*.css swagger/*.js swagger/*.png swagger/*.txt
var swagger embed.FS

// Docs is what there is to read about the API. It is safe for concurrent use.
type Docs struct {
	asYAML, asJSON, page *page.File
	assets               page.Files
}

// New converts the description, once.
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
	d.page, d.assets["docs.js"] = ours["docs.html"], ours["docs.js"]
	return d, nil
}

func load(files embed.FS, dir string) (page.Files, error) {
	sub, err := fs.Sub(files, dir)
	if err != nil {
		return nil, err
	}
	return page.Load(sub)
}

// Mount adds the routes: /openapi.yaml, /openapi.json and /docs, with what it loads below.
// They are open to everybody.
func (d *Docs) Mount(mux *http.ServeMux) {
	mux.Handle("GET /openapi.yaml", d.asYAML)
	mux.Handle("GET /openapi.json", d.asJSON)
	mux.Handle("GET /docs", d.page)
	d.assets.Mount(mux, "/docs/")
}
