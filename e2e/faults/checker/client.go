package checker

import (
	"net/http"
	"slices"
	"time"
)

// resumesAfterTheCursor is I7: resume(k) yields k+1, and 204 where k is the terminal
// event and nowhere else, or for a POST a stream without an event. A passing fault may
// put it off, but not refuse it.
func resumesAfterTheCursor(f *findings) {
	f.connections(func(s *Stream, c *Connection) {
		after := c.after()
		last, atEnd := f.atEnd(s, c)
		switch {
		case c.Status == http.StatusNoContent && !atEnd:
			f.add(label(s, c), "status 204 before the end, which is event %d", last)
		case c.Status == http.StatusOK && atEnd && len(c.Events) > 0:
			f.add(label(s, c), "%d events after the terminal one", len(c.Events))
		case c.Status == http.StatusOK && atEnd && c.Method == http.MethodGet && !c.ComeBack:
			f.add(label(s, c), "status 200 after the terminal event")
		case c.After != "" && c.Status/100 == 4 && c.Status != http.StatusTooManyRequests:
			f.add(label(s, c), "status %d after an event that was shown", c.Status)
		}
		if len(c.Events) == 0 {
			return
		}
		if _, sequence, ok := c.Events[0].place(); ok && sequence != after+1 {
			f.add(label(s, c), "the first event is %d, not %d", sequence, after+1)
		}
	})
}

// atEnd reports whether a connection resumes after the terminal event, which is last.
func (f *findings) atEnd(s *Stream, c *Connection) (last int64, atEnd bool) {
	last, _, ended := f.terminal(s.completion())
	return last, ended && c.After != "" && c.after() == last
}

// noCleanEndBeforeTheTerminal is I8: who sees a clean end has seen the terminal event or
// an error. Only an EventSource may be asked to come back instead.
func noCleanEndBeforeTheTerminal(f *findings) {
	f.connections(func(s *Stream, c *Connection) {
		if c.Status != http.StatusOK || c.End != Clean || c.ComeBack && c.Method == http.MethodGet {
			return
		}
		if n := len(c.Events); n > 0 {
			if step, err := c.Events[n-1].step(); err != nil || !step.Terminal() {
				f.add(label(s, c), "a clean end after %d events, the last of which is %s", n, c.Events[n-1].ID)
			}
			return
		}
		if _, atEnd := f.atEnd(s, c); atEnd && c.Method == http.MethodPost {
			return
		}
		f.add(label(s, c), "a clean end without an event")
	})
}

// recovers is I11: after a kill, every stream that was going on goes on, or ends, in
// bounded time. Faults that follow put it off.
func recovers(f *findings) {
	for i := range f.Streams {
		s := &f.Streams[i]
		for _, fault := range f.Faults {
			if fault.Kind == Kill {
				f.recoversFrom(s, fault.From)
			}
		}
	}
}

func (f *findings) recoversFrom(s *Stream, killed time.Time) {
	var before, after time.Time
	for j := range s.Connections {
		c := &s.Connections[j]
		if c.Slow || c.End == Left {
			return
		}
		for k := range c.Events {
			switch at := c.Events[k].At; {
			case !at.After(killed):
				before = at
			case after.IsZero():
				after = at
			}
		}
	}
	if before.IsZero() || len(s.Connections) == 0 {
		return // it began later
	}
	if after.IsZero() {
		all := s.joined()
		if n := len(all); n > 0 {
			if step, err := all[n-1].step(); err == nil && step.Terminal() {
				return // it ended before
			}
		}
		if after = s.Connections[len(s.Connections)-1].Ended; after.Before(killed) {
			return // the client gave up before
		}
	}
	if took := after.Sub(killed) - f.disturbed(killed, after); took > f.Limits.Recover {
		f.add(s.Name, "silent for %v after the kill at %s", took, killed.Format(time.StampMilli))
	}
}

// complete checks what all this is for: a client that stays sees its completion end
// as it should, unless somebody cancelled it.
func complete(f *findings) {
	cancelled := make(map[string]bool)
	for _, c := range f.Cancels {
		cancelled[c.Completion] = true
	}
	for i := range f.Streams {
		s := &f.Streams[i]
		if s.Left || cancelled[s.completion()] {
			continue
		}
		all := s.joined()
		if len(all) == 0 {
			f.add(s.Name, "received nothing")
			continue
		}
		last := &all[len(all)-1]
		step, err := last.step()
		if err == nil && step.Kind == KindError && f.excused(s.Connections[0].Begun, last.At) {
			continue
		}
		if err != nil || step.Kind != KindDone {
			f.add(s.Name, "ended with %s: %s", last.ID, last.Data)
		}
	}
}

// excused reports whether a kill that streams may break by was felt within the span.
func (f *findings) excused(from, to time.Time) bool {
	return slices.ContainsFunc(f.Faults, func(fault Fault) bool {
		felt, breaks := f.Breaking[fault.Target]
		return breaks && fault.Kind == Kill && fault.From.Before(to) && fault.To.Add(felt).After(from)
	})
}
