package feed

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testID = "chatcmpl-TEST"

// first adds the metadata of a stream's first message to an event.
func first(e *completionv1.CompletionEvent) *completionv1.CompletionEvent {
	e.Metadata = &completionv1.CompletionMetadata{Id: testID, Created: 1700000000, Model: "pet-advisor-1"}
	return e
}

func text(sequence uint64, content string) *completionv1.CompletionEvent {
	return &completionv1.CompletionEvent{Sequence: sequence, Event: &completionv1.CompletionEvent_Delta{
		Delta: &completionv1.Delta{Content: content},
	}}
}

func done(sequence uint64) *completionv1.CompletionEvent {
	return &completionv1.CompletionEvent{Sequence: sequence, Event: &completionv1.CompletionEvent_Done{Done: &completionv1.Done{}}}
}

// service is a completion service whose streams yield events and then an error.
type service struct {
	completionv1.CompletionServiceClient
	t       *testing.T
	streams []*given
	after   []int64 // the cursor of each re-opened stream; -1: none
	terms   []uint32
}

type given struct {
	grpc.ClientStream
	t      *testing.T
	ctx    context.Context
	events []*completionv1.CompletionEvent
	err    error
}

func (s *service) StreamCompletion(ctx context.Context, _ *completionv1.StreamCompletionRequest, _ ...grpc.CallOption) (stream, error) {
	return s.next(ctx)
}

func (s *service) ResumeCompletion(ctx context.Context, req *completionv1.ResumeCompletionRequest, _ ...grpc.CallOption) (stream, error) {
	after := fromStart
	if req.AfterSequence != nil {
		after = int64(req.GetAfterSequence())
	}
	s.after, s.terms = append(s.after, after), append(s.terms, req.GetAfterTerm())
	return s.next(ctx)
}

func (s *service) next(ctx context.Context) (stream, error) {
	if len(s.streams) == 0 {
		return nil, status.Error(codes.Unavailable, "connection refused")
	}
	next := s.streams[0]
	s.streams = s.streams[1:]
	next.ctx, next.t = ctx, s.t
	return next, nil
}

func (*given) Trailer() metadata.MD { return nil }

func (*given) Header() (metadata.MD, error) { return metadata.Pairs(completionIDKey(), testID), nil }

func (*given) Recv() (*completionv1.CompletionEvent, error) { panic("messages are left as they are") }

func (g *given) RecvMsg(m any) error {
	if err := g.ctx.Err(); err != nil {
		return status.FromContextError(err).Err()
	}
	if len(g.events) == 0 {
		return g.err
	}
	next := g.events[0]
	g.events = g.events[1:]
	return newCodec().Unmarshal(mem.BufferSlice{mem.SliceBuffer(marshal(g.t, next))}, m)
}

// told returns a message as a word.
func told(m *Message) string {
	switch {
	case m.ID != "":
		return "known"
	case m.Event.GetDone() != nil:
		return "done"
	case m.Event != nil:
		return m.Event.GetDelta().GetContent()
	}
	return string(m.Text.Content)
}

func TestMessages(t *testing.T) {
	gone := status.Error(codes.Unavailable, "error reading from server: EOF")
	for _, tt := range []struct {
		name    string
		streams []*given
		want    string
		after   []int64
		err     error // the feed's last error, by its code
	}{
		{"one stream", []*given{{events: []*completionv1.CompletionEvent{first(text(0, "a")), text(1, "b"), done(2)}, err: io.EOF}}, "known a b done", nil, nil},
		{
			"goes on elsewhere, and what was received is not given again",
			[]*given{
				{events: []*completionv1.CompletionEvent{first(text(0, "a")), text(1, "b")}, err: gone},
				{err: gone},
				{events: []*completionv1.CompletionEvent{first(text(1, "b")), text(2, "c"), done(3)}, err: io.EOF},
			},
			"known a b known known c done",
			[]int64{1, 1},
			nil,
		},
		{"lost", []*given{{events: []*completionv1.CompletionEvent{first(text(0, "a"))}, err: gone}, {err: status.Error(codes.NotFound, "")}}, "known a known", []int64{0}, ErrLost},
		{"a gap", []*given{{events: []*completionv1.CompletionEvent{first(text(0, "a")), text(2, "c")}, err: io.EOF}}, "known a", nil, status.Error(codes.DataLoss, "")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				behind := &service{t: t, streams: tt.streams}
				var got []string
				var end error
				for m, err := range New(Config{Client: behind}).Create(&completionv1.StreamCompletionRequest{}).Messages(t.Context()) {
					if err != nil {
						end = err
						continue // nothing follows
					}
					got = append(got, told(m))
				}
				if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
					t.Errorf("messages (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.after, behind.after); diff != "" {
					t.Errorf("opened again after (-want +got):\n%s", diff)
				}
				if !errors.Is(end, tt.err) && status.Code(end) != status.Code(tt.err) || (end == nil) != (tt.err == nil) {
					t.Errorf("it ends with %v, want %v", end, tt.err)
				}
			})
		})
	}
}

// TestAFeedGoesOnByTheTermOfWhatItHas breaks streams with terms, before and after another writer continues the
// completion.
func TestAFeedGoesOnByTheTermOfWhatItHas(t *testing.T) {
	gone := status.Error(codes.Unavailable, "error reading from server: EOF")
	of := func(term uint32, e *completionv1.CompletionEvent) *completionv1.CompletionEvent {
		e.Term = &term
		return e
	}
	for _, tt := range []struct {
		name    string
		streams []*given
		want    []uint32
	}{
		{"one term", []*given{{events: []*completionv1.CompletionEvent{of(7, first(text(0, "a"))), text(1, "b")}, err: gone}}, []uint32{7}},
		{"a second one", []*given{{events: []*completionv1.CompletionEvent{of(7, first(text(0, "a"))), of(8, text(1, "b"))}, err: gone}}, []uint32{8}},
		{"none that is known", []*given{{events: []*completionv1.CompletionEvent{first(text(0, "a"))}, err: gone}}, []uint32{0}},
		{"one that a repeated event tells", []*given{
			{events: []*completionv1.CompletionEvent{of(7, first(text(0, "a"))), of(8, text(0, "a"))}, err: gone},
			{events: []*completionv1.CompletionEvent{of(8, first(text(0, "a"))), text(1, "b")}, err: gone},
		}, []uint32{7, 8}},
		{"one that the next service does not tell", []*given{
			{events: []*completionv1.CompletionEvent{of(7, first(text(0, "a")))}, err: gone},
			{events: []*completionv1.CompletionEvent{first(text(1, "b"))}, err: gone},
		}, []uint32{7, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				last := &given{events: []*completionv1.CompletionEvent{first(done(2))}, err: io.EOF}
				behind := &service{t: t, streams: append(tt.streams, last)}
				for range New(Config{Client: behind}).Create(&completionv1.StreamCompletionRequest{}).Messages(t.Context()) {
				}
				if diff := cmp.Diff(tt.want, behind.terms); diff != "" {
					t.Errorf("opened again by the terms (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestAFeedThatIsLeftOpensNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := &service{t: t, streams: []*given{{events: []*completionv1.CompletionEvent{first(text(0, "a")), text(1, "b")}, err: io.EOF}}}
		begun := time.Now()
		for m := range New(Config{Client: behind}).Create(&completionv1.StreamCompletionRequest{}).Messages(t.Context()) {
			if m.Event != nil {
				break
			}
		}
		if len(behind.after) != 0 || time.Since(begun) != 0 {
			t.Errorf("it was opened again after %v, in %v", behind.after, time.Since(begun))
		}
	})
}
