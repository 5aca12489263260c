package responses_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	"github.com/pawstream/pawstream/edge/internal/dialect/responses"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// opened returns a projection in the middle of a text.
func opened(t testing.TB, d dialect.Dialect) dialect.Projection {
	t.Helper()
	p := d.Project(dialect.Reader{})
	_, err := p.Open(nil, metadata(nil))
	if err == nil {
		_, err = p.Text(nil, 0, 0, []byte("A"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// BenchmarkText measures one piece of text, in this dialect and as a chat completion.
func BenchmarkText(b *testing.B) {
	for name, d := range map[string]dialect.Dialect{"responses": responses.New(), "chat": chat.New()} {
		b.Run(name, func(b *testing.B) {
			text, dst, n := []byte(" retriever"), make([]byte, 0, 1024), 0
			p := opened(b, d)
			b.ReportAllocs()
			for b.Loop() {
				if n++; n%10_000 == 0 { // so that the answer stays bounded
					b.StopTimer()
					p = opened(b, d)
					b.StartTimer()
				}
				var err error
				if dst, err = p.Text(dst[:0], 7, 0, text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// answered projects an answer with that many pieces of text, from its opening to its end.
func answered(b *testing.B, d dialect.Dialect, pieces int, dst []byte) {
	p, text := d.Project(dialect.Reader{}), []byte(" retriever")
	ends := events{}.finish(completionv1.FinishReason_FINISH_REASON_STOP).done()
	_, err := p.Open(dst[:0], metadata(nil))
	for n := range pieces {
		if err == nil {
			_, err = p.Text(dst[:0], uint64(n), 0, text)
		}
	}
	for _, e := range ends {
		if err == nil {
			_, err = p.Event(dst[:0], e)
		}
	}
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkBesideChat measures the time per event of a whole answer, and its ratio to that of a chat
// completion. The two alternate, and only the fastest tenth of each counts, which excludes most of the
// machine's other work.
func BenchmarkBesideChat(b *testing.B) {
	dialects := []dialect.Dialect{responses.New(), chat.New()}
	for name, pieces := range map[string]int{"50 pieces": 50, "500 pieces": 500, "2000 pieces": 2000} {
		b.Run(name, func(b *testing.B) {
			dst := make([]byte, 0, 1<<20)
			var took [2][]time.Duration
			for b.Loop() {
				for i, d := range dialects {
					begun := time.Now()
					answered(b, d, pieces, dst)
					took[i] = append(took[i], time.Since(begun))
				}
			}
			fast := func(all []time.Duration) float64 {
				slices.Sort(all)
				return float64(all[len(all)/10])
			}
			b.ReportMetric(fast(took[0])/float64(pieces), "ns/event")
			b.ReportMetric(fast(took[0])/fast(took[1]), "x-chat")
		})
	}
}

// BenchmarkResume folds 2,000 events for a reader that has them all.
func BenchmarkResume(b *testing.B) {
	list := events{}.delta(&completionv1.Delta{Role: completionv1.Role_ROLE_ASSISTANT})
	for range 2000 {
		list = list.text(" retriever")
	}
	after := uint64(2000)
	for b.Loop() {
		project(b, metadata(nil), list, dialect.Reader{After: &after})
	}
}

// TestTextAllocatesNothing holds the budget of a piece of text, without the growth of the answer.
func TestTextAllocatesNothing(t *testing.T) {
	p, text, dst := opened(t, responses.New()), []byte(" retriever"), make([]byte, 0, 1024)
	if allocs := testing.AllocsPerRun(2000, func() { _, _ = p.Text(dst[:0], 7, 0, text) }); allocs != 0 {
		t.Errorf("%v allocations for a piece of text, want 0", allocs)
	}
}
