package relay

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	"github.com/pawstream/pawstream/edge/internal/feed"
	"github.com/pawstream/pawstream/edge/internal/pacer"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// retriever is a text in the middle of a stream.
func retriever() *feed.Message {
	return &feed.Message{Text: feed.Text{Sequence: 300, Content: []byte(" retriever")}}
}

// begun returns a response in the middle of its stream.
func begun(t testing.TB, w http.ResponseWriter, cfg Config) *response {
	t.Helper()
	s := New(cfg).newResponse(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil), Options{Dialect: chat.New()})
	s.projection = chat.New().Project(dialect.Reader{})
	for _, m := range []*feed.Message{{ID: testID}, {Event: first(text(299, "a"))}} {
		s.show(m)
	}
	if s.state != open || s.out.written != 1 {
		t.Fatalf("state %d, %d events written", s.state, s.out.written)
	}
	return s
}

// relayed returns a function that relays one text, from the feed to the frame.
func relayed(t testing.TB) func() []byte {
	t.Helper()
	s := begun(t, newTape(), Config{Pacer: pacer.New(time.Hour)})
	m := retriever()
	return func() []byte {
		s.show(m)
		frame := s.out.buf
		s.out.buf = s.out.buf[:0]
		return frame
	}
}

func TestRelayingTextAllocatesNothing(t *testing.T) {
	relay := relayed(t)
	if len(relay()) == 0 {
		t.Fatal("there is no frame")
	}
	if allocs := testing.AllocsPerRun(100, func() { relay() }); allocs != 0 {
		t.Errorf("%v allocations for an event, want 0", allocs)
	}
}

// discarded is a response that discards everything.
type discarded struct{ http.ResponseWriter }

func (discarded) Header() http.Header              { return http.Header{} }
func (discarded) WriteHeader(int)                  {}
func (discarded) Write(b []byte) (int, error)      { return len(b), nil }
func (discarded) FlushError() error                { return nil }
func (discarded) SetWriteDeadline(time.Time) error { return nil }

// TestWritingTextAllocatesLittle checks the budget of an event that is written and flushed alone, as at 20
// events/s.
func TestWritingTextAllocatesLittle(t *testing.T) {
	s := begun(t, discarded{}, Config{})
	m := retriever()
	write := func() {
		s.out.pace.Wrote(time.Time{})
		before := s.out.written
		if s.show(m); s.state != open || s.out.written != before+1 {
			t.Fatalf("state %d, %d written after %d", s.state, s.out.written, before)
		}
	}
	write()
	if allocs := testing.AllocsPerRun(100, write); allocs > 2 {
		t.Errorf("%v allocations for an event that is written, want 2 at most", allocs)
	}
}

// endless is the receiving end of a completion with many equal texts.
type endless struct {
	grpc.ClientStream
	codec       encoding.CodecV2
	first, text mem.BufferSlice
	wire        []byte // of text
	sequence    uint64
	left        int
}

func newEndless(t testing.TB, texts int) *endless {
	t.Helper()
	opening, err := proto.Marshal(first(text(0, "a")))
	if err != nil {
		t.Fatal(err)
	}
	wire, err := proto.Marshal(text(1<<21, " retriever"))
	if err != nil {
		t.Fatal(err)
	}
	return &endless{first: mem.BufferSlice{mem.SliceBuffer(opening)}, text: mem.BufferSlice{mem.SliceBuffer(wire)}, wire: wire, left: texts}
}

func (*endless) Trailer() metadata.MD { return nil }

func (s *endless) Header() (metadata.MD, error) {
	return metadata.Pairs("pawstream-completion-id", testID), nil
}

func (s *endless) Recv() (*completionv1.CompletionEvent, error) { return nil, s.RecvMsg(nil) }

// RecvMsg writes the sequence into the text, as a varint of four bytes.
func (s *endless) RecvMsg(m any) error {
	data := s.text
	switch {
	case s.sequence == 0:
		data = s.first
	case s.left == 0:
		return io.EOF
	default:
		s.left--
		for i := range 3 {
			s.wire[1+i] = byte(s.sequence>>(7*i)) | 0x80
		}
		s.wire[4] = byte(s.sequence >> 21)
	}
	s.sequence++
	return s.codec.Unmarshal(data, m)
}

// follower is a client of one stream.
type follower struct {
	completionv1.CompletionServiceClient
	*endless
}

func (f follower) ResumeCompletion(_ context.Context, _ *completionv1.ResumeCompletionRequest, opts ...grpc.CallOption) (stream, error) {
	f.codec = codecOf(opts)
	return f.endless, nil
}

// BenchmarkStream measures an event's way through the edge, without gRPC and the socket.
func BenchmarkStream(b *testing.B) {
	b.ReportAllocs()
	r := New(Config{Client: follower{endless: newEndless(b, b.N)}, Pacer: pacer.New(16 * time.Millisecond)})
	req := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/", nil)
	if result := resume(r, discarded{}, req, nil, Options{}); result.Events != b.N+1 {
		b.Fatalf("%+v", result)
	}
}
