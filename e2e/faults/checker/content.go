package checker

import (
	"strings"
	"time"
)

// durableBeforeVisible is I3: what a client received is what the log holds, and was
// stored before it was received.
func durableBeforeVisible(f *findings) {
	f.connections(func(s *Stream, c *Connection) {
		for i := range c.Events {
			e := &c.Events[i]
			id, sequence, ok := e.place()
			if !ok {
				continue
			}
			all := f.steps(id)
			if sequence < 0 || sequence >= int64(len(all)) {
				f.add(label(s, c), "event %d was shown, but the log holds %d", sequence, len(all))
				continue
			}
			in := all[sequence]
			switch step, err := e.step(); {
			case err != nil:
				f.add(label(s, c), "%v", err)
			case step != in.Step:
				f.add(label(s, c), "event %d was shown as %v, but stored as %v", sequence, step, in.Step)
			case e.At.Before(in.at.Add(-f.Limits.Clock)):
				f.add(label(s, c), "event %d was shown %v before it was stored", sequence, in.at.Sub(e.At))
			}
		}
	})
}

// sameBytes is I4: one id has the same bytes wherever and whenever it is read.
func sameBytes(f *findings) {
	type frame struct{ name, data string }
	seen := make(map[string]frame)
	f.connections(func(s *Stream, c *Connection) {
		for _, e := range c.Events {
			if e.ID == "" {
				continue
			}
			now := frame{e.Name, e.Data}
			before, known := seen[e.ID]
			if known && before != now {
				f.add(label(s, c), "%s is %q, and was %q elsewhere", e.ID, now, before)
			}
			seen[e.ID] = now
		}
	})
	names := make(map[string]string)
	for _, id := range f.completions() {
		m := f.meta(id)
		if m.Key == "" {
			continue
		}
		name := m.Principal + "\x00" + m.Key
		if other, taken := names[name]; taken {
			f.add(id, "idempotency key %s names %s too", m.Key, other)
		}
		names[name] = id
	}
}

// prefixOfTheFinalText is I5: what a client has put together is a prefix of the final
// text, and all of it once it has seen the end. A text that is known beforehand is
// that text.
func prefixOfTheFinalText(f *findings) {
	asks := make(map[string]string)
	for i := range f.Streams {
		s := &f.Streams[i]
		id := s.completion()
		if s.Ask != "" {
			asks[id] = s.Ask
		}
		var got []Step
		for _, e := range s.joined() {
			if step, err := e.step(); err == nil {
				got = append(got, step)
			}
		}
		final := text(plain(f.steps(id)))
		mine, n := text(got), len(got)
		switch {
		case !strings.HasPrefix(final, mine):
			f.add(s.Name, "the client has %q, which does not begin the final text of %s, %q", mine, id, final)
		case n > 0 && got[n-1].Terminal() && mine != final:
			f.add(s.Name, "the client has seen the end and has %q of %q", mine, final)
		}
	}
	for _, id := range f.completions() {
		want, known := f.Want[asks[id]]
		if !known {
			continue
		}
		got := text(plain(f.steps(id)))
		_, end, _ := f.terminal(id)
		if end.Kind == KindDone && got != want || !strings.HasPrefix(want, got) {
			f.add(id, "the text is %q, and ought to be %q", got, want)
		}
	}
}

func plain(all []stored) []Step {
	steps := make([]Step, len(all))
	for i, s := range all {
		steps[i] = s.Step
	}
	return steps
}

// cancelled is I9: once a cancel was answered, the log gets no more text, and the
// engine's call ends soon.
func cancelled(f *findings) {
	for _, c := range f.Cancels {
		_, _, ended := f.terminal(c.Completion)
		if !ended {
			f.add(c.Completion, "was cancelled and has no terminal event")
		}
		for i, s := range f.steps(c.Completion) {
			if s.at.After(c.At.Add(f.Limits.Clock)) {
				f.add(c.Completion, "event %d was stored %v after the cancel was answered", i, s.at.Sub(c.At))
				break
			}
		}
		for _, a := range f.attempts(c.Completion) {
			if late := a.Last.Sub(c.At) - f.disturbed(c.At, a.Last); late > f.Limits.Close {
				f.add(c.Completion, "attempt %s went on for %v after the cancel was answered", a.ID, late)
			}
		}
	}
}

// ownCompletionsOnly is I12: nobody reads a completion of another principal.
func ownCompletionsOnly(f *findings) {
	f.connections(func(s *Stream, c *Connection) {
		id := c.Completion
		if len(c.Events) > 0 {
			id, _, _ = c.Events[0].place()
		}
		m := f.meta(id)
		if m.ID != "" && m.Principal != s.Principal && (c.Status/100 == 2 || len(c.Events) > 0) {
			f.add(label(s, c), "%s reads %s, which is %s's", s.Principal, id, m.Principal)
		}
	})
}

// accounted checks that the end of each completion is in the books: once, or twice where
// whoever wrote it down was taken for dead.
func accounted(f *findings) {
	if f.Books == nil {
		return
	}
	for id := range f.Log {
		if _, _, ended := f.terminal(id); !ended {
			continue
		}
		if n := f.Books[id]; n < 1 || n > 2 {
			f.add(id, "%d usage records", n)
		}
	}
}

// fewCalls is I14: the engine is called once, and once more for each takeover.
func fewCalls(f *findings) {
	for _, id := range f.completions() {
		claims := 0
		for _, r := range f.Log[id] {
			if r.Claim {
				claims++
			}
		}
		if n := len(f.attempts(id)); n > 1+claims {
			f.add(id, "the engine was called %d times with %d takeovers", n, claims)
		}
	}
}

// reachesATerminal is I13: what was admitted ends.
func reachesATerminal(f *findings) {
	for _, id := range f.completions() {
		if _, _, ended := f.terminal(id); !ended {
			f.add(id, "has no terminal event")
		}
	}
	for i := range f.Streams {
		if id := f.Streams[i].completion(); id != "" && len(f.Log[id]) == 0 {
			f.add(id, "was admitted for %s, and is not in the log", f.Streams[i].Name)
		}
	}
}

// bounded is I10: memory is bounded, and who reads slowly delays nobody else.
func bounded(f *findings) {
	for _, s := range f.Samples {
		if s.Resident > f.Limits.Memory {
			f.add(s.Process, "takes %d bytes, more than %d", s.Resident, f.Limits.Memory)
		}
	}
	f.connections(func(s *Stream, c *Connection) {
		if c.Slow {
			return
		}
		all := f.steps(s.completion())
		for i := range c.Events {
			_, sequence, ok := c.Events[i].place()
			if !ok || sequence >= int64(len(all)) {
				continue
			}
			since := later(all[sequence].at, c.Begun)
			if lag := c.Events[i].At.Sub(since) - f.faultsFrom(since, c.Events[i].At); lag > f.Limits.Lag {
				f.add(label(s, c), "event %d came %v late", sequence, lag)
				return
			}
		}
	})
}

// faultsFrom is [History.disturbed], together with what a fault just before the span
// still has to be made good: the bound of a recovery.
func (f *findings) faultsFrom(from, to time.Time) time.Duration {
	sum := f.disturbed(from, to)
	for _, fault := range f.Faults {
		if fault.From.Before(to) && fault.To.After(from.Add(-f.Limits.Recover)) {
			return sum + f.Limits.Recover
		}
	}
	return sum
}
