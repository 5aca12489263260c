package jetlog

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/pawstream/pawstream/internal/skip"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// suspend has a server stand still for a while, and does something meanwhile.
func (p *natsProcess) suspend(t *testing.T, still time.Duration, meanwhile func()) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	meanwhile()
	pause(t.Context(), still)
	if err := p.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}

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
		p.suspend(t, still, func() { appendAll(t, w, "b") })
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

// TestAClusterHasTimeForAnElection suspends NATS for longer than the patience. A completion with one server fails, and
// is taken over when that is back; with several it goes on, as they may have had to elect a leader.
func TestAClusterHasTimeForAnElection(t *testing.T) {
	skip.Long(t, "seconds of outages and elections")
	t.Parallel()
	for name, openLog := range map[string]func(*testing.T, Config) *Log{"one server": open, "several": openStale} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startProcess(t, buildNATS(t), "-a", "127.0.0.1", "-p", "-1", "-c", roomy(t, t.TempDir()))
			l := openLog(t, Config{NATS: at(p.url), Patience: time.Second})
			w, err := l.Create(within(t), meta("leaderless"))
			if err != nil {
				t.Fatal(err)
			}
			appendAll(t, w, "a")
			awaitLast(t, l, "leaderless", 0)
			p.suspend(t, 4*time.Second, func() { appendAll(t, w, "b") })
			switch err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); {
			case l.election == 0 && !errors.Is(err, chat.ErrLogFull):
				t.Errorf("Seal: %v, want ErrLogFull", err)
			case l.election > 0 && err != nil:
				t.Errorf("Seal: %v", err)
			}
		})
	}
}
