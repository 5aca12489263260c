package jetlog

import (
	"reflect"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/tape"
)

// TestTheRoomOfABurst takes few events from a large slice. The capacity of the batch must show its size, or commit
// would keep it as a small one.
func TestTheRoomOfABurst(t *testing.T) {
	const room = 1000
	word := chat.Text(0, "word")
	for _, test := range []struct {
		name          string
		pending, most int // most events in one record
	}{
		{"all in one record", 2, 10},
		{"in several", 20, 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &writer{log: &Log{maxRecord: test.most * tape.SizeOf(&word)}, pending: make([]chat.Event, 0, room)}
			for range test.pending {
				w.pending = append(w.pending, word)
				w.waiting += tape.SizeOf(&word)
			}
			before := w.pending
			batch := w.nextBatch(nil)
			if want := min(test.pending, test.most); len(batch) != want || len(w.pending) != test.pending-want {
				t.Fatalf("%d events taken, and %d left, of %d", len(batch), len(w.pending), test.pending)
			}
			if cap(batch) != room {
				t.Errorf("a room for %d seems to be one for %d", room, cap(batch))
			}
			for i := range before[len(batch):] {
				if e := &before[len(batch)+i]; !reflect.ValueOf(*e).IsZero() {
					t.Fatalf("event %d is kept twice", len(batch)+i)
				}
			}
		})
	}
}
