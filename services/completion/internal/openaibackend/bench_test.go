package openaibackend

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// BenchmarkRoute is the cost of one event through a route, over a real connection.
func BenchmarkRoute(b *testing.B) {
	stream := says(strings.Split(strings.Repeat("word ,", 1000), ",")...) + ends
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, stream)
	}))
	defer server.Close()
	c := counter(b)
	r := route.New(route.Config{Counter: c, Targets: []*route.Target{target(New(Config{BaseURL: server.URL, Model: "m"}))}})
	b.ReportAllocs()
	events := 0
	for b.Loop() {
		for e, err := range r.Complete(b.Context(), question1(), nil) {
			if err != nil {
				b.Fatal(err)
			}
			if e.Kind == chat.KindDelta {
				events++
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
}
