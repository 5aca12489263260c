package httpapi

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/internal/unknown"
)

// methods are HTTP's methods, an unknown one, and one in lower case, which is a
// different method (RFC 9110, section 9.1).
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW", "get"}

// jsonRequest returns a request with a key, and with a body that every JSON route accepts.
func jsonRequest(t *testing.T, request string) *http.Request {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	body := `{"metadata":{"a":"b"}}`
	switch strings.TrimRight(path, "/") {
	case "/v1/chat/completions":
		body = `{"model":"` + modelA + `","messages":[{"role":"user","content":"?"}]}`
	case "/v1/stream_tickets":
		body = `{"completion_id":"` + completion + `"}`
	case "/v1/responses", "/v1/responses/input_tokens":
		body = `{"model":"` + modelA + `","input":"?"}`
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "key")
	return r
}

// opened returns an API for a caller with all rights, and the service behind it.
func opened(t *testing.T, cfg Config) (*API, *service) {
	t.Helper()
	behind := &service{}
	cfg.Conn = serve(t, behind)
	if cfg.Auth == nil {
		cfg.Auth = full()
	}
	public, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return public, behind
}

// through sends a request and returns the answer.
func through(to http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	to.ServeHTTP(w, r)
	return w
}

// TestRoutes requests every path with every method. Each leads to one call of the service, to a
// page, or to a refusal that names the path's methods and makes no call.
func TestRoutes(t *testing.T) {
	public, behind := opened(t, Config{})
	const one = "/v1/chat/completions/" + completion
	const none = "none"
	page := map[string]string{"GET": "", "HEAD": ""}
	hit := make(map[string]bool)
	mux := http.NewServeMux()
	(&api{surfaces: surfaces("")}).calls(http.NotFoundHandler(), func(pattern string, handler http.Handler) {
		mux.Handle(pattern, handler)
		hit[pattern] = false
	})
	for _, tt := range []struct {
		path, allow string
		calls       map[string]string // by method
	}{
		{"/v1/chat/completions", "GET, HEAD, POST", map[string]string{
			"GET": "CompletionService/ListCompletions", "HEAD": "CompletionService/ListCompletions", "POST": "CompletionService/CreateCompletion",
		}},
		{one, "DELETE, GET, HEAD, POST", map[string]string{
			"GET": "CompletionService/GetCompletion", "HEAD": "CompletionService/GetCompletion",
			"POST": "CompletionService/UpdateCompletion", "DELETE": "CompletionService/DeleteCompletion",
		}},
		{one + "/messages", "GET, HEAD", map[string]string{
			"GET": "CompletionService/ListCompletionMessages", "HEAD": "CompletionService/ListCompletionMessages",
		}},
		{one + "/cancel", "POST", map[string]string{"POST": "CompletionService/CancelCompletion"}},
		{"/v1/responses", "POST", map[string]string{"POST": "CompletionService/StreamCompletion"}},
		{"/v1/responses/input_tokens", "DELETE, GET, HEAD, POST", map[string]string{"POST": "CompletionService/CountPromptTokens", "GET": none, "HEAD": none, "DELETE": none}},
		{"/v1/responses/resp_MINE", "DELETE, GET, HEAD", map[string]string{
			"GET": "CompletionService/ResumeCompletion", "HEAD": "CompletionService/ResumeCompletion", "DELETE": "CompletionService/DeleteCompletion",
		}},
		{"/v1/responses/resp_MINE/input_items", "GET, HEAD", map[string]string{
			"GET": "CompletionService/ListCompletionMessages", "HEAD": "CompletionService/ListCompletionMessages",
		}},
		{"/v1/responses/resp_MINE/cancel", "POST", map[string]string{
			"POST": "CompletionService/CancelCompletion, " + owner + " CompletionService/ResumeCompletion",
		}},
		{"/openai/deployments/" + modelA + "/chat/completions", "POST", map[string]string{"POST": "CompletionService/CreateCompletion"}},
		{"/v1/stream_tickets", "POST", map[string]string{"POST": "CompletionService/GetCompletion"}},
		{"/v1/models", "GET, HEAD", map[string]string{"GET": "ModelService/ListModels", "HEAD": "ModelService/ListModels"}},
		{"/v1/models/" + modelA, "GET, HEAD", map[string]string{"GET": "ModelService/GetModel", "HEAD": "ModelService/GetModel"}},
		{"/v1/models/of/somebody", "GET, HEAD", map[string]string{"GET": "ModelService/GetModel", "HEAD": "ModelService/GetModel"}},
		{"/", "GET, HEAD", page},
		{"/docs", "GET, HEAD", page},
		{"/docs/protocol", "GET, HEAD", page},
		{"/docs/protocols", "GET, HEAD", page},
		{"/docs/grpc", "GET, HEAD", page},
		{"/docs/authentication", "GET, HEAD", page},
		{"/openapi.yaml", "GET, HEAD", page},
		{"/openapi.json", "GET, HEAD", page},
	} {
		t.Run(tt.path, func(t *testing.T) {
			for _, method := range methods {
				r := jsonRequest(t, method+" "+tt.path)
				_, pattern := mux.Handler(r)
				hit[pattern] = true
				behind.taken()
				w := through(public, r)
				got := strings.Join(behind.taken(), ", ")
				call, ok := tt.calls[method]
				switch {
				case call == none: // the path names no completion
					if w.Code != http.StatusNotFound || got != "" {
						t.Errorf("%s: status %d, it calls %q", method, w.Code, got)
					}
				case !ok:
					w = refusedAs(t, method, w, refusal405)
					if allow := w.Header().Get("Allow"); allow != tt.allow || got != "" {
						t.Errorf("%s: Allow is %q, want %q; it calls %q", method, allow, tt.allow, got)
					}
				case call == "" && got != "", call != "" && got != owner+" "+call, w.Code != http.StatusOK:
					t.Errorf("%s: status %d, it calls %q, want %q", method, w.Code, got, call)
				}
			}
		})
	}
	for pattern, is := range hit {
		if !is && pattern != "" {
			t.Errorf("no path here leads to %s", pattern)
		}
	}
}

// TestUnknownPaths requests unknown paths with every method: none of them exists.
func TestUnknownPaths(t *testing.T) {
	public, behind := opened(t, Config{})
	for _, path := range []string{
		"/v1", "/v1/", "/v1/chat", "/v1/chat/", "/v2/chat/completions", "/chat/completions", "/V1/chat/completions", "/v1/chat/Completions",
		"/v1/completions", "/v1/responses/", "/v1/messages", "/v1/embeddings", "/openai/deployments/gpt",
		"/v1/chat/completions/", "/v1/chat/completions/" + completion + "/", "/v1/chat/completions/" + completion + "/other",
		"/v1/chat/completions/" + completion + "/messages/", "/v1/chat/completions/" + completion + "/cancel/", "/v1/chat/completions/" + completion + "/cancel/now",
		"/v1/stream_tickets/", "/v1/stream_tickets/x", "/v1/modelsx", "/docs/nothing", "/chat", "/chat/", "/chat/nothing.js", "/metrics", "/healthz", "/debug/pprof/",
		"/favicon", "/index.html", "/.git/config", "/openapi", "/v1/chat/completions;x", "/v1/models%20", "/v1/models%00", "/v1\\models", "/%2Fv1/nothing",
		"/v1%2Fmodels", "/v1/chat%2Fcompletions", "/v1/%2e%2e/v1/models",
		"/v1/./models", "/v1/../v1/models", "/..", "/.", "/%2e%2e/",
	} {
		t.Run(path, func(t *testing.T) {
			for _, method := range methods {
				behind.taken()
				w := refusedAs(t, method, through(public, jsonRequest(t, method+" "+path)), refusal404)
				if got := behind.taken(); len(got) > 0 || w.Header().Get("Allow") != "" || w.Header().Get("Location") != "" {
					t.Errorf("%s: it calls %v, header %v", method, got, w.Header())
				}
			}
		})
	}
}

// TestNearestRoute requests paths that clients with a wrong base URL use. The message names the
// intended route, and repeats nothing that they sent.
func TestNearestRoute(t *testing.T) {
	public, _ := opened(t, Config{})
	const (
		usual = "There is nothing at this URL. Please check its path."
		ours  = "There is nothing at this URL. What there is: /v1/chat/completions, /v1/responses, and the models at /v1/models."
		part  = "There is nothing at this URL: that part of the API is not served. What there is: /v1/chat/completions, /v1/responses, and the models at /v1/models."
		demo  = "There is nothing at this URL. Only a server that is started with --demo has that page (make demo)."
	)
	for path, want := range map[string]string{
		"/chat/completions":                  "/v1/chat/completions",
		"/v1/v1/chat/completions":            "/v1/chat/completions",
		"/v1/completions":                    "/v1/chat/completions",
		"/V1/Chat/Completions":               "/v1/chat/completions",
		"/v1/chat/completions/":              "/v1/chat/completions",
		"/deployments/mine/chat/completions": "/v1/chat/completions",
		"/models":                            "/v1/models",
		"/api/models/":                       "/v1/models",
		"/stream_tickets":                    "/v1/stream_tickets",
		"/responses":                         "/v1/responses",
		"/openai/v1/responses":               "/v1/responses",
		"/v1/chat/completions/x/y":           ours,
		"/v1":                                ours,
		"/v1/":                               ours,
		"/api":                               ours,

		// OpenAI's.
		"/v1/engines/davinci/completions": "/v1/chat/completions", "/v1/engines": "/v1/models", "/v1/embeddings": part, "/embeddings": part,
		"/v1/moderations": part, "/v1/audio/speech": part, "/v1/audio/transcriptions": part, "/v1/images/generations": part, "/v1/videos": part,
		"/v1/files": part, "/v1/files/file-1/content": part, "/v1/uploads": part, "/v1/batches": part, "/v1/fine_tuning/jobs": part,
		"/v1/vector_stores/vs_1/search": part, "/v1/assistants": "/v1/responses", "/v1/threads": "/v1/responses", "/v1/threads/t_1/runs": "/v1/responses",
		"/v1/conversations": "/v1/responses", "/v1/conversations/conv_1/items": "/v1/responses",
		"/v1/evals": part, "/v1/containers": part, "/v1/realtime": part, "/v1/realtime/client_secrets": part, "/v1/organization/usage/completions": "/v1/chat/completions",
		"/v1/responses/resp_1/nothing": "/v1/responses", "/v1/edits": ours, "/v1/chatkit/sessions": part,
		"/openai/deployments/mine/embeddings": part, "/openai/deployments/mine/completions": "/v1/chat/completions", "/openai/models": "/v1/models",
		"/openai/deployments": part, "/openai/v1/embeddings": part,
		// Anthropic's.
		"/v1/messages": "/v1/chat/completions", "/v1/complete": "/v1/chat/completions", "/v1/messages/count_tokens": "/v1/responses/input_tokens",
		"/v1/messages/batches": "/v1/chat/completions", "/anthropic/v1/messages": "/v1/chat/completions", "/messages": "/v1/chat/completions",
		// Ollama's.
		"/api/chat": "/v1/chat/completions", "/api/generate": "/v1/chat/completions", "/api/tags": "/v1/models", "/api/show": "/v1/models",
		"/api/ps": "/v1/models", "/api/embed": ours, "/api/embeddings": part, "/api/version": ours, "/api/pull": ours, "/v1/api/chat": "/v1/chat/completions",
		// Others'.
		"/v2/chat": "/v1/chat/completions", "/v1/rerank": ours, "/v1/fim/completions": "/v1/chat/completions", "/api/v0/models": "/v1/models",
		"/api/v1/chat/completions": "/v1/chat/completions", "/completion": "/v1/chat/completions", "/v1/tokenize": "/v1/responses/input_tokens",
		"/v1beta/models/gemini:generateContent":       "/v1/chat/completions",
		"/v1beta/models/gemini:streamGenerateContent": "/v1/chat/completions",
		"/v1beta/models/gemini:countTokens":           "/v1/responses/input_tokens",
		"/v1beta/models/gemini:embedContent":          ours,
		"/v1beta/openai/chat/completions":             "/v1/chat/completions",

		"/demo": demo, "/demo/": demo,
		"/robots.txt": "", "/apiary": "", "/wp-login.php": "",
		"/nothing/<script>alert(7)</script>":        "",
		"/%3Cscript%3Ealert(7)%3C/script%3E/models": "/v1/models",
	} {
		r := jsonRequest(t, "GET /")
		r.URL.Path = path
		if unescaped, err := url.PathUnescape(path); err == nil {
			r.URL.Path = unescaped
		}
		w := refusedAs(t, path, through(public, r), refusal404)
		message := usual
		switch want {
		case "":
		case ours, part, demo:
			message = want
		default:
			message = "There is nothing at this URL. Perhaps you mean " + want + "."
		}
		if got := w.Body.String(); !strings.Contains(got, `"message":"`+message+`"`) {
			t.Errorf("%s: %s, want %q", path, got, message)
		}
	}
}

// TestNotAnID checks that every route of both APIs refuses an impossible id, and that the error repeats
// nothing unusual.
func TestNotAnID(t *testing.T) {
	public, behind := opened(t, Config{})
	const chats, resps = "/v1/chat/completions/", "/v1/responses/"
	for request, message := range map[string]string{
		"GET " + chats + "ID":                   "'ID' is not a completion id: one looks like 'chatcmpl-…'.",
		"GET " + chats + "ID?stream=true":       "'ID' is not a completion id: one looks like 'chatcmpl-…'.",
		"DELETE " + chats + "resp_A":            "'resp_A' is not a completion id: one looks like 'chatcmpl-…'.",
		"GET " + chats + "ID/messages":          "'ID' is not a completion id: one looks like 'chatcmpl-…'.",
		"POST " + chats + "%3Cb%3E/cancel":      "The id in the URL is not a completion id: one looks like 'chatcmpl-…'.",
		"GET " + chats + "%ff":                  "The id in the URL is not a completion id: one looks like 'chatcmpl-…'.",
		"GET " + resps + "ID":                   "'ID' is not a completion id: one looks like 'resp_…'.",
		"GET " + resps + "ID?stream=true":       "'ID' is not a completion id: one looks like 'resp_…'.",
		"POST " + resps + "chatcmpl-A/cancel":   "'chatcmpl-A' is not a completion id: one looks like 'resp_…'.",
		"GET " + resps + "ID/input_items":       "'ID' is not a completion id: one looks like 'resp_…'.",
		"GET " + chats + completion + "%2Fmine": unknown.Completion,
	} {
		w := through(public, jsonRequest(t, request))
		if told := messageOf(w); w.Code != http.StatusNotFound || codeOf(w) != "completion_not_found" || told != message {
			t.Errorf("%s: %d %s, %q, want %q", request, w.Code, codeOf(w), told, message)
		}
	}
	if got := behind.taken(); len(got) > 0 {
		t.Errorf("the service is asked for %q", got)
	}
}

// TestOddPaths checks which completion or model a path finally names: the route table, the check of
// rights, and the call to the service must agree.
func TestOddPaths(t *testing.T) {
	public, behind := opened(t, Config{Auth: knownCallers{"key": {Principal: owner, Scopes: auth.All[auth.Scope](), Models: auth.All[string]()}}})
	const completions = "/v1/chat/completions"
	for _, tt := range []struct {
		request string
		status  int
		calls   string // method and id
	}{
		{"GET //v1//models", 200, "ModelService/ListModels"},
		{"GET ///v1/models", 200, "ModelService/ListModels"},
		{"POST //v1//chat///completions", 200, "CompletionService/CreateCompletion"},
		{"GET /v1/models//" + modelA, 200, "ModelService/GetModel " + modelA},
		{"GET /v1/models/a/b", 200, "ModelService/GetModel a/b"},
		{"GET /v1/models/", 200, "ModelService/GetModel"}, // there is no model without a name, which the service says
		{"GET /v1/models/a/b/", 200, "ModelService/GetModel a/b/"},
		{"GET /v1/models/a%2Fb", 200, "ModelService/GetModel a/b"},
		{"GET /v1/models/a%252Fb", 200, "ModelService/GetModel a%2Fb"},
		{"GET /v1/models/a%2F%2Fb", 200, "ModelService/GetModel a//b"},
		{"GET /v1/models/a//b", 200, "ModelService/GetModel a/b"},
		{"GET /v1/models/qwen2.5:0.5b", 200, "ModelService/GetModel qwen2.5:0.5b"},
		{"GET /v1/models/..a/b..", 200, "ModelService/GetModel ..a/b.."},
		{"GET /v1/models/%2e%2e", 200, "ModelService/GetModel .."}, // a name like any other
		{"GET /v1/models/%2E%2e/models", 200, "ModelService/GetModel ../models"},
		{"GET " + completions + "/chatcmpl-%2e%2e", 404, "CompletionService/GetCompletion chatcmpl-.."},
		{"GET " + completions + "/chatcmpl-%2e", 404, "CompletionService/GetCompletion chatcmpl-."},
		{"POST " + completions + "/%ff%2Fcancel", 404, ""},
		{"POST " + completions + "/chatcmpl-%2e%2e/cancel", 404, "CompletionService/CancelCompletion chatcmpl-.."},
		{"GET " + completions + "/chatcmpl-%00%0d%0a.", 404, "CompletionService/GetCompletion chatcmpl-\x00\r\n."},
		{"GET /v1/models/a%20b+c", 200, "ModelService/GetModel a b+c"},
		{"GET /v1/models/%e7%8c%ab", 200, "ModelService/GetModel 猫"},
		{"GET /v1/models/%ff", 200, "ModelService/GetModel \ufffd"},
		{"GET /v1/models/x?id=y", 200, "ModelService/GetModel x"},
		{"GET //v1//chat//completions//" + completion + "?stream=false", 200, "CompletionService/GetCompletion " + completion},
		{"GET " + completions + "/chatcmpl%2DMINE", 200, "CompletionService/GetCompletion " + completion},
		{"GET " + completions + "/" + completion + "?completion_id=" + another, 200, "CompletionService/GetCompletion " + completion},
		{"GET " + completions + "/%2Fetc", 404, ""},
		{"GET " + completions + "/%2e%2e", 404, ""},
		{"POST " + completions + "/%2e%2e/cancel", 404, ""},
		{"GET " + completions + "/chatcmpl-%ff", 404, "CompletionService/GetCompletion chatcmpl-\ufffd"},
		{"GET " + completions + "/chatcmpl-a%25b", 404, "CompletionService/GetCompletion chatcmpl-a%b"},
		{"GET " + completions + "/" + completion + ":cancel", 404, "CompletionService/GetCompletion " + completion + ":cancel"},
		{"GET " + completions + "/" + completion + "%2F", 404, ""},
		{"GET " + completions + "/" + completion + "%2Fmessages", 404, ""},
		{"GET " + completions + "/" + completion + "%2F%2Fmessages", 404, ""},
		{"POST " + completions + "/" + completion + "%2Fcancel", 404, ""},
		{"POST " + completions + "//" + completion + "%2Fcancel", 404, ""},
		{"POST " + completions + "/" + completion + "%2F%2Fcancel", 404, ""},
		{"DELETE " + completions + "/" + completion + "%2Fcancel", 404, ""},
		{"GET " + completions + "/" + completion + "%252Fmessages", 404, "CompletionService/GetCompletion " + completion + "%2Fmessages"},
		{"GET " + completions + "/" + completion + "%2F..%2Fx?stream=true", 404, "CompletionService/ResumeCompletion " + completion + "/../x"},
		{"GET http://localhost" + completions + "/" + completion, 200, "CompletionService/GetCompletion " + completion}, // as to a proxy
	} {
		t.Run(tt.request, func(t *testing.T) {
			r := jsonRequest(t, tt.request)
			if strings.HasPrefix(tt.request, "POST //v1") {
				setBody(r, `{"model":"`+modelA+`","messages":[{"role":"user","content":"?"}]}`)
			}
			behind.taken()
			w := through(public, r)
			ids := strings.Join(behind.ids(), ", ")
			got := strings.TrimSpace(strings.TrimPrefix(strings.Join(behind.taken(), ", "), owner+" ") + " " + ids)
			if w.Code != tt.status || got != tt.calls {
				t.Errorf("status %d, it calls %q\nwant %d, %q", w.Code, got, tt.status, tt.calls)
			}
			if w.Code == http.StatusNotFound && codeOf(w) != "completion_not_found" {
				t.Errorf("code %s", codeOf(w))
			}
		})
	}
}
