package checker_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/faults/checker"
)

// expired returns a history of completions that ended at 510 and at 50, are kept for a second, and then are gone. Two
// clients come too late.
func expired() *checker.History {
	h := good()
	h.Retention = time.Second
	h.Expired = []checker.Expired{{Completion: taken, By: at(1600)}, {Completion: cancelled, By: at(1200)}}
	late := func(name, after string) checker.Stream {
		return checker.Stream{Name: name, Principal: "me", Connections: []checker.Connection{{
			Method: http.MethodGet, After: after, Begun: at(1700), Ended: at(1701), Status: http.StatusNotFound,
			Completion: taken, End: checker.Clean, Error: `{"error":{"code":"completion_not_found"}}`,
		}}}
	}
	h.Streams = append(h.Streams, late("late", taken+".2"), late("late and new", ""))
	h.Cancels = append(h.Cancels, checker.Cancel{Completion: cancelled, At: at(1650), Gone: true})
	return h
}

func TestWhatExpires(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(h *checker.History)
		want  []string // violated invariants
	}{
		{"in time", func(*checker.History) {}, nil},
		{"before its retention is over", func(h *checker.History) { h.Expired[0].By = at(1400) }, []string{"keeps"}},
		{"what was to be stored", func(h *checker.History) { h.Log[cancelled][0].Meta.Store = true }, []string{"keeps"}},
		{"where all is kept", func(h *checker.History) { h.Retention = 0 }, []string{"keeps", "I7", "I9", "complete"}},
		{"unfinished", func(h *checker.History) { h.Log[taken][4].Steps = h.Log[taken][4].Steps[:2] }, []string{"keeps", "I13"}},
		{"refused too early", func(h *checker.History) { h.Streams[3].Connections[0].Ended = at(1300) }, []string{"I7", "complete"}},
		{"not known to who cancels it too early", func(h *checker.History) { h.Cancels[1].At = at(1000) }, []string{"I9"}},
		{"there for as long as others may take", func(h *checker.History) { h.Expired, h.Read = h.Expired[1:], at(2500) }, nil},
		{"there for longer", func(h *checker.History) { h.Expired, h.Read = h.Expired[1:], at(2600) }, []string{"forgets"}},
		{"one key in turn", func(h *checker.History) { again(h, 1600) }, nil},
		{"one key at once", func(h *checker.History) { again(h, 1400) }, []string{"I4"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := expired()
			test.spoil(h)
			found := checker.Check(h)
			for _, want := range test.want {
				if !slices.ContainsFunc(found, func(v checker.Violation) bool { return v.Invariant == want }) {
					t.Errorf("%s was not found", want)
				}
			}
			if len(test.want) == 0 && len(found) > 0 || t.Failed() {
				t.Errorf("found: %v", found)
			}
		})
	}
}

// again adds a completion with the key of the one that was taken over, begun at a time.
func again(h *checker.History, begun int) {
	const id = "chatcmpl-AGAIN"
	h.Log[id] = []checker.Record{
		{Position: 9, Stored: at(begun), Writer: "A", Meta: &checker.Meta{ID: id, Principal: "me", Tag: "three", Key: "key"}},
		{Position: 10, Stored: at(begun + 1), Writer: "A", Steps: []checker.Step{{Kind: checker.KindOpen}, {Kind: checker.KindDone}}},
	}
	h.Attempts = append(h.Attempts, checker.Attempt{ID: "4", Tag: "three", Begun: at(begun), Last: at(begun), Ended: true, Steps: []checker.Step{{Kind: checker.KindOpen}, {Kind: checker.KindDone}}})
	h.Books[id] = []time.Time{at(begun + 1)}
}
