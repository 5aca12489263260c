package httpapi

import (
	"context"
	"fmt"
	"net/http"

	"github.com/pawstream/pawstream/edge/internal/apidocs"
	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/edge/internal/chatpage"
	"github.com/pawstream/pawstream/edge/internal/demopage"
	"github.com/pawstream/pawstream/edge/internal/page"
	"github.com/pawstream/pawstream/edge/internal/petpage"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/callers"
)

// openRoutes returns a function that adds the routes without authentication: files, and the store's pages,
// which are rendered from what the completion service returns. demo is nil if there is no demonstration.
func openRoutes(a *api, pets completionv1.PetServiceClient, demo *demopage.Demo) (func(page.Mux) error, error) {
	docs, err := apidocs.New()
	if err != nil {
		return nil, fmt.Errorf("documentation: %w", err)
	}
	store, err := petpage.New(pets)
	if err != nil {
		return nil, fmt.Errorf("pages of the store: %w", err)
	}
	return func(mux page.Mux) error {
		docs.Mount(mux)
		guard := func(next http.Handler) http.Handler { return guardPage(a, next) }
		store.Mount(mux, guard)
		if demo != nil {
			demo.Mount(mux, guard)
		}
		return chatpage.Mount(mux)
	}, nil
}

// guardPage lets a request through to a rendered page: from any caller, but only under a name of ours, and within the
// request limit of its address. Pages have their own turns, so that they take none from readers
// of completions.
func guardPage(a *api, next http.Handler) http.Handler {
	next = a.inTurn(a.turns.pages, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !byOurName(a, w, r) {
			return
		}
		v := &visitor{Caller: &auth.Caller{Principal: callers.Anonymous}, key: a.address(r)}
		if !counts(a, w, r, v) {
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorKey{}, v)))
	})
}
