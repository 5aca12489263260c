package tape

import (
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// answer is how many events the benchmarks' completions have.
const answer = 500

func write(b *testing.B) *Tape {
	tape := &Tape{}
	for i := range answer {
		if err := tape.Append(chat.Text(0, tokens[i%len(tokens)])); err != nil {
			b.Fatal(err)
		}
	}
	return tape
}

// BenchmarkAppend appends one event of an answer of 500.
func BenchmarkAppend(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		write(b)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/answer, "ns/event")
}

// BenchmarkFollow replays an answer of 500 events.
func BenchmarkFollow(b *testing.B) {
	tape := write(b)
	if err := tape.Append(chat.Event{Kind: chat.KindDone}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range tape.Follow(b.Context(), chat.FromStart, false) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != answer+1 {
			b.Fatalf("%d events", n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/answer, "ns/event")
}
