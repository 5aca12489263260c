package checker

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

const (
	// reach is how long after a fault's end a pause counts as its consequence.
	reach = 15 * time.Second
	// rhythm is the normal silence of a stream: a pause that began at most this long before a fault counts as the
	// fault's.
	rhythm = 500 * time.Millisecond
)

// A Row is what the faults of one kind did to the streams. What happened counts for the last fault that had begun,
// and an explicit error for the last one that excuses it.
type Row struct {
	Kind    string // "": before the first fault
	Times   int
	Longest time.Duration // longest pause of a stream
	Median  time.Duration // of each stream's longest pause after each fault

	Lost     int // missing events
	Repeated int // repeated events
	Foreign  int // events of another completion, or that its log never held
	Silent   int // connections that ended cleanly before the last event
	Failed   int // streams that ended with an explicit error without a cancel
}

// Table returns a row for each kind of fault, by name, and one with their sum.
func Table(h *History) []Row {
	t := &table{History: h, index: newIndex(h), rows: make(map[string]*Row), pauses: make(map[string][]time.Duration)}
	t.faults = slices.SortedFunc(slices.Values(h.Faults), func(a, b Fault) int { return a.From.Compare(b.From) })
	for _, f := range t.faults {
		t.row(f.Kind).Times++
	}
	cancelled := h.cancelled()
	for i := range h.Streams {
		s := &h.Streams[i]
		t.count(s)
		if h.failed(s) && !cancelled[s.completion()] {
			t.blame(s).Failed++
		}
		if s.steady() {
			t.pause(s)
		}
	}
	sum := Row{Kind: "all"}
	var all []Row
	var pauses []time.Duration
	for _, kind := range slices.Sorted(maps.Keys(t.rows)) {
		row := t.rows[kind]
		row.measure(t.pauses[kind])
		pauses = append(pauses, t.pauses[kind]...)
		sum.add(row)
		all = append(all, *row)
	}
	sum.measure(pauses)
	return append(all, sum)
}

// measure sets the figures about pauses.
func (r *Row) measure(pauses []time.Duration) {
	if n := len(pauses); n > 0 {
		slices.Sort(pauses)
		r.Longest, r.Median = pauses[n-1], pauses[n/2]
	}
}

// add adds the counts of another row.
func (r *Row) add(other *Row) {
	r.Times += other.Times
	r.Lost += other.Lost
	r.Repeated += other.Repeated
	r.Foreign += other.Foreign
	r.Silent += other.Silent
	r.Failed += other.Failed
}

// WriteTable writes rows as a Markdown table.
func WriteTable(w io.Writer, rows []Row) error {
	out := tabwriter.NewWriter(w, 0, 0, 1, ' ', tabwriter.Debug)
	line := func(cells ...any) {
		text := strings.TrimSuffix(fmt.Sprintln(cells...), "\n")
		fmt.Fprintf(out, "| %s\t\n", strings.ReplaceAll(text, "|", "\t "))
	}
	line("fault|times|longest pause|median pause|tokens lost|repeated|foreign|silent ends|explicit errors")
	line("---|---|---|---|---|---|---|---|---")
	for _, r := range rows {
		line(fmt.Sprintf("%s|%d|%.2f s|%.2f s|%d|%d|%d|%d|%d", cmp.Or(r.Kind, "(none)"), r.Times,
			r.Longest.Seconds(), r.Median.Seconds(), r.Lost, r.Repeated, r.Foreign, r.Silent, r.Failed))
	}
	return out.Flush()
}

// A table is computed from a history.
type table struct {
	*History
	*index
	faults []Fault // by begin
	rows   map[string]*Row
	pauses map[string][]time.Duration
}

func (t *table) row(kind string) *Row {
	if t.rows[kind] == nil {
		t.rows[kind] = &Row{Kind: kind}
	}
	return t.rows[kind]
}

// fault returns the index of the last fault that had begun at a time; -1: none.
func (t *table) fault(at time.Time) int {
	n, _ := slices.BinarySearchFunc(t.faults, at, func(f Fault, at time.Time) int {
		if f.From.After(at) {
			return 1
		}
		return -1
	})
	return n - 1
}

// at returns the row of the last fault that had begun at a time.
func (t *table) at(at time.Time) *Row {
	if n := t.fault(at); n >= 0 {
		return t.row(t.faults[n].Kind)
	}
	return t.row("")
}

// blame returns the row of the last fault that excuses a stream's explicit error, or else of the last fault before
// it.
func (t *table) blame(s *Stream) *Row {
	for n := t.fault(s.over()); n >= 0; n-- {
		if f := t.faults[n]; f.Promise.MayFail && f.To.Add(f.Promise.Felt).After(s.begun()) {
			return t.row(f.Kind)
		}
	}
	return t.at(s.over())
}

// count counts what is wrong with the events of a stream.
func (t *table) count(s *Stream) {
	next, id := int64(0), s.completion()
	for i := range s.Connections {
		c := &s.Connections[i]
		if t.silent(s, c) {
			t.at(c.Ended).Silent++
		}
		for j := range c.Events {
			e := &c.Events[j]
			of, sequence, ok := e.place()
			if !ok {
				continue
			}
			step, _ := e.step()
			switch _, held := t.holder(id, sequence, step); {
			case of != id || !held:
				t.at(e.At).Foreign++
			case sequence < next:
				t.at(e.At).Repeated++
			case sequence > next:
				t.at(e.At).Lost += int(sequence - next)
			}
			next = max(next, sequence+1)
		}
	}
}

// steady reports whether only the service causes a stream's pauses.
func (s *Stream) steady() bool {
	return !s.Left && !slices.ContainsFunc(s.Connections, func(c Connection) bool { return c.Slow || c.End == Left })
}

// pause adds a stream's longest pause after each fault.
func (t *table) pause(s *Stream) {
	var times []time.Time
	for i := range s.Connections {
		for j := range s.Connections[i].Events {
			times = append(times, s.Connections[i].Events[j].At)
		}
	}
	if n := len(times); n > 0 && t.failed(s) {
		times = append(times, s.over())
	}
	longest := make(map[int]time.Duration)
	for i := 1; i < len(times); i++ {
		if n := t.cause(times[i-1], times[i]); n >= 0 {
			longest[n] = max(longest[n], times[i].Sub(times[i-1]))
		}
	}
	for n, d := range longest {
		kind := t.faults[n].Kind
		t.pauses[kind] = append(t.pauses[kind], d)
	}
}

// cause returns the index of the fault that caused a pause: the first one that began during it, if that was early
// enough, or else the last one before it; -1: none.
func (t *table) cause(from, to time.Time) int {
	n := t.fault(from)
	if next := n + 1; next < len(t.faults) {
		if begun := t.faults[next].From; begun.Before(to) && begun.Before(from.Add(rhythm)) {
			return next
		}
	}
	if n >= 0 && from.After(t.faults[n].To.Add(reach)) {
		return -1
	}
	return n
}
