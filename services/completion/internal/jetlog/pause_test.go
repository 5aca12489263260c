package jetlog

import (
	"syscall"
	"testing"
	"time"

	"github.com/pawstream/pawstream/internal/skip"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// TestAServerThatStandsStill suspends NATS for longer and longer, under two replicas. Neither takes over the other's
// completion, and no shown event is lost.
func TestAServerThatStandsStill(t *testing.T) {
	skip.Long(t, "seconds of outages and elections")
	t.Parallel()
	p := startProcess(t, buildNATS(t), "-a", "127.0.0.1", "-p", "-1", "-c", roomy(t, t.TempDir()))
	l, other := open(t, Config{NATS: at(p.url)}), open(t, Config{NATS: at(p.url)})
	adopt(t, l)
	adopt(t, other)
	w, err := l.Create(within(t), meta("still"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a")
	awaitLast(t, l, "still", 0)
	for i, still := range []time.Duration{time.Second, 4 * time.Second, 8 * time.Second} {
		if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		appendAll(t, w, "b")
		pause(t.Context(), still)
		if err := p.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		awaitLast(t, other, "still", int64(i+1))
		awaitTrouble(t, l, "")
	}
	if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
		t.Fatal(err)
	}
	for _, l := range []*Log{l, other} {
		if got, kind := text(t, l, "still"); got != "abbb" || kind != chat.KindDone {
			t.Errorf("it says %q, %v", got, kind)
		}
	}
}
