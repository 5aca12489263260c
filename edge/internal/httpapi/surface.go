package httpapi

import (
	"net/http"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	"github.com/pawstream/pawstream/edge/internal/dialect/responses"
)

// A surface is a dialect and the routes that are answered in it.
type surface struct {
	dialect dialect.Dialect
	routes  func(a *api, d dialect.Dialect, gateway http.Handler, handle func(pattern string, handler http.Handler))
}

// surfaces returns the surfaces of an API: another dialect is another row here. unknown says what to do with
// members of requests that no dialect knows.
func surfaces(unknown dialect.Unknown) []surface {
	completing, answering := chat.New(), responses.New()
	completing.Unknown, answering.Unknown = unknown, unknown
	return []surface{
		{completing, completionCalls},
		{answering, responseCalls},
	}
}

// responseCalls yields the routes of a dialect whose answers are folded.
func responseCalls(a *api, d dialect.Dialect, _ http.Handler, handle func(pattern string, handler http.Handler)) {
	if folding, ok := d.(dialect.Folding); ok {
		(&responseAPI{a, folding}).calls(handle)
	}
}
