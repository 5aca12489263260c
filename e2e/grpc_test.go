package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/e2e/internal/cut"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// TestGRPC is a caller inside the house: the generated client.
func TestGRPC(t *testing.T) {
	t.Parallel()
	address := steady(t).Completion.Addr("grpc")
	client := completionv1.NewCompletionServiceClient(connect(t, address))
	want := whole(t, steady(t).URL())
	t.Run("whole", func(t *testing.T) {
		params := grpcParams(someTokens)
		params.StreamOptions = nil
		resp, err := client.CreateCompletion(t.Context(), &completionv1.CreateCompletionRequest{Params: params})
		if got := resp.GetCompletion().GetChoices()[0].GetMessage().GetText(); err != nil || got != want.Text {
			t.Errorf("%v, %q", err, got)
		}
	})
	t.Run("stream", func(t *testing.T) {
		var f reading
		err := f.follow(client.StreamCompletion(t.Context(), &completionv1.StreamCompletionRequest{Params: grpcParams(someTokens)}))
		if diff := cmp.Diff(want, f.answer); err != nil || diff != "" {
			t.Errorf("%v (-want +got)\n%s", err, diff)
		}
	})
	t.Run("unknown model", func(t *testing.T) {
		params := grpcParams(someTokens)
		params.Model = "gpt-4o"
		var f reading
		err := f.follow(client.StreamCompletion(t.Context(), &completionv1.StreamCompletionRequest{Params: params}))
		if code, reason := status.Code(err), reasonOf(err); code != codes.NotFound || reason != "MODEL_NOT_FOUND" {
			t.Errorf("%v: %v, reason %q", err, code, reason)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		f := reading{each: func(id string) error {
			_, err := client.CancelCompletion(t.Context(), &completionv1.CancelCompletionRequest{CompletionId: id})
			return err
		}}
		err := f.follow(client.StreamCompletion(t.Context(), &completionv1.StreamCompletionRequest{Params: grpcParams(0)}))
		if err != nil || f.failure.GetReason() != "COMPLETION_CANCELLED" || f.failure.GetMessage() == "" {
			t.Errorf("%v, the stream ended with %v", err, f.failure)
		}
	})
	t.Run("left", func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		params := grpcParams(0)
		params.OnDisconnect = completionv1.OnDisconnect_ON_DISCONNECT_CANCEL
		f := reading{each: func(string) error { leave(); return nil }}
		if err := f.follow(client.StreamCompletion(ctx, &completionv1.StreamCompletionRequest{Params: params})); status.Code(err) != codes.Canceled {
			t.Errorf("left with %v", err)
		}
		eventually(t, time.Second, func() error {
			resp, err := client.GetCompletion(t.Context(), &completionv1.GetCompletionRequest{CompletionId: f.id})
			if got := resp.GetCompletion().GetStatus(); err != nil || got != completionv1.CompletionStatus_COMPLETION_STATUS_CANCELLED {
				return fmt.Errorf("%w: %v, %w", errNotYet, got, err)
			}
			return nil
		})
	})
	t.Run("cut", func(t *testing.T) { testGRPCResumes(t, address, want) })
}

func connect(t *testing.T, address string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func grpcParams(limit int32) *completionv1.CompletionParams {
	params := &completionv1.CompletionParams{
		Model: model,
		Messages: []*completionv1.ChatMessage{
			{Role: completionv1.Role_ROLE_USER, Content: &completionv1.ChatMessage_Text{Text: question}},
		},
		StreamOptions: &completionv1.StreamOptions{IncludeUsage: true},
	}
	if limit > 0 {
		params.MaxTokens = &limit
	}
	return params
}

// reasonOf returns the stable reason of a status.
func reasonOf(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == "petstore.completion" {
			return info.GetReason()
		}
	}
	return ""
}

// A reading adds up the streams of one completion.
type reading struct {
	answer

	id      string
	next    uint64 // sequence that has to come
	failure *completionv1.Error
	each    func(id string) error // called after each message, if not nil
}

// follow reads a stream to its end: nil if it ended as it should.
func (f *reading) follow(stream grpc.ServerStreamingClient[completionv1.CompletionEvent], err error) error {
	if err != nil {
		return err
	}
	for first := true; ; first = false {
		e, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if (e.GetMetadata() != nil) != first || e.GetSequence() != f.next {
			return fmt.Errorf("message %d, metadata %v, where %d should come", e.GetSequence(), e.GetMetadata(), f.next)
		}
		if first {
			f.id = e.GetMetadata().GetId()
		}
		f.add(e)
		if f.each != nil {
			if err := f.each(f.id); err != nil {
				return err
			}
		}
	}
}

func (f *reading) add(e *completionv1.CompletionEvent) {
	f.next++
	f.Text += e.GetDelta().GetContent()
	f.failure = e.GetError()
	if reason := e.GetFinish().GetReason(); reason != completionv1.FinishReason_FINISH_REASON_UNSPECIFIED {
		f.FinishReason = strings.ToLower(strings.TrimPrefix(reason.String(), "FINISH_REASON_"))
	}
	if u := e.GetUsage(); u != nil {
		f.Usage = usage{Prompt: u.GetPromptTokens(), Completion: u.GetCompletionTokens(), Total: u.GetTotalTokens()}
	}
}

func testGRPCResumes(t *testing.T, address string, want answer) {
	proxy, err := cut.Listen(address, cut.Each(cut.Plan{After: 700}))
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	client := completionv1.NewCompletionServiceClient(connect(t, proxy.Addr()))
	var f reading
	err = f.follow(client.StreamCompletion(t.Context(), &completionv1.StreamCompletionRequest{Params: grpcParams(someTokens)}))
	for status.Code(err) == codes.Unavailable {
		last := f.next - 1
		err = f.follow(client.ResumeCompletion(t.Context(),
			&completionv1.ResumeCompletionRequest{CompletionId: f.id, AfterSequence: &last}, grpc.WaitForReady(true)))
	}
	if diff := cmp.Diff(want, f.answer); err != nil || diff != "" || proxy.Cuts() < 2 {
		t.Errorf("%v after %d cuts (-want +got)\n%s", err, proxy.Cuts(), diff)
	}
}
