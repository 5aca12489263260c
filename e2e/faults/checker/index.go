package checker

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// An index is a history, by completion.
type index struct {
	versions []*version // by era, then by id
	byID     map[string][]*version
	byTag    map[string][]*Attempt
}

// A version is a completion as one log holds it. If a log was replaced by an older one, there are several.
type version struct {
	id      string
	era     int
	until   time.Time // zero: until the end
	records []Record
	steps   []stored
	meta    Meta // empty if there is none
}

// A stored is a step in the log.
type stored struct {
	Step
	at time.Time
}

func newIndex(h *History) *index {
	in := &index{byID: make(map[string][]*version), byTag: make(map[string][]*Attempt)}
	for i, era := range append(slices.Clone(h.Lost), Era{Log: h.Log}) {
		for _, id := range slices.Sorted(maps.Keys(era.Log)) {
			v := &version{id: id, era: i, until: era.Until, records: era.Log[id]}
			for _, r := range v.records {
				if r.Meta != nil {
					v.meta = *r.Meta
				}
				for _, s := range r.Steps {
					v.steps = append(v.steps, stored{s, r.Stored})
				}
			}
			in.versions = append(in.versions, v)
			in.byID[id] = append(in.byID[id], v)
		}
	}
	for i := range h.Attempts {
		a := &h.Attempts[i]
		in.byTag[a.Tag] = append(in.byTag[a.Tag], a)
	}
	return in
}

// String names the version.
func (v *version) String() string {
	if v.until.IsZero() {
		return v.id
	}
	return fmt.Sprintf("%s in lost log %d", v.id, v.era)
}

// terminal returns the terminal step and its sequence number; ok is false if there is none.
func (v *version) terminal() (sequence int64, step Step, ok bool) {
	if n := len(v.steps); n > 0 && v.steps[n-1].Terminal() {
		return int64(n - 1), v.steps[n-1].Step, true
	}
	return 0, Step{}, false
}

// holds returns the step with that sequence number if it equals step.
func (v *version) holds(sequence int64, step Step) (in stored, ok bool) {
	if sequence < 0 || sequence >= int64(len(v.steps)) || v.steps[sequence].Step != step {
		return stored{}, false
	}
	return v.steps[sequence], true
}

// claims returns the number of takeovers.
func (v *version) claims() (n int) {
	for _, r := range v.records {
		if r.Claim {
			n++
		}
	}
	return n
}

// last returns a completion from the last log that held it; nil: none did.
func (in *index) last(id string) *version {
	if all := in.byID[id]; len(all) > 0 {
		return all[len(all)-1]
	}
	return nil
}

// at returns a completion as the log of that time held it; nil: it did not.
func (in *index) at(id string, t time.Time) *version {
	for _, v := range in.byID[id] {
		if v.until.IsZero() || v.until.After(t) {
			return v
		}
	}
	return nil
}

// endsAt reports whether a terminal event of the completion has that sequence number.
func (in *index) endsAt(id string, sequence int64) bool {
	return slices.ContainsFunc(in.byID[id], func(v *version) bool {
		last, _, ended := v.terminal()
		return ended && last == sequence
	})
}

// holder returns a step from the first version that holds it at that number.
func (in *index) holder(id string, sequence int64, step Step) (stored, bool) {
	for _, v := range in.byID[id] {
		if s, ok := v.holds(sequence, step); ok {
			return s, true
		}
	}
	return stored{}, false
}

// attempts returns the engine's attempts at a completion.
func (in *index) attempts(id string) []*Attempt {
	if v := in.last(id); v != nil {
		return in.byTag[v.meta.Tag]
	}
	return nil
}
