package checker

import (
	"fmt"
	"net/http"
	"time"
)

// resumesAfterTheCursor is I7: resume(k) yields k+1, and 204 exactly if k is the terminal event, or for a POST an
// empty stream. A passing fault may delay that, but not refuse it. Only the loss of the log and the end of the
// retention may.
func resumesAfterTheCursor(f *findings) {
	f.connections(func(s *Stream, c *Connection) {
		after := c.after()
		atEnd := f.atEnd(s, c)
		switch {
		case c.Status == http.StatusNoContent && !atEnd:
			f.add(label(s, c), "status 204 before the end")
		case c.Status == http.StatusNoContent && !s.sawEnd():
			f.add(label(s, c), "status 204, and the client has something else than the end")
		case c.Status == http.StatusOK && atEnd && len(c.Events) > 0 && !f.goesOn(s, c):
			f.add(label(s, c), "%d events after the terminal one", len(c.Events))
		case c.Status == http.StatusOK && atEnd && c.Method == http.MethodGet && !c.ComeBack && !f.goesOn(s, c):
			f.add(label(s, c), "status 200 after the terminal event")
		case c.refused() && (f.mayForget(s.begun(), c.Ended) || f.mayExpire(s.completion(), c.Ended)):
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

// sawEnd reports whether the client's last event is the terminal one.
func (s *Stream) sawEnd() bool {
	all := s.joined()
	if len(all) == 0 {
		return false
	}
	step, err := all[len(all)-1].step()
	return err == nil && step.Terminal()
}

// atEnd reports whether a connection resumes after the terminal event.
func (f *findings) atEnd(s *Stream, c *Connection) bool {
	return c.After != "" && f.endsAt(s.completion(), c.after())
}

// goesOn reports whether the completion had more events than the one after which the connection resumes: in the log
// at the connection's begin, or in one that was taken away so shortly before that a replica may not have noticed.
func (f *findings) goesOn(s *Stream, c *Connection) bool {
	for _, v := range f.byID[s.completion()] {
		gone := !v.until.IsZero() && !v.until.After(c.Begun)
		if gone && v.until.Before(c.Begun.Add(-f.Limits.Recover)) {
			continue
		}
		if more := int64(len(v.steps)) > c.after()+1; more || !gone {
			return more
		}
	}
	return false
}

// noCleanEndBeforeTheTerminal is I8: a client that sees a clean end has seen the terminal event or an error. Only an
// EventSource may be asked to reconnect instead.
func noCleanEndBeforeTheTerminal(f *findings) {
	f.connections(func(s *Stream, c *Connection) {
		if f.silent(s, c) {
			f.add(label(s, c), "a clean end after %d events, without the last one", len(c.Events))
		}
	})
}

// silent reports whether a connection has ended cleanly, but without an end of the completion.
func (in *index) silent(s *Stream, c *Connection) bool {
	if c.Status != http.StatusOK || c.End != Clean || c.ComeBack && c.Method == http.MethodGet {
		return false
	}
	if n := len(c.Events); n > 0 {
		step, err := c.Events[n-1].step()
		return err != nil || !step.Terminal()
	}
	return c.Method != http.MethodPost || c.After == "" || !in.endsAt(s.completion(), c.after()) || !s.sawEnd()
}

// recovers is I11: after a fault, every running stream continues or ends in bounded time. Later faults extend that.
func recovers(f *findings) {
	for i := range f.Streams {
		for _, fault := range f.Faults {
			f.recoversFrom(&f.Streams[i], &fault)
		}
	}
}

func (f *findings) recoversFrom(s *Stream, fault *Fault) {
	begun := fault.From
	var before, after time.Time
	for j := range s.Connections {
		c := &s.Connections[j]
		if c.Slow || c.End == Left {
			return
		}
		for k := range c.Events {
			switch at := c.Events[k].At; {
			case !at.After(begun):
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
		if s.sawEnd() {
			return // it ended before
		}
		if after = s.over(); after.Before(begun) {
			return // the client gave up before
		}
	}
	if took := after.Sub(begun) - f.disturbed(begun, after); took > f.Limits.Recover {
		f.add(s.Name, "silent for %v beside the faults, after %v", took, fault)
	}
}

// serves checks that the service works again soon after each fault, by itself: a client that asks then gets the first
// event of an answer in bounded time.
func serves(f *findings) {
	for _, fault := range f.Faults {
		asked, heard := false, time.Time{}
		for i := range f.Streams {
			s := &f.Streams[i]
			if s.begun().Before(fault.To) || s.Connections[0].Method != http.MethodPost {
				continue
			}
			at, ok := s.heard()
			if !ok && s.Left {
				continue // the client left, so nobody knows what would have come
			}
			if asked = true; ok && (heard.IsZero() || at.Before(heard)) {
				heard = at
			}
		}
		switch took := heard.Sub(fault.To) - f.disturbed(fault.To, heard); {
		case !asked:
		case heard.IsZero():
			f.add(fault.Target, "no completion was answered after %v", &fault)
		case took > f.Limits.Recover:
			f.add(fault.Target, "the first completion was answered %v after %v, beside the faults", took, &fault)
		}
	}
}

// heard returns when the client received the first event of the completion.
func (s *Stream) heard() (time.Time, bool) {
	for i := range s.Connections {
		for j := range s.Connections[i].Events {
			if e := &s.Connections[i].Events[j]; e.ID != "" {
				return e.At, true
			}
		}
	}
	return time.Time{}, false
}

// String returns the fault's kind, target and time.
func (f *Fault) String() string {
	return fmt.Sprintf("%s of %s at %s", f.Kind, f.Target, f.From.Format(time.StampMilli))
}

// complete checks the purpose of it all: a client that stays sees its completion end normally, unless somebody
// cancelled it, or a fault excuses an explicit error.
func complete(f *findings) {
	cancelled := f.cancelled()
	for i := range f.Streams {
		s := &f.Streams[i]
		if s.Left || cancelled[s.completion()] || f.failed(s) && f.mayFail(s) || f.cameLate(s) {
			continue
		}
		all := s.joined()
		if len(all) == 0 {
			f.add(s.Name, "received nothing")
			continue
		}
		last := &all[len(all)-1]
		if step, err := last.step(); err != nil || step.Kind != KindDone {
			f.add(s.Name, "ended with %s: %s", last.ID, last.Data)
		}
	}
}

// cancelled returns the completions that were cancelled.
func (h *History) cancelled() map[string]bool {
	all := make(map[string]bool)
	for _, c := range h.Cancels {
		all[c.Completion] = true
	}
	return all
}

// failed reports whether a stream has ended with an explicit error: an error event of the completion, or an answer
// that the completion is no longer known.
func (h *History) failed(s *Stream) bool {
	if len(s.Connections) == 0 {
		return false
	}
	last := &s.Connections[len(s.Connections)-1]
	if last.refused() {
		return h.mayForget(s.begun(), last.Ended)
	}
	n := len(last.Events)
	if n == 0 || last.Events[n-1].ID == "" {
		return false
	}
	step, err := last.Events[n-1].step()
	return err == nil && step.Kind == KindError
}
