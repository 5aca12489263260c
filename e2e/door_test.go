package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/stack"
)

// door starts an edge in front of a completion service, and returns its URL.
func door(t *testing.T, behind *stack.Stack, args ...string) string {
	t.Helper()
	edge := start(t, "edge", append([]string{"--listen=127.0.0.1:0", "--completion-addr=" + behind.Completion.Addr("grpc")}, args...)...)
	return "http://" + edge.Addr("http")
}

// secretFile writes a file that only we may read.
func secretFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// keys writes a key file with these entries: a key is "<name>-key".
func keys(t *testing.T, entries ...string) string {
	t.Helper()
	var text strings.Builder
	for _, entry := range entries {
		name, rest, _ := strings.Cut(entry, ",")
		digest := sha256.Sum256([]byte(name + "-key"))
		fmt.Fprintf(&text, "- {name: %s, sha256: %s, %s}\n", name, hex.EncodeToString(digest[:]), rest)
	}
	return secretFile(t, text.String())
}

func bearer(name string) string { return "Authorization: Bearer " + name + "-key" }

// TestWhoMayEnter is the table of every route and everybody who may not use it.
func TestWhoMayEnter(t *testing.T) {
	t.Parallel()
	url := door(t, fast(t), "--auth=keys", "--auth-keys="+keys(t,
		"owner", "friend, principal: owner", "stranger",
		"reader, scopes: [completions.read]", "writer, scopes: [completions.create]",
		"picky, models: [pet-advisor-turbo]"))
	mine := record(t, url, object{"store": true}, bearer("owner")).ID
	noKey := bad(http.StatusUnauthorized, "invalid_api_key", "")
	mayNot := refusal{Status: http.StatusForbidden, Type: "permission_error", Code: "permission_denied"}
	notMine := bad(http.StatusNotFound, "completion_not_found", "")
	noModel := bad(http.StatusNotFound, "model_not_found", "model")

	for _, route := range routesOf(mine) {
		t.Run(route.name, func(t *testing.T) {
			ask := func(headers ...string) exchange { return route.ask(t, url, headers...) }
			for name, header := range map[string]string{
				"no key": "", "wrong key": bearer("nobody"), "no scheme": "Authorization: owner-key", "another scheme": "Authorization: Basic owner-key",
			} {
				x := ask(header)
				if got := refused(t, x); got != noKey {
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
			if got := refused(t, ask(bearer(route.lacks))); got != mayNot {
				t.Errorf("without the scope: %+v", got)
			}
			if route.foreign {
				if got := refused(t, ask(bearer("stranger"))); got != notMine {
					t.Errorf("somebody else: %+v", got)
				}
			}
			if x := ask(bearer("friend")); x.Status != http.StatusOK {
				t.Errorf("another key of the owner's: status %d, body %s", x.Status, x.Body)
			}
		})
	}

	t.Run("list of somebody else", func(t *testing.T) {
		theirs := record(t, url, object{"store": true}, bearer("owner")).ID
		list := func(query string) exchange {
			return do(t, request(t, http.MethodGet, url+"/v1/chat/completions"+query, "", bearer("stranger")))
		}
		if x := list(""); x.Status != http.StatusOK || bytes.Contains(x.Body, []byte("chatcmpl-")) {
			t.Errorf("status %d, body %s", x.Status, x.Body)
		}
		if got, want := refused(t, list("?after="+theirs)), refused(t, list("?after=chatcmpl-none")); got != want {
			t.Errorf("after one of theirs: %+v, after one that is not there: %+v", got, want)
		}
	})
	t.Run("resume by POST", func(t *testing.T) {
		theirs := record(t, url, nil, bearer("owner")).ID
		x := post(t, url, streamed(nil), bearer("stranger"), "Last-Event-ID: "+theirs+".3")
		if got := refused(t, x); got != notMine {
			t.Errorf("%+v", got)
		}
	})
	t.Run("idempotency key of somebody else", func(t *testing.T) {
		first := record(t, url, nil, bearer("owner"), "Idempotency-Key: same")
		second := record(t, url, nil, bearer("stranger"), "Idempotency-Key: same")
		if first.ID == second.ID {
			t.Error("two principals share a completion")
		}
	})
	t.Run("model", func(t *testing.T) {
		if got := refused(t, post(t, url, streamed(nil), bearer("picky"))); got != noModel {
			t.Errorf("create: %+v", got)
		}
		if got := refused(t, do(t, request(t, http.MethodGet, url+"/v1/models/"+model, "", bearer("picky")))); got != noModel {
			t.Errorf("get: %+v", got)
		}
		var list struct{ Data []struct{ ID string } }
		do(t, request(t, http.MethodGet, url+"/v1/models", "", bearer("picky"))).into(t, &list)
		if len(list.Data) != 1 || list.Data[0].ID != "pet-advisor-turbo" {
			t.Errorf("list: %+v", list)
		}
		if x := post(t, url, streamed(object{"model": "pet-advisor-turbo"}), bearer("picky")); x.Status != http.StatusOK {
			t.Errorf("its own model: %d", x.Status)
		}
	})
}

// A route is one of the API's, and a request to it.
type route struct {
	name, request, body string
	foreign             bool   // about a completion of the owner's
	lacks               string // a key without the scope
}

// routesOf returns every route, about a completion where it is about one. The last one
// deletes it.
func routesOf(id string) []route {
	return []route{
		{"create", "POST /v1/chat/completions", streamed(nil), false, "reader"},
		{"list", "GET /v1/chat/completions", "", false, "writer"},
		{"get", "GET /v1/chat/completions/" + id, "", true, "writer"},
		{"follow", "GET /v1/chat/completions/" + id + "?stream=true", "", true, "writer"},
		{"messages", "GET /v1/chat/completions/" + id + "/messages", "", true, "writer"},
		{"update", "POST /v1/chat/completions/" + id, `{"metadata":{"a":"b"}}`, true, "reader"},
		{"cancel", "POST /v1/chat/completions/" + id + "/cancel", "", true, "reader"},
		{"ticket", "POST /v1/stream_tickets", `{"completion_id":"` + id + `"}`, true, "writer"},
		{"models", "GET /v1/models", "", false, "writer"},
		{"model", "GET /v1/models/" + model, "", false, "writer"},
		{"delete", "DELETE /v1/chat/completions/" + id, "", true, "reader"},
	}
}

func (r route) ask(t *testing.T, url string, headers ...string) exchange {
	t.Helper()
	method, path, _ := strings.Cut(r.request, " ")
	return do(t, request(t, method, url+path, r.body, headers...))
}

// TestKeysAreReloaded revokes a key while the edge runs.
func TestKeysAreReloaded(t *testing.T) {
	t.Parallel()
	path := keys(t, "old", "other")
	url := door(t, fast(t), "--auth=keys", "--auth-keys="+path)
	mine := record(t, url, object{"store": true}, bearer("old")).ID
	var tickets [2]struct{ URL string }
	for i := range tickets {
		do(t, request(t, http.MethodPost, url+"/v1/stream_tickets", `{"completion_id":"`+mine+`"}`, bearer("old"))).into(t, &tickets[i])
	}
	follow := func(path string, headers ...string) exchange {
		return do(t, request(t, http.MethodGet, url+path, "", append(headers, "Accept: text/event-stream")...))
	}
	pass, _, _ := strings.Cut(follow(tickets[0].URL).Header.Get("Set-Cookie"), ";")
	if x := follow("/v1/chat/completions/"+mine, "Cookie: "+pass); x.Status != http.StatusOK {
		t.Errorf("by pass: status %d", x.Status)
	}
	models := func(name string) int {
		return do(t, request(t, http.MethodGet, url+"/v1/models", "", bearer(name))).Status
	}
	if models("old") != http.StatusOK || models("new") != http.StatusUnauthorized {
		t.Fatal("wrong from the start")
	}
	if err := os.Rename(keys(t, "new", "other"), path); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, func() error {
		if models("old") != http.StatusUnauthorized || models("new") != http.StatusOK {
			return errNotYet
		}
		return nil
	})
	noKey := bad(http.StatusUnauthorized, "invalid_api_key", "")
	for _, route := range routesOf(mine) {
		if got := refused(t, route.ask(t, url, bearer("old"))); got != noKey {
			t.Errorf("revoked, %s: %+v", route.name, got)
		}
	}
	if got := refused(t, follow(tickets[1].URL)); got != noKey {
		t.Errorf("a ticket of the one who was revoked: %+v", got)
	}
	if got := refused(t, follow("/v1/chat/completions/"+mine, "Cookie: "+pass)); got != noKey {
		t.Errorf("a pass of the one who was revoked: %+v", got)
	}
}

// TestNewKey makes a key, as an operator does, and comes in with it.
func TestNewKey(t *testing.T) {
	t.Parallel()
	stdout, stderr, exit := runProgram(t, "edge", "keys", "new", "a shop")
	said := regexp.MustCompile(`(?s)^[^\n]+:\n(paw_\w+)\n\n[^\n]+:\n(- \{.*\}\n)$`).FindStringSubmatch(stdout)
	if exit != 0 || stderr != "" || said == nil {
		t.Fatalf("exit code %d, %s%s", exit, stdout, stderr)
	}
	url := door(t, fast(t), "--auth=keys", "--auth-keys="+secretFile(t, said[2]))
	if x := post(t, url, streamed(nil), "Authorization: Bearer "+said[1]); x.Status != http.StatusOK {
		t.Errorf("status %d, body %s", x.Status, x.Body)
	}
}

// TestTicket follows as an EventSource does, which cannot send a key.
func TestTicket(t *testing.T) {
	t.Parallel()
	secret := secretFile(t, strings.Repeat("s", 32))
	args := []string{"--auth=keys", "--auth-keys=" + keys(t, "owner"), "--ticket-secret-file=" + secret}
	issuer, other := door(t, fast(t), args...), door(t, fast(t), args...)
	r := record(t, issuer, nil, bearer("owner"))
	another := record(t, issuer, nil, bearer("owner")).ID
	var ticket struct {
		Object, Ticket, URL string
		CompletionID        string `json:"completion_id"`
		ExpiresAt           int64  `json:"expires_at"`
	}
	x := do(t, request(t, http.MethodPost, issuer+"/v1/stream_tickets", `{"completion_id":"`+r.ID+`"}`, bearer("owner")))
	x.into(t, &ticket)
	if left := time.Until(time.Unix(ticket.ExpiresAt, 0)); left > time.Minute || left < 50*time.Second || ticket.CompletionID != r.ID {
		t.Errorf("%+v", ticket)
	}
	noKey := bad(http.StatusUnauthorized, "invalid_api_key", "")
	accept := "Accept: text/event-stream"
	follow := func(path string, headers ...string) exchange {
		return do(t, request(t, http.MethodGet, other+path, "", append(headers, accept)...))
	}
	if got := refused(t, follow("/v1/chat/completions/"+another+"?ticket="+ticket.Ticket)); got != noKey {
		t.Errorf("for another completion: %+v", got)
	}
	if got := refused(t, do(t, request(t, http.MethodPost, other+"/v1/chat/completions/"+r.ID+"/cancel?ticket="+ticket.Ticket, ""))); got != noKey {
		t.Errorf("to cancel: %+v", got)
	}
	first := follow(ticket.URL)
	if got := recorded(t, first); got.Raw != r.Raw {
		t.Errorf("by ticket:\n%s\nwant\n%s", got.Raw, r.Raw)
	}
	if got := refused(t, follow(ticket.URL)); got != noKey {
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
		behind := door(t, fast(t), append(args, "--trusted-proxy="+test.proxy)...)
		var more struct{ URL string }
		do(t, request(t, http.MethodPost, behind+"/v1/stream_tickets", `{"completion_id":"`+another+`"}`, bearer("owner"))).into(t, &more)
		x := do(t, request(t, http.MethodGet, behind+more.URL, "", accept, "X-Forwarded-Proto: https"))
		if got := strings.Contains(x.Header.Get("Set-Cookie"), "; Secure"); x.Status != http.StatusOK || got != test.secure {
			t.Errorf("behind a proxy of %s: status %d, Set-Cookie: %s", test.proxy, x.Status, x.Header.Get("Set-Cookie"))
		}
	}
	pass, _, _ := strings.Cut(cookie, ";")
	back := follow(ticket.URL, "Cookie: "+pass, "Last-Event-ID: "+r.ID+".3")
	if got := recorded(t, back); len(got.Events) != len(r.Events)-4 {
		t.Errorf("%d events after the fourth of %d", len(got.Events), len(r.Events))
	}
	if x := follow(ticket.URL, "Cookie: "+pass, "Last-Event-ID: "+r.Events[len(r.Events)-1].ID.String()); x.Status != http.StatusNoContent {
		t.Errorf("after the end: status %d", x.Status)
	}
	if got := refused(t, follow("/v1/chat/completions/"+another, "Cookie: "+pass)); got != noKey {
		t.Errorf("pass for another completion: %+v", got)
	}
}

// TestHowMuch is about the bounds of one caller and of all.
func TestHowMuch(t *testing.T) {
	t.Parallel()
	limited := func(x exchange) {
		t.Helper()
		want := refusal{Status: http.StatusTooManyRequests, Type: "rate_limit_error", Code: "rate_limit_exceeded"}
		if got := refused(t, x); got != want {
			t.Errorf("%+v", got)
		}
		seconds, err := strconv.Atoi(x.Header.Get("Retry-After"))
		ms, err2 := strconv.Atoi(x.Header.Get("Retry-After-Ms"))
		if err != nil || err2 != nil || seconds < 1 || seconds > 8 || ms < 1 || ms > 8000 {
			t.Errorf("header %v", x.Header)
		}
	}
	t.Run("requests", func(t *testing.T) {
		url := door(t, fast(t), "--auth=keys", "--auth-keys="+keys(t, "few, requests_per_minute: 3", "usual"), "--rate-limit=2")
		ask := func(name string) exchange {
			return do(t, request(t, http.MethodGet, url+"/v1/models", "", bearer(name)))
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
		url := door(t, steady(t), "--stream-limit=2", "--max-streams=3",
			"--trusted-proxy=127.0.0.0/8", "--trusted-proxy=::1/128")
		ask := func(from string) *http.Response {
			return send(t, request(t, http.MethodPost, url+"/v1/chat/completions", streamed(nil), "X-Forwarded-For: 6.6.6.6, "+from))
		}
		whole := func(r *http.Response) exchange {
			text, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			return exchange{r.StatusCode, r.Header, text}
		}
		first, second := ask("192.0.2.1"), ask("192.0.2.1")
		limited(whole(ask("192.0.2.1")))
		third := ask("2001:db8::1")
		x := whole(ask("192.0.2.3"))
		if got := refused(t, x); got.Status != http.StatusServiceUnavailable || got.Code != "overloaded" || x.Header.Get("Retry-After") == "" {
			t.Errorf("%+v, header %v", got, x.Header)
		}
		for _, running := range []*http.Response{first, second, third} {
			if got := recorded(t, whole(running)); len(got.Events) != someTokens+4 {
				t.Errorf("an admitted stream has %d events", len(got.Events))
			}
		}
	})
	t.Run("slots come back", func(t *testing.T) {
		const cap = 8
		url := door(t, steady(t), fmt.Sprintf("--max-streams=%d", cap))
		var clients sync.WaitGroup
		for range 32 {
			clients.Go(func() {
				for range 10 {
					resp, err := plain.Do(request(t, http.MethodPost, url+"/v1/chat/completions", streamed(nil)))
					if err != nil {
						t.Error(err)
						return
					}
					_ = resp.Body.Close() // aborts what runs
				}
			})
		}
		clients.Wait()
		eventually(t, 20*time.Second, func() error {
			var open []*http.Response
			defer func() {
				for _, r := range open {
					_ = r.Body.Close()
				}
			}()
			for range cap {
				resp, err := plain.Do(request(t, http.MethodPost, url+"/v1/chat/completions", streamed(nil)))
				if err != nil {
					return err
				}
				open = append(open, resp)
				if resp.StatusCode != http.StatusOK {
					return fmt.Errorf("%w: status %d with %d open", errNotYet, resp.StatusCode, len(open))
				}
			}
			return nil
		})
	})
}

// TestClientDeadline has a client say how long it waits.
func TestClientDeadline(t *testing.T) {
	t.Parallel()
	url := steady(t).URL()
	long := object{"max_tokens": 400}
	const second = "X-Request-Timeout-Ms: 1000"
	late := refusal{Status: http.StatusGatewayTimeout, Type: "server_error", Code: "deadline_exceeded"}
	if x := post(t, url, body(long), second); refused(t, x) != late || x.Header.Get("X-Should-Retry") != "false" {
		t.Errorf("whole: status %d, header %v, body %s", x.Status, x.Header, x.Body)
	}
	r := record(t, url, long, second)
	if last := r.Events[len(r.Events)-1]; len(r.Events) < 5 || !strings.Contains(last.Data, `"code":"deadline_exceeded"`) {
		t.Errorf("streamed: the last of %d events is %v", len(r.Events), last)
	}
	for _, value := range []string{"0", "-1", "soon", "1.5", "99999999999999999999"} {
		if got := refused(t, post(t, url, streamed(nil), "X-Request-Timeout-Ms: "+value)); got != bad(http.StatusBadRequest, "invalid_value", "") {
			t.Errorf("%s: %+v", value, got)
		}
	}
	if r := record(t, url, nil, "X-Request-Timeout-Ms: 60000"); r.Events[len(r.Events)-1].Data != "[DONE]" {
		t.Error("a long deadline ends a short answer")
	}
}

// TestEdgeIsReadyOnceACompletionServiceIs starts the edge first.
func TestEdgeIsReadyOnceACompletionServiceIs(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	edge := start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+address)
	ready := func(want int) {
		t.Helper()
		eventually(t, 20*time.Second, func() error {
			resp, err := plain.Get("http://" + edge.Addr("admin") + "/readyz")
			if err != nil {
				return err
			}
			defer func() { _ = resp.Body.Close() }()
			if resp.StatusCode != want {
				return fmt.Errorf("%w: status %d", errNotYet, resp.StatusCode)
			}
			return nil
		})
	}
	ready(http.StatusServiceUnavailable)
	start(t, "completion", "--listen="+address, "--log=memory")
	ready(http.StatusOK)
}

// TestEdgeDrains stops an edge while it has streams: new work is refused, and those
// that do not end in time can go on elsewhere.
func TestEdgeDrains(t *testing.T) {
	t.Parallel()
	behind := steady(t)
	edge := start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+behind.Completion.Addr("grpc"), "--drain-timeout=2s")
	url := "http://" + edge.Addr("http")
	short := send(t, request(t, http.MethodPost, url+"/v1/chat/completions", streamed(nil)))
	long := send(t, request(t, http.MethodPost, url+"/v1/chat/completions", streamed(object{"max_tokens": 400})))
	id := long.Header.Get("X-Completion-Id")
	source := send(t, request(t, http.MethodGet, url+"/v1/chat/completions/"+id, "", "Accept: text/event-stream"))
	if err := edge.Signal(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, func() error {
		resp, err := plain.Get("http://" + edge.Addr("admin") + "/readyz")
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable {
			return errNotYet
		}
		return nil
	})
	x := post(t, url, streamed(nil))
	if got := refused(t, x); got.Status != http.StatusServiceUnavailable || got.Code != "overloaded" || x.Header.Get("Retry-After") == "" {
		t.Errorf("new work: %+v, header %v", got, x.Header)
	}
	x = get(t, url, id, "Accept: text/event-stream")
	if x.Status != http.StatusOK || !bytes.HasPrefix(x.Body, []byte("retry: ")) {
		t.Errorf("an EventSource: status %d, body %q", x.Status, x.Body)
	}

	text, err := io.ReadAll(short.Body)
	if got := recorded(t, exchange{short.StatusCode, short.Header, text}); err != nil || got.Events[len(got.Events)-1].Data != "[DONE]" {
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

	got := events(t, bytes.NewReader(text))
	f := &follower{t: t, got: got}
	if !f.read(f.goOn(behind.URL()), 0) {
		t.Fatal("it did not go on")
	}
	checkIDs(t, f.got)
	if _, err := plain.Get(url + "/v1/models"); err == nil {
		t.Error(errors.New("the edge still answers"))
	}
}

// TestSecondSignal stops programs that have streams which would last: the second signal does
// not wait for them.
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
				p = start(t, name, append(here, "--grpc-listen=127.0.0.1:0")...)
				url = "http://" + p.Addr("http")
			case "completion":
				p = start(t, name, here...)
				url = "http://" + start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+p.Addr("grpc"), "--reopen-within=100ms").Addr("http")
			case "edge":
				p = start(t, name, "--listen=127.0.0.1:0", "--completion-addr="+steady(t).Completion.Addr("grpc"), patient)
				url = "http://" + p.Addr("http")
			}
			running := send(t, request(t, http.MethodPost, url+"/v1/chat/completions", streamed(object{"max_tokens": 60 * steadyPace, "on_disconnect": "cancel"})))
			if running.StatusCode != http.StatusOK {
				t.Fatalf("status %d", running.StatusCode)
			}
			if err := p.Signal(); err != nil {
				t.Fatal(err)
			}
			eventually(t, 10*time.Second, func() error {
				if !strings.Contains(p.Log(), "one more signal would end the process at once") {
					return errNotYet
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
