package checker_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/faults/checker"
)

const (
	before = "chatcmpl-BEFORE" // half of it was shown when the log was taken away
	after  = "chatcmpl-AFTER"  // requested after that
	unseen = "chatcmpl-UNSEEN" // nothing of it was shown before
)

// gone is the promise for a fault that takes the log away.
var gone = checker.Promise{MayFail: true, MayForget: true}

const notFound = `{"error":{"code":"completion_not_found"}}`

// written returns a completion of these words from a time on: its records, with one event each, its attempt, and its
// events.
func written(id, tag string, ms int, texts ...string) (records []checker.Record, attempt checker.Attempt, events []checker.Event) {
	made := append([]checker.Step{{Kind: checker.KindOpen}}, words(texts...)...)
	made = append(made, checker.Step{Kind: checker.KindFinish, Text: "stop"})
	records = []checker.Record{{Stored: at(ms), Writer: "A", Meta: &checker.Meta{ID: id, Principal: "me", Tag: tag, Key: tag}}}
	for i, step := range append(slices.Clone(made), checker.Step{Kind: checker.KindDone}) {
		records = append(records, checker.Record{Stored: at(ms + 10*i), Writer: "A", First: int64(i), Steps: []checker.Step{step}})
		events = append(events, event(id, i, ms+10*i+1, step))
	}
	attempt = checker.Attempt{ID: id, Tag: tag, Begun: at(ms), Last: at(ms + 50), Ended: true, Steps: made}
	return records, attempt, events
}

// wiped returns the history of a log that was taken away at 35, and came back empty at 100.
func wiped() *checker.History {
	old, was, shown := written(before, "one", 0, "a", "b", "c")
	fresh, is, all := written(after, "two", 200, "x", "y", "z")
	asked, _, _ := written(unseen, "three", 30)
	return &checker.History{
		Limits:   checker.Limits{Recover: time.Second, Close: time.Second, Lag: time.Second, Memory: 1000},
		Faults:   []checker.Fault{{Kind: "wipe", Target: "nats-0", From: at(35), To: at(100), Promise: gone}},
		Lost:     []checker.Era{{Until: at(40), Log: map[string][]checker.Record{before: old[:5], unseen: asked[:1]}}},
		Log:      map[string][]checker.Record{after: fresh},
		Attempts: []checker.Attempt{was, is},
		Streams: []checker.Stream{
			{Name: "who was there", Principal: "me", Connections: []checker.Connection{
				{Method: http.MethodPost, Begun: at(0), Ended: at(36), Status: 200, Completion: before, Events: shown[:3], End: checker.Cut},
				{Method: http.MethodGet, After: before + ".2", Begun: at(40), Ended: at(50), End: checker.Cut},
				{Method: http.MethodGet, After: before + ".2", Begun: at(60), Ended: at(120), Status: 404, End: checker.Clean, Error: notFound},
			}},
			{Name: "who had just asked", Principal: "me", Connections: []checker.Connection{
				{Method: http.MethodPost, Begun: at(30), Ended: at(36), Status: 200, Completion: unseen, End: checker.Cut},
				{Method: http.MethodGet, Begun: at(60), Ended: at(130), Status: 404, End: checker.Clean, Error: notFound},
			}},
			{Name: "who came later", Principal: "me", Connections: []checker.Connection{
				{Method: http.MethodPost, Begun: at(190), Ended: at(270), Status: 200, Completion: after, Events: all, End: checker.Clean},
			}},
		},
	}
}

// restored returns the history of a log that was restored at 100 to its state at 25. The completion continues there
// from event 2, but differently. Its client, which has seen events 2 and 3, gets an error.
func restored() *checker.History {
	h := wiped()
	old, was, shown := written(before, "one", 0, "a", "b", "c")
	open, finish, done := checker.Step{Kind: checker.KindOpen}, checker.Step{Kind: checker.KindFinish, Text: "stop"}, checker.Step{Kind: checker.KindDone}
	h.Faults[0].Kind = "restore"
	h.Lost[0].Log[before] = old[:5]
	h.Log[before] = append(slices.Clone(old[:3]),
		checker.Record{Stored: at(110), Writer: "B", Epoch: 1, Claim: true, First: 2},
		checker.Record{Stored: at(120), Writer: "B", Epoch: 1, First: 2, Steps: append(words("q"), finish, done)},
	)
	h.Attempts[0] = was
	h.Attempts = append(h.Attempts, checker.Attempt{ID: "again", Tag: "one", Resumed: 2, Begun: at(111), Last: at(119), Ended: true, Steps: append(words("q"), finish)})
	h.Streams[0].Connections[0].Events = shown[:4]
	h.Streams[0].Connections[1].After = before + ".3"
	h.Streams[0].Connections[2].After = before + ".3"
	h.Streams = append(h.Streams, checker.Stream{Name: "who reads it later", Principal: "me", Connections: []checker.Connection{{
		Method: http.MethodGet, Begun: at(300), Ended: at(310), Status: 200, Completion: before, End: checker.Clean, Events: []checker.Event{
			event(before, 0, 301, open), event(before, 1, 302, words("a")[0]), event(before, 2, 303, words("q")[0]),
			event(before, 3, 304, finish), event(before, 4, 305, done),
		},
	}}})
	return h
}

// endedThere is restored with an error as event 2 in the restored log. A client that has seen the other log's event 2
// also gets its event 3, from a replica that has not noticed the restore.
func endedThere() *checker.History {
	h := restored()
	old, _, shown := written(before, "one", 0, "a", "b", "c")
	failed := checker.Step{Kind: checker.KindError}
	h.Log[before] = append(slices.Clone(old[:3]),
		checker.Record{Stored: at(110), Writer: "B", Epoch: 1, Claim: true, First: 2},
		checker.Record{Stored: at(120), Writer: "B", Epoch: 1, First: 2, Steps: []checker.Step{failed}},
	)
	h.Attempts = slices.DeleteFunc(h.Attempts, func(a checker.Attempt) bool { return a.ID == "again" })
	there := &h.Streams[0]
	there.Connections[0].Events = shown[:3]
	late := &there.Connections[1]
	late.After, late.Begun, late.Ended = before+".2", at(45), at(60)
	late.Status, late.Completion, late.Events = 200, before, []checker.Event{event(before, 3, 50, words("c")[0])}
	h.Streams = h.Streams[:3]
	return h
}

func TestAlogThatIsTakenAway(t *testing.T) {
	connection := func(h *checker.History, stream, i int) *checker.Connection { return &h.Streams[stream].Connections[i] }
	for _, test := range []struct {
		name    string
		history func() *checker.History
		spoil   func(h *checker.History)
		want    []string // violated invariants
	}{
		{"wiped", wiped, func(*checker.History) {}, nil},
		{"restored", restored, func(*checker.History) {}, nil},
		{"restored from before what was shown", restored, func(h *checker.History) {
			c := connection(h, 0, 2)
			c.Status, c.Error = 400, `{"error":{"code":"invalid_cursor"}}`
		}, nil},
		{"read on where the restore was not noticed yet", endedThere, func(*checker.History) {}, nil},
		{"read on long after the end", endedThere, func(h *checker.History) {
			c := connection(h, 0, 1)
			c.Begun, c.Ended = at(100+1000), at(1210)
			for i := range c.Events {
				c.Events[i].At = at(1200)
			}
		}, []string{"I7"}},
		{"refused for another reason", restored, func(h *checker.History) {
			c := connection(h, 0, 2)
			c.Status, c.Error = 400, `{"error":{"code":"invalid_value"}}`
		}, []string{"I7", "complete"}},
		{"forgotten without a fault that says so", wiped, func(h *checker.History) { h.Faults[0].Promise = checker.Promise{} }, []string{"I7", "complete"}},
		{"forgotten, though it was asked for later", wiped, func(h *checker.History) {
			h.Faults[0].From, h.Faults[0].To = at(-50), at(-40)
		}, []string{"I7", "complete"}},
		{"refused without a word", wiped, func(h *checker.History) { connection(h, 0, 2).Error = "" }, []string{"I7", "complete"}},
		{"a silent end in place of an error", wiped, func(h *checker.History) {
			c := connection(h, 0, 2)
			c.Status, c.Error = 200, ""
		}, []string{"I8", "complete"}},
		{"no end", wiped, func(h *checker.History) { h.Streams[0].Connections = h.Streams[0].Connections[:2] }, []string{"complete"}},
		{"lost before it was taken away", wiped, func(h *checker.History) {
			e := &connection(h, 0, 0).Events
			*e = slices.Delete(*e, 1, 2)
		}, []string{"I1"}},
		{"shown and in no log", wiped, func(h *checker.History) { h.Lost[0].Log[before] = h.Lost[0].Log[before][:3] }, []string{"I3", "I5"}},
		{"admitted and in no log", wiped, func(h *checker.History) { delete(h.Lost[0].Log, unseen) }, []string{"I13"}},
		{"a record of a new completion is deleted", wiped, func(h *checker.History) {
			h.Log[after] = slices.Delete(h.Log[after], 3, 4)
		}, []string{"I1", "I2", "I3", "I5"}},
		{"a new completion is deleted", wiped, func(h *checker.History) { delete(h.Log, after) }, []string{"I3", "I5", "I13"}},
		{"a new completion fails", wiped, func(h *checker.History) {
			c := connection(h, 2, 0)
			c.Events = append(c.Events[:2:2], event(after, 2, 240, checker.Step{Kind: checker.KindError}))
			h.Log[after] = append(h.Log[after][:3:3], checker.Record{Stored: at(230), Writer: "A", First: 2, Steps: []checker.Step{{Kind: checker.KindError}}})
		}, []string{"complete"}},
		{"a new completion is cut short", wiped, func(h *checker.History) { h.Log[after] = h.Log[after][:5] }, []string{"I13"}},
		{"it serves too late", wiped, func(h *checker.History) {
			for i := range connection(h, 2, 0).Events {
				connection(h, 2, 0).Events[i].At = at(1200 + i)
			}
		}, []string{"serves"}},
		{"it serves no more", wiped, func(h *checker.History) { connection(h, 2, 0).Events = nil }, []string{"serves"}},
		{"one log's beginning, another's end", restored, func(h *checker.History) {
			c := connection(h, 0, 2)
			c.Status, c.Error, c.Completion = 200, "", before
			c.Events = []checker.Event{event(before, 4, 130, checker.Step{Kind: checker.KindDone})}
		}, []string{"I5"}},
		{"read beyond where the log that was put back ends", restored, func(h *checker.History) {
			last := checker.Record{Stored: at(120), Writer: "B", Epoch: 1, First: 2, Steps: []checker.Step{{Kind: checker.KindError}}}
			h.Log[before][4] = last
			c := connection(h, 0, 0)
			c.Events, c.Ended = c.Events[:3], at(22)
			*connection(h, 0, 1) = checker.Connection{
				Method: http.MethodGet, After: before + ".2", Begun: at(23), Ended: at(36), Status: 200, Completion: before, End: checker.Cut,
				Events: []checker.Event{event(before, 3, 33, words("c")[0])},
			}
			h.Streams = h.Streams[:3]
			h.Attempts[2].Steps = nil
		}, nil},
		{"asked anew with its key", wiped, func(h *checker.History) {
			h.Log[after][0].Meta.Tag = "one"
			h.Attempts[1].Tag = "one"
		}, nil},
		{"other bytes of the same", restored, func(h *checker.History) { connection(h, 3, 0).Events[0].Data += " " }, []string{"I4"}},
		{"no end in the log that was put back", restored, func(h *checker.History) { h.Log[before] = h.Log[before][:3] }, []string{"I13"}},
		{"a call too many", restored, func(h *checker.History) {
			h.Attempts = append(h.Attempts, h.Attempts[2], h.Attempts[2])
		}, []string{"I14"}},
		{"the old writer writes on", restored, func(h *checker.History) {
			h.Log[before][4].Writer = "A"
		}, []string{"I2"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := test.history()
			test.spoil(h)
			found := checker.Check(h)
			for _, want := range test.want {
				if !slices.ContainsFunc(found, func(v checker.Violation) bool { return v.Invariant == want }) {
					t.Errorf("%s was not found", want)
				}
			}
			if len(test.want) == 0 && len(found) > 0 || t.Failed() {
				t.Errorf("found: %v", found)
			}
		})
	}
}

func TestTable(t *testing.T) {
	h := restored()
	h.Faults = append(h.Faults, checker.Fault{Kind: "kill", From: at(215), To: at(230)}, checker.Fault{Kind: "kill", From: at(250), To: at(250)})
	for name, test := range map[string]struct {
		spoil func(h *checker.History)
		want  func(restore, kill *checker.Row)
	}{
		"nothing": {func(*checker.History) {}, func(*checker.Row, *checker.Row) {}},
		"lost": {func(h *checker.History) {
			e := &h.Streams[2].Connections[0].Events
			*e = slices.Delete(*e, 1, 2)
		}, func(_, kill *checker.Row) { kill.Lost = 1 }},
		"repeated": {func(h *checker.History) {
			e := &h.Streams[2].Connections[0].Events
			*e = slices.Insert(*e, 3, (*e)[2])
		}, func(_, kill *checker.Row) { kill.Repeated = 1 }},
		"foreign": {func(h *checker.History) {
			h.Streams[2].Connections[0].Events[1] = event(after, 1, 211, words("?")[0])
		}, func(restore, _ *checker.Row) { restore.Foreign = 1 }},
		"silent": {func(h *checker.History) {
			c := &h.Streams[0].Connections[1]
			c.Status, c.End = 200, checker.Clean
		}, func(restore, _ *checker.Row) { restore.Silent = 1 }},
		"failed later": {func(h *checker.History) { h.Streams[0].Connections[2].Ended = at(240) }, func(*checker.Row, *checker.Row) {}},
		"failed": {func(h *checker.History) {
			e := h.Streams[2].Connections[0].Events
			e[len(e)-1].Data = `{"error":{}}`
			h.Log[after][len(h.Log[after])-1].Steps[0].Kind = checker.KindError
		}, func(_, kill *checker.Row) { kill.Failed = 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			h := restored()
			h.Faults = append(h.Faults, checker.Fault{Kind: "kill", From: at(215), To: at(230)}, checker.Fault{Kind: "kill", From: at(250), To: at(250)})
			test.spoil(h)
			want := []checker.Row{{Kind: "kill", Times: 2}, {Kind: "restore", Times: 1, Failed: 2}}
			test.want(&want[1], &want[0])
			got := checker.Table(h)
			got = got[:len(got)-1] // without the sum
			for i := range got {
				got[i].Longest, got[i].Median = 0, 0
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	t.Run("pauses", func(t *testing.T) {
		h := wiped()
		e := h.Streams[2].Connections[0].Events // at 201, 211 … 251
		for i := 3; i < len(e); i++ {
			e[i].At = e[i].At.Add(5 * time.Second)
		}
		h.Faults = append(h.Faults, checker.Fault{Kind: "kill", From: at(215), To: at(230)})
		rows := checker.Table(h)
		if got, want := rows[0].Longest, 5*time.Second+10*time.Millisecond; got != want {
			t.Errorf("kill: the longest pause is %v, want %v", got, want)
		}
		if got, want := rows[1].Longest, 99*time.Millisecond; got != want {
			t.Errorf("wipe: the longest pause is %v, want %v", got, want)
		}
	})
	t.Run("all", func(t *testing.T) {
		rows := checker.Table(h)
		want := checker.Row{Kind: "all", Times: 3, Failed: 2, Longest: rows[1].Longest, Median: 10 * time.Millisecond}
		if diff := cmp.Diff(want, rows[len(rows)-1]); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
	t.Run("written", func(t *testing.T) {
		var b strings.Builder
		if err := checker.WriteTable(&b, []checker.Row{{Kind: "kill", Times: 2, Longest: 2500 * time.Millisecond, Failed: 1}}); err != nil {
			t.Fatal(err)
		}
		want := `
| fault | times | longest pause | median pause | tokens lost | repeated | foreign | silent ends | explicit errors |
| ---   | ---   | ---           | ---          | ---         | ---      | ---     | ---         | ---             |
| kill  | 2     | 2.50 s        | 0.00 s       | 0           | 0        | 0       | 0           | 1               |
`
		if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), b.String()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}
