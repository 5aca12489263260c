package relay

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/pawstream/pawstream/edge/internal/openai"
	"github.com/pawstream/pawstream/edge/sse"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

func marshal(t testing.TB, e *completionv1.CompletionEvent) []byte {
	t.Helper()
	wire, err := proto.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

func TestScanKnowsTextAndNothingElse(t *testing.T) {
	delta := func(d *completionv1.Delta) *completionv1.CompletionEvent {
		return &completionv1.CompletionEvent{Sequence: 300, Event: &completionv1.CompletionEvent_Delta{Delta: d}}
	}
	plain := marshal(t, text(300, "Hi"))
	for _, tt := range []struct {
		name string
		wire []byte
		want bool
	}{
		{"text", plain, true},
		{"text of the first event", marshal(t, text(0, "Hi")), true},
		{"text of another choice", marshal(t, delta(&completionv1.Delta{Index: 7, Content: "é"})), true},
		{"nothing", nil, false},
		{"empty text", marshal(t, delta(&completionv1.Delta{})), false},
		{"with metadata", marshal(t, first(text(0, "Hi"))), false},
		{"with a role", marshal(t, delta(&completionv1.Delta{Role: completionv1.Role_ROLE_ASSISTANT, Content: "Hi"})), false},
		{"with a refusal", marshal(t, delta(&completionv1.Delta{Content: "Hi", Refusal: "No"})), false},
		{"refusal alone", marshal(t, delta(&completionv1.Delta{Refusal: "No"})), false},
		{"end", marshal(t, done(3)), false},
		{"cut off", plain[:len(plain)-1], false},
		{"a field twice", append(bytes.Clone(plain), plain...), false},
		{"a field that is not known", protowire.AppendVarint(protowire.AppendTag(bytes.Clone(plain), 99, protowire.VarintType), 1), false},
		{"not UTF-8", bytes.Replace(plain, []byte("Hi"), []byte("\xff\xfe"), 1), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, ok := scan(tt.wire); ok != tt.want {
				t.Errorf("scan says %v, want %v", ok, tt.want)
			}
		})
	}
}

// FuzzScan: what scan reads must be what protobuf reads.
func FuzzScan(f *testing.F) {
	f.Add(marshal(f, text(300, "Hi")))
	f.Add(marshal(f, first(text(0, "Hi"))))
	f.Add(marshal(f, done(2)))
	f.Fuzz(func(t *testing.T, wire []byte) {
		p, ok := scan(wire)
		if !ok {
			return
		}
		var got completionv1.CompletionEvent
		if err := proto.Unmarshal(wire, &got); err != nil {
			t.Fatalf("scan takes what protobuf refuses: %v", err)
		}
		want := text(p.sequence, string(p.text))
		want.GetDelta().Index = p.index
		if !proto.Equal(want, &got) {
			t.Errorf("scan reads %v, protobuf %v", want, &got)
		}
	})
}

// relayed returns what a text costs from the wire to the frame: all of an event's way
// through the edge but gRPC and the socket.
func relayed(t testing.TB) func() []byte {
	t.Helper()
	r := New(Config{FlushGap: time.Hour})
	s := r.newSession(newTape(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil), Options{})
	s.encoder, s.prefix = openai.NewChunkEncoder(first(text(0, "a")).GetMetadata()), sse.Must(sse.NewID(testID+"."))
	s.started, s.written, s.lastSent = true, 1, time.Now()
	data := mem.BufferSlice{mem.SliceBuffer(marshal(t, text(300, " retriever")))}
	codec, from := newCodec(), &source{}
	return func() []byte {
		if err := codec.Unmarshal(data, &from.message); err != nil {
			t.Fatal(err)
		}
		from.last = 299
		if err := from.hand(s); err != nil {
			t.Fatal(err)
		}
		frame := s.buf
		s.buf = s.buf[:0]
		return frame
	}
}

func TestRelayingTextAllocatesNothing(t *testing.T) {
	relay := relayed(t)
	relay()
	if allocs := testing.AllocsPerRun(100, func() { relay() }); allocs != 0 {
		t.Errorf("%v allocations for an event, want 0", allocs)
	}
}

// discarded is a response that goes nowhere.
type discarded struct{ http.ResponseWriter }

func (discarded) Write(b []byte) (int, error)      { return len(b), nil }
func (discarded) FlushError() error                { return nil }
func (discarded) SetWriteDeadline(time.Time) error { return nil }

// TestWritingTextAllocatesLittle holds the budget of an event that is alone on its way, as at
// 20 events/s: it is written and flushed by itself.
func TestWritingTextAllocatesLittle(t *testing.T) {
	r := New(Config{})
	s := r.newSession(discarded{}, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil), Options{})
	s.encoder, s.prefix = openai.NewChunkEncoder(first(text(0, "a")).GetMetadata()), sse.Must(sse.NewID(testID+"."))
	s.started = true
	data := mem.BufferSlice{mem.SliceBuffer(marshal(t, text(300, " retriever")))}
	codec, from := newCodec(), &source{}
	write := func() {
		if err := codec.Unmarshal(data, &from.message); err != nil {
			t.Fatal(err)
		}
		from.last, s.lastSent = 299, time.Time{}
		before := s.written
		if err := from.hand(s); err != nil || s.written != before+1 {
			t.Fatalf("%v, %d written after %d", err, s.written, before)
		}
	}
	write()
	if allocs := testing.AllocsPerRun(100, write); allocs > 2 {
		t.Errorf("%v allocations for an event that is written, want 2 at most", allocs)
	}
}

func BenchmarkRelayText(b *testing.B) {
	relay := relayed(b)
	b.ReportAllocs()
	for b.Loop() {
		relay()
	}
}
