// Package apidocs is the description of the public API, written by hand as OpenAPI 3.2.
package apidocs

import (
	_ "embed"
	"fmt"
	"net/http"

	"github.com/goccy/go-yaml"

	"github.com/pawstream/pawstream/edge/internal/page"
)

//go:embed openapi.yaml
var description []byte

// Docs is what there is to read about the API. It is safe for concurrent use.
type Docs struct {
	asYAML, asJSON *page.File
}

// New converts the description, once.
func New() (*Docs, error) {
	converted, err := yaml.YAMLToJSON(description)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	return &Docs{
		asYAML: page.NewFile("application/yaml", description), // RFC 9512
		asJSON: page.NewFile("application/json", converted),
	}, nil
}

// Mount adds the routes: /openapi.yaml and /openapi.json. They are open to everybody.
func (d *Docs) Mount(mux *http.ServeMux) {
	mux.Handle("GET /openapi.yaml", d.asYAML)
	mux.Handle("GET /openapi.json", d.asJSON)
}
