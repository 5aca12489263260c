package resume

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/internal/sse"
)

// TestSentAgain lets an SDK lose its connection and repeat its request without a key, at another edge and replica. It
// gets the answer that was begun.
func TestSentAgain(t *testing.T) {
	t.Parallel()
	const count = "X-Stainless-Retry-Count: "
	urls := replicas(t, 100)
	body := api.Streamed(api.Object{"max_tokens": 200})

	lost := api.Send(t, api.Request(t, "POST", urls[0]+"/v1/chat/completions", body, count+"0"))
	f := &api.Follower{T: t}
	if f.Read(sse.NewDecoder(lost.Body), 10) {
		t.Fatal("the answer ended before the connection was lost")
	}
	_ = lost.Body.Close()
	first := api.CompletionOf(f.Got[0])

	again := api.Recorded(t, api.Post(t, urls[1], body, count+"1"))
	if again.ID != first {
		t.Fatalf("it is answered by %s, not by %s", again.ID, first)
	}
	if diff := cmp.Diff(f.Got, again.Events[:len(f.Got)], api.CmpEvents); diff != "" {
		t.Errorf("the answer begins anew (-lost +again):\n%s", diff)
	}
	for _, url := range urls { // it has ended since
		if late := api.Recorded(t, api.Post(t, url, body, count+"2")); late.ID != first {
			t.Errorf("it is answered by %s, not by %s", late.ID, first)
		}
	}
	if anew := api.Recorded(t, api.Post(t, urls[0], body, count+"0")); anew.ID == first {
		t.Error("a request that was not sent before is taken for another")
	}
}
