package resume

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
)

// retryLine is only in the first block of each response.
var retryLine = regexp.MustCompile(`(?m)^retry: [0-9]+\n`)

// comparable returns a stream's blocks without what depends on which one is first.
func comparable(blocks []string) []string {
	var out []string
	for _, block := range blocks {
		out = append(out, retryLine.ReplaceAllString(block, ""))
	}
	return out
}

// TestReplay checks that all readers of a completion get the same bytes and ids, whenever and wherever they read.
func TestReplay(t *testing.T) {
	t.Parallel()
	url := rig.Fast(t).URL()
	for _, test := range []struct {
		name    string
		members api.Object
	}{
		{"with usage", nil},
		{"plain", api.Object{"stream_options": nil}},
		{"obfuscated", api.Object{"stream_options": api.Object{"include_obfuscation": true, "include_usage": true}}},
		{"two choices", api.Object{"n": 2}},
		{"to its end", api.Object{"max_tokens": nil}},
	} {
		t.Run(test.name, func(t *testing.T) {
			live := api.Record(t, url, test.members)
			again := api.Recorded(t, api.Get(t, url, live.ID+"?stream=true"))
			if diff := cmp.Diff(live.Raw, again.Raw); diff != "" {
				t.Errorf("(-live +replayed)\n%s", diff)
			}
		})
	}
}

func TestResumeAtEveryCursor(t *testing.T) {
	t.Parallel()
	url := rig.Fast(t).URL()
	live := api.Record(t, url, nil)
	last := len(live.Blocks) - 1
	// A client that resumes by POST takes anything but a stream for a failure.
	atEnd := map[int]string{http.StatusNoContent: "", http.StatusOK: ": nothing after this event\n"}
	for _, test := range []struct {
		name   string
		atEnd  int
		resume func(after int) api.Exchange
	}{
		{"Last-Event-ID", http.StatusNoContent, func(after int) api.Exchange {
			return api.Get(t, url, live.ID+"?stream=true", "Last-Event-ID: "+api.EventID(live.ID, after))
		}},
		{"Last-Event-ID of an EventSource", http.StatusNoContent, func(after int) api.Exchange {
			return api.Get(t, url, live.ID, "Accept: text/event-stream", "Last-Event-ID: "+api.EventID(live.ID, after))
		}},
		{"starting_after", http.StatusNoContent, func(after int) api.Exchange {
			return api.Get(t, url, fmt.Sprintf("%s?stream=true&starting_after=%d", live.ID, after))
		}},
		{"Last-Event-ID wins", http.StatusNoContent, func(after int) api.Exchange {
			return api.Get(t, url, live.ID+"?stream=true&starting_after=1", "Last-Event-ID: "+api.EventID(live.ID, after))
		}},
		{"the same POST again", http.StatusOK, func(after int) api.Exchange {
			return api.Post(t, url, api.Streamed(nil), "Last-Event-ID: "+api.EventID(live.ID, after))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for after := range last {
				rest := api.Recorded(t, test.resume(after))
				if diff := cmp.Diff(comparable(live.Blocks[after+1:]), comparable(rest.Blocks)); diff != "" {
					t.Errorf("after %d (-live +resumed)\n%s", after, diff)
				}
				if !retryLine.MatchString(rest.Blocks[0]) || rest.ID != live.ID {
					t.Errorf("after %d: completion %q begins with %q", after, rest.ID, rest.Blocks[0])
				}
			}
			if x := test.resume(last); x.Status != test.atEnd || string(x.Body) != atEnd[x.Status] {
				t.Errorf("after the end: status %d, body %q", x.Status, x.Body)
			}
		})
	}
}

// TestReadersOfOneCompletion lets readers join a running completion: by key, by id, and in the middle.
func TestReadersOfOneCompletion(t *testing.T) {
	t.Parallel()
	url := rig.Steady(t).URL()
	key := "Idempotency-Key: " + rand.Text()
	first := api.Send(t, api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(nil), key))
	id := first.Header.Get("X-Completion-Id")

	var byKey, byID, later api.Recording
	var readers sync.WaitGroup
	readers.Go(func() { byKey = api.Record(t, url, nil, key) })
	readers.Go(func() { byID = api.Recorded(t, api.Get(t, url, id+"?stream=true")) })
	readers.Go(func() {
		later = api.Recorded(t, api.Get(t, url, id+"?stream=true", "Last-Event-ID: "+api.EventID(id, 0)))
	})
	all := api.Events(t, first.Body)
	readers.Wait()

	api.Joined(t, all)
	for name, r := range map[string]api.Recording{"by key": byKey, "by id": byID} {
		if diff := cmp.Diff(all, r.Events, api.CmpEvents); diff != "" {
			t.Errorf("%s (-first +other)\n%s", name, diff)
		}
	}
	later.Events[0].Retry, all[1].Retry = 0, 0
	if diff := cmp.Diff(all[1:], later.Events, api.CmpEvents); diff != "" {
		t.Errorf("later (-first +other)\n%s", diff)
	}
}

// TestObfuscation checks that padding makes chunks equal in size. TestReplay checks that a replay has the same
// padding.
func TestObfuscation(t *testing.T) {
	t.Parallel()
	url := rig.Fast(t).URL()
	sizes := func(options api.Object) []int {
		var sizes []int
		r := api.Record(t, url, api.Object{"stream_options": options})
		for _, e := range r.Events[1 : 1+api.SomeTokens] {
			if padding, given := api.Decode(t, e.Data)["obfuscation"].(string); given != (options != nil) || given && padding == "" {
				t.Errorf("the padding is %q in %s", padding, e.Data)
			}
			sizes = append(sizes, len(e.Data))
		}
		slices.Sort(sizes)
		return slices.Compact(sizes)
	}
	if bare := sizes(nil); len(bare) < 5 {
		t.Errorf("there is nothing to hide: sizes %v", bare)
	}
	if padded := sizes(api.Object{"include_obfuscation": true}); len(padded) > 2 {
		t.Errorf("chunks have sizes %v", padded)
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	url := rig.Fast(t).URL()
	key := "Idempotency-Key: " + rand.Text()
	first := api.Record(t, url, nil, key)
	again := api.Record(t, url, nil, key)
	if diff := cmp.Diff(first.Raw, again.Raw); diff != "" {
		t.Errorf("(-first +again)\n%s", diff)
	}
	if other := api.Record(t, url, nil); other.ID == first.ID {
		t.Errorf("without the key it is the same completion, %s", other.ID)
	}
}
