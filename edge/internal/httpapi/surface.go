package httpapi

import (
	"net/http"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/responses"
)

// A surface is a dialect and the routes that are answered in it.
type surface struct {
	dialect dialect.Dialect
	routes  func(a *api, d dialect.Dialect, gateway http.Handler, handle func(pattern string, handler http.Handler))
}

// surfaces are those of an API: a further dialect is a row here.
func surfaces(a *api) []surface {
	answering := responses.New()
	answering.Unknown = a.taken.Unknown
	return []surface{
		{a.dialect, completionCalls},
		{answering, responseCalls},
	}
}

// responseCalls hands out the routes of a dialect whose answers are folded.
func responseCalls(a *api, d dialect.Dialect, _ http.Handler, handle func(pattern string, handler http.Handler)) {
	if folding, ok := d.(dialect.Folding); ok {
		(&responseAPI{a, folding}).calls(handle)
	}
}
