package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/edge/internal/auth"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// TestNoWebSocket makes a client try a WebSocket first: it is refused at once, even without credentials.
func TestNoWebSocket(t *testing.T) {
	public, behind := opened(t, Config{})
	r := jsonRequest(t, "GET /v1/responses")
	r.Header.Del("Authorization")
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "WebSocket")
	w := through(public, r)
	if w.Code != http.StatusUpgradeRequired || codeOf(w) != "websocket_not_supported" || w.Header().Get("Upgrade") == "" || len(behind.taken()) != 0 {
		t.Errorf("status %d, header %v, %s", w.Code, w.Header(), w.Body)
	}
	if w := through(public, jsonRequest(t, "GET /v1/responses")); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "POST" || !strings.HasSuffix(messageOf(w), " Use POST.") {
		t.Errorf("without an upgrade: status %d, header %v, %s", w.Code, w.Header(), w.Body)
	}
	if w := through(public, jsonRequest(t, "PUT /v1/chat/completions")); !strings.HasSuffix(messageOf(w), " Use GET, HEAD or POST.") {
		t.Errorf("of several methods it says %s", w.Body)
	}
}

// TestStreamInTheBody sends a GET whose body says whether it wants a stream.
func TestStreamInTheBody(t *testing.T) {
	public, _ := opened(t, Config{})
	for body, want := range map[string]string{
		`{"stream":true}`: "text/event-stream; charset=utf-8", `{"stream":false}`: "application/json", `{"stream"`: "application/json",
		`{"stream":true` + strings.Repeat(" ", 300) + `}`: "application/json",
	} {
		r := jsonRequest(t, "GET /v1/responses/resp_MINE")
		setBody(r, body)
		if w := through(public, r); w.Code != http.StatusOK || w.Header().Get("Content-Type") != want {
			t.Errorf("%s: status %d, %v", body, w.Code, w.Header())
		}
	}
}

// fussy is a service that refuses a message.
type fussy struct{ service }

func (*fussy) StreamCompletion(*completionv1.StreamCompletionRequest, grpc.ServerStreamingServer[completionv1.CompletionEvent]) error {
	return fault()
}

func (*fussy) CountPromptTokens(context.Context, *completionv1.CountPromptTokensRequest) (*completionv1.CountPromptTokensResponse, error) {
	return nil, fault()
}

func fault() error {
	const param = "messages[1].content[0].image_url.url"
	st, err := status.New(codes.InvalidArgument, "'"+param+"' is required.").WithDetails(&errdetails.ErrorInfo{
		Reason: "MISSING_REQUIRED_PARAMETER", Domain: "petstore.completion", Metadata: map[string]string{"param": param},
	})
	if err != nil {
		return err
	}
	return st.Err()
}

// TestFaultsAreInTheTermsOfTheBody makes the service refuse a message: the error names the item of the body.
func TestFaultsAreInTheTermsOfTheBody(t *testing.T) {
	public, err := New(Config{Conn: serve(t, &fussy{}), Auth: full()})
	if err != nil {
		t.Fatal(err)
	}
	const body = `{"model":"` + modelA + `","input":[{"role":"user","content":"a"},{"role":"user","content":[{"type":"input_image","image_url":""}]}]`
	for name, request := range map[string]struct{ path, body string }{
		"whole":    {"POST /v1/responses", body + `}`},
		"streamed": {"POST /v1/responses", body + `,"stream":true}`},
		"counted":  {"POST /v1/responses/input_tokens", body + `}`},
	} {
		r := jsonRequest(t, request.path)
		setBody(r, request.body)
		w := through(public, r)
		var got struct {
			Error struct{ Message, Param string }
		}
		const param = "input[1].content[0].image_url"
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusBadRequest ||
			got.Error.Param != param || !strings.HasPrefix(got.Error.Message, "'"+param+"'") {
			t.Errorf("%s: status %d, %s", name, w.Code, w.Body)
		}
	}
}

// TestGoingOnTakesTheRightToRead continues from an answer with a key that may only create: the error names the missing scope.
func TestGoingOnTakesTheRightToRead(t *testing.T) {
	behind := &service{}
	public, err := New(Config{Conn: serve(t, behind), Auth: knownCallers{"key": {Principal: owner, Scopes: auth.Only(auth.ScopeCreate), Models: auth.All[string]()}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/v1/responses", "/v1/responses/input_tokens"} {
		f := form{request: "POST " + path, header: "Authorization: key", body: `{"model":"model-a","previous_response_id":"resp_MINE","input":"Say that again."}`}
		w := through(public, f.new(t))
		if w.Code != http.StatusForbidden || codeOf(w) != "permission_denied" || !strings.Contains(w.Body.String(), "'completions.read'") {
			t.Errorf("%s: status %d, %s", path, w.Code, w.Body)
		}
		if got := w.Header().Get("WWW-Authenticate"); !strings.Contains(got, `scope="completions.read"`) {
			t.Errorf("%s: WWW-Authenticate %q", path, got)
		}
	}
	if calls := behind.taken(); len(calls) != 0 {
		t.Errorf("it calls %v", calls)
	}
}
