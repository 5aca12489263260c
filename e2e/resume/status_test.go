package resume

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
)

// TestStatusOfAResume tries every kind of cursor.
func TestStatusOfAResume(t *testing.T) {
	t.Parallel()
	url := rig.Fast(t).URL()
	done := api.Record(t, url, nil)
	head := len(done.Events) - 1
	unknown := "chatcmpl-" + strings.Repeat("A", 26)
	for _, test := range []struct {
		name, path, last string
		want             api.Refusal
	}{
		{"unknown completion", unknown + "?stream=true", "", api.Bad(http.StatusNotFound, "completion_not_found", "")},
		{"unknown completion, known form", unknown + "?stream=true", api.EventID(unknown, 0), api.Bad(http.StatusNotFound, "completion_not_found", "")},
		{"unknown completion, not streamed", unknown, "", api.Bad(http.StatusNotFound, "completion_not_found", "")},
		{"no id at all", "x?stream=true", "", api.Bad(http.StatusNotFound, "completion_not_found", "")},
		{"ahead of the head", done.ID + "?stream=true", api.EventID(done.ID, head+1), api.Bad(http.StatusBadRequest, "invalid_cursor", "")},
		{"far ahead of the head", done.ID + "?stream=true", done.ID + ".9223372036854775807", api.Bad(http.StatusBadRequest, "invalid_cursor", "")},
		{"ahead by the query", done.ID + "?stream=true&starting_after=999", "", api.Bad(http.StatusBadRequest, "invalid_cursor", "starting_after")},
		{"another completion's", done.ID + "?stream=true", api.EventID(unknown, 0), api.Bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"malformed", done.ID + "?stream=true", "nonsense", api.Bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"without a sequence", done.ID + "?stream=true", done.ID, api.Bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"with an empty sequence", done.ID + "?stream=true", done.ID + ".", api.Bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"negative", done.ID + "?stream=true", done.ID + ".-1", api.Bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"with a sign", done.ID + "?stream=true", done.ID + ".+1", api.Bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"with a leading zero", done.ID + "?stream=true", done.ID + ".01", api.Bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"hexadecimal", done.ID + "?stream=true", done.ID + ".0x1", api.Bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"past all numbers", done.ID + "?stream=true", done.ID + ".99999999999999999999", api.Bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"with blanks inside", done.ID + "?stream=true", done.ID + " .1", api.Bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"not ASCII", done.ID + "?stream=true", "é" + api.EventID(done.ID, 1), api.Bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"10 kB", done.ID + "?stream=true", api.EventID(done.ID+strings.Repeat("A", 10_000), 1), api.Bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"malformed query", done.ID + "?stream=true&starting_after=x", "", api.Bad(http.StatusBadRequest, "invalid_value", "starting_after")},
		{"negative query", done.ID + "?stream=true&starting_after=-1", "", api.Bad(http.StatusBadRequest, "invalid_value", "starting_after")},
	} {
		t.Run(test.name, func(t *testing.T) {
			var headers []string
			if test.last != "" {
				headers = append(headers, "Last-Event-ID: "+test.last)
			}
			if diff := cmp.Diff(test.want, api.Refused(t, api.Get(t, url, test.path, headers...))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if test.last == "" {
				return
			}
			want := test.want
			if test.name == "another completion's" { // a POST follows the completion of its cursor
				want = api.Bad(http.StatusNotFound, "completion_not_found", "")
			}
			if diff := cmp.Diff(want, api.Refused(t, api.Post(t, url, api.Streamed(nil), headers...))); diff != "" {
				t.Errorf("by POST (-want +got)\n%s", diff)
			}
		})
	}
}

// TestExpired waits until a completion has expired.
func TestExpired(t *testing.T) {
	t.Parallel()
	for _, log := range []string{"jetstream", "memory"} {
		t.Run(log, func(t *testing.T) {
			t.Parallel()
			s := rig.Own(t, stack.Options{Completion: []string{"--log=" + log, "--log-retention=4s", "--total-timeout=4s"}})
			done := api.Record(t, s.URL(), nil)
			want := api.Bad(http.StatusGone, "completion_expired", "")
			for _, path := range []string{done.ID + "?stream=true", done.ID} {
				rig.Eventually(t, 15*time.Second, func() error {
					x := api.Get(t, s.URL(), path)
					if x.Status < http.StatusBadRequest {
						return rig.ErrNotYet
					}
					if diff := cmp.Diff(want, api.Refused(t, x)); diff != "" {
						t.Errorf("(-want +got)\n%s", diff)
					}
					return nil
				})
			}
		})
	}
}

// TestWhatIsNotToBeStored checks that responses expire early, except those to be stored.
func TestWhatIsNotToBeStored(t *testing.T) {
	t.Parallel()
	for _, log := range []string{"jetstream", "memory"} {
		t.Run(log, func(t *testing.T) {
			t.Parallel()
			s := rig.Own(t, stack.Options{Completion: []string{"--log=" + log, "--resume-retention=1s"}})
			ask := func(members api.Object) api.Exchange {
				all := api.Object{"model": "pet-advisor-1", "input": "Is a dog right for me?", "max_output_tokens": 2}
				maps.Copy(all, members)
				return api.Do(t, api.Request(t, http.MethodPost, s.URL()+"/v1/responses", api.JSONOf(all)))
			}
			const name = "X-Completion-Id"
			stored, unstored := ask(nil).Header.Get(name), ask(api.Object{"store": false}).Header.Get(name)
			rig.Eventually(t, time.Minute, func() error {
				x := api.Do(t, api.Request(t, http.MethodGet, s.URL()+"/v1/responses/"+unstored, ""))
				if x.Status < http.StatusBadRequest {
					return rig.ErrNotYet
				}
				if diff := cmp.Diff(api.Bad(http.StatusGone, "completion_expired", ""), api.Refused(t, x)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				return nil
			})
			want := api.Bad(http.StatusNotFound, "previous_response_not_found", "previous_response_id")
			if got := api.Refused(t, ask(api.Object{"previous_response_id": unstored})); got != want {
				t.Errorf("gone on from: %+v", got)
			}
			if x := ask(api.Object{"previous_response_id": stored}); x.Status != http.StatusOK {
				t.Errorf("the one that is to be stored: status %d, %s", x.Status, x.Body)
			}
		})
	}
}
