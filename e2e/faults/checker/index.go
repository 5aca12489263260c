package checker

import "time"

// An index is a history by completion.
type index struct {
	logged map[string][]stored
	metas  map[string]Meta
	byTag  map[string][]*Attempt
}

// A stored is a step in the log.
type stored struct {
	Step
	at time.Time
}

func newIndex(h *History) *index {
	in := &index{logged: make(map[string][]stored), metas: make(map[string]Meta), byTag: make(map[string][]*Attempt)}
	for id, records := range h.Log {
		for _, r := range records {
			if r.Meta != nil {
				in.metas[id] = *r.Meta
			}
			for _, s := range r.Steps {
				in.logged[id] = append(in.logged[id], stored{s, r.Stored})
			}
		}
	}
	for i := range h.Attempts {
		a := &h.Attempts[i]
		in.byTag[a.Tag] = append(in.byTag[a.Tag], a)
	}
	return in
}

// steps returns what the log holds of a completion, in order.
func (in *index) steps(id string) []stored { return in.logged[id] }

// meta returns the meta of a completion; without one in the log it is empty.
func (in *index) meta(id string) Meta { return in.metas[id] }

// terminal returns a completion's terminal step and its sequence number: ok is false
// where it has none.
func (in *index) terminal(id string) (sequence int64, step Step, ok bool) {
	all := in.logged[id]
	if n := len(all); n > 0 && all[n-1].Terminal() {
		return int64(n - 1), all[n-1].Step, true
	}
	return 0, Step{}, false
}

// attempts returns the engine's attempts at a completion.
func (in *index) attempts(id string) []*Attempt { return in.byTag[in.metas[id].Tag] }
