package chat_test

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/sse"
)

// logged are the events of a whole completion.
func logged() []*completionv1.CompletionEvent {
	delta := func(d *completionv1.Delta) *completionv1.CompletionEvent {
		return &completionv1.CompletionEvent{Event: &completionv1.CompletionEvent_Delta{Delta: d}}
	}
	events := []*completionv1.CompletionEvent{
		delta(&completionv1.Delta{Role: completionv1.Role_ROLE_ASSISTANT}),
		delta(&completionv1.Delta{Content: "A "}),
		delta(&completionv1.Delta{Content: "beagle\n"}),
		delta(&completionv1.Delta{Reasoning: "hm"}),
		{Event: &completionv1.CompletionEvent_Finish{Finish: &completionv1.Finish{Reason: completionv1.FinishReason_FINISH_REASON_STOP}}},
		{Event: &completionv1.CompletionEvent_Usage{Usage: &completionv1.Usage{TotalTokens: 3}}},
		{Event: &completionv1.CompletionEvent_Done{Done: &completionv1.Done{}}},
	}
	for i, e := range events {
		e.Sequence = uint64(i)
	}
	return events
}

// projected returns the frames after a cursor, without the retry of the first one. With short, texts take the
// fast path.
func projected(t *testing.T, r dialect.Reader, short bool) []string {
	t.Helper()
	p := chat.New().Project(r)
	meta := metadata(&completionv1.StreamOptions{IncludeUsage: true, IncludeObfuscation: true})
	out, err := p.Open(nil, meta)
	if err != nil || len(out) > 0 {
		t.Fatalf("%q, %v", out, err)
	}
	events := logged()
	if after := p.Needs().After; after != nil {
		events = events[*after+1:]
	}
	var frames []string
	for _, e := range events {
		content := e.GetDelta().GetContent()
		if short && content != "" {
			out, err = p.Text(nil, e.GetSequence(), 0, []byte(content))
		} else {
			out, err = p.Event(nil, e)
		}
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, strings.Replace(string(out), "retry: 1000\n", "", 1))
	}
	return frames
}

// TestProjectionOfAnySplit checks that the frames before and after any cursor together are the whole stream, on
// either path and in repeated projections.
func TestProjectionOfAnySplit(t *testing.T) {
	for _, named := range []bool{false, true} {
		whole := projected(t, dialect.Reader{Named: named}, false)
		if len(whole) != len(logged()) {
			t.Fatalf("%d frames", len(whole))
		}
		for after := range uint64(len(whole)) {
			rest := projected(t, dialect.Reader{After: &after, Named: named}, after%2 == 0)
			if diff := cmp.Diff(whole, append(whole[:after+1:after+1], rest...)); diff != "" {
				t.Errorf("after %d (-want +got):\n%s", after, diff)
			}
		}
	}
}

// TestFailureEndsWithALine checks that a failure, from the log or not, is one frame to a reader of events. To a
// reader of lines, the line after it does not look like a successful end, as [DONE] does.
func TestFailureEndsWithALine(t *testing.T) {
	event := &completionv1.CompletionEvent{Sequence: 3, Event: &completionv1.CompletionEvent_Error{Error: &completionv1.Error{
		Message: "The model failed.",
	}}}
	for name, write := range map[string]func(dialect.Projection) ([]byte, error){
		"of the log":     func(p dialect.Projection) ([]byte, error) { return p.Event(nil, event) },
		"not of the log": func(p dialect.Projection) ([]byte, error) { return p.Failure(nil, failure.Internal()), nil },
	} {
		t.Run(name, func(t *testing.T) {
			p := chat.New().Project(dialect.Reader{})
			if _, err := p.Open(nil, metadata(nil)); err != nil {
				t.Fatal(err)
			}
			out, err := write(p)
			if err != nil {
				t.Fatal(err)
			}
			decoder := sse.NewDecoder(bytes.NewReader(out))
			if e, err := decoder.Next(); err != nil || !strings.HasPrefix(e.Data, `{"error":{"message":`) {
				t.Errorf("%v, %v", e, err)
			}
			if e, err := decoder.Next(); !errors.Is(err, io.EOF) {
				t.Errorf("after the failure there is %v, %v", e, err)
			}
			if !strings.HasSuffix(string(out), "\n\ndata: [ERROR]\n") {
				t.Errorf("no line at the end: %q", out)
			}
		})
	}
}

func TestProjectionOfNoCompletion(t *testing.T) {
	for _, meta := range []*completionv1.CompletionMetadata{nil, {Model: "m"}, {Id: "a\nb"}} {
		if out, err := chat.New().Project(dialect.Reader{}).Open([]byte("x"), meta); err == nil || string(out) != "x" {
			t.Errorf("%v: %q, %v", meta, out, err)
		}
	}
}

func FuzzParseEventID(f *testing.F) {
	for _, seed := range []string{"chatcmpl-ABC.0", "chatcmpl-ABC.18446744073709551615", ".", "a.b.c", "a.-1", "\x00.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, ok := chat.New().ParseEventID(s)
		if ok && at.ID+"."+strconv.FormatUint(*at.After, 10) != s {
			t.Errorf("%q was taken for %s.%d", s, at.ID, *at.After)
		}
	})
}

// TestPlainProjection checks that each block of a plain stream is one line of data, the same as in the usual
// stream.
func TestPlainProjection(t *testing.T) {
	usual := chat.New().Project(dialect.Reader{})
	plain := chat.New().Project(dialect.Reader{Plain: true, Named: true})
	if plain.Needs().Progress {
		t.Error("it asks for progress")
	}
	if beat := plain.Heartbeat(nil); len(beat) > 0 {
		t.Errorf("a heartbeat of nobody knows what: %q", beat)
	}
	events := append(logged(), &completionv1.CompletionEvent{Sequence: 7, Event: &completionv1.CompletionEvent_Error{Error: &completionv1.Error{Message: "No."}}})
	progress := &completionv1.CompletionEvent{Event: &completionv1.CompletionEvent_Progress{Progress: &completionv1.Progress{}}}
	var all, want []byte
	for i, p := range []dialect.Projection{usual, plain} {
		out, err := p.Open(nil, metadata(&completionv1.StreamOptions{IncludeUsage: true, IncludeEvents: true}))
		for _, e := range events {
			if err == nil {
				out, err = p.Event(out, e)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			for line := range strings.Lines(string(out)) {
				if strings.HasPrefix(line, "data: ") && line != "data: [ERROR]\n" {
					want = append(append(want, line...), '\n')
				}
			}
		} else {
			all = out
		}
	}
	if diff := cmp.Diff(string(want), string(all)); diff != "" {
		t.Errorf("(-usual +plain)\n%s", diff)
	}
	if out, err := plain.Event(nil, progress); err != nil || len(out) > 0 {
		t.Errorf("progress: %q, %v", out, err)
	}
	const nothing = `"choices":[{"index":0,"delta":{"content":""},"logprobs":null,"finish_reason":null}],"usage":null}`
	if beat := string(plain.Heartbeat(nil)); !strings.HasPrefix(beat, `data: {"id":"`) || !strings.HasSuffix(beat, nothing+"\n\n") {
		t.Errorf("heartbeat: %q", beat)
	}
	if out := plain.Nothing(plain.Failure(nil, failure.Internal())); !strings.HasPrefix(string(out), `data: {"error":`) || strings.Count(string(out), "\n") != 2 {
		t.Errorf("failure: %q", out)
	}
}
