package checker

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A Violation is a broken promise.
type Violation struct {
	Invariant string // "I1" to "I14", "serves", "complete", "books", "keeps", or "forgets"
	Subject   string // the completion, stream or process
	What      string
}

// String returns the violation in one line.
func (v Violation) String() string { return v.Invariant + " " + v.Subject + ": " + v.What }

// Check returns all violations in a history, by invariant.
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
		{"serves", serves},
		{"complete", complete},
		{"books", accounted},
		{"keeps", kept},
		{"forgets", forgotten},
	} {
		f := &findings{History: h, index: in, invariant: invariant.name}
		invariant.check(f)
		all = append(all, f.violations...)
	}
	return all
}

// findings are what the check of one invariant finds in a history.
type findings struct {
	*History
	*index
	invariant  string
	violations []Violation
}

func (f *findings) add(subject, format string, args ...any) {
	f.violations = append(f.violations, Violation{f.invariant, subject, fmt.Sprintf(format, args...)})
}

// connections calls each for every connection of every stream.
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

// completion returns the id of a stream's completion; empty: the client never learned it.
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

// joined returns a stream's events as its client joins them: by id, each once.
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

// begun returns when the completion was requested.
func (s *Stream) begun() time.Time {
	if len(s.Connections) == 0 {
		return time.Time{}
	}
	return s.Connections[0].Begun
}

// over returns when the last connection ended.
func (s *Stream) over() time.Time {
	if len(s.Connections) == 0 {
		return time.Time{}
	}
	return s.Connections[len(s.Connections)-1].Ended
}

// refused reports whether an error said that the completion is unknown, or shorter than the client has seen.
func (c *Connection) refused() bool {
	switch c.Status {
	case http.StatusNotFound, http.StatusGone:
		return strings.Contains(c.Error, `"error"`)
	case http.StatusBadRequest:
		return strings.Contains(c.Error, `"code":"invalid_cursor"`)
	}
	return false
}

// mayFail reports whether a fault excuses an explicit error instead of a stream's end.
func (h *History) mayFail(s *Stream) bool {
	return slices.ContainsFunc(h.Faults, func(fault Fault) bool {
		return fault.Promise.MayFail && fault.From.Before(s.over()) && fault.To.Add(fault.Promise.Felt).After(s.begun())
	})
}

// mayForget reports whether a completion begun at one time may be unknown at another.
func (h *History) mayForget(begun, by time.Time) bool {
	return slices.ContainsFunc(h.Faults, func(fault Fault) bool {
		return fault.Promise.MayForget && fault.From.Before(by) && fault.To.After(begun)
	})
}

// disturbed returns the total duration of faults within a span.
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
