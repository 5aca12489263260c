package checker_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/pawstream/pawstream/e2e/faults/checker"
	logv1 "github.com/pawstream/pawstream/gen/petstore/completion/log/v1"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

const (
	taken     = "chatcmpl-TAKEN"     // taken over once, read over three connections
	cancelled = "chatcmpl-CANCELLED" // cancelled after two events
)

// at returns a time, in milliseconds from the history's start.
func at(ms int) time.Time { return time.Unix(1800000000, 0).Add(time.Duration(ms) * time.Millisecond) }

func words(texts ...string) []checker.Step {
	var steps []checker.Step
	for _, t := range texts {
		steps = append(steps, checker.Step{Kind: checker.KindText, Text: t})
	}
	return steps
}

// event returns a completion's event as its client received it.
func event(id string, sequence, ms int, step checker.Step) checker.Event {
	data := fmt.Sprintf(`{"choices":[{"index":0,"delta":{"content":%q},"finish_reason":null}]}`, step.Text)
	switch step.Kind {
	case checker.KindOpen:
		data = `{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}`
	case checker.KindFinish:
		data = `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
	case checker.KindError:
		data = `{"error":{"message":"no"}}`
	case checker.KindDone:
		data = "[DONE]"
	case checker.KindText, checker.KindUsage:
	}
	return checker.Event{ID: fmt.Sprintf("%s.%d", id, sequence), Data: data, At: at(ms)}
}

// good returns a history whose only faults are the injected ones.
func good() *checker.History {
	open, finish := checker.Step{Kind: checker.KindOpen}, checker.Step{Kind: checker.KindFinish, Text: "stop"}
	done, failed := checker.Step{Kind: checker.KindDone}, checker.Step{Kind: checker.KindError}
	all := append(append([]checker.Step{open}, words("a", "b", "c")...), finish, done)
	events := func(from, to, ms int) (list []checker.Event) {
		for i := from; i < to; i++ {
			list = append(list, event(taken, i, ms+i, all[i]))
		}
		return list
	}
	return &checker.History{
		Limits: checker.Limits{Recover: time.Second, Close: time.Second, Lag: time.Second, Memory: 1000},
		Want:   map[string]string{"greeting": "abc"},
		Log: map[string][]checker.Record{
			taken: {
				{Position: 1, Stored: at(0), Writer: "A", Meta: &checker.Meta{ID: taken, Principal: "me", Tag: "one", Key: "key"}},
				{Position: 2, Stored: at(10), Writer: "A", Steps: slices.Clone(all[:2])},
				{Position: 3, Stored: at(20), Writer: "A", First: 2, Steps: slices.Clone(all[2:3])},
				{Position: 5, Stored: at(500), Writer: "B", Epoch: 1, Claim: true, First: 3},
				{Position: 6, Stored: at(510), Writer: "B", Epoch: 1, First: 3, Steps: slices.Clone(all[3:])},
			},
			cancelled: {
				{Position: 4, Stored: at(30), Writer: "A", Meta: &checker.Meta{ID: cancelled, Principal: "me", Tag: "two", Key: "other"}},
				{Position: 7, Stored: at(40), Writer: "A", Steps: append([]checker.Step{open}, words("x")...)},
				{Position: 8, Stored: at(50), Writer: "B", First: 2, Steps: []checker.Step{failed}},
			},
		},
		Attempts: []checker.Attempt{
			{ID: "1", Tag: "one", Begun: at(0), Last: at(30), Steps: slices.Clone(all[:4])}, // "c" was lost with its process
			{ID: "2", Tag: "one", Begun: at(505), Last: at(508), Resumed: 3, Ended: true, Steps: slices.Clone(all[3:5])},
			{ID: "3", Tag: "two", Begun: at(30), Last: at(60), Ended: true, Steps: append([]checker.Step{open}, words("x", "y")...)},
		},
		Cancels: []checker.Cancel{{Completion: cancelled, At: at(55)}},
		Faults:  []checker.Fault{{Kind: "kill", Target: "A", From: at(35), To: at(400)}},
		Books:   map[string][]time.Time{taken: {at(600)}, cancelled: {at(60)}},
		Samples: []checker.Sample{{Process: "A", At: at(20), Resident: 900}},
		Streams: []checker.Stream{
			{Name: "reader", Ask: "greeting", Principal: "me", Connections: []checker.Connection{
				{Method: http.MethodPost, Begun: at(0), Ended: at(36), Status: 200, Completion: taken, Events: events(0, 3, 20), End: checker.Cut},
				{Method: http.MethodGet, After: taken + ".2", Begun: at(40), Ended: at(520), Status: 200, Completion: taken, Events: events(3, 5, 510), End: checker.Cut},
				{Method: http.MethodGet, After: taken + ".4", Begun: at(521), Ended: at(522), End: checker.Cut}, // no answer
				{Method: http.MethodGet, After: taken + ".4", Begun: at(525), Ended: at(526), Status: 200, End: checker.Clean, ComeBack: true},
				{Method: http.MethodGet, After: taken + ".4", Begun: at(528), Ended: at(540), Status: 200, Completion: taken, Events: events(5, 6, 530), End: checker.Clean},
				{Method: http.MethodGet, After: taken + ".5", Begun: at(550), Ended: at(551), Status: 204, End: checker.Clean},
				{Method: http.MethodPost, After: taken + ".5", Begun: at(552), Ended: at(553), Status: 200, End: checker.Clean},
			}},
			{Name: "replay", Principal: "me", Connections: []checker.Connection{
				{Method: http.MethodGet, Begun: at(600), Ended: at(700), Status: 200, Completion: taken, Events: events(0, 6, 600), End: checker.Clean},
			}},
			{Name: "canceller", Principal: "me", Connections: []checker.Connection{
				{Method: http.MethodPost, Begun: at(30), Ended: at(60), Status: 200, Completion: cancelled, End: checker.Clean, Events: []checker.Event{
					event(cancelled, 0, 42, open), event(cancelled, 1, 43, words("x")[0]), event(cancelled, 2, 56, failed),
				}},
			}},
		},
	}
}

func TestCheck(t *testing.T) {
	t.Run("good", func(t *testing.T) {
		for _, v := range checker.Check(good()) {
			t.Error(v)
		}
	})
	reader := func(h *checker.History, i int) *checker.Connection { return &h.Streams[0].Connections[i] }
	for _, test := range []struct {
		invariant, name string
		spoil           func(h *checker.History)
	}{
		{"I1", "a gap in the log", func(h *checker.History) { h.Log[taken][2].First = 3 }},
		{"I1", "a claim of another place", func(h *checker.History) { h.Log[taken][3].First = 2 }},
		{"I1", "a repeat in a connection", func(h *checker.History) {
			reader(h, 0).Events = slices.Insert(reader(h, 0).Events, 1, reader(h, 0).Events[0])
		}},
		{"I1", "a gap in a connection", func(h *checker.History) { reader(h, 0).Events = slices.Delete(reader(h, 0).Events, 1, 2) }},
		{"I1", "a gap between connections", func(h *checker.History) { reader(h, 1).Events = reader(h, 1).Events[1:] }},
		{"I1", "an event of another completion", func(h *checker.History) { reader(h, 1).Events[0].ID = cancelled + ".3" }},
		{"I2", "an epoch without a claim", func(h *checker.History) { h.Log[taken] = slices.Delete(h.Log[taken], 3, 4) }},
		{"I2", "a zombie's record after a claim", func(h *checker.History) {
			h.Log[taken][4].Epoch, h.Log[taken][4].Writer = 0, "A"
		}},
		{"I2", "another writer in an epoch", func(h *checker.History) { h.Log[taken][2].Writer = "B" }},
		{"I2", "no meta", func(h *checker.History) { h.Log[taken][0].Meta = nil }},
		{"I2", "an unmarked splice", func(h *checker.History) { h.Attempts[1].Resumed = 2 }},
		{"I2", "a text that nobody produced", func(h *checker.History) { h.Log[taken][4].Steps[0].Text = "z" }},
		{"I3", "shown and never stored", func(h *checker.History) { h.Log[cancelled] = h.Log[cancelled][:2] }},
		{"I3", "shown before it was stored", func(h *checker.History) { reader(h, 0).Events[1].At = at(5) }},
		{"I3", "shown otherwise than stored", func(h *checker.History) { h.Log[taken][2].Steps[0].Text = "z" }},
		{"I4", "other bytes in a replay", func(h *checker.History) { h.Streams[1].Connections[0].Events[1].Data += " " }},
		{"I4", "another name in a replay", func(h *checker.History) { h.Streams[1].Connections[0].Events[5].Name = "done" }},
		{"I4", "one key for two completions", func(h *checker.History) { h.Log[cancelled][0].Meta.Key = "key" }},
		{"I5", "another text than the log's", func(h *checker.History) { reader(h, 1).Events[0] = event(taken, 3, 510, words("z")[0]) }},
		{"I5", "the end without all of the text", func(h *checker.History) {
			h.Streams[1].Connections[0].Events[3] = event(taken, 3, 603, words("")[0])
		}},
		{"I5", "another text than the known one", func(h *checker.History) { h.Want["greeting"] = "abd" }},
		{"I6", "two terminal events", func(h *checker.History) {
			h.Log[cancelled] = append(h.Log[cancelled], checker.Record{First: 3, Writer: "A", Stored: at(50), Steps: []checker.Step{{Kind: checker.KindDone}}})
		}},
		{"I6", "a claim after the end", func(h *checker.History) {
			h.Log[taken] = append(h.Log[taken], checker.Record{First: 6, Writer: "A", Epoch: 2, Claim: true})
		}},
		{"I6", "[DONE] without a terminal record", func(h *checker.History) {
			h.Log[taken][4].Steps = h.Log[taken][4].Steps[:2]
		}},
		{"I6", "[DONE] of a failed completion", func(h *checker.History) {
			h.Streams[2].Connections[0].Events[2].Data = "[DONE]"
		}},
		{"I6", "more after the terminal event", func(h *checker.History) {
			c := &h.Streams[1].Connections[0]
			c.Events = append(c.Events, c.Events[4])
		}},
		{"I7", "a resume from another place", func(h *checker.History) { reader(h, 1).After = taken + ".1" }},
		{"I7", "204 where the client has something else than the end", func(h *checker.History) {
			reader(h, 4).Events[0].Data = reader(h, 1).Events[0].Data
		}},
		{"I8", "nothing where the client has something else than the end", func(h *checker.History) {
			reader(h, 4).Events[0].Data = reader(h, 1).Events[0].Data
		}},
		{"I7", "204 before the end", func(h *checker.History) { reader(h, 2).Status = http.StatusNoContent }},
		{"I7", "a GET after the end that is not told so", func(h *checker.History) { reader(h, 6).Method = http.MethodGet }},
		{"I7", "more after the end", func(h *checker.History) {
			*reader(h, 5) = checker.Connection{Method: http.MethodGet, After: taken + ".5", Status: 200, Events: reader(h, 4).Events, End: checker.Clean}
		}},
		{"I7", "an event that was shown is not known", func(h *checker.History) { reader(h, 2).Status = http.StatusBadRequest }},
		{"I8", "a clean end in the middle", func(h *checker.History) { reader(h, 0).End = checker.Clean }},
		{"I8", "a clean end at the beginning", func(h *checker.History) {
			reader(h, 0).End, reader(h, 0).Events = checker.Clean, nil
		}},
		{"I8", "a clean end of a GET that is not asked to come back", func(h *checker.History) { reader(h, 1).End = checker.Clean }},
		{"I8", "an empty GET that is not asked to come back", func(h *checker.History) { reader(h, 3).ComeBack = false }},
		{"I8", "a POST that is asked to come back", func(h *checker.History) {
			reader(h, 0).End, reader(h, 0).ComeBack = checker.Clean, true
		}},
		{"I8", "an empty POST before the end", func(h *checker.History) { reader(h, 6).After = taken + ".4" }},
		{"I9", "text after the cancel", func(h *checker.History) { h.Cancels[0].At = at(35) }},
		{"I9", "no end after the cancel", func(h *checker.History) { h.Log[cancelled] = h.Log[cancelled][:2] }},
		{"I9", "the engine goes on", func(h *checker.History) { h.Attempts[2].Last = at(2000) }},
		{"I10", "too much memory", func(h *checker.History) { h.Samples[0].Resident = 1001 }},
		{"I10", "an event comes late", func(h *checker.History) {
			for i := range 6 {
				h.Streams[1].Connections[0].Events[i].At = at(5000 + i)
			}
		}},
		{"I11", "silence after a kill", func(h *checker.History) {
			reader(h, 1).Events[0].At, reader(h, 1).Events[1].At = at(2000), at(2001)
			reader(h, 4).Events[0].At = at(2010)
		}},
		{"I11", "nothing after a kill", func(h *checker.History) {
			h.Streams[0].Connections = h.Streams[0].Connections[:2]
			reader(h, 1).Events, reader(h, 1).Ended = nil, at(2000)
		}},
		{"I12", "another one's completion", func(h *checker.History) { h.Streams[1].Principal = "you" }},
		{"I13", "no end", func(h *checker.History) { h.Log[taken] = h.Log[taken][:4] }},
		{"I13", "admitted and forgotten", func(h *checker.History) { delete(h.Log, taken) }},
		{"books", "an end that nobody wrote down", func(h *checker.History) { delete(h.Books, taken) }},
		{"books", "an end that was written down twice", bookAgain},
		{"books", "an end that was written down again though nobody died then", func(h *checker.History) {
			bookAgain(h)
			h.Faults = append(h.Faults, checker.Fault{Kind: "kill-completion", From: at(20_000), To: at(20_100)})
		}},
		{"I14", "one call too many", func(h *checker.History) { h.Attempts = append(h.Attempts, h.Attempts[1]) }},
		{"I9", "a cancel of what is not known", func(h *checker.History) { h.Cancels[0].Gone = true }},
		{"complete", "an error for who has stayed", func(h *checker.History) { h.Cancels = nil }},
		{"complete", "nothing", func(h *checker.History) { h.Streams[2].Connections, h.Cancels = nil, nil }},
	} {
		t.Run(test.invariant+"/"+test.name, func(t *testing.T) {
			h := good()
			test.spoil(h)
			found := checker.Check(h)
			if !slices.ContainsFunc(found, func(v checker.Violation) bool { return v.Invariant == test.invariant }) {
				t.Errorf("not found; what was found: %v", found)
			}
		})
	}
}

func TestFaultsExcuseSilenceButNotForEver(t *testing.T) {
	h := good()
	h.Streams[0].Connections[1].Events[0].At = at(3000)
	h.Streams[0].Connections[1].Events[1].At = at(3001)
	h.Streams[0].Connections[4].Events[0].At = at(3002)
	h.Faults = append(h.Faults, checker.Fault{Kind: "stop", Target: "B", From: at(300), To: at(2900)})
	for _, v := range checker.Check(h) {
		t.Error(v)
	}
}

func TestAFaultExcusesTheErrorOfWhoWasThere(t *testing.T) {
	mayFail := checker.Promise{MayFail: true, Felt: 50 * time.Millisecond}
	for name, test := range map[string]struct {
		fault checker.Fault
		want  int // number of violations
	}{
		"felt":                      {checker.Fault{Promise: mayFail, From: at(5), To: at(8)}, 0},
		"over":                      {checker.Fault{Promise: mayFail, From: at(-90), To: at(-80)}, 1},
		"later":                     {checker.Fault{Promise: mayFail, From: at(900), To: at(901)}, 1},
		"of what nothing breaks by": {checker.Fault{From: at(5), To: at(8)}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := good()
			h.Cancels = nil
			h.Faults = append(h.Faults, test.fault)
			if found := checker.Check(h); len(found) != test.want {
				t.Errorf("%v", found)
			}
		})
	}
}

// bookAgain adds a usage record to that of a cancelled completion.
func bookAgain(h *checker.History) { h.Books[cancelled] = append(h.Books[cancelled], at(700)) }

func TestAFaultExcusesASecondUsageRecord(t *testing.T) {
	end := func(h *checker.History) time.Time {
		records := h.Log[cancelled]
		return records[len(records)-1].Stored
	}
	for _, test := range []struct {
		kind  string
		late  time.Duration // time from the end to the first record
		after time.Duration // time from the end to the fault
		want  int           // number of violations
	}{
		{"kill-completion", 0, 100 * time.Millisecond, 0},
		{"pause-completion", 0, 100 * time.Millisecond, 0},
		{"replace-nats", 0, 100 * time.Millisecond, 0},
		{"replace-nats", 0, time.Second, 1},
		{"replace-nats", 0, -time.Second, 1},
		{"replace-edge", 0, 100 * time.Millisecond, 1},
		{"kill-completion", 11 * time.Second, 11100 * time.Millisecond, 0},
		{"kill-completion", 11 * time.Second, 10 * time.Second, 1},
		{"kill-completion", 11 * time.Second, 13 * time.Second, 1},
	} {
		t.Run(fmt.Sprint(test.kind, " ", test.late, " ", test.after), func(t *testing.T) {
			h := good()
			h.Books[cancelled] = []time.Time{end(h).Add(20 * time.Second), end(h).Add(test.late)}
			from := end(h).Add(test.after)
			h.Faults = append(h.Faults, checker.Fault{Kind: test.kind, From: from, To: from.Add(time.Millisecond)})
			if found := checker.Check(h); len(found) != test.want {
				t.Errorf("%v", found)
			}
		})
	}
}

func TestHistoryIsReadAsItWasWritten(t *testing.T) {
	h := good()
	var text bytes.Buffer
	if err := h.Write(&text); err != nil {
		t.Fatal(err)
	}
	got, err := checker.Read(&text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(h, got); diff != "" {
		t.Errorf("(-written +read)\n%s", diff)
	}
}

func TestDecodeRecord(t *testing.T) {
	text := &logv1.Event{Event: &logv1.Event_Text{Text: "a"}}
	other := func(e *completionv1.CompletionEvent) *logv1.Event {
		return &logv1.Event{Event: &logv1.Event_Other{Other: e}}
	}
	data, err := proto.Marshal(&logv1.Record{Writer: "A", Epoch: 2, Content: &logv1.Record_Events{Events: &logv1.Events{
		FirstSequence: 7, Events: []*logv1.Event{
			other(&completionv1.CompletionEvent{Event: &completionv1.CompletionEvent_Delta{Delta: &completionv1.Delta{Role: completionv1.Role_ROLE_ASSISTANT}}}),
			text,
			other(&completionv1.CompletionEvent{Event: &completionv1.CompletionEvent_Finish{
				Finish: &completionv1.Finish{Reason: completionv1.FinishReason_FINISH_REASON_LENGTH},
			}}),
			other(&completionv1.CompletionEvent{Event: &completionv1.CompletionEvent_Done{}}),
		},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := checker.DecodeRecord(data, 3, at(1))
	if err != nil {
		t.Fatal(err)
	}
	want := checker.Record{Position: 3, Stored: at(1), Writer: "A", Epoch: 2, First: 7, Steps: []checker.Step{
		{Kind: checker.KindOpen},
		{Kind: checker.KindText, Text: "a"},
		{Kind: checker.KindFinish, Text: "length"},
		{Kind: checker.KindDone},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestReadJournal(t *testing.T) {
	got, err := checker.ReadJournal(strings.NewReader(
		`{"attempt":"1","tag":"t","at":"2027-01-15T08:00:00Z","step":"begin","resumed":2}
{"attempt":"1","tag":"t","at":"2027-01-15T08:00:01Z","step":"event","kind":"text","text":"a"}
{"attempt":"2","tag":"u","at":"2027-01-15T08:00:02Z","step":"begin"}
{"attempt":"1","tag":"t","at":"2027-01-15T08:00:03Z","step":"end"}
{"attempt":"2","ta`))
	if err != nil {
		t.Fatal(err)
	}
	at := func(s int) time.Time { return time.Date(2027, 1, 15, 8, 0, s, 0, time.UTC) }
	want := []checker.Attempt{
		{ID: "1", Tag: "t", Resumed: 2, Begun: at(0), Last: at(3), Ended: true, Steps: words("a")},
		{ID: "2", Tag: "u", Begun: at(2), Last: at(2)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
