package httpapi

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/edge/internal/limit"
	"github.com/pawstream/pawstream/internal/telemetry/telemetrytest"
)

// TestAccessLines sends requests that end in every way, and checks the log line and the metrics of each.
func TestAccessLines(t *testing.T) {
	known := full()
	known["reader"] = &auth.Caller{Principal: "reader", Scopes: auth.Only(auth.ScopeRead), Models: auth.All[string]()}
	const (
		models = "GET /v1/models"
		create = "POST /v1/chat/completions"
		asked  = `{"model":"` + modelA + `","messages":[{"role":"user","content":"?"}]`
	)
	for _, tt := range []struct {
		name    string
		cfg     Config
		request string
		body    string
		change  func(*http.Request)
		twice   bool // the second one counts
		drained bool
		want    map[string]any // of the line, besides method and path
		refused string         // the reason that is counted
	}{
		{
			name: "an answer", request: models,
			want: map[string]any{"level": "INFO", "status": 200.0, "principal": owner, "outcome": "done"},
		},
		{
			name: "a completion", request: create, body: asked + "}",
			want: map[string]any{"level": "INFO", "status": 200.0, "principal": owner, "outcome": "done", "completion": "chatcmpl-NEW", "model": modelB, "target": target},
		},
		{
			name: "a stream", request: create, body: asked + `,"stream":true}`,
			want: map[string]any{
				"level": "INFO", "status": 200.0, "principal": owner, "outcome": "done", "completion": "chatcmpl-NEW", "model": modelB, "target": target,
				"events": 1.0, "first_event_ms": 0.0,
			},
		},
		{
			name: "a body that is none", request: create, body: "{",
			want: map[string]any{"level": "INFO", "status": 400.0, "principal": owner, "outcome": "error"},
		},
		{
			name: "somebody else's", request: "GET /v1/chat/completions/chatcmpl-x",
			want: map[string]any{"level": "INFO", "status": 404.0, "principal": owner, "outcome": "error"},
		},
		{
			name: "no route", request: "GET /v1/none",
			want: map[string]any{"level": "INFO", "status": 404.0, "outcome": "error"},
		},
		{
			name: "a page", request: "GET /docs",
			want: map[string]any{"level": "DEBUG", "status": 200.0, "outcome": "done"},
		},
		{
			name: "no key", request: models, change: func(r *http.Request) { r.Header.Del("Authorization") }, refused: "unauthenticated",
			want: map[string]any{"level": "INFO", "status": 401.0, "outcome": "error", "refused": "unauthenticated", "error": auth.ErrMissing.Error()},
		},
		{
			name: "a wrong key", request: models, change: by("nobody"), refused: "unauthenticated",
			want: map[string]any{"level": "INFO", "status": 401.0, "outcome": "error", "refused": "unauthenticated", "error": auth.ErrInvalid.Error()},
		},
		{
			name: "no right", request: create, body: asked + "}", change: by("reader"), refused: "forbidden",
			want: map[string]any{"level": "INFO", "status": 403.0, "principal": "reader", "outcome": "error", "refused": "forbidden"},
		},
		{
			name: "a foreign name", cfg: Config{Local: true}, request: models, change: func(r *http.Request) { r.Host = "evil.example" }, refused: "forbidden",
			want: map[string]any{"level": "INFO", "status": 403.0, "outcome": "error", "refused": "forbidden"},
		},
		{
			name: "too often", cfg: Config{Limiter: limit.New(limit.Config{RequestsPerMinute: 1})}, request: models, twice: true, refused: "rate",
			want: map[string]any{"level": "INFO", "status": 429.0, "principal": owner, "outcome": "error", "refused": "rate"},
		},
		{
			name: "it stops", request: models, drained: true, refused: "draining",
			want: map[string]any{"level": "INFO", "status": 503.0, "outcome": "error", "refused": "draining"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			recorded := telemetrytest.New(t)
			tt.cfg.Telemetry, tt.cfg.Auth = recorded.Telemetry, known
			public, behind := opened(t, tt.cfg)
			if tt.drained {
				public.Drain(t.Context())
			}
			change := func(r *http.Request) {
				if tt.body != "" {
					r.Header.Set("Content-Type", "application/json")
					r.Body, r.ContentLength = io.NopCloser(strings.NewReader(tt.body)), int64(len(tt.body))
				}
				if tt.change != nil {
					tt.change(r)
				}
			}
			w := ask(t, public, tt.request, change)
			if tt.twice {
				w = ask(t, public, tt.request, change)
			}
			made, calls := behind.requestIDs(), behind.taken()
			if len(made) != len(calls) || tt.want["principal"] != nil && tt.want["status"] == 200.0 && len(calls) == 0 {
				t.Errorf("%q were made for the requests %q", calls, made)
			}
			if len(made) > 0 && made[len(made)-1] != w.Header().Get("X-Request-Id") && !tt.twice {
				t.Errorf("a call was made for %q", made)
			}
			lines := recorded.Logged(t, "request")
			if len(lines) == 0 {
				t.Fatal("nothing is logged")
			}
			got := lines[len(lines)-1]
			tt.want["msg"] = "request"
			tt.want["method"], tt.want["path"], _ = strings.Cut(tt.request, " ")
			tt.want["request_id"], tt.want["bytes"] = w.Header().Get("X-Request-Id"), float64(w.Body.Len())
			if took, ok := got["took_ms"].(float64); !ok || took <= 0 || took > float64(time.Minute.Milliseconds()) {
				t.Errorf("it took %v ms", got["took_ms"])
			}
			for _, changes := range []string{"time", "took_ms", "trace_id", "span_id", "service"} {
				delete(got, changes)
			}
			if _, timed := tt.want["first_event_ms"]; timed {
				tt.want["first_event_ms"] = got["first_event_ms"]
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			var traced any
			for _, span := range recorded.Spans.Ended() {
				for _, a := range span.Attributes() {
					if a.Key == "pawstream.target" {
						traced = a.Value.AsString()
					}
				}
			}
			if traced != tt.want["target"] {
				t.Errorf("its span names %v, want %v", traced, tt.want["target"])
			}
			if tt.refused != "" {
				recorded.WantMetrics(t, `pawstream_edge_requests_refused_total{reason="`+tt.refused+`"} 1`)
			}
		})
	}
}
