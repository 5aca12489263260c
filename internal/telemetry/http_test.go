package telemetry_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/pawstream/pawstream/internal/telemetry/telemetrytest"
)

// serve serves a mux behind the middleware.
func serve(t *testing.T, r *telemetrytest.Recorder, mux http.Handler) string {
	t.Helper()
	handler, err := r.HTTP(mux, func(req *http.Request) bool { return req.Header.Get("Trusted") != "" })
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	server.Config.ErrorLog = nil
	t.Cleanup(server.Close)
	return server.URL
}

func do(t *testing.T, method, url string, header http.Header) (status int, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

func TestHTTP(t *testing.T) {
	r := telemetrytest.New(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /things/{id}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a thing") })
	mux.HandleFunc("GET /nothing", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	mux.HandleFunc("GET /cut", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	url := serve(t, r, mux)
	for _, test := range []struct {
		method, path string
		span         string
		status       int
		problem      string
		metric       string
	}{
		{"GET", "/things/1?secret=x", "GET /things/{id}", 200, "", `http_request_method="GET",http_response_status_code="200",http_route="/things/{id}"`},
		{"GET", "/things/2", "GET /things/{id}", 200, "", `http_request_method="GET",http_response_status_code="200",http_route="/things/{id}"`},
		{"GET", "/nothing", "GET /nothing", 0, "", `http_request_method="GET",http_route="/nothing"`},
		{"GET", "/broken", "GET /broken", 502, "502", `error_type="502",http_request_method="GET",http_response_status_code="502",http_route="/broken"`},
		{"GET", "/cut", "GET /cut", 200, "aborted", `error_type="aborted",http_request_method="GET",http_response_status_code="200",http_route="/cut"`},
		{"BREW", "/elsewhere", "_OTHER", 404, "", `http_request_method="_OTHER",http_response_status_code="404"`},
	} {
		_, err := do(t, test.method, url+test.path, nil)
		if (err != nil) != (test.problem == "aborted") {
			t.Errorf("%s: error %v", test.path, err)
		}
		ended := r.Spans.Ended()
		span := ended[len(ended)-1]
		if span.Name() != test.span {
			t.Errorf("%s: span %q, want %q", test.path, span.Name(), test.span)
		}
		attrs := attribute.NewSet(span.Attributes()...)
		if got, _ := attrs.Value("http.response.status_code"); got.AsInt64() != int64(test.status) {
			t.Errorf("%s: status %v, want %d", test.path, got.AsInt64(), test.status)
		}
		if got, _ := attrs.Value("error.type"); got.AsString() != test.problem {
			t.Errorf("%s: error.type %q, want %q", test.path, got.AsString(), test.problem)
		}
		if failed := span.Status().Code == otelcodes.Error; failed != (test.problem != "") {
			t.Errorf("%s: span status %v", test.path, span.Status())
		}
		for _, attr := range span.Attributes() {
			if value := attr.Value.AsString(); value == "x" || value == "secret=x" {
				t.Errorf("%s: the query is in %v", test.path, attr)
			}
		}
		count := "1"
		if test.path == "/things/2" {
			count = "2"
		}
		r.WantMetrics(t, `http_server_request_duration_seconds_count{`+test.metric+`,url_scheme="http"} `+count)
	}
	r.Lint(t)
}

// TestOneTrace checks that the spans of both sides of both protocols belong to the caller's trace.
func TestOneTrace(t *testing.T) {
	r := telemetrytest.New(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var logged context.Context
	server := grpc.NewServer(append(r.GRPCServer(), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		logged = stream.Context()
		return stream.SendMsg(&emptypb.Empty{})
	}))...)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), append(r.GRPCClient(), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	mux := http.NewServeMux()
	mux.HandleFunc("POST /work", func(_ http.ResponseWriter, req *http.Request) {
		for _, method := range []string{"/grpc.health.v1.Health/Check", "/test.Service/Work"} {
			if err := conn.Invoke(req.Context(), method, &emptypb.Empty{}, &emptypb.Empty{}); err != nil {
				t.Error(err)
			}
		}
	})
	const trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	url := serve(t, r, mux)
	if _, err := do(t, http.MethodPost, url+"/work", http.Header{"Traceparent": {"00-" + trace + "-" + parent + "-01"}, "Trusted": {"yes"}}); err != nil {
		t.Fatal(err)
	}
	server.GracefulStop()

	spans := map[string]sdktrace.ReadOnlySpan{}
	for _, span := range r.Spans.Ended() {
		spans[span.SpanKind().String()+" "+span.Name()] = span
		if got := span.SpanContext().TraceID().String(); got != trace {
			t.Errorf("span %q is of trace %s, want %s", span.Name(), got, trace)
		}
	}
	above := parent
	for _, name := range []string{"server POST /work", "client test.Service/Work", "server test.Service/Work"} {
		span, ok := spans[name]
		if !ok {
			t.Fatalf("no span %q among %d", name, len(spans))
		}
		if got := span.Parent().SpanID().String(); got != above {
			t.Errorf("span %q is below %s, want %s", name, got, above)
		}
		above = span.SpanContext().SpanID().String()
	}
	if len(spans) != 3 {
		t.Errorf("%d spans, want 3: health checks have none", len(spans))
	}
	r.Logger.InfoContext(logged, "served")
	if lines := r.Logged(t, "served"); len(lines) != 1 || lines[0]["trace_id"] != trace || lines[0]["span_id"] != above {
		t.Errorf("logged %v, want the ids of the innermost span", lines)
	}
	r.Lint(t)
}

// TestStrangersTrace checks that the trace of an untrusted caller is only linked to.
func TestStrangersTrace(t *testing.T) {
	r := telemetrytest.New(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /work", func(http.ResponseWriter, *http.Request) {})
	const trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	url := serve(t, r, mux)
	if _, err := do(t, http.MethodGet, url+"/work", http.Header{"Traceparent": {"00-" + trace + "-" + parent + "-01"}}); err != nil {
		t.Fatal(err)
	}
	spans := r.Spans.Ended()
	if len(spans) != 1 {
		t.Fatalf("%d spans", len(spans))
	}
	span := spans[0]
	if span.SpanContext().TraceID().String() == trace || span.Parent().IsValid() {
		t.Errorf("it is of trace %s, below %s", span.SpanContext().TraceID(), span.Parent().SpanID())
	}
	if links := span.Links(); len(links) != 1 || links[0].SpanContext.TraceID().String() != trace || links[0].SpanContext.SpanID().String() != parent {
		t.Errorf("its links are %+v", links)
	}
}
