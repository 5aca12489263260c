package jetlog

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/logtest"
)

// awaitHeld waits until between least and most bytes are held.
func awaitHeld(t *testing.T, p *logtest.Purse, what string, least, most int) {
	t.Helper()
	for ctx := within(t); ; {
		held, _ := p.Held()
		if held >= least && held <= most {
			return
		}
		if !pause(ctx, jetio.RetryPause) {
			t.Fatalf("%s: %d bytes are held, want %d to %d", what, held, least, most)
		}
	}
}

// readSlowly follows a completion, and stops at its first event until leave is closed. It sends the reader's error to
// ended.
func readSlowly(t *testing.T, l *Log, id string, leave <-chan struct{}, ended chan<- error) {
	t.Helper()
	ctx, begun := within(t), make(chan struct{})
	go func() {
		begin := sync.OnceFunc(func() { close(begun) })
		defer begin()
		var last error
		for _, err := range l.Follow(ctx, id, chat.FromStart, false) {
			begin()
			<-leave
			last = err
		}
		ended <- last
	}()
	<-begun
}

// TestWhatReadersKeepIsCounted lets readers wait in long answers that this replica keeps only for them: running ones
// of another replica, and its own ended ones.
func TestWhatReadersKeepIsCounted(t *testing.T) {
	const (
		answers = 12
		long    = 256 << 10
		prompt  = 1 << 20
	)
	url := startNATS(t)
	mine, theirs := &logtest.Purse{Size: 8 << 20}, &logtest.Purse{Size: 1 << 20}
	writing := open(t, Config{NATS: at(url), Memory: mine, Cache: long})
	reading := open(t, Config{NATS: at(url), Memory: theirs, Cache: long})
	var writers []chat.Writer
	for i := range answers {
		id := fmt.Sprint("long", i)
		m := meta(id)
		m.RequestSize = prompt
		w, err := writing.Create(within(t), m)
		if err != nil {
			t.Fatal(err)
		}
		for range long / (8 << 10) {
			appendAll(t, w, strings.Repeat("x", 8<<10))
		}
		awaitLast(t, writing, id, long/(8<<10)-1)
		writers = append(writers, w)
	}
	leave, ended := make(chan struct{}), make(chan error, 2*answers)
	for i := range answers {
		readSlowly(t, writing, fmt.Sprint("long", i), leave, ended)
	}
	if held, _ := mine.Held(); held != 0 {
		t.Errorf("%d bytes are held for the readers of what is written here, whose completions count", held)
	}
	for i := range answers {
		readSlowly(t, reading, fmt.Sprint("long", i), leave, ended)
	}
	awaitHeld(t, theirs, "for readers of what is written elsewhere", long, theirs.Size)
	for _, w := range writers {
		if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
			t.Fatal(err)
		}
	}
	awaitHeld(t, mine, "for readers of what has ended", answers*(long+prompt), 3*answers*(long+prompt))
	if _, most := theirs.Held(); most > theirs.Size {
		t.Errorf("%d bytes were held at most, of %d", most, theirs.Size)
	}
	close(leave)
	refused := 0
	for range 2 * answers {
		err := <-ended
		var shown *chat.Error
		switch {
		case errors.As(err, &shown) && shown.Code == chat.CodeOverloaded:
			refused++
		case err != nil:
			t.Errorf("a reader ended with %v", err)
		}
	}
	if refused == 0 || refused == answers {
		t.Errorf("%d readers of %d were refused, want some", refused, answers)
	}
	awaitHeld(t, mine, "after all", 0, 0)
	awaitHeld(t, theirs, "after all", 0, 0)
}
