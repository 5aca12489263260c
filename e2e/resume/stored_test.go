package resume

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/internal/sse"
)

// pages reads a list page by page, with the edges in turn, and returns the ids.
func pages(t *testing.T, urls []string, query string) []string {
	t.Helper()
	var ids []string
	after := ""
	for n := 0; ; n++ {
		var page api.StoredPage
		api.Do(t, api.Request(t, http.MethodGet, urls[n%len(urls)]+"/v1/chat/completions?limit=2&"+query+after, "")).Into(t, &page)
		for _, c := range page.Data {
			ids = append(ids, c.ID)
		}
		if !page.HasMore {
			return ids
		}
		if len(page.Data) != 2 || n > 10 {
			t.Fatalf("page %d is %+v", n, page)
		}
		after = "&after=" + page.LastID
	}
}

// TestStoredCompletionsOfTwoReplicas stores completions in two replicas. Each shows, changes and deletes those of the
// other.
func TestStoredCompletionsOfTwoReplicas(t *testing.T) {
	t.Parallel()
	urls := replicas(t, rig.SteadyPace)
	made := make([]string, 5)
	for i := range made {
		var c api.Completion
		members := api.Object{"store": true, "max_tokens": 3, "metadata": api.Object{"kind": fmt.Sprint(i % 2)}}
		if i == 4 {
			members["model"] = "pet-advisor-turbo"
		}
		api.Post(t, urls[i%2], api.Body(members)).Into(t, &c)
		made[i] = c.ID
		<-time.After(5 * time.Millisecond) // they are ordered by the replicas' clocks
	}
	newestFirst := slices.Clone(made)
	slices.Reverse(newestFirst)
	for _, test := range []struct {
		query string
		want  []string
	}{
		{"", made},
		{"order=desc", newestFirst},
		{"metadata[kind]=1", []string{made[1], made[3]}},
		{"model=pet-advisor-turbo", made[4:]},
		{"model=pet-advisor-1&metadata[kind]=0&order=desc", []string{made[2], made[0]}},
		{"metadata[kind]=9", nil},
	} {
		for i := range urls { // begins at each edge
			if diff := cmp.Diff(test.want, pages(t, append(urls[i:], urls[:i]...), test.query)); diff != "" {
				t.Errorf("%q (-want +got)\n%s", test.query, diff)
			}
		}
	}

	var running struct {
		Metadata map[string]string `json:"metadata"`
	}
	live := api.Send(t, api.Request(t, http.MethodPost, urls[0]+"/v1/chat/completions", api.Streamed(api.Object{"store": true, "max_tokens": nil})))
	id := live.Header.Get("X-Completion-Id")
	for i, by := range []int{1, 0, 1} {
		want := map[string]string{"change": fmt.Sprint(i)}
		api.Do(t, api.Request(t, http.MethodPost, urls[by]+"/v1/chat/completions/"+id, fmt.Sprintf(`{"metadata":{"change":"%d"}}`, i))).Into(t, &running)
		for _, url := range urls {
			api.Get(t, url, id).Into(t, &running)
			if diff := cmp.Diff(want, running.Metadata); diff != "" {
				t.Errorf("change %d, seen at %s (-want +got)\n%s", i, url, diff)
			}
		}
	}
	if x := api.Do(t, api.Request(t, http.MethodDelete, urls[1]+"/v1/chat/completions/"+id, "")); x.Status != http.StatusOK {
		t.Errorf("delete: status %d, body %s", x.Status, x.Body)
	}
	all := api.Events(t, live.Body)
	if last := all[len(all)-1]; api.Failure(last) == nil {
		t.Errorf("the deleted completion's stream ends with %s", last.Data)
	}
	for _, url := range urls {
		if x := api.Get(t, url, id); x.Status != http.StatusNotFound {
			t.Errorf("the deleted completion: status %d, body %s", x.Status, x.Body)
		}
	}
}

// TestGraceCountsReadersElsewhere leaves a completion at its own replica, and follows it at another one. It runs as
// long as anybody follows.
func TestGraceCountsReadersElsewhere(t *testing.T) {
	t.Parallel()
	const grace = time.Second
	urls := replicas(t, rig.SteadyPace/2, "--orphan-grace="+grace.String()) // the answer lasts longer than it is followed
	first := api.Send(t, api.Request(t, http.MethodPost, urls[0]+"/v1/chat/completions", api.Streamed(api.Object{"max_tokens": nil})))
	id := first.Header.Get("X-Completion-Id")
	reader := api.Send(t, api.Request(t, http.MethodGet, urls[1]+"/v1/chat/completions/"+id, "", "Accept: text/event-stream"))
	_ = first.Body.Close()
	decoder := sse.NewDecoder(reader.Body)
	for begun := time.Now(); time.Since(begun) < 3*grace; {
		if e, err := decoder.Next(); err != nil || api.Failure(e) != nil {
			t.Fatalf("while it is followed: %v, %s", err, e.Data)
		}
	}
	_ = reader.Body.Close()
	var c api.Completion
	rig.Eventually(t, 10*grace, func() error {
		if api.Get(t, urls[0], id).Into(t, &c); c.Status != "cancelled" {
			return fmt.Errorf("%w: %s", rig.ErrNotYet, c.Status)
		}
		return nil
	})
}
