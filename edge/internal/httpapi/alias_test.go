package httpapi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/edge/internal/auth"
)

// TestModelsByAnyName checks that a right to a model applies under each of its names, both in
// the right and in the request.
func TestModelsByAnyName(t *testing.T) {
	known := knownCallers{}
	for _, models := range []string{modelA, aliasA, modelB, "none"} {
		known[models] = &auth.Caller{Principal: owner, Scopes: auth.All[auth.Scope](), Models: auth.Only(models)}
	}
	public, err := New(Config{Conn: serve(t, &service{}), Auth: known})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		grants, asks string
		may          bool
	}{
		{modelA, modelA, true},
		{modelA, aliasA, true},
		{aliasA, modelA, true},
		{aliasA, aliasA, true},
		{modelA, modelB, false},
		{modelB, aliasA, false},
		{aliasA, modelB, false},
		{modelB, modelB, true},
		{"none", aliasA, false},
	} {
		t.Run(test.asks+" by a right to "+test.grants, func(t *testing.T) {
			for _, form := range []form{
				{request: "GET /v1/models/" + test.asks},
				{request: "POST /v1/chat/completions", body: `{"model":"` + test.asks + `","messages":[{"role":"user","content":"?"}]}`},
				{request: "POST /v1/chat/completions", body: `{"model":"` + test.asks + `","stream":true,"messages":[{"role":"user","content":"?"}]}`},
			} {
				r := form.new(t)
				r.Header.Set("Authorization", test.grants)
				w := httptest.NewRecorder()
				public.ServeHTTP(w, r)
				if may := w.Code == http.StatusOK; may != test.may || !may && codeOf(w) != "model_not_found" {
					t.Errorf("%s: status %d, code %s", form.request, w.Code, codeOf(w))
				}
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/models", http.NoBody)
			r.Header.Set("Authorization", test.grants)
			w := httptest.NewRecorder()
			public.ServeHTTP(w, r)
			if shown := strings.Contains(w.Body.String(), `"`+modelA+`"`); shown != (test.grants == modelA || test.grants == aliasA) {
				t.Errorf("the list shows %s: %v", modelA, shown)
			}
		})
	}
}
