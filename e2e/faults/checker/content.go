package checker

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// durableBeforeVisible is I3: the log holds what a client received, and stored it before.
func durableBeforeVisible(f *findings) {
	f.connections(func(s *Stream, c *Connection) {
		for i := range c.Events {
			e := &c.Events[i]
			id, sequence, ok := e.place()
			if !ok {
				continue
			}
			step, err := e.step()
			if err != nil {
				f.add(label(s, c), "%v", err)
				continue
			}
			in, held := f.holder(id, sequence, step)
			switch last := f.last(id); {
			case last == nil:
				f.add(label(s, c), "event %d was shown, but no log holds the completion", sequence)
			case !held && sequence >= int64(len(last.steps)):
				f.add(label(s, c), "event %d was shown, but the log holds %d", sequence, len(last.steps))
			case !held:
				f.add(label(s, c), "event %d was shown as %v, but stored as %v", sequence, step, last.steps[sequence].Step)
			case e.At.Before(in.at.Add(-f.Limits.Clock)):
				f.add(label(s, c), "event %d was shown %v before it was stored", sequence, in.at.Sub(e.At))
			}
		}
	})
}

// sameBytes is I4: within one log, an id has the same bytes wherever and whenever it is read.
func sameBytes(f *findings) {
	type frame struct{ name, data string }
	type place struct {
		id   string
		step Step
	}
	seen := make(map[place]frame)
	f.connections(func(s *Stream, c *Connection) {
		for i := range c.Events {
			e := &c.Events[i]
			id, _, ok := e.place()
			if !ok {
				continue
			}
			here, now := place{id: e.ID}, frame{e.Name, e.Data}
			if len(f.byID[id]) > 1 {
				here.step, _ = e.step() // it may differ between logs, which I3 checks
			}
			before, known := seen[here]
			if known && before != now {
				f.add(label(s, c), "%s is %q, and was %q elsewhere", e.ID, now, before)
			}
			seen[here] = now
		}
	})
	names := make(map[string]*version)
	for _, v := range f.versions {
		if v.meta.Key == "" {
			continue
		}
		name := fmt.Sprintf("%d\x00%s\x00%s", v.era, v.meta.Principal, v.meta.Key)
		if other, taken := names[name]; taken && !f.inTurn(v, other) {
			f.add(v.String(), "idempotency key %s names %s too", v.meta.Key, other.id)
		}
		names[name] = v
	}
}

// prefixOfTheFinalText is I5: a client's text is a prefix of the final text, and equals it once the client has seen
// the end. If the text is known beforehand, it is that text. If there were several logs, the text is from one of
// them: nobody gets the beginning of one and the end of another.
func prefixOfTheFinalText(f *findings) {
	asks := make(map[string]string)
	for i := range f.Streams {
		s := &f.Streams[i]
		if s.Ask != "" {
			asks[s.completion()] = s.Ask
		}
		f.oneText(s)
	}
	for _, v := range f.versions {
		want, known := f.Want[asks[v.id]]
		if !known {
			continue
		}
		got := text(plain(v.steps))
		_, end, _ := v.terminal()
		if end.Kind == KindDone && got != want || !strings.HasPrefix(want, got) {
			f.add(v.String(), "the text is %q, and ought to be %q", got, want)
		}
	}
}

// oneText checks the text of one stream.
func (f *findings) oneText(s *Stream) {
	id := s.completion()
	var got []Step
	for _, e := range s.joined() {
		if step, err := e.step(); err == nil {
			got = append(got, step)
		}
	}
	if len(got) == 0 {
		return
	}
	mine := text(got)
	var final string
	for _, v := range f.byID[id] {
		all := plain(v.steps)
		final = text(all)
		if len(all) >= len(got) && slices.Equal(all[:len(got)], got) {
			return
		}
	}
	switch ended := got[len(got)-1].Terminal(); {
	case !strings.HasPrefix(final, mine):
		f.add(s.Name, "the client has %q, which does not begin the final text of %s, %q", mine, id, final)
	case ended && mine != final:
		f.add(s.Name, "the client has seen the end and has %q of %q", mine, final)
	default:
		f.add(s.Name, "the client has events of more than one text of %s", id)
	}
}

func plain(all []stored) []Step {
	steps := make([]Step, len(all))
	for i, s := range all {
		steps[i] = s.Step
	}
	return steps
}

// cancelled is I9: once a cancel was confirmed, the log gets no more text, and the engine's call ends soon. A log
// restored from an earlier backup does not know of the cancel.
func cancelled(f *findings) {
	for _, c := range f.Cancels {
		if c.Gone {
			if !f.mayForget(time.Time{}, c.At) && !f.mayExpire(c.Completion, c.At) {
				f.add(c.Completion, "was not known to who cancelled it")
			}
			continue
		}
		v := f.at(c.Completion, c.At)
		if v == nil {
			if !f.mayForget(c.At, c.At) {
				f.add(c.Completion, "was cancelled and is in no log")
			}
			continue
		}
		if _, _, ended := v.terminal(); !ended {
			f.add(v.String(), "was cancelled and has no terminal event")
		}
		for i, s := range v.steps {
			if s.at.After(c.At.Add(f.Limits.Clock)) {
				f.add(v.String(), "event %d was stored %v after the cancel was answered", i, s.at.Sub(c.At))
				break
			}
		}
		for _, a := range f.attempts(c.Completion) {
			if !v.until.IsZero() && a.Last.After(v.until) {
				continue
			}
			if late := a.Last.Sub(c.At) - f.disturbed(c.At, a.Last); late > f.Limits.Close {
				f.add(c.Completion, "attempt %s went on for %v after the cancel was answered", a.ID, late)
			}
		}
	}
}

// ownCompletionsOnly is I12: nobody reads another principal's completion.
func ownCompletionsOnly(f *findings) {
	f.connections(func(s *Stream, c *Connection) {
		id := c.Completion
		if len(c.Events) > 0 {
			id, _, _ = c.Events[0].place()
		}
		v := f.last(id)
		if v != nil && v.meta.ID != "" && v.meta.Principal != s.Principal && (c.Status/100 == 2 || len(c.Events) > 0) {
			f.add(label(s, c), "%s reads %s, which is %s's", s.Principal, id, v.meta.Principal)
		}
	})
}

// accounted checks that each end of a completion is in the books once, including its ends in logs that were taken
// away. A second record is excused if the replica that made the first one was killed, suspended or cut off from the
// log just then, before it could announce that, or if the log was restored to that very moment. A log that takes
// nothing for a while delays the first record, too.
func accounted(f *findings) {
	if f.Books == nil {
		return
	}
	for id := range f.Log {
		if _, _, ended := f.last(id).terminal(); !ended {
			continue
		}
		ends, records := f.ends(id), slices.SortedFunc(slices.Values(f.Books[id]), time.Time.Compare)
		most := len(ends)
		if slices.ContainsFunc(ends, f.cutShort) || slices.ContainsFunc(records[:max(len(records)-1, 0)], f.cutShort) {
			most++
		}
		if n := len(records); n < 1 || n > most {
			f.add(id, "%d usage records of %d ends", n, len(ends))
		}
	}
}

// ends returns when a completion has ended, each end once: those in a restored log are the same ones.
func (in *index) ends(id string) (all []time.Time) {
	for _, v := range in.byID[id] {
		if n := len(v.steps); n > 0 && v.steps[n-1].Terminal() && !slices.ContainsFunc(all, v.steps[n-1].at.Equal) {
			all = append(all, v.steps[n-1].at)
		}
	}
	return all
}

// cutShort reports whether, shortly after a time, a fault began that could prevent the announcement of an entry: a
// killed, suspended or cut off completion service, or a backup that was restored.
func (f *findings) cutShort(at time.Time) bool {
	const moment = 500 * time.Millisecond
	return slices.ContainsFunc(f.Faults, func(fault Fault) bool {
		cuts := slices.ContainsFunc([]string{"kill-completion", "kill-all", "pause-completion", "replace-nats", "silence-nats", "restore"}, func(kind string) bool { return strings.Contains(fault.Kind, kind) })
		return cuts && fault.From.After(at.Add(-f.Limits.Clock)) && fault.From.Before(at.Add(moment))
	})
}

// fewCalls is I14: in each log, the engine is called once, and once more for each takeover. A client that repeats its
// request in another log, with an idempotency key, has one more completion.
func fewCalls(f *findings) {
	most, one := make(map[string]int), make(map[string]string)
	for _, v := range f.versions {
		most[v.meta.Tag] += 1 + v.claims()
		one[v.meta.Tag] = v.id
	}
	for _, tag := range slices.Sorted(maps.Keys(most)) {
		if n := len(f.byTag[tag]); n > most[tag] {
			f.add(one[tag], "the engine was called %d times; once and for each takeover are %d", n, most[tag])
		}
	}
}

// reachesATerminal is I13: every admitted completion ends, unless its log was taken away.
func reachesATerminal(f *findings) {
	for _, v := range f.versions {
		if _, _, ended := v.terminal(); !ended && v.until.IsZero() {
			f.add(v.id, "has no terminal event")
		}
	}
	for i := range f.Streams {
		if id := f.Streams[i].completion(); id != "" && f.last(id) == nil {
			f.add(id, "was admitted for %s, and is not in the log", f.Streams[i].Name)
		}
	}
}

// bounded is I10: memory is bounded, and a slow reader delays nobody else.
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
		for i := range c.Events {
			id, sequence, ok := c.Events[i].place()
			step, err := c.Events[i].step()
			in, held := f.holder(id, sequence, step)
			if !ok || err != nil || !held {
				continue
			}
			since := later(in.at, c.Begun)
			if lag := c.Events[i].At.Sub(since) - f.faultsFrom(since, c.Events[i].At); lag > f.Limits.Lag {
				f.add(label(s, c), "event %d came %v late", sequence, lag)
				return
			}
		}
	})
}

// faultsFrom is [History.disturbed], plus what remains of the recovery from a fault just before the span.
func (f *findings) faultsFrom(from, to time.Time) time.Duration {
	sum := f.disturbed(from, to)
	for _, fault := range f.Faults {
		if fault.From.Before(to) && fault.To.After(from.Add(-f.Limits.Recover)) {
			return sum + f.Limits.Recover
		}
	}
	return sum
}
