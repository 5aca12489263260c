package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestSharedLimits has two edges count together, and one of them die.
func TestSharedLimits(t *testing.T) {
	t.Parallel()
	secret := "--ticket-secret-file=" + secretFile(t, strings.Repeat("s", 32))
	args := []string{
		"--listen=127.0.0.1:0", "--completion-addr=" + steady(t).Completion.Addr("grpc"), "--nats-url=" + startNATS(t).ClientURL(),
		"--auth=keys", "--auth-keys=" + keys(t, "owner", "other, streams: 9"), "--stream-limit=1", secret,
	}
	first, second := start(t, "edge", args...), start(t, "edge", args...)
	a, b := "http://"+first.Addr("http"), "http://"+second.Addr("http")
	open := func(url, who string) int { // and leave at once
		req := request(t, http.MethodPost, url+"/v1/chat/completions", streamed(nil), bearer(who))
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	becomes := func(url string, status int) {
		t.Helper()
		eventually(t, 30*time.Second, func() error {
			if open(url, "owner") != status {
				return errNotYet
			}
			return nil
		})
	}

	long := request(t, http.MethodPost, a+"/v1/chat/completions", streamed(object{"max_tokens": 60 * steadyPace}), bearer("owner"))
	running, err := http.DefaultTransport.RoundTrip(long)
	if err != nil {
		t.Fatal(err)
	}
	defer running.Body.Close()
	if running.StatusCode != http.StatusOK {
		t.Fatalf("status %d", running.StatusCode)
	}
	becomes(b, http.StatusTooManyRequests)
	if status := open(b, "other"); status != http.StatusOK {
		t.Errorf("somebody else gets %d", status)
	}

	id := record(t, b, nil, bearer("other")).ID
	var ticket struct{ URL string }
	do(t, request(t, http.MethodPost, b+"/v1/stream_tickets", `{"completion_id":"`+id+`"}`, bearer("other"))).into(t, &ticket)
	follow := func(url string) exchange {
		return do(t, request(t, http.MethodGet, url+ticket.URL, "", "Accept: text/event-stream"))
	}
	recorded(t, follow(a))
	if got := refused(t, follow(b)); got != bad(http.StatusUnauthorized, "invalid_api_key", "") {
		t.Errorf("a ticket that another edge has seen: %+v", got)
	}

	first.Kill()
	becomes(b, http.StatusOK)
}
