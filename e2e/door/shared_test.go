package door

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
)

// TestSharedLimits lets two edges share their counts, and one of them die.
func TestSharedLimits(t *testing.T) {
	t.Parallel()
	secret := "--ticket-secret-file=" + rig.SecretFile(t, strings.Repeat("s", 32))
	args := []string{
		"--listen=127.0.0.1:0", "--completion-addr=" + rig.Steady(t).Completion.Addr("grpc"), "--nats-url=" + rig.NATS(t).ClientURL(),
		"--auth=keys", "--auth-keys=" + rig.Keys(t, "owner", "other, streams: 9"), "--stream-limit=1", secret,
	}
	first, second := rig.Start(t, "edge", args...), rig.Start(t, "edge", args...)
	a, b := "http://"+first.Addr("http"), "http://"+second.Addr("http")
	open := func(url, who string) int { // and leaves at once
		req := api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(nil), rig.Bearer(who))
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	becomes := func(url string, status int) {
		t.Helper()
		rig.Eventually(t, 30*time.Second, func() error {
			if open(url, "owner") != status {
				return rig.ErrNotYet
			}
			return nil
		})
	}

	long := api.Request(t, http.MethodPost, a+"/v1/chat/completions", api.Streamed(api.Object{"max_tokens": 60 * rig.SteadyPace}), rig.Bearer("owner"))
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

	id := api.Record(t, b, nil, rig.Bearer("other")).ID
	var ticket struct{ URL string }
	api.Do(t, api.Request(t, http.MethodPost, b+"/v1/stream_tickets", `{"completion_id":"`+id+`"}`, rig.Bearer("other"))).Into(t, &ticket)
	follow := func(url string) api.Exchange {
		return api.Do(t, api.Request(t, http.MethodGet, url+ticket.URL, "", "Accept: text/event-stream"))
	}
	api.Recorded(t, follow(a))
	if got := api.Refused(t, follow(b)); got != api.Bad(http.StatusUnauthorized, "invalid_api_key", "") {
		t.Errorf("a ticket that another edge has seen: %+v", got)
	}

	first.Kill()
	becomes(b, http.StatusOK)
}
