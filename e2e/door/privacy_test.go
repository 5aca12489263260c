package door

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/prototext"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/telemetry/telemetrytest"
)

// TestNothingPrivateIsTold makes programs write all logs and traces that they can, with good and bad requests. None
// may contain what people write, their answers, or their keys and tickets.
func TestNothingPrivateIsTold(t *testing.T) {
	t.Parallel()
	collector := telemetrytest.Collect(t)
	s, err := rig.Programs(t).Stack(t.Context(), stack.Options{
		Env:        []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.Endpoint},
		Completion: []string{"--log-level=debug", "--log=memory"},
		Edge:       []string{"--log-level=debug", "--auth=keys", "--auth-keys=" + rig.Keys(t, "sesame")},
	})
	if err != nil {
		t.Fatal(err)
	}
	var guard sync.Mutex
	var said strings.Builder
	for _, p := range []*stack.Process{s.Edge, s.Completion} {
		p.Each(func(line string) {
			guard.Lock()
			defer guard.Unlock()
			fmt.Fprintln(&said, line)
		})
	}
	const written = "Rumpelstiltskin"
	private := api.Object{
		"messages": []api.Object{{"role": "system", "content": written + " reigns."}, {"role": "user", "content": "Is " + written + " a cat?", "name": written}},
		"user":     written, "metadata": api.Object{"about": written}, "store": true, "max_tokens": 20,
	}
	r := api.Record(t, s.URL(), private, rig.Bearer("sesame"))
	var ticket struct{ Ticket, URL string }
	api.Do(t, api.Request(t, http.MethodPost, s.URL()+"/v1/stream_tickets", `{"completion_id":"`+r.ID+`"}`, rig.Bearer("sesame"))).Into(t, &ticket)
	by := api.Do(t, api.Request(t, http.MethodGet, s.URL()+ticket.URL, "", "Accept: text/event-stream"))
	pass, _, _ := strings.Cut(by.Header.Get("Set-Cookie"), ";")
	_, pass, _ = strings.Cut(pass, "=")
	if by.Status != http.StatusOK || pass == "" {
		t.Fatalf("by ticket: status %d, header %v", by.Status, by.Header)
	}
	answer := api.Joined(t, r.Events).Text
	for _, wrong := range []string{
		api.Body(api.Object{"messages": []api.Object{{"role": written, "content": written}}}),
		api.Body(api.Object{"messages": written}), api.Body(api.Object{written: 1}), api.Body(api.Object{"model": "m", "user": written}), `{"` + written, api.Body(api.Object{"stop": written, "n": -1}),
	} {
		if x := api.Post(t, s.URL(), wrong, rig.Bearer("sesame")); x.Status < http.StatusBadRequest {
			t.Errorf("%s: status %d", wrong, x.Status)
		}
	}
	api.Post(t, s.URL(), api.Streamed(private), rig.Bearer("opensesame")) // an unknown key
	api.Do(t, api.Request(t, http.MethodGet, s.URL()+ticket.URL, "", "Accept: text/event-stream"))
	api.Do(t, api.Request(t, http.MethodGet, s.URL()+"/v1/chat/completions?metadata[about]="+written, "", rig.Bearer("sesame")))

	rig.Eventually(t, 10*time.Second, func() error { // until the last request is logged
		guard.Lock()
		defer guard.Unlock()
		if strings.Count(said.String(), "msg=request ") < 11 || !strings.Contains(said.String(), "msg=usage ") {
			return rig.ErrNotYet
		}
		return nil
	})
	if err := s.Stop(); err != nil { // exports the last spans
		t.Fatal(err)
	}
	var spans strings.Builder
	for _, span := range collector.Spans() {
		spans.WriteString(prototext.Format(span.Span))
	}
	if !strings.Contains(spans.String(), r.ID) {
		t.Errorf("no span is about %s", r.ID)
	}
	for where, told := range map[string]string{"log": said.String(), "trace": spans.String()} {
		for what, secret := range map[string]string{
			"what was written": written, "the answer": answer[:20], "the key": "sesame-key", "a wrong key": "opensesame", "the ticket": ticket.Ticket, "the pass": pass,
		} {
			if i := strings.Index(told, secret); i >= 0 {
				t.Errorf("%s is in the %s: …%s…", what, where, told[max(i-200, 0):min(i+100, len(told))])
			}
		}
	}
}
