package jetlog

import (
	"fmt"
	"testing"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// lowStream makes the stream as one that begins at sequence 1, which a server may come back
// with that somebody has set up by hand, or from an old backup.
func lowStream(t *testing.T, l *Log) {
	t.Helper()
	for ctx := within(t); ; {
		_ = l.js.DeleteStream(ctx, streamName) // it may be gone
		_, err := l.js.CreateStream(ctx, l.streamConfig())
		if err == nil {
			return
		}
		if !wait(ctx, time.Millisecond) {
			t.Fatal(err)
		}
	}
}

// finish writes a completion whole, each word in a record of its own.
func finish(t *testing.T, l *Log, id string, words ...string) {
	t.Helper()
	w, err := l.Create(within(t), meta(id))
	if err != nil {
		t.Fatalf("Create %s: %v", id, err)
	}
	for i, word := range words {
		appendAll(t, w, word)
		awaitLast(t, l, id, int64(i))
	}
	if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
		t.Fatalf("Seal %s: %v", id, err)
	}
}

// TestAnOldWriterDeletesNothingOfANewStream has the sequences of a stream begin anew under
// writers that own messages of the old one: every number that they know is somebody else's now.
func TestAnOldWriterDeletesNothingOfANewStream(t *testing.T) {
	url := startNATS(t)
	old := open(t, Config{URL: url})
	var writers []chat.Writer
	for i := range 10 {
		w, err := old.Create(within(t), meta(fmt.Sprint("old", i)))
		if err != nil {
			t.Fatal(err)
		}
		appendAll(t, w, "a")
		awaitLast(t, old, fmt.Sprint("old", i), 0)
		writers = append(writers, w)
	}
	lowStream(t, old)
	anew := open(t, Config{URL: url})
	const completions = 20
	for i := range completions {
		finish(t, anew, fmt.Sprint("new", i), "x", "y", "z")
	}
	for i, w := range writers {
		_ = w.Append(within(t), chat.Text(0, "LOST"))
		if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err == nil {
			t.Errorf("the end of old%d is taken for stored", i)
		}
		old.disown(fmt.Sprint("old", i), w.(*writer).owner)
	}
	late := open(t, Config{URL: url})
	for i := range completions {
		if got, kind := text(t, late, fmt.Sprint("new", i)); got != "xyz" || kind != chat.KindDone {
			t.Errorf("new%d is %q, %v", i, got, kind)
		}
	}
}
