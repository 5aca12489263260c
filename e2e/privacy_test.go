package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/prototext"

	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/telemetry/telemetrytest"
)

// TestNothingPrivateIsTold has programs tell as much as they can in logs and traces, while
// requests go well and wrong: neither has what people write, what they are answered, or what
// lets them in. It does not run beside other tests: their processes would export too.
func TestNothingPrivateIsTold(t *testing.T) {
	collector := telemetrytest.Collect(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Endpoint)
	s, err := programs(t).Stack(t.Context(), stack.Options{
		Completion: []string{"--log-level=debug", "--log=memory"},
		Edge:       []string{"--log-level=debug", "--auth=keys", "--auth-keys=" + keys(t, "sesame")},
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
	private := object{
		"messages": []object{{"role": "system", "content": written + " reigns."}, {"role": "user", "content": "Is " + written + " a cat?", "name": written}},
		"user":     written, "metadata": object{"about": written}, "store": true, "max_tokens": 20,
	}
	r := record(t, s.URL(), private, bearer("sesame"))
	var ticket struct{ Ticket, URL string }
	do(t, request(t, http.MethodPost, s.URL()+"/v1/stream_tickets", `{"completion_id":"`+r.ID+`"}`, bearer("sesame"))).into(t, &ticket)
	by := do(t, request(t, http.MethodGet, s.URL()+ticket.URL, "", "Accept: text/event-stream"))
	pass, _, _ := strings.Cut(by.Header.Get("Set-Cookie"), ";")
	_, pass, _ = strings.Cut(pass, "=")
	if by.Status != http.StatusOK || pass == "" {
		t.Fatalf("by ticket: status %d, header %v", by.Status, by.Header)
	}
	answer := joined(t, r.Events).Text
	for _, wrong := range []string{
		body(object{"messages": []object{{"role": written, "content": written}}}),
		body(object{"messages": written}), body(object{written: 1}), body(object{"model": "m", "user": written}), `{"` + written, body(object{"stop": written, "n": -1}),
	} {
		if x := post(t, s.URL(), wrong, bearer("sesame")); x.Status < http.StatusBadRequest {
			t.Errorf("%s: status %d", wrong, x.Status)
		}
	}
	post(t, s.URL(), streamed(private), bearer("opensesame")) // nobody's key
	do(t, request(t, http.MethodGet, s.URL()+ticket.URL, "", "Accept: text/event-stream"))
	do(t, request(t, http.MethodGet, s.URL()+"/v1/chat/completions?metadata[about]="+written, "", bearer("sesame")))

	eventually(t, 10*time.Second, func() error { // the last one's
		guard.Lock()
		defer guard.Unlock()
		if strings.Count(said.String(), "msg=request ") < 11 || !strings.Contains(said.String(), "msg=usage ") {
			return errNotYet
		}
		return nil
	})
	if err := s.Stop(); err != nil { // it exports the last spans
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
