package door

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
)

// TestWhoMayEnter tries every route with every kind of caller that may not use it.
func TestWhoMayEnter(t *testing.T) {
	t.Parallel()
	url := rig.Edge(t, rig.Fast(t), "--auth=keys", "--auth-keys="+rig.Keys(t,
		"owner", "friend, principal: owner", "stranger",
		"reader, scopes: [completions.read]", "writer, scopes: [completions.create]",
		"picky, models: [pet-advisor-turbo]"))
	mine := api.Record(t, url, api.Object{"store": true}, rig.Bearer("owner")).ID
	noKey := api.Bad(http.StatusUnauthorized, "invalid_api_key", "")
	mayNot := api.Refusal{Status: http.StatusForbidden, Type: "permission_error", Code: "permission_denied"}
	notMine := api.Bad(http.StatusNotFound, "completion_not_found", "")
	noModel := api.Bad(http.StatusNotFound, "model_not_found", "model")

	for _, route := range routesOf(mine) {
		t.Run(route.name, func(t *testing.T) {
			ask := func(headers ...string) api.Exchange { return route.ask(t, url, headers...) }
			for name, header := range map[string]string{
				"no key": "", "wrong key": rig.Bearer("nobody"), "no scheme": "Authorization: owner-key", "another scheme": "Authorization: Basic owner-key",
			} {
				x := ask(header)
				if got := api.Refused(t, x); got != noKey {
					t.Errorf("%s: %+v", name, got)
				}
				want := `Bearer realm="pawstream"`
				if header != "" {
					want += `, error="invalid_token"`
				}
				if got := x.Header.Get("WWW-Authenticate"); got != want {
					t.Errorf("%s: WWW-Authenticate is %q", name, got)
				}
			}
			if got := api.Refused(t, ask(rig.Bearer(route.lacks))); got != mayNot {
				t.Errorf("without the scope: %+v", got)
			}
			if route.foreign {
				if got := api.Refused(t, ask(rig.Bearer("stranger"))); got != notMine {
					t.Errorf("somebody else: %+v", got)
				}
			}
			if x := ask(rig.Bearer("friend")); x.Status != http.StatusOK {
				t.Errorf("another key of the owner's: status %d, body %s", x.Status, x.Body)
			}
		})
	}

	t.Run("list of somebody else", func(t *testing.T) {
		theirs := api.Record(t, url, api.Object{"store": true}, rig.Bearer("owner")).ID
		list := func(query string) api.Exchange {
			return api.Do(t, api.Request(t, http.MethodGet, url+"/v1/chat/completions"+query, "", rig.Bearer("stranger")))
		}
		if x := list(""); x.Status != http.StatusOK || bytes.Contains(x.Body, []byte("chatcmpl-")) {
			t.Errorf("status %d, body %s", x.Status, x.Body)
		}
		if got, want := api.Refused(t, list("?after="+theirs)), api.Refused(t, list("?after=chatcmpl-none")); got != want {
			t.Errorf("after one of theirs: %+v, after one that is not there: %+v", got, want)
		}
	})
	t.Run("resume by POST", func(t *testing.T) {
		theirs := api.Record(t, url, nil, rig.Bearer("owner")).ID
		x := api.Post(t, url, api.Streamed(nil), rig.Bearer("stranger"), "Last-Event-ID: "+theirs+".3")
		if got := api.Refused(t, x); got != notMine {
			t.Errorf("%+v", got)
		}
	})
	t.Run("idempotency key of somebody else", func(t *testing.T) {
		first := api.Record(t, url, nil, rig.Bearer("owner"), "Idempotency-Key: same")
		second := api.Record(t, url, nil, rig.Bearer("stranger"), "Idempotency-Key: same")
		if first.ID == second.ID {
			t.Error("two principals share a completion")
		}
	})
	t.Run("model", func(t *testing.T) {
		if got := api.Refused(t, api.Post(t, url, api.Streamed(nil), rig.Bearer("picky"))); got != noModel {
			t.Errorf("create: %+v", got)
		}
		if got := api.Refused(t, api.Do(t, api.Request(t, http.MethodGet, url+"/v1/models/"+api.Model, "", rig.Bearer("picky")))); got != noModel {
			t.Errorf("get: %+v", got)
		}
		var list struct{ Data []struct{ ID string } }
		api.Do(t, api.Request(t, http.MethodGet, url+"/v1/models", "", rig.Bearer("picky"))).Into(t, &list)
		if len(list.Data) != 1 || list.Data[0].ID != "pet-advisor-turbo" {
			t.Errorf("list: %+v", list)
		}
		if x := api.Post(t, url, api.Streamed(api.Object{"model": "pet-advisor-turbo"}), rig.Bearer("picky")); x.Status != http.StatusOK {
			t.Errorf("its own model: %d", x.Status)
		}
	})
}

// A route is one of the API's, with a request.
type route struct {
	name, request, body string
	foreign             bool   // about a completion of the owner's
	lacks               string // a caller without the scope
}

// routesOf returns every route, with requests about a completion. The last one deletes it.
func routesOf(id string) []route {
	return []route{
		{"create", "POST /v1/chat/completions", api.Streamed(nil), false, "reader"},
		{"list", "GET /v1/chat/completions", "", false, "writer"},
		{"get", "GET /v1/chat/completions/" + id, "", true, "writer"},
		{"follow", "GET /v1/chat/completions/" + id + "?stream=true", "", true, "writer"},
		{"messages", "GET /v1/chat/completions/" + id + "/messages", "", true, "writer"},
		{"update", "POST /v1/chat/completions/" + id, `{"metadata":{"a":"b"}}`, true, "reader"},
		{"cancel", "POST /v1/chat/completions/" + id + "/cancel", "", true, "reader"},
		{"ticket", "POST /v1/stream_tickets", `{"completion_id":"` + id + `"}`, true, "writer"},
		{"models", "GET /v1/models", "", false, "writer"},
		{"model", "GET /v1/models/" + api.Model, "", false, "writer"},
		{"delete", "DELETE /v1/chat/completions/" + id, "", true, "reader"},
	}
}

func (r route) ask(t *testing.T, url string, headers ...string) api.Exchange {
	t.Helper()
	method, path, _ := strings.Cut(r.request, " ")
	return api.Do(t, api.Request(t, method, url+path, r.body, headers...))
}

// TestKeysAreReloaded revokes a key while the edge runs.
func TestKeysAreReloaded(t *testing.T) {
	t.Parallel()
	path := rig.Keys(t, "old", "other")
	url := rig.Edge(t, rig.Fast(t), "--auth=keys", "--auth-keys="+path)
	mine := api.Record(t, url, api.Object{"store": true}, rig.Bearer("old")).ID
	var tickets [2]struct{ URL string }
	for i := range tickets {
		api.Do(t, api.Request(t, http.MethodPost, url+"/v1/stream_tickets", `{"completion_id":"`+mine+`"}`, rig.Bearer("old"))).Into(t, &tickets[i])
	}
	follow := func(path string, headers ...string) api.Exchange {
		return api.Do(t, api.Request(t, http.MethodGet, url+path, "", append(headers, "Accept: text/event-stream")...))
	}
	pass, _, _ := strings.Cut(follow(tickets[0].URL).Header.Get("Set-Cookie"), ";")
	if x := follow("/v1/chat/completions/"+mine, "Cookie: "+pass); x.Status != http.StatusOK {
		t.Errorf("by pass: status %d", x.Status)
	}
	models := func(name string) int {
		return api.Do(t, api.Request(t, http.MethodGet, url+"/v1/models", "", rig.Bearer(name))).Status
	}
	if models("old") != http.StatusOK || models("new") != http.StatusUnauthorized {
		t.Fatal("wrong from the start")
	}
	if err := os.Rename(rig.Keys(t, "new", "other"), path); err != nil {
		t.Fatal(err)
	}
	rig.Eventually(t, 20*time.Second, func() error {
		if models("old") != http.StatusUnauthorized || models("new") != http.StatusOK {
			return rig.ErrNotYet
		}
		return nil
	})
	noKey := api.Bad(http.StatusUnauthorized, "invalid_api_key", "")
	for _, route := range routesOf(mine) {
		if got := api.Refused(t, route.ask(t, url, rig.Bearer("old"))); got != noKey {
			t.Errorf("revoked, %s: %+v", route.name, got)
		}
	}
	if got := api.Refused(t, follow(tickets[1].URL)); got != noKey {
		t.Errorf("a ticket of the one who was revoked: %+v", got)
	}
	if got := api.Refused(t, follow("/v1/chat/completions/"+mine, "Cookie: "+pass)); got != noKey {
		t.Errorf("a pass of the one who was revoked: %+v", got)
	}
}

// TestNewKey creates a key, as an operator does, and uses it.
func TestNewKey(t *testing.T) {
	t.Parallel()
	stdout, stderr, exit := rig.Run(t, "edge", "keys", "new", "a shop")
	said := regexp.MustCompile(`(?s)^[^\n]+:\n(paw_\w+)\n\n[^\n]+:\n(- \{.*\}\n)$`).FindStringSubmatch(stdout)
	if exit != 0 || stderr != "" || said == nil {
		t.Fatalf("exit code %d, %s%s", exit, stdout, stderr)
	}
	url := rig.Edge(t, rig.Fast(t), "--auth=keys", "--auth-keys="+rig.SecretFile(t, said[2]))
	if x := api.Post(t, url, api.Streamed(nil), "Authorization: Bearer "+said[1]); x.Status != http.StatusOK {
		t.Errorf("status %d, body %s", x.Status, x.Body)
	}
}

// TestTicket follows like an EventSource, which cannot send a key.
func TestTicket(t *testing.T) {
	t.Parallel()
	secret := rig.SecretFile(t, strings.Repeat("s", 32))
	args := []string{"--auth=keys", "--auth-keys=" + rig.Keys(t, "owner"), "--ticket-secret-file=" + secret}
	issuer, other := rig.Edge(t, rig.Fast(t), args...), rig.Edge(t, rig.Fast(t), args...)
	r := api.Record(t, issuer, nil, rig.Bearer("owner"))
	another := api.Record(t, issuer, nil, rig.Bearer("owner")).ID
	var ticket struct {
		Object, Ticket, URL string
		CompletionID        string `json:"completion_id"`
		ExpiresAt           int64  `json:"expires_at"`
	}
	x := api.Do(t, api.Request(t, http.MethodPost, issuer+"/v1/stream_tickets", `{"completion_id":"`+r.ID+`"}`, rig.Bearer("owner")))
	x.Into(t, &ticket)
	if left := time.Until(time.Unix(ticket.ExpiresAt, 0)); left > time.Minute || left < 50*time.Second || ticket.CompletionID != r.ID {
		t.Errorf("%+v", ticket)
	}
	noKey := api.Bad(http.StatusUnauthorized, "invalid_api_key", "")
	accept := "Accept: text/event-stream"
	follow := func(path string, headers ...string) api.Exchange {
		return api.Do(t, api.Request(t, http.MethodGet, other+path, "", append(headers, accept)...))
	}
	if got := api.Refused(t, follow("/v1/chat/completions/"+another+"?ticket="+ticket.Ticket)); got != noKey {
		t.Errorf("for another completion: %+v", got)
	}
	if got := api.Refused(t, api.Do(t, api.Request(t, http.MethodPost, other+"/v1/chat/completions/"+r.ID+"/cancel?ticket="+ticket.Ticket, ""))); got != noKey {
		t.Errorf("to cancel: %+v", got)
	}
	first := follow(ticket.URL)
	if got := api.Recorded(t, first); got.Raw != r.Raw {
		t.Errorf("by ticket:\n%s\nwant\n%s", got.Raw, r.Raw)
	}
	if got := api.Refused(t, follow(ticket.URL)); got != noKey {
		t.Errorf("a second time: %+v", got)
	}
	cookie := first.Header.Get("Set-Cookie")
	if !regexp.MustCompile(`^pawstream_pass=[\w.-]+; Path=/v1/chat/completions/` + r.ID + `; Expires=[^;]+; HttpOnly; SameSite=Strict$`).MatchString(cookie) {
		t.Errorf("Set-Cookie: %s", cookie)
	}
	for _, test := range []struct {
		proxy  string
		secure bool
	}{{"127.0.0.0/8", true}, {"192.0.2.0/24", false}} {
		behind := rig.Edge(t, rig.Fast(t), append(args, "--trusted-proxy="+test.proxy)...)
		var more struct{ URL string }
		api.Do(t, api.Request(t, http.MethodPost, behind+"/v1/stream_tickets", `{"completion_id":"`+another+`"}`, rig.Bearer("owner"))).Into(t, &more)
		x := api.Do(t, api.Request(t, http.MethodGet, behind+more.URL, "", accept, "X-Forwarded-Proto: https"))
		if got := strings.Contains(x.Header.Get("Set-Cookie"), "; Secure"); x.Status != http.StatusOK || got != test.secure {
			t.Errorf("behind a proxy of %s: status %d, Set-Cookie: %s", test.proxy, x.Status, x.Header.Get("Set-Cookie"))
		}
	}
	pass, _, _ := strings.Cut(cookie, ";")
	back := follow(ticket.URL, "Cookie: "+pass, "Last-Event-ID: "+r.ID+".3")
	if got := api.Recorded(t, back); len(got.Events) != len(r.Events)-4 {
		t.Errorf("%d events after the fourth of %d", len(got.Events), len(r.Events))
	}
	if x := follow(ticket.URL, "Cookie: "+pass, "Last-Event-ID: "+r.Events[len(r.Events)-1].ID.String()); x.Status != http.StatusNoContent {
		t.Errorf("after the end: status %d", x.Status)
	}
	if got := api.Refused(t, follow("/v1/chat/completions/"+another, "Cookie: "+pass)); got != noKey {
		t.Errorf("pass for another completion: %+v", got)
	}
}

// TestHowMuch tests the limits of one caller and of all.
func TestHowMuch(t *testing.T) {
	t.Parallel()
	limited := func(x api.Exchange) {
		t.Helper()
		want := api.Refusal{Status: http.StatusTooManyRequests, Type: "rate_limit_error", Code: "rate_limit_exceeded"}
		if got := api.Refused(t, x); got != want {
			t.Errorf("%+v", got)
		}
		seconds, err := strconv.Atoi(x.Header.Get("Retry-After"))
		ms, err2 := strconv.Atoi(x.Header.Get("Retry-After-Ms"))
		if err != nil || err2 != nil || seconds < 1 || seconds > 8 || ms < 1 || ms > 8000 {
			t.Errorf("header %v", x.Header)
		}
	}
	t.Run("requests", func(t *testing.T) {
		url := rig.Edge(t, rig.Fast(t), "--auth=keys", "--auth-keys="+rig.Keys(t, "few, requests_per_minute: 3", "usual"), "--rate-limit=2")
		ask := func(name string) api.Exchange {
			return api.Do(t, api.Request(t, http.MethodGet, url+"/v1/models", "", rig.Bearer(name)))
		}
		for i := range 3 {
			x := ask("few")
			if x.Status != http.StatusOK || x.Header.Get("X-Ratelimit-Limit-Requests") != "3" ||
				x.Header.Get("X-Ratelimit-Remaining-Requests") != strconv.Itoa(2-i) {
				t.Errorf("request %d: status %d, header %v", i, x.Status, x.Header)
			}
			if _, err := time.ParseDuration(x.Header.Get("X-Ratelimit-Reset-Requests")); err != nil {
				t.Error(err)
			}
		}
		limited(ask("few"))
		ask("usual")
		ask("usual")
		limited(ask("usual"))
	})
	t.Run("streams", func(t *testing.T) {
		url := rig.Edge(t, rig.Steady(t), "--stream-limit=2", "--max-streams=3",
			"--trusted-proxy=127.0.0.0/8", "--trusted-proxy=::1/128")
		ask := func(from string) *http.Response {
			return api.Send(t, api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(nil), "X-Forwarded-For: 6.6.6.6, "+from))
		}
		whole := func(r *http.Response) api.Exchange {
			text, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			return api.Exchange{Status: r.StatusCode, Header: r.Header, Body: text}
		}
		first, second := ask("192.0.2.1"), ask("192.0.2.1")
		limited(whole(ask("192.0.2.1")))
		third := ask("2001:db8::1")
		x := whole(ask("192.0.2.3"))
		if got := api.Refused(t, x); got.Status != http.StatusServiceUnavailable || got.Code != "overloaded" || x.Header.Get("Retry-After") == "" {
			t.Errorf("%+v, header %v", got, x.Header)
		}
		for _, running := range []*http.Response{first, second, third} {
			if got := api.Recorded(t, whole(running)); len(got.Events) != api.SomeTokens+4 {
				t.Errorf("an admitted stream has %d events", len(got.Events))
			}
		}
	})
	t.Run("slots come back", func(t *testing.T) {
		const cap = 8
		url := rig.Edge(t, rig.Steady(t), fmt.Sprintf("--max-streams=%d", cap))
		var clients sync.WaitGroup
		for range 32 {
			clients.Go(func() {
				for range 10 {
					resp, err := api.Plain.Do(api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(nil)))
					if err != nil {
						t.Error(err)
						return
					}
					_ = resp.Body.Close() // aborts the running stream
				}
			})
		}
		clients.Wait()
		rig.Eventually(t, 20*time.Second, func() error {
			var open []*http.Response
			defer func() {
				for _, r := range open {
					_ = r.Body.Close()
				}
			}()
			for range cap {
				resp, err := api.Plain.Do(api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(nil)))
				if err != nil {
					return err
				}
				open = append(open, resp)
				if resp.StatusCode != http.StatusOK {
					return fmt.Errorf("%w: status %d with %d open", rig.ErrNotYet, resp.StatusCode, len(open))
				}
			}
			return nil
		})
	})
}

// TestClientDeadline sends requests that say how long the client waits.
func TestClientDeadline(t *testing.T) {
	t.Parallel()
	url := rig.Steady(t).URL()
	long := api.Object{"max_tokens": 400}
	const second = "X-Request-Timeout-Ms: 1000"
	late := api.Refusal{Status: http.StatusGatewayTimeout, Type: "server_error", Code: "deadline_exceeded"}
	if x := api.Post(t, url, api.Body(long), second); api.Refused(t, x) != late || x.Header.Get("X-Should-Retry") != "false" {
		t.Errorf("whole: status %d, header %v, body %s", x.Status, x.Header, x.Body)
	}
	r := api.Record(t, url, long, second)
	if last := r.Events[len(r.Events)-1]; len(r.Events) < 5 || !strings.Contains(last.Data, `"code":"deadline_exceeded"`) {
		t.Errorf("streamed: the last of %d events is %v", len(r.Events), last)
	}
	for _, value := range []string{"0", "-1", "soon", "1.5", "99999999999999999999"} {
		if got := api.Refused(t, api.Post(t, url, api.Streamed(nil), "X-Request-Timeout-Ms: "+value)); got != api.Bad(http.StatusBadRequest, "invalid_value", "") {
			t.Errorf("%s: %+v", value, got)
		}
	}
	if r := api.Record(t, url, nil, "X-Request-Timeout-Ms: 60000"); r.Events[len(r.Events)-1].Data != "[DONE]" {
		t.Error("a long deadline ends a short answer")
	}
}

// TestEdgeIsReadyOnceACompletionServiceIs starts the edge first.
func TestEdgeIsReadyOnceACompletionServiceIs(t *testing.T) {
	t.Parallel()
	address := rig.FreeAddress(t)
	edge := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+address)
	ready := func(want int) {
		t.Helper()
		rig.Eventually(t, 20*time.Second, func() error {
			resp, err := api.Plain.Get("http://" + edge.Addr("admin") + "/readyz")
			if err != nil {
				return err
			}
			defer func() { _ = resp.Body.Close() }()
			if resp.StatusCode != want {
				return fmt.Errorf("%w: status %d", rig.ErrNotYet, resp.StatusCode)
			}
			return nil
		})
	}
	ready(http.StatusServiceUnavailable)
	rig.Start(t, "completion", "--listen="+address, "--log=memory")
	ready(http.StatusOK)
}

// TestEdgeDrains stops an edge that has streams: it refuses new work, and streams that do not end in time can
// continue elsewhere.
func TestEdgeDrains(t *testing.T) {
	t.Parallel()
	behind := rig.Steady(t)
	edge := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+behind.Completion.Addr("grpc"), "--drain-timeout=2s")
	url := "http://" + edge.Addr("http")
	short := api.Send(t, api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(nil)))
	long := api.Send(t, api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(api.Object{"max_tokens": 400})))
	id := long.Header.Get("X-Completion-Id")
	source := api.Send(t, api.Request(t, http.MethodGet, url+"/v1/chat/completions/"+id, "", "Accept: text/event-stream"))
	if err := edge.Signal(); err != nil {
		t.Fatal(err)
	}
	rig.Eventually(t, 5*time.Second, func() error {
		resp, err := api.Plain.Get("http://" + edge.Addr("admin") + "/readyz")
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable {
			return rig.ErrNotYet
		}
		return nil
	})
	x := api.Post(t, url, api.Streamed(nil))
	if got := api.Refused(t, x); got.Status != http.StatusServiceUnavailable || got.Code != "overloaded" || x.Header.Get("Retry-After") == "" {
		t.Errorf("new work: %+v, header %v", got, x.Header)
	}
	x = api.Get(t, url, id, "Accept: text/event-stream")
	if x.Status != http.StatusOK || !bytes.HasPrefix(x.Body, []byte("retry: ")) {
		t.Errorf("an EventSource: status %d, body %q", x.Status, x.Body)
	}

	text, err := io.ReadAll(short.Body)
	if got := api.Recorded(t, api.Exchange{Status: short.StatusCode, Header: short.Header, Body: text}); err != nil || got.Events[len(got.Events)-1].Data != "[DONE]" {
		t.Errorf("a stream that ends in time: %v after %d events", err, len(got.Events))
	}
	if _, err := io.ReadAll(long.Body); err == nil {
		t.Error("a POST ends cleanly")
	}
	text, err = io.ReadAll(source.Body)
	if err != nil || !regexp.MustCompile(`\n\nretry: \d+\n: temporarily unavailable\n$`).Match(text) {
		t.Errorf("the EventSource is left with %v, %q", err, text[max(len(text)-200, 0):])
	}
	if err := edge.Wait(); err != nil {
		t.Error(err)
	}

	got := api.Events(t, bytes.NewReader(text))
	f := &api.Follower{T: t, Got: got}
	if !f.Read(f.GoOn(behind.URL()), 0) {
		t.Fatal("it did not go on")
	}
	api.CheckIDs(t, f.Got)
	if _, err := api.Plain.Get(url + "/v1/models"); err == nil {
		t.Error(errors.New("the edge still answers"))
	}
}

// TestSecondSignal stops programs with long streams: after the second signal they do not wait.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	const patient = "--drain-timeout=5m"
	here := []string{"--listen=127.0.0.1:0", "--advisor-pace=2", "--log=memory", patient}
	for _, name := range []string{"edge", "completion", "standalone"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var url string
			var p *stack.Process
			switch name {
			case "standalone":
				p = rig.Start(t, name, append(here, "--grpc-listen=127.0.0.1:0")...)
				url = "http://" + p.Addr("http")
			case "completion":
				p = rig.Start(t, name, here...)
				url = "http://" + rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+p.Addr("grpc"), "--reopen-within=100ms").Addr("http")
			case "edge":
				p = rig.Start(t, name, "--listen=127.0.0.1:0", "--completion-addr="+rig.Steady(t).Completion.Addr("grpc"), patient)
				url = "http://" + p.Addr("http")
			}
			running := api.Send(t, api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(api.Object{"max_tokens": 60 * rig.SteadyPace, "on_disconnect": "cancel"})))
			if running.StatusCode != http.StatusOK {
				t.Fatalf("status %d", running.StatusCode)
			}
			if err := p.Signal(); err != nil {
				t.Fatal(err)
			}
			rig.Eventually(t, 10*time.Second, func() error {
				if !strings.Contains(p.Log(), "one more signal would end the process at once") {
					return rig.ErrNotYet
				}
				return nil
			})
			if p.Ended() {
				t.Fatal("it did not wait for the stream")
			}
			if err := p.Signal(); err != nil {
				t.Fatal(err)
			}
			if err := p.Wait(); err == nil || !strings.Contains(err.Error(), "signal: terminated") {
				t.Errorf("it ended with %v, not by the signal", err)
			}
		})
	}
}
