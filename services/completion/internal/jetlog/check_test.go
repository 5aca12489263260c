package jetlog

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// TestADiskThatHangs asks a disk that answers late.
func TestADiskThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c check
		asked, told := 0, errors.New("told")
		answer := make(chan error)
		ask := func() error { asked++; return <-answer }
		for range 3 {
			begun := time.Now()
			if err := c.run(ask); !errors.Is(err, errHangs) || time.Since(begun) != diskTime {
				t.Errorf("while it hangs: %v after %v", err, time.Since(begun))
			}
		}
		answer <- told
		if err := c.run(ask); !errors.Is(err, told) || asked != 1 {
			t.Errorf("when it has answered: %v, asked %d times", err, asked)
		}
		if err := c.run(func() error { return nil }); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// TestAServerThatIsSilentIsStartedAgain has the server inside store nothing, and complain of nothing.
func TestAServerThatIsSilentIsStartedAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	l := open(t, Config{DataDir: t.TempDir()})
	finish(t, l, "before", "a")
	e := l.server
	e.mu.Lock()
	e.hope = 3 * time.Second
	silent := e.server
	e.mu.Unlock()
	if err := silent.DisableJetStream(); err != nil {
		t.Fatal(err)
	}
	createSoon(t, l, "after")
	if got, kind := text(t, l, "before"); got != "a" || kind != chat.KindDone {
		t.Errorf("what was there is %q, %v", got, kind)
	}
}

// TestOneMissedPulseStartsNothing has a server that has run for long be silent for a moment.
func TestOneMissedPulseStartsNothing(t *testing.T) {
	t.Parallel()
	e := open(t, Config{DataDir: t.TempDir()}).server
	e.mu.Lock()
	e.begun = e.begun.Add(-time.Hour)
	running := e.server
	e.mu.Unlock()
	if err := e.mend(2 * pulseTimeout); !errors.Is(err, errSilent) {
		t.Errorf("mend: %v, want %v", err, errSilent)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.server != running {
		t.Error("it was started again")
	}
}

// TestTheDiskIsNotAskedAllTheTime has a server be silent while the keeper looks four times a second.
func TestTheDiskIsNotAskedAllTheTime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := &embedded{dir: filepath.Join(dir, "data"), logger: slog.New(slog.DiscardHandler), hope: time.Hour}
	if err := e.room(); err == nil {
		t.Fatal("it is written to, and not there")
	}
	if err := os.Mkdir(e.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := e.room(); err == nil {
		t.Error("it is written to again at once")
	}
	e.probed = e.probed.Add(-probePause)
	if err := e.room(); err != nil {
		t.Errorf("after a while: %v", err)
	}
}
