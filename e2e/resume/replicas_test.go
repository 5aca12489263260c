package resume

import (
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
)

// replicas starts two completion services on one log, and an edge for each.
func replicas(t *testing.T, pace int, args ...string) (urls []string) {
	t.Helper()
	args = append(args, "--listen=127.0.0.1:0", "--advisor-pace="+strconv.Itoa(pace), "--nats-url="+rig.NATS(t).ClientURL())
	for range 2 {
		replica := rig.Start(t, "completion", args...)
		edge := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+replica.Addr("grpc"))
		urls = append(urls, "http://"+edge.Addr("http"))
	}
	return urls
}

// TestOneKeyOnTwoReplicas sends the same request to two replicas at once: one generates, and both show the
// completion.
func TestOneKeyOnTwoReplicas(t *testing.T) {
	t.Parallel()
	urls := replicas(t, 0)
	for range 20 {
		key := "Idempotency-Key: " + rand.Text()
		got := make([]api.Exchange, 2*len(urls))
		var clients sync.WaitGroup
		for i := range got {
			clients.Go(func() { got[i] = api.Post(t, urls[i%len(urls)], api.Streamed(nil), key) })
		}
		clients.Wait()
		first := api.Recorded(t, got[0])
		for _, x := range got[1:] {
			if r := api.Recorded(t, x); r.ID != first.ID || cmp.Diff(first.Events, r.Events, api.CmpEvents) != "" {
				t.Errorf("%s and %s:\n%s", first.ID, r.ID, cmp.Diff(first.Events, r.Events, api.CmpEvents))
			}
		}
		for _, url := range urls {
			x := api.Post(t, url, api.Streamed(api.Object{"max_tokens": 7}), key)
			if got := api.Refused(t, x); got != api.Bad(http.StatusConflict, "idempotency_conflict", "") {
				t.Errorf("another body: %+v", got)
			}
		}
	}
}

// TestFullLog fills the log: new completions are refused with a hint, and stored ones remain readable.
func TestFullLog(t *testing.T) {
	t.Parallel()
	all := rig.Start(t, "standalone", "--listen=127.0.0.1:0", "--grpc-listen=127.0.0.1:0", "--data-dir="+t.TempDir(),
		"--advisor-pace=0", "--log-max-bytes=300000")
	url := "http://" + all.Addr("http")
	kept := api.Record(t, url, nil)
	for range 100 {
		x := api.Post(t, url, api.Body(api.Object{"max_tokens": 5, "messages": []api.Object{{"role": "user", "content": api.Question + strings.Repeat(" ", 20_000)}}}))
		if x.Status == http.StatusOK {
			continue
		}
		if got := api.Refused(t, x); got.Status != http.StatusServiceUnavailable || got.Code != "overloaded" || x.Header.Get("Retry-After") == "" {
			t.Errorf("%+v, header %v", got, x.Header)
		}
		if diff := cmp.Diff(kept.Events, api.Replay(t, url, kept.ID), api.CmpEvents); diff != "" {
			t.Errorf("what is kept (-want +got)\n%s", diff)
		}
		return
	}
	t.Error("the log never gets full")
}

// TestAShareOfTheLogIsUsedUp lets one caller use up its share: the refusal says when to retry and what to do. Another
// caller is still answered.
func TestAShareOfTheLogIsUsedUp(t *testing.T) {
	t.Parallel()
	all := rig.Start(t, "standalone", "--listen=127.0.0.1:0", "--grpc-listen=127.0.0.1:0", "--data-dir="+t.TempDir(),
		"--advisor-pace=0", "--log-max-bytes=4194304", "--log-share=10", "--auth=keys", "--auth-keys="+rig.Keys(t, "greedy", "modest"))
	url := "http://" + all.Addr("http")
	long := api.Object{"max_tokens": 5, "store": true, "messages": []api.Object{{"role": "user", "content": api.Question + strings.Repeat(" ", 60_000)}}}
	kept := api.Record(t, url, nil, rig.Bearer("greedy"))
	x := api.Post(t, url, api.Body(long), rig.Bearer("greedy"))
	for try := 0; x.Status == http.StatusOK && try < 20; try++ {
		x = api.Post(t, url, api.Body(long), rig.Bearer("greedy"))
	}
	got := api.Refused(t, x)
	if got.Status != http.StatusTooManyRequests || got.Code != "rate_limit_exceeded" || !strings.Contains(string(x.Body), "of 0.4 MiB that one caller may use") {
		t.Errorf("%+v", got)
	}
	if seconds, err := strconv.Atoi(x.Header.Get("Retry-After")); err != nil || seconds < 1 {
		t.Errorf("Retry-After: %q", x.Header.Get("Retry-After"))
	}
	if diff := cmp.Diff(kept.Events, api.Replay(t, url, kept.ID, rig.Bearer("greedy")), api.CmpEvents); diff != "" {
		t.Errorf("what is kept (-want +got)\n%s", diff)
	}
	if x := api.Post(t, url, api.Body(long), rig.Bearer("modest")); x.Status != http.StatusOK {
		t.Errorf("another caller: status %d, %s", x.Status, x.Body)
	}
}
