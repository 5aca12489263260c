package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/cut"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// TestGRPC uses the generated client, like a caller in the same network.
func TestGRPC(t *testing.T) {
	t.Parallel()
	address := rig.Steady(t).Completion.Addr("grpc")
	client := completionv1.NewCompletionServiceClient(api.Dial(t, address))
	want := api.Whole(t, rig.Steady(t).URL())
	t.Run("whole", func(t *testing.T) {
		params := api.Params(api.SomeTokens)
		params.StreamOptions = nil
		resp, err := client.CreateCompletion(t.Context(), &completionv1.CreateCompletionRequest{Params: params})
		if got := resp.GetCompletion().GetChoices()[0].GetMessage().GetText(); err != nil || got != want.Text {
			t.Errorf("%v, %q", err, got)
		}
	})
	t.Run("stream", func(t *testing.T) {
		var f reading
		err := f.follow(client.StreamCompletion(t.Context(), &completionv1.StreamCompletionRequest{Params: api.Params(api.SomeTokens)}))
		if diff := cmp.Diff(want, f.Answer); err != nil || diff != "" {
			t.Errorf("%v (-want +got)\n%s", err, diff)
		}
	})
	t.Run("unknown model", func(t *testing.T) {
		params := api.Params(api.SomeTokens)
		params.Model = "gpt-4o"
		var f reading
		err := f.follow(client.StreamCompletion(t.Context(), &completionv1.StreamCompletionRequest{Params: params}))
		if code, reason := status.Code(err), api.ReasonOf(err); code != codes.NotFound || reason != "MODEL_NOT_FOUND" {
			t.Errorf("%v: %v, reason %q", err, code, reason)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		f := reading{each: func(id string) error {
			_, err := client.CancelCompletion(t.Context(), &completionv1.CancelCompletionRequest{CompletionId: id})
			return err
		}}
		err := f.follow(client.StreamCompletion(t.Context(), &completionv1.StreamCompletionRequest{Params: api.Params(0)}))
		if err != nil || f.failure.GetReason() != "COMPLETION_CANCELLED" || f.failure.GetMessage() == "" {
			t.Errorf("%v, the stream ended with %v", err, f.failure)
		}
	})
	t.Run("left", func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		params := api.Params(0)
		params.OnDisconnect = completionv1.OnDisconnect_ON_DISCONNECT_CANCEL
		f := reading{each: func(string) error { leave(); return nil }}
		if err := f.follow(client.StreamCompletion(ctx, &completionv1.StreamCompletionRequest{Params: params})); status.Code(err) != codes.Canceled {
			t.Errorf("left with %v", err)
		}
		rig.Eventually(t, time.Second, func() error {
			resp, err := client.GetCompletion(t.Context(), &completionv1.GetCompletionRequest{CompletionId: f.id})
			if got := resp.GetCompletion().GetStatus(); err != nil || got != completionv1.CompletionStatus_COMPLETION_STATUS_CANCELLED {
				return fmt.Errorf("%w: %v, %w", rig.ErrNotYet, got, err)
			}
			return nil
		})
	})
	t.Run("cut", func(t *testing.T) { testGRPCResumes(t, address, want) })
}

// A reading adds up the streams of one completion.
type reading struct {
	api.Answer

	id      string
	next    uint64 // the expected sequence
	failure *completionv1.Error
	each    func(id string) error // called after each message, if not nil
}

// follow reads a stream to its end, and returns nil if that is normal.
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
		f.Usage = api.Usage{Prompt: u.GetPromptTokens(), Completion: u.GetCompletionTokens(), Total: u.GetTotalTokens()}
	}
}

func testGRPCResumes(t *testing.T, address string, want api.Answer) {
	proxy, err := cut.Listen(address, cut.Each(cut.Plan{After: 700}))
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	client := completionv1.NewCompletionServiceClient(api.Dial(t, proxy.Addr()))
	var f reading
	err = f.follow(client.StreamCompletion(t.Context(), &completionv1.StreamCompletionRequest{Params: api.Params(api.SomeTokens)}))
	for status.Code(err) == codes.Unavailable {
		last := f.next - 1
		err = f.follow(client.ResumeCompletion(t.Context(),
			&completionv1.ResumeCompletionRequest{CompletionId: f.id, AfterSequence: &last}, grpc.WaitForReady(true)))
	}
	if diff := cmp.Diff(want, f.Answer); err != nil || diff != "" || proxy.Cuts() < 2 {
		t.Errorf("%v after %d cuts (-want +got)\n%s", err, proxy.Cuts(), diff)
	}
}

// TestOtherProtocols checks that callers with another RPC protocol get an error, and do not hang.
func TestOtherProtocols(t *testing.T) {
	t.Parallel()
	var over2 http.Protocols
	over2.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: &over2}}
	url := "http://" + rig.Fast(t).Completion.Addr("grpc") + completionv1.ModelService_ListModels_FullMethodName
	for contentType, want := range map[string]int{
		"application/grpc":             http.StatusOK,
		"application/grpc+proto":       http.StatusOK,
		"application/proto":            http.StatusUnsupportedMediaType, // Connect
		"application/json":             http.StatusUnsupportedMediaType,
		"application/connect+proto":    http.StatusUnsupportedMediaType,
		"application/connect+json":     http.StatusUnsupportedMediaType,
		"application/grpc-web":         http.StatusUnsupportedMediaType,
		"application/grpc-web+proto":   http.StatusUnsupportedMediaType,
		"application/grpc-web-text":    http.StatusUnsupportedMediaType,
		"application/x-www-form-coded": http.StatusUnsupportedMediaType,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("\x00\x00\x00\x00\x00"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("TE", "trailers")
		resp, err := client.Do(r)
		if err != nil {
			t.Errorf("%s: %v", contentType, err)
			continue
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", contentType, resp.StatusCode, want)
		}
	}
	client.CloseIdleConnections()
}
