package checker

import (
	"slices"
	"time"
)

// kept checks that nothing is gone too early: no stored completion at all, and no other one before its end and its
// retention.
func kept(f *findings) {
	for _, e := range f.Expired {
		i := slices.IndexFunc(f.byID[e.Completion], func(v *version) bool { return v.era == e.Era })
		if i < 0 {
			f.add(e.Completion, "is gone from log %d, which has never held it", e.Era)
			continue
		}
		v := f.byID[e.Completion][i]
		switch ended := v.ended(); {
		case v.meta.Store || f.Retention == 0:
			f.add(v.String(), "was to be stored, and is gone")
		case ended.IsZero():
			f.add(v.String(), "is gone, and had not ended")
		case e.By.Before(ended.Add(f.Retention - f.Limits.Clock)):
			f.add(v.String(), "is gone %v after its end, and ought to be kept for %v", e.By.Sub(ended), f.Retention)
		}
	}
}

// forgotten checks that unstored completions are gone after their retention, with time for other replicas to delete
// those of dead ones, in the quiet at the end.
func forgotten(f *findings) {
	if f.Retention == 0 {
		return
	}
	gone := make(map[string]bool)
	for _, e := range f.Expired {
		gone[e.Completion] = gone[e.Completion] || e.Era == len(f.Lost)
	}
	var calm time.Time // when the last fault was over
	for _, fault := range f.Faults {
		if fault.To.After(calm) {
			calm = fault.To
		}
	}
	for id, versions := range f.byID {
		for _, v := range versions {
			ended := v.ended()
			if v.era != len(f.Lost) || gone[id] || v.meta.Store || ended.IsZero() {
				continue
			}
			due := ended.Add(f.Retention + f.Limits.Inherit)
			if calm.After(due) {
				due = calm
			}
			if f.Read.After(due.Add(f.Limits.Recover)) {
				f.add(v.String(), "is there %v after its end, and ought to be gone after %v", f.Read.Sub(ended), f.Retention)
			}
		}
	}
}

// ended returns when a completion ended; zero: it did not.
func (v *version) ended() time.Time {
	if _, _, ended := v.terminal(); !ended {
		return time.Time{}
	}
	return v.steps[len(v.steps)-1].at
}

// mayExpire reports whether a completion may be unknown at some time: it was not to be stored, and its retention was
// over.
func (f *findings) mayExpire(id string, at time.Time) bool {
	return f.Retention > 0 && slices.ContainsFunc(f.byID[id], func(v *version) bool {
		ended := v.ended()
		return !v.meta.Store && !ended.IsZero() && at.After(ended.Add(f.Retention-f.Limits.Clock))
	})
}

// inTurn reports whether one of two completions was begun only after the other one had expired.
func (f *findings) inTurn(a, b *version) bool {
	return f.mayExpire(a.id, b.records[0].Stored) || f.mayExpire(b.id, a.records[0].Stored)
}

// cameLate reports whether a stream has ended with the error that its completion is unknown, after that had expired.
func (f *findings) cameLate(s *Stream) bool {
	if len(s.Connections) == 0 {
		return false
	}
	last := &s.Connections[len(s.Connections)-1]
	return last.refused() && f.mayExpire(s.completion(), last.Ended)
}
