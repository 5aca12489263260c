package httpapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/telemetry"
)

// A thinker admits completions, and then says nothing until its callers leave.
type thinker struct{ service }

func (*thinker) StreamCompletion(_ *completionv1.StreamCompletionRequest, out grpc.ServerStreamingServer[completionv1.CompletionEvent]) error {
	if err := out.SendHeader(metadata.Pairs("pawstream-completion-id", "chatcmpl-NEW")); err != nil {
		return err
	}
	if err := out.Send(&completionv1.CompletionEvent{
		Metadata: &completionv1.CompletionMetadata{Id: "chatcmpl-NEW", Model: modelA},
		Event:    &completionv1.CompletionEvent_Delta{Delta: &completionv1.Delta{Role: completionv1.Role_ROLE_ASSISTANT}},
	}); err != nil {
		return err
	}
	<-out.Context().Done()
	return nil
}

// TestAStreamThatWaitsHoldsNoRequest checks that a stream that waits for its answer has released its request.
func TestAStreamThatWaitsHoldsNoRequest(t *testing.T) {
	const streams, size = 24, 1 << 20
	text := strings.Repeat("x", size)
	for path, body := range map[string]string{
		"/v1/chat/completions": fmt.Sprintf(asking, text),
		"/v1/responses":        fmt.Sprintf(`{"model":"model-a","stream":true,"input":[{"role":"user","content":"%s"}]}`, text),
	} {
		t.Run(path, func(t *testing.T) {
			a, err := New(Config{Conn: serve(t, &thinker{}), Telemetry: telemetry.Discard()})
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(a)
			t.Cleanup(server.Close)
			begin(t, server, path, body) // the first one's allocations stay
			before := heap()
			for range streams {
				begin(t, server, path, body)
			}
			if each := (heap() - before) / streams; each > size/4 {
				t.Errorf("a stream that waits holds %d bytes, its request has %d", each, size)
			}
		})
	}
}

// begin asks for a stream, and reads its beginning. It runs until the test ends.
func begin(t *testing.T, server *httptest.Server, path, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.GetBody = nil
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if _, err := resp.Body.Read(make([]byte, 1)); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
}

// heap returns the bytes allocated after garbage collection.
func heap() int {
	for range 2 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
