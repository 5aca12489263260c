package httpapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/edge/internal/auth"
)

// A form is one way to use a route.
type form struct {
	name    string
	request string // method and path
	body    string
	header  string // one more, as "Name: value"

	does    auth.Scope // the needed scopes, separated by blanks
	foreign bool       // about a completion of the owner's
	model   string     // the model that it uses
	status  int        // if everything is in order
	calls   string     // the called method of the service
}

// forms returns the forms of every route. A route without forms fails the test.
func forms() map[string][]form {
	const (
		completions = "/v1/chat/completions"
		one         = completions + "/" + completion
		accept      = "Accept: text/event-stream"
		last        = "Last-Event-ID: " + completion + ".0"
		streaming   = `{"model":"` + modelA + `","stream":true,"messages":[{"role":"user","content":"?"}]}`
		unary       = `{"model":"` + modelA + `","messages":[{"role":"user","content":"?"}]}`
		forbidden   = `{"model":"` + modelB + `","stream":true,"messages":[{"role":"user","content":"?"}]}`
		get         = "CompletionService/GetCompletion"
		resume      = "CompletionService/ResumeCompletion"
		responses   = "/v1/responses"
		response    = `{"model":"` + modelA + `","input":"?"}`
		goesOn      = `{"model":"` + modelA + `","previous_response_id":"resp_MINE","input":"?"}`
		refers      = `{"model":"` + modelA + `","input":[{"type":"item_reference","id":"msg_MINE_0"},{"role":"user","content":"?"}]}`
	)
	const both = auth.ScopeCreate + " " + auth.ScopeRead // continuing an answer reveals it
	const share = auth.ScopeManage + " " + auth.ScopeRead
	create, read, manage, see := auth.ScopeCreate, auth.ScopeRead, auth.ScopeManage, auth.ScopeModels
	return map[string][]form{
		"POST /v1/chat/completions": {
			{"streamed", "POST " + completions, streaming, "", create, false, modelA, 200, "CompletionService/StreamCompletion"},
			{"whole", "POST " + completions, unary, "", create, false, modelA, 200, "CompletionService/CreateCompletion"},
			{"by a key", "POST " + completions, streaming, "Idempotency-Key: k", create, false, modelA, 200, "CompletionService/StreamCompletion"},
			{"empty cursor", "POST " + completions, streaming, "Last-Event-ID: ", create, false, modelA, 200, "CompletionService/StreamCompletion"},
			{"cursor", "POST " + completions, streaming, last, read, true, "", 200, resume},
			{"cursor, other model", "POST " + completions, forbidden, last, read, true, "", 200, resume},
			{"cursor, not streamed", "POST " + completions, unary, last, read, true, "", 200, resume},
			{"cursor that is none", "POST " + completions, streaming, "Last-Event-ID: x", read, false, "", 400, ""},
			{"cursor of a polyfill", "POST " + completions + "?lastEventId=" + completion + ".0", streaming, "", read, true, "", 200, resume},
			{"cursor in the query", "POST " + completions + "?starting_after=0", streaming, "", create, false, modelA, 200, "CompletionService/StreamCompletion"},
		},
		azureRoute: {
			{"whole", "POST /openai/deployments/" + modelA + "/chat/completions?api-version=2024-10-21", `{"messages":[{"role":"user","content":"?"}]}`, "", create, false, modelA, 200, "CompletionService/CreateCompletion"},
			{"another model in the body", "POST /openai/deployments/" + modelA + "/chat/completions", forbidden, "", create, false, modelA, 200, "CompletionService/StreamCompletion"},
			{"another model in the path", "POST /openai/deployments/" + modelB + "/chat/completions", unary, "", create, false, modelB, 200, "CompletionService/CreateCompletion"},
			{"cursor", "POST /openai/deployments/" + modelA + "/chat/completions", streaming, last, read, true, "", 200, resume},
		},
		"GET /v1/chat/completions": {
			{"list", "GET " + completions, "", "", read, false, "", 200, "CompletionService/ListCompletions"},
			{"head", "HEAD " + completions, "", "", read, false, "", 200, "CompletionService/ListCompletions"},
			{"cursor", "GET " + completions, "", last, read, false, "", 200, "CompletionService/ListCompletions"},
		},
		followRoute: {
			{"whole", "GET " + one, "", "", read, true, "", 200, get},
			{"head", "HEAD " + one, "", accept, read, true, "", 200, get},
			{"by Accept", "GET " + one, "", accept, read, true, "", 200, resume},
			{"by query", "GET " + one + "?stream=true", "", "", read, true, "", 200, resume},
			{"cursor in the query", "GET " + one + "?stream=true&starting_after=0", "", "", read, true, "", 204, resume},
			{"cursor", "GET " + one + "?stream=true", "", last, read, true, "", 204, resume},
			{"cursor of a polyfill", "GET " + one + "?lastEventId=" + completion + ".0", "", accept, read, true, "", 204, resume},
			{"cursor of a polyfill, of another", "GET " + one + "?last_event_id=" + another + ".0", "", accept, read, false, "", 400, ""},
			{"cursor of another", "GET " + one + "?stream=true", "", "Last-Event-ID: " + another + ".0", read, false, "", 400, ""},
		},
		"POST /v1/chat/completions/{id}": {
			{"metadata", "POST " + one, `{"metadata":{}}`, "", manage, true, "", 200, "CompletionService/UpdateCompletion"},
			{"cursor", "POST " + one, `{"metadata":{}}`, last, manage, true, "", 200, "CompletionService/UpdateCompletion"},
		},
		"DELETE /v1/chat/completions/{id}": {
			{"delete", "DELETE " + one, "", "", manage, true, "", 200, "CompletionService/DeleteCompletion"},
		},
		"GET /v1/chat/completions/{id}/messages": {
			{"list", "GET " + one + "/messages", "", accept, read, true, "", 200, "CompletionService/ListCompletionMessages"},
		},
		"POST /v1/chat/completions/{id}/cancel": {
			{"cancel", "POST " + one + "/cancel", "", "", manage, true, "", 200, "CompletionService/CancelCompletion"},
			{"cursor", "POST " + one + "/cancel", "", last, manage, true, "", 200, "CompletionService/CancelCompletion"},
		},
		"POST /v1/responses": {
			{"streamed", "POST " + responses, `{"model":"` + modelA + `","stream":true,"input":"?"}`, "", create, false, modelA, 200, "CompletionService/StreamCompletion"},
			{"whole", "POST " + responses, response, "", create, false, modelA, 200, "CompletionService/StreamCompletion"},
			{"background", "POST " + responses, `{"model":"` + modelA + `","background":true,"input":"?"}`, "", create, false, modelA, 200, "CompletionService/StreamCompletion"},
			{"cursor", "POST " + responses, response, "Last-Event-ID: resp_MINE.0", read, true, "", 200, resume},
			{"cursor of a completion", "POST " + responses, response, last, read, false, "", 400, ""},
			{"goes on", "POST " + responses, goesOn, "", both, false, modelA, 200, "CompletionService/StreamCompletion"},
			{"goes on, by a cursor", "POST " + responses, goesOn, "Last-Event-ID: resp_MINE.0", read, true, "", 200, resume},
			{"a reference", "POST " + responses, refers, "", both, false, modelA, 200, "CompletionService/StreamCompletion"},
			{"goes on from nothing", "POST " + responses, `{"model":"` + modelA + `","previous_response_id":null,"input":"?"}`, "", create, false, modelA, 200, "CompletionService/StreamCompletion"},
			{"an item that is sent whole", "POST " + responses, `{"model":"` + modelA + `","input":[{"type":"message","id":"msg_MINE_0","role":"assistant","content":[{"type":"output_text","text":"!"}]},{"role":"user","content":"?"}]}`, "", create, false, modelA, 200, "CompletionService/StreamCompletion"},
		},
		"POST /v1/responses/input_tokens": {
			{"count", "POST " + responses + "/input_tokens", response, "", create, false, modelA, 200, "CompletionService/CountPromptTokens"},
			{"goes on", "POST " + responses + "/input_tokens", goesOn, "", both, false, modelA, 200, "CompletionService/CountPromptTokens"},
			{"a reference", "POST " + responses + "/input_tokens", refers, "", both, false, modelA, 200, "CompletionService/CountPromptTokens"},
		},
		followResponse: {
			{"whole", "GET " + responses + "/resp_MINE", "", "", read, true, "", 200, resume},
			{"head", "HEAD " + responses + "/resp_MINE", "", accept, read, true, "", 200, resume},
			{"by Accept", "GET " + responses + "/resp_MINE", "", accept, read, true, "", 200, resume},
			{"by query", "GET " + responses + "/resp_MINE?stream=true", "", "", read, true, "", 200, resume},
			{"by body", "GET " + responses + "/resp_MINE", `{"stream":true}`, "", read, true, "", 200, resume},
			{"cursor in the query", "GET " + responses + "/resp_MINE?stream=true&starting_after=0", "", "", read, true, "", 200, resume},
			{"cursor at the end", "GET " + responses + "/resp_MINE?stream=true", "", "Last-Event-ID: resp_MINE.2", read, true, "", 200, resume},
			{"cursor of another", "GET " + responses + "/resp_MINE?stream=true", "", "Last-Event-ID: resp_OTHER.0", read, false, "", 400, ""},
		},
		"DELETE /v1/responses/{id}": {
			{"delete", "DELETE " + responses + "/resp_MINE", "", "", manage, true, "", 200, "CompletionService/DeleteCompletion"},
		},
		"GET /v1/responses/{id}/input_items": {
			{"list", "GET " + responses + "/resp_MINE/input_items", "", "", read, true, "", 200, "CompletionService/ListCompletionMessages"},
		},
		"POST /v1/responses/{id}/cancel": {
			{"cancel", "POST " + responses + "/resp_MINE/cancel", "", "", manage, true, "", 200, "CompletionService/CancelCompletion, " + owner + " " + resume},
		},
		"POST /v1/stream_tickets": {
			{"ticket", "POST /v1/stream_tickets", `{"completion_id":"` + completion + `"}`, "", read, true, "", 200, get},
			{"share", "POST /v1/stream_tickets", `{"completion_id":"` + completion + `","share_for":60}`, "", share, true, "", 200, get + ", " + owner + " CompletionService/UpdateCompletion"},
			{"share no longer", "POST /v1/stream_tickets", `{"completion_id":"` + completion + `","share_for":0}`, "", share, true, "", 200, get},
			{"share null", "POST /v1/stream_tickets", `{"completion_id":"` + completion + `","share_for":null}`, "", read, true, "", 200, get},
		},
		"GET /v1/models": {
			{"list", "GET /v1/models", "", "", see, false, "", 200, "ModelService/ListModels"},
		},
		"GET /v1/models/{id...}": {
			{"model", "GET /v1/models/" + modelA, "", "", see, false, modelA, 200, "ModelService/GetModel"},
		},
	}
}

// credentials are one way to authenticate.
type credentials struct {
	name   string
	apply  func(t *testing.T, a *api, r *http.Request, c *auth.Caller, key string)
	admits admission
}

// An admission says which requests credentials are accepted for.
type admission int

const (
	anybody  admission = iota
	follower           // may follow the completion, by GET
	guest              // may follow its shared stream, by GET
	exGuest            // the same, but it is no longer shared
	stranger           // accepted nowhere
)

// within reports whether the admission covers a form.
func (a admission) within(pattern string, f *form) bool {
	switch a {
	case anybody:
		return true
	case follower:
		return pattern == followRoute && strings.HasPrefix(f.request, "GET ")
	case guest, exGuest:
		return follower.within(pattern, f) && (strings.Contains(f.request, "stream=true") || strings.Contains(f.header, "event-stream"))
	case stranger:
	}
	return false
}

func ways() []credentials {
	query := func(r *http.Request, name, value string) {
		values := r.URL.Query()
		values.Set(name, value)
		r.URL.RawQuery = values.Encode()
	}
	cookie := func(r *http.Request, value string) { r.AddCookie(&http.Cookie{Name: passCookie, Value: value}) }
	type apply = func(t *testing.T, a *api, r *http.Request, c *auth.Caller, key string)
	sealed := func(give func(a *api, c *auth.Caller, id string) string, put func(r *http.Request, sealed string), id string) apply {
		return func(_ *testing.T, a *api, r *http.Request, c *auth.Caller, _ string) { put(r, give(a, c, id)) }
	}
	ticket := func(a *api, c *auth.Caller, id string) string { s, _ := a.tickets.Issue(c, id); return s }
	share := func(a *api, c *auth.Caller, id string) string {
		s, _ := a.tickets.Share(c, id, nonce, time.Hour)
		return s
	}
	pass := func(a *api, c *auth.Caller, id string) string { s, _ := a.tickets.Pass(c, id); return s }
	inHeader := func(r *http.Request, s string) { r.Header.Set("Authorization", "Bearer "+s) }
	inQuery := func(r *http.Request, s string) { query(r, "ticket", s) }
	return []credentials{
		{"header", func(_ *testing.T, _ *api, r *http.Request, _ *auth.Caller, key string) {
			r.Header.Set("Authorization", key)
		}, anybody},
		{"none", func(*testing.T, *api, *http.Request, *auth.Caller, string) {}, stranger},
		{"key in the query", func(_ *testing.T, _ *api, r *http.Request, _ *auth.Caller, key string) {
			for _, name := range []string{"key", "api_key", "access_token", "authorization", "ticket"} {
				query(r, name, key)
			}
		}, stranger},
		{"key in a cookie", func(_ *testing.T, _ *api, r *http.Request, _ *auth.Caller, key string) {
			cookie(r, key)
			r.AddCookie(&http.Cookie{Name: "Authorization", Value: key})
		}, stranger},
		{"ticket", sealed(ticket, inQuery, completion), follower},
		{"ticket for another", sealed(ticket, inQuery, another), stranger},
		{"ticket in a cookie", sealed(ticket, cookie, completion), stranger},
		{"ticket in the header", sealed(ticket, inHeader, completion), stranger},
		{"used ticket", func(t *testing.T, a *api, r *http.Request, c *auth.Caller, _ string) {
			s := ticket(a, c, completion)
			if _, err := a.tickets.Redeem(t.Context(), s, completion); err != nil {
				t.Fatal(err)
			}
			inQuery(r, s)
		}, stranger},
		{"pass", sealed(pass, cookie, completion), follower},
		{"pass for another", sealed(pass, cookie, another), stranger},
		{"pass in the query", sealed(pass, inQuery, completion), stranger},
		{"shared", sealed(share, inQuery, completion), guest},
		{"shared no longer", sealed(share, inQuery, completion), exGuest},
		{"another is shared", sealed(share, inQuery, another), stranger},
		{"shared, in a cookie", sealed(share, cookie, completion), stranger},
		{"shared, in the header", sealed(share, inHeader, completion), stranger},
	}
}

// everybody returns callers of each principal with each set of scopes and each list of models.
func everybody() map[string]*auth.Caller {
	all := []auth.Scope{auth.ScopeCreate, auth.ScopeRead, auth.ScopeManage, auth.ScopeModels}
	found := make(map[string]*auth.Caller)
	for _, principal := range []string{owner, "stranger"} {
		for set := range 1 << len(all) {
			var scopes auth.Set[auth.Scope]
			for i, scope := range all {
				if set&(1<<i) != 0 {
					scopes.Names = append(scopes.Names, scope)
				}
			}
			for _, models := range []auth.Set[string]{{}, auth.Only(modelA), auth.Only(modelB), auth.Only("model-x"), auth.All[string]()} {
				name := fmt.Sprintf("%s, scopes %v, models %v", principal, scopes, models)
				found[name] = &auth.Caller{Principal: principal, Scopes: scopes, Models: models}
			}
		}
	}
	maps.Copy(found, some())
	return found
}

// some returns callers that differ only in their principal. Credentials that are always refused, or that
// do not depend on scopes, are tried only with these.
func some() map[string]*auth.Caller {
	found := make(map[string]*auth.Caller)
	for _, models := range []auth.Set[string]{auth.Only(modelA), auth.All[string]()} {
		found["all scopes, models "+fmt.Sprint(models)] = &auth.Caller{Principal: owner, Scopes: auth.All[auth.Scope](), Models: models}
	}
	for _, principal := range []string{owner, "stranger"} {
		found[principal+", no scopes"] = &auth.Caller{Principal: principal}
		found[principal+", all but to read"] = &auth.Caller{
			Principal: principal, Models: auth.Only(modelB),
			Scopes: auth.Only(auth.ScopeCreate, auth.ScopeManage, auth.ScopeModels),
		}
	}
	return found
}

// allowed reports whether a caller has the scopes that the form takes.
func (f *form) allowed(c *auth.Caller) bool {
	for s := range strings.FieldsSeq(string(f.does)) {
		if !c.Scopes.All && !slices.Contains(c.Scopes.Names, auth.Scope(s)) {
			return false
		}
	}
	return true
}

// answerTo returns what a caller must get: the status, the error's code, and the resulting call.
func (f *form) answerTo(c *auth.Caller, by *credentials, pattern string) (status int, code, call string) {
	if !by.admits.within(pattern, f) {
		return http.StatusUnauthorized, "invalid_api_key", ""
	}
	if by.admits == guest || by.admits == exGuest { // the sharing is checked first
		const look = "CompletionService/ResumeCompletion"
		switch {
		case c.Principal != owner:
			return http.StatusNotFound, "completion_not_found", c.Principal + " " + look
		case by.admits == exGuest:
			return http.StatusUnauthorized, "invalid_api_key", owner + " " + look
		}
		status, code, call = f.answerTo(c, &credentials{admits: follower}, pattern)
		return status, code, strings.TrimSuffix(owner+" "+look+", "+call, ", ")
	}
	switch {
	case by.admits == anybody && !f.allowed(c): // a ticket is itself the right to read
		return http.StatusForbidden, "permission_denied", ""
	case f.status == http.StatusBadRequest:
		return f.status, "invalid_event_id", ""
	case f.model != "" && !c.Models.All && !slices.Contains(c.Models.Names, f.model):
		if len(c.Models.Names) == 0 {
			return http.StatusNotFound, "model_not_found", ""
		}
		return http.StatusNotFound, "model_not_found", c.Principal + " ModelService/GetModel" // the name may be an alias
	case f.foreign && c.Principal != owner:
		first, _, _ := strings.Cut(f.calls, ",")
		return http.StatusNotFound, "completion_not_found", c.Principal + " " + first
	}
	return f.status, "", c.Principal + " " + f.calls
}

// TestAccess makes every caller use each route of the real table in each way. It compares the answers, and
// the calls that reach the completion service, with the callers' rights.
func TestAccess(t *testing.T) {
	known, always := everybody(), some()
	behind := &service{}
	public, err := New(Config{Conn: serve(t, behind), Auth: knownCallers(known)})
	if err != nil {
		t.Fatal(err)
	}
	mux, patterns := http.NewServeMux(), map[string]bool{}
	(&api{surfaces: surfaces("")}).calls(http.NotFoundHandler(), func(pattern string, handler http.Handler) {
		mux.Handle(pattern, handler)
		patterns[pattern] = true
	})
	table := forms()
	for pattern := range patterns {
		if len(table[pattern]) == 0 {
			t.Errorf("nobody has said who may use %s", pattern)
		}
	}
	for pattern, list := range table {
		for _, f := range list {
			if _, got := mux.Handler(f.new(t)); got != pattern {
				t.Fatalf("%s, %s, is a request to %q", pattern, f.name, got)
			}
			for _, by := range ways() {
				t.Run(pattern+"/"+f.name+"/"+by.name, func(t *testing.T) {
					callers := known
					if by.admits != anybody {
						callers = always
					}
					models := f.model != "" || pattern == "GET /v1/models"
					for key, caller := range callers {
						if _, all := always[key]; !models && !all && !caller.Models.All {
							continue // their models do not matter here
						}
						r := f.new(t)
						by.apply(t, public.api, r, caller, key)
						w := httptest.NewRecorder()
						behind.taken()
						behind.share(by.admits == guest)
						public.ServeHTTP(w, r)
						status, code, call := f.answerTo(caller, &by, pattern)
						if w.Code != status || codeOf(w) != code && r.Method != http.MethodHead {
							t.Errorf("%s: %d %s, want %d %s", key, w.Code, codeOf(w), status, code)
						}
						if got := strings.Join(behind.taken(), ", "); got != call {
							t.Errorf("%s: it calls %q, want %q", key, got, call)
						}
						if pattern == "GET /v1/models" && status == http.StatusOK {
							checkModels(t, caller, w.Body.Bytes())
						}
					}
				})
			}
		}
	}
}

func (f *form) new(t *testing.T) *http.Request {
	t.Helper()
	method, path, _ := strings.Cut(f.request, " ")
	var r *http.Request
	if f.body == "" {
		r = httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
	} else {
		r = httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(f.body))
		r.Header.Set("Content-Type", "application/json")
	}
	if name, value, ok := strings.Cut(f.header, ": "); ok {
		r.Header.Set(name, value)
	}
	return r
}

// codeOf returns the code of an answer that is an error.
func codeOf(w *httptest.ResponseRecorder) string {
	var body struct{ Error struct{ Code string } }
	_ = json.Unmarshal(w.Body.Bytes(), &body) // a stream is not JSON
	return body.Error.Code
}

// messageOf returns the message of an answer that is an error.
func messageOf(w *httptest.ResponseRecorder) string {
	var body struct{ Error struct{ Message string } }
	_ = json.Unmarshal(w.Body.Bytes(), &body)
	return body.Error.Message
}

func checkModels(t *testing.T, c *auth.Caller, body []byte) {
	t.Helper()
	var want []string
	for _, name := range []string{modelA, modelB} {
		if c.Models.All || slices.Contains(c.Models.Names, name) {
			want = append(want, name)
		}
	}
	var list struct{ Data []struct{ ID string } }
	if err := json.Unmarshal(body, &list); err != nil {
		t.Fatal(err)
	}
	got := make([]string, 0, len(list.Data))
	for _, m := range list.Data {
		got = append(got, m.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s sees %v, want %v", c.Principal, got, want)
	}
}
