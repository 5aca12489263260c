package checker

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// A Violation is a promise that was broken.
type Violation struct {
	Invariant string // "I1" to "I14", "complete", or "books"
	Subject   string // the completion, stream or process
	What      string
}

// String returns the violation in one line.
func (v Violation) String() string { return v.Invariant + " " + v.Subject + ": " + v.What }

// Check returns every violation that the history shows, by invariant.
func Check(h *History) []Violation {
	var all []Violation
	in := newIndex(h)
	for _, invariant := range []struct {
		name  string
		check func(*findings)
	}{
		{"I1", dense},
		{"I2", fenced},
		{"I3", durableBeforeVisible},
		{"I4", sameBytes},
		{"I5", prefixOfTheFinalText},
		{"I6", oneTerminal},
		{"I7", resumesAfterTheCursor},
		{"I8", noCleanEndBeforeTheTerminal},
		{"I9", cancelled},
		{"I10", bounded},
		{"I11", recovers},
		{"I12", ownCompletionsOnly},
		{"I13", reachesATerminal},
		{"I14", fewCalls},
		{"complete", complete},
		{"books", accounted},
	} {
		f := &findings{History: h, index: in, invariant: invariant.name}
		invariant.check(f)
		all = append(all, f.violations...)
	}
	return all
}

// findings are what one invariant's check finds in a history.
type findings struct {
	*History
	*index
	invariant  string
	violations []Violation
}

func (f *findings) add(subject, format string, args ...any) {
	f.violations = append(f.violations, Violation{f.invariant, subject, fmt.Sprintf(format, args...)})
}

// completions returns the ids of the completions in the log, ordered.
func (f *findings) completions() []string { return slices.Sorted(maps.Keys(f.Log)) }

// connections calls each with every connection of every stream.
func (f *findings) connections(each func(s *Stream, c *Connection)) {
	for i := range f.Streams {
		for j := range f.Streams[i].Connections {
			each(&f.Streams[i], &f.Streams[i].Connections[j])
		}
	}
}

// label names a connection.
func label(s *Stream, c *Connection) string {
	for i := range s.Connections {
		if c == &s.Connections[i] {
			return fmt.Sprintf("%s, connection %d (%s after %q)", s.Name, i, c.Method, c.After)
		}
	}
	return s.Name
}

// completion returns the id of the completion that a stream follows; empty: it never
// learnt it.
func (s *Stream) completion() string {
	for i := range s.Connections {
		if id := s.Connections[i].Completion; id != "" {
			return id
		}
		for j := range s.Connections[i].Events {
			if id, _, ok := s.Connections[i].Events[j].place(); ok {
				return id
			}
		}
	}
	return ""
}

// joined returns a stream's events as its client puts them together: by id, each once.
func (s *Stream) joined() []Event {
	var all []Event
	for i := range s.Connections {
		for _, e := range s.Connections[i].Events {
			if _, sequence, ok := e.place(); ok && sequence == int64(len(all)) {
				all = append(all, e)
			}
		}
	}
	return all
}

// disturbed returns for how long of a span there were faults.
func (h *History) disturbed(from, to time.Time) time.Duration {
	faults := slices.SortedFunc(slices.Values(h.Faults), func(a, b Fault) int { return cmp.Compare(a.From.UnixNano(), b.From.UnixNano()) })
	var sum time.Duration
	for _, fault := range faults {
		begin, end := later(fault.From, from), earlier(fault.To, to)
		if end.After(begin) {
			sum += end.Sub(begin)
			from = end
		}
	}
	return sum
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
