package httpapi

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/internal/unknown"
)

// modelGone is a model that the service does not have.
const modelGone = "gone"

func noModel() error {
	st, _ := status.New(codes.NotFound, unknown.Model(modelGone, nil)).WithDetails(&errdetails.ErrorInfo{
		Domain: "petstore.completion", Reason: "MODEL_NOT_FOUND", Metadata: map[string]string{"param": "model"},
	})
	return st.Err()
}

// TestWhoMayNotListIsNotToldTo checks that a refusal mentions the list of models only to callers who may read it.
func TestWhoMayNotListIsNotToldTo(t *testing.T) {
	t.Parallel()
	public, _ := opened(t, Config{Auth: knownCallers{
		"key":       {Principal: owner, Scopes: auth.All[auth.Scope](), Models: auth.All[string]()},
		"asks":      {Principal: owner, Scopes: auth.Only(auth.ScopeCreate), Models: auth.All[string]()},
		"asks one":  {Principal: owner, Scopes: auth.Only(auth.ScopeCreate), Models: auth.Only(modelA)},
		"lists one": {Principal: owner, Scopes: auth.Only(auth.ScopeCreate, auth.ScopeModels), Models: auth.Only(modelA)},
	}})
	for _, tt := range []struct {
		key, body string
		listed    bool
	}{
		{"key", `{"model":"gone","stream":true,"messages":[{"role":"user","content":"?"}]}`, true},
		{"asks", `{"model":"gone","stream":true,"messages":[{"role":"user","content":"?"}]}`, false},
		{"asks one", `{"model":"gone","messages":[{"role":"user","content":"?"}]}`, false},
		{"lists one", `{"model":"gone","messages":[{"role":"user","content":"?"}]}`, true},
	} {
		w := ask(t, public, "POST /v1/chat/completions", func(r *http.Request) {
			r.Header.Set("Authorization", tt.key)
			r.Header.Set("Content-Type", "application/json")
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(tt.body)), int64(len(tt.body))
		})
		told := w.Body.String()
		if listed := strings.Contains(told, "GET /v1/models"); w.Code != http.StatusNotFound || listed != tt.listed || !strings.Contains(told, "'gone' does not exist, or you may not use it") {
			t.Errorf("%s: %d %s", tt.key, w.Code, told)
		}
	}
}
