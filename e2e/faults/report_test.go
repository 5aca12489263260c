package faults

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pawstream/pawstream/e2e/faults/checker"
)

// report prints what happened in the run, and how long its faults were felt.
func (tp *topology) report(h *checker.History) {
	connections, events, ended := 0, 0, make(map[string]int)
	statuses := make(map[int]int)
	for i := range h.Streams {
		for _, c := range h.Streams[i].Connections {
			connections++
			events += len(c.Events)
			statuses[c.Status]++
		}
	}
	claims, taken := 0, 0
	for _, records := range h.Log {
		n := 0
		for _, r := range records {
			if r.Claim {
				n++
			}
		}
		claims += n
		taken = max(taken, n)
		if last := records[len(records)-1].Steps; len(last) > 0 {
			ended[string(last[len(last)-1].Kind)]++
		}
	}
	cuts := 0
	for _, p := range tp.proxies() {
		cuts += p.Cuts()
	}
	resident := make(map[string]int64)
	for _, s := range h.Samples {
		resident[s.Process] = max(resident[s.Process], s.Resident>>20)
	}
	tp.t.Logf("%d streams, %d connections (by status %v), %d events received, %d completions ended %v, %d cancels",
		len(h.Streams), connections, statuses, events, len(h.Log), ended, len(h.Cancels))
	tp.t.Logf("%d faults, %d cuts, %d takeovers (at most %d of one completion), peak MiB %v", len(h.Faults), cuts, claims, taken, resident)
	twice := 0
	for _, records := range h.Books {
		if len(records) > 1 {
			twice++
		}
	}
	tp.t.Logf("usage records of %d completions, twice of %d", len(h.Books), twice)
	if h.Retention > 0 {
		tp.t.Logf("%d completions have expired %v after their end, of %d that were not to be stored", len(h.Expired), h.Retention, unstored(h))
	}
	for _, f := range h.Faults {
		switch {
		case strings.HasPrefix(f.Target, "completion"):
			tp.t.Logf("%s %s: takeovers after %s", f.Kind, f.Target, spread(takeovers(h, f)))
		case strings.HasPrefix(f.Target, "nats"):
			tp.t.Logf("%s %s: streams go on %s after it is back", f.Kind, f.Target, spread(returns(h, f)))
		case strings.HasPrefix(f.Target, "edge"):
			tp.t.Logf("%s %s: clients that it served go on after %s", f.Kind, f.Target, spread(reconnects(h, f)))
		}
	}
	for _, s := range tp.all() {
		if n := s.gone(); n > 0 {
			tp.t.Logf("%s has ended by itself %d times, and was started again", s.name, n)
		}
		if lines := s.logged(complaints, 0); len(lines) > 0 {
			tp.t.Logf("%d complaints of %s, such as %s", len(lines), s.name, lines[0])
		}
	}
	var table strings.Builder
	if err := checker.WriteTable(&table, checker.Table(h)); err != nil {
		tp.t.Error(err)
	}
	tp.t.Logf("seed %d, %v:\n%s", h.Seed, tp.plan.Name, &table)
}

// unstored returns how many completions of the last log were not to be stored.
func unstored(h *checker.History) (n int) {
	for _, records := range h.Log {
		if records[0].Meta != nil && !records[0].Meta.Store {
			n++
		}
	}
	return n
}

// reach is how long after a fault an event counts as its consequence.
const reach = 15 * time.Second

// takeovers returns how long after a fault each orphan was continued.
func takeovers(h *checker.History, f checker.Fault) (all []time.Duration) {
	until := f.From.Add(reach)
	for _, next := range h.Faults {
		if next.From.After(f.From) && next.From.Before(until) && strings.HasPrefix(next.Target, "completion") {
			until = next.From
		}
	}
	for _, records := range h.Log {
		for i, r := range records {
			if !r.Claim || r.Stored.Before(f.From) || r.Stored.After(until) || i+1 == len(records) {
				continue
			}
			if next := records[i+1]; !next.Claim {
				all = append(all, next.Stored.Sub(f.From))
			}
			break
		}
	}
	return all
}

// returns returns how long after a fault's end each completion continued that was running before.
func returns(h *checker.History, f checker.Fault) (all []time.Duration) {
	for _, records := range h.Log {
		if !records[0].Stored.Before(f.From) {
			continue
		}
		for _, r := range records {
			if len(r.Steps) > 0 && r.Stored.After(f.To) && r.Stored.Before(f.To.Add(reach)) {
				all = append(all, r.Stored.Sub(f.To))
				break
			}
		}
	}
	return all
}

// reconnects returns how long after a fault each client that lost its connection received its next event.
func reconnects(h *checker.History, f checker.Fault) (all []time.Duration) {
	for i := range h.Streams {
		list := h.Streams[i].Connections
		for j, c := range list {
			if c.End != checker.Cut || c.Ended.Before(f.From) || c.Ended.After(f.From.Add(2*time.Second)) {
				continue
			}
			for _, next := range list[j+1:] {
				if len(next.Events) > 0 {
					all = append(all, next.Events[0].At.Sub(f.From))
					break
				}
			}
			break
		}
	}
	return all
}

// spread describes the distribution of durations.
func spread(all []time.Duration) string {
	if len(all) == 0 {
		return "(none)"
	}
	slices.Sort(all)
	ms := func(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }
	return fmt.Sprintf("median %v, longest %v (%d)", ms(all[len(all)/2]), ms(all[len(all)-1]), len(all))
}
