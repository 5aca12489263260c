package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/edge/internal/auth"
)

// keyed returns a file of keys, each with the name as its key.
func keyed(t *testing.T, entries map[string]string) *auth.Keys {
	t.Helper()
	var text strings.Builder
	for name, rest := range entries {
		digest := sha256.Sum256([]byte(name))
		fmt.Fprintf(&text, "- {name: %s, sha256: %s%s}\n", name, hex.EncodeToString(digest[:]), rest)
	}
	path := filepath.Join(t.TempDir(), "keys.yaml")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := auth.LoadKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// TestCredentials sends every kind of credentials to every route, and checks what a client is told when they are not
// accepted.
func TestCredentials(t *testing.T) {
	public, behind := opened(t, Config{Auth: keyed(t, map[string]string{
		"good": ", principal: " + owner, "reader": ", principal: " + owner + ", scopes: [completions.read]",
		"writer": ", principal: " + owner + ", scopes: [completions.create]",
	})})
	const (
		none      = "The API key is missing. Send it in the header 'Authorization: Bearer KEY'."
		malformed = "The API key must be sent once, as 'Authorization: Bearer KEY': write 'Bearer ' before the key."
		unknown   = "This API key or token is unknown or no longer valid."
	)
	const realm, invalid = `Bearer realm="pawstream"`, `Bearer realm="pawstream", error="invalid_token"`
	for _, tt := range []struct {
		name      string
		header    http.Header
		challenge string // empty: it is let in
		message   string // how what it is told begins
	}{
		{"a key", http.Header{"Authorization": {"Bearer good"}}, "", ""},
		{"a scheme in another case", http.Header{"Authorization": {"bearer good"}}, "", ""},
		{"nothing", nil, realm, none},
		{"a key in another header", http.Header{"X-Api-Key": {"good"}, "Api-Key": {"good"}, "Proxy-Authorization": {"Bearer good"}}, realm, none},
		{"a key in the cookie of a pass", http.Header{"Cookie": {passCookie + "=good"}}, realm, none},
		{"an empty header", http.Header{"Authorization": {""}}, invalid, malformed},
		{"a wrong key", http.Header{"Authorization": {"Bearer bad"}}, invalid, unknown},
		{"no scheme", http.Header{"Authorization": {"good"}}, invalid, malformed},
		{"another scheme", http.Header{"Authorization": {"Basic good"}}, invalid, malformed},
		{"two keys", http.Header{"Authorization": {"Bearer good", "Bearer good"}}, invalid, malformed},
		{"two keys in one", http.Header{"Authorization": {"Bearer good, Bearer good"}}, invalid, unknown},
		{"a key that is too long", http.Header{"Authorization": {"Bearer " + strings.Repeat("x", 17<<10)}}, invalid, malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for pattern, list := range forms() {
				if pattern == azureRoute && tt.header.Get("Api-Key") != "" {
					continue // accepts it
				}
				for _, f := range list {
					r := f.new(t)
					maps.Copy(r.Header, tt.header)
					behind.taken()
					w := through(public, r)
					if tt.challenge == "" {
						if w.Code != f.status {
							t.Errorf("%s, %s: status %d, want %d", pattern, f.name, w.Code, f.status)
						}
						continue
					}
					refusedAs(t, pattern, w, refusal401)
					if got := messageOf(w); !strings.HasPrefix(got, tt.message) {
						t.Errorf("%s, %s: it says %q, want %q", pattern, f.name, got, tt.message)
					}
					if got := w.Header().Get("WWW-Authenticate"); got != tt.challenge || len(behind.taken()) > 0 || w.Header().Get("Set-Cookie") != "" {
						t.Errorf("%s, %s: header %v", pattern, f.name, w.Header())
					}
				}
			}
		})
	}
	t.Run("a scope that will not do", func(t *testing.T) {
		for pattern, list := range forms() {
			for _, f := range list {
				key := "reader"
				if f.does == auth.ScopeRead {
					key = "writer"
				}
				r := f.new(t)
				r.Header.Set("Authorization", "Bearer "+key)
				behind.taken()
				w := refusedAs(t, pattern, through(public, r), refused{http.StatusForbidden, "permission_error", "permission_denied", ""})
				lacks, _, _ := strings.Cut(string(f.does), " ") // of two it is the first
				want := realm + `, error="insufficient_scope", scope="` + lacks + `"`
				if got := w.Header().Get("WWW-Authenticate"); got != want || !strings.Contains(w.Body.String(), "'"+lacks+"'") || len(behind.taken()) > 0 {
					t.Errorf("%s, %s: WWW-Authenticate is %q, body %s", pattern, f.name, got, w.Body)
				}
			}
		}
	})
}

// withKeysTaken are callers, some of whom no longer have a key.
type withKeysTaken struct {
	knownCallers
	gone string // principal
}

func (k withKeysTaken) Knows(principal string) bool { return principal != k.gone }

// TestTickets uses tickets and passes, valid and expired, their own and others', where they are accepted
// and where they are not.
func TestTickets(t *testing.T) {
	const path = "/v1/chat/completions/" + completion
	mine := &auth.Caller{Principal: owner, Scopes: auth.All[auth.Scope](), Models: auth.All[string]()}
	expired := &auth.Caller{Principal: owner, Expires: time.Now().Add(-time.Second)}
	leaving := &auth.Caller{Principal: "leaver"}
	elsewhere := auth.NewTickets([]byte("another secret"), nil)
	spent := false // elsewhere
	cfg := Config{Auth: withKeysTaken{full(), "leaver"}, SpendTicket: func(context.Context, string) bool {
		return !spent
	}}
	public, _ := opened(t, cfg)
	tickets := public.api.tickets
	give := func(kind string, from *auth.Tickets, c *auth.Caller) string {
		if kind == "ticket" {
			s, _ := from.Issue(c, completion)
			return s
		}
		s, _ := from.Pass(c, completion)
		return s
	}
	for _, tt := range []struct {
		name         string
		ticket, pass string
		spent        bool
		header       string // Authorization
		status       int
		cookie       bool // a new pass is given
	}{
		{"neither", "", "", false, "", 401, false},
		{"a ticket", give("ticket", tickets, mine), "", false, "", 200, true},
		{"a pass", "", give("pass", tickets, mine), false, "", 200, false},
		{"a pass and a ticket that is left for later", give("ticket", tickets, mine), give("pass", tickets, mine), false, "", 200, false},
		{"a pass of no use and a ticket", give("ticket", tickets, mine), "x", false, "", 200, true},
		{"a pass that has expired and a ticket", give("ticket", tickets, mine), give("pass", tickets, expired), false, "", 200, true},
		{"a ticket of no use and a pass", "x", give("pass", tickets, mine), false, "", 200, false},
		{"an expired ticket", give("ticket", tickets, expired), "", false, "", 401, false},
		{"an expired pass", "", give("pass", tickets, expired), false, "", 401, false},
		{"a ticket of another secret", give("ticket", elsewhere, mine), "", false, "", 401, false},
		{"a pass of another secret", "", give("pass", elsewhere, mine), false, "", 401, false},
		{"a ticket that another edge has seen", give("ticket", tickets, mine), "", true, "", 401, false},
		{"a ticket as a pass", "", give("ticket", tickets, mine), false, "", 401, false},
		{"a pass as a ticket", give("pass", tickets, mine), "", false, "", 401, false},
		{"a ticket of one without a key", give("ticket", tickets, leaving), "", false, "", 401, false},
		{"a pass of one without a key", "", give("pass", tickets, leaving), false, "", 401, false},
		{"a ticket and a wrong key", give("ticket", tickets, mine), "", false, "wrong", 401, false},
		{"a ticket and a key", give("ticket", tickets, mine), "", false, "key", 200, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			spent = tt.spent
			w := ask(t, public, "GET "+path+"?stream=true&ticket="+tt.ticket, func(r *http.Request) {
				r.Header.Del("Authorization")
				if tt.header != "" {
					r.Header.Set("Authorization", tt.header)
				}
				if tt.pass != "" {
					r.AddCookie(&http.Cookie{Name: passCookie, Value: tt.pass})
				}
			})
			if given := w.Header().Get("Set-Cookie") != ""; w.Code != tt.status || given != tt.cookie {
				t.Errorf("status %d, want %d; header %v", w.Code, tt.status, w.Header())
			}
			if w.Code == http.StatusUnauthorized {
				refusedAs(t, tt.name, w, refusal401)
			}
			says := "The API key is missing."
			switch {
			case tt.header != "":
				says = "This API key or token is unknown"
			case tt.ticket != "": // of each the same
				says = "This ticket has already been used, is older than a minute, or is not for this completion: ask for a new one at POST /v1/stream_tickets."
			}
			if got := messageOf(w); w.Code == http.StatusUnauthorized && !strings.HasPrefix(got, says) {
				t.Errorf("it says %q, want %q", got, says)
			}
		})
	}
}

// TestTicketEnds checks that the right of a pass ends with that of its issuer.
func TestTicketEnds(t *testing.T) {
	soon := time.Now().Add(10 * time.Minute)
	public, _ := opened(t, Config{})
	ticket, _ := public.api.tickets.Issue(&auth.Caller{Principal: owner, Expires: soon}, completion)
	w := ask(t, public, "GET /v1/chat/completions/"+completion+"?stream=true&ticket="+ticket, func(r *http.Request) { r.Header.Del("Authorization") })
	cookies := w.Result().Cookies()
	if len(cookies) != 1 || cookies[0].Expires.After(soon) || cookies[0].Expires.Before(soon.Add(-2*time.Second)) {
		t.Errorf("status %d, cookies %v, want one until %v", w.Code, cookies, soon)
	}
}

// TestIssueTicket asks for tickets, and opens a stream with the returned URL.
func TestIssueTicket(t *testing.T) {
	public, _ := opened(t, Config{})
	for _, tt := range []struct {
		name, body string
		want       refused
	}{
		{"no body", "", refused{400, "invalid_request_error", "invalid_json", ""}},
		{"no completion", "{}", refused{400, "invalid_request_error", "missing_required_parameter", "completion_id"}},
		{"a completion that is none", `{"completion_id":1}`, refused{400, "invalid_request_error", "invalid_type", "completion_id"}},
		{"something else too", `{"completion_id":"` + completion + `","for":"ever"}`, refused{400, "invalid_request_error", "unknown_parameter", "for"}},
		{"a completion that is not there", `{"completion_id":"chatcmpl-NONE"}`, refused{404, "invalid_request_error", "completion_not_found", ""}},
	} {
		r := jsonRequest(t, "POST /v1/stream_tickets")
		setBody(r, tt.body)
		refusedAs(t, tt.name, through(public, r), tt.want)
	}
	w := through(public, jsonRequest(t, "POST /v1/stream_tickets"))
	var ticket struct {
		Object, URL  string
		CompletionID string `json:"completion_id"`
		ExpiresAt    int64  `json:"expires_at"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &ticket); err != nil || w.Code != http.StatusOK || ticket.CompletionID != completion {
		t.Fatalf("status %d, %v in %s", w.Code, err, w.Body)
	}
	if left := time.Until(time.Unix(ticket.ExpiresAt, 0)); left > auth.TicketLife || left < auth.TicketLife/2 {
		t.Errorf("it is good for %v", left)
	}
	for _, want := range []int{http.StatusOK, http.StatusUnauthorized} {
		w := ask(t, public, "GET "+ticket.URL, func(r *http.Request) { r.Header.Set("Accept", "text/event-stream"); r.Header.Del("Authorization") })
		if w.Code != want {
			t.Errorf("by its URL: status %d, want %d", w.Code, want)
		}
	}
}

// TestAzureKey sends the key as Azure's clients do, to their path.
func TestAzureKey(t *testing.T) {
	public, _ := opened(t, Config{Auth: knownCallers{"Bearer good": full()["key"]}})
	for _, tt := range []struct {
		name   string
		header http.Header
		status int
	}{
		{"its own header", http.Header{"Api-Key": {"good"}}, http.StatusOK},
		{"a token", http.Header{"Authorization": {"Bearer good"}}, http.StatusOK},
		{"both", http.Header{"Api-Key": {"good"}, "Authorization": {"Bearer bad"}}, http.StatusUnauthorized},
		{"a wrong one", http.Header{"Api-Key": {"bad"}}, http.StatusUnauthorized},
		{"two", http.Header{"Api-Key": {"good", "good"}}, http.StatusUnauthorized},
		{"none", nil, http.StatusUnauthorized},
	} {
		r := forms()[azureRoute][0].new(t)
		maps.Copy(r.Header, tt.header)
		if w := through(public, r); w.Code != tt.status {
			t.Errorf("%s: status %d, %s", tt.name, w.Code, w.Body)
		}
	}
}
