package jetlog

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

func TestAFullDiskLosesNothingThatWasShown(t *testing.T) {
	t.Parallel()
	binary, dir, port := buildNATS(t), t.TempDir(), fmt.Sprint(freePorts(t, 1)[0])
	args := []string{binary, "-a", "127.0.0.1", "-p", port, "-c", roomy(t, dir)}
	// Files are limited to about 100 KiB, which is a full disk for the server.
	p := startProcess(t, "sh", append([]string{"-c", `ulimit -f 200; exec "$@"`, "sh"}, args...)...)
	l := open(t, Config{NATS: at(p.url), Patience: time.Second})
	w, err := l.Create(within(t), meta("filling"))
	if err != nil {
		t.Fatal(err)
	}
	type end struct {
		text string
		err  error
	}
	ends := make(chan end, 1)
	go func() {
		text, err := read(within(t), l, "filling")
		ends <- end{text, err}
	}()
	for i := 0; err == nil && i < 3000; i++ {
		err = w.Append(within(t), chat.Text(0, strings.Repeat("x", 1000)))
		pause(t.Context(), 500*time.Microsecond) // so that there are many records
	}
	if !errors.Is(err, chat.ErrLogFull) {
		t.Errorf("Append: %v, want ErrLogFull", err)
	}
	shown := <-ends
	if !errors.Is(shown.err, chat.ErrLogFull) {
		t.Errorf("Follow: %v, want ErrLogFull", shown.err)
	}
	if _, err := l.Create(within(t), meta("late")); !errors.Is(err, chat.ErrLogFull) {
		t.Errorf("Create: %v, want ErrLogFull", err)
	}
	awaitTrouble(t, l, "has to be restarted")
	p.kill()
	startProcess(t, args[0], args[1:]...)
	awaitTrouble(t, l, "")
	for orphan := range l.Orphans(within(t)) {
		if orphan.Meta.ID != "filling" {
			continue
		}
		if err := orphan.Writer.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
			t.Error(err)
		}
		break
	}
	got, kind := text(t, l, "filling")
	if !strings.HasPrefix(got, shown.text) || kind != chat.KindDone {
		t.Errorf("%d bytes, %v; %d were shown", len(got), kind, len(shown.text))
	}
	if len(shown.text) == 0 {
		t.Error("nothing was shown")
	}
	t.Logf("%d bytes were shown, %d are stored", len(shown.text), len(got))
}
