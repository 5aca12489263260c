package natsserver

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// TestADiskThatHangs runs checks on a disk that answers late.
func TestADiskThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c check
		asked, told := 0, errors.New("told")
		answer := make(chan error)
		ask := func() error { asked++; return <-answer }
		for range 3 {
			begun := time.Now()
			if err := c.run(ask); !errors.Is(err, ErrHangs) || time.Since(begun) != diskTime {
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

// start starts a server for a test.
func start(t *testing.T) *Server {
	t.Helper()
	e, err := Start(Config{
		Dir: filepath.Join(t.TempDir(), "data"), Format: "1", MaxPending: 64 << 20,
		Patience: time.Minute, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// stream creates the stream of a server.
func stream(t *testing.T, e *Server) jetstream.Stream {
	t.Helper()
	conn, err := nats.Connect(nats.DefaultURL, nats.InProcessServer(e))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.CreateOrUpdateStream(t.Context(), jetstream.StreamConfig{Name: "LOG", Subjects: []string{"log"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "log", []byte("stored")); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAServerThatIsSilentIsStartedAgain mends a server that stores nothing and logs no error.
func TestAServerThatIsSilentIsStartedAgain(t *testing.T) {
	t.Parallel()
	e := start(t)
	stream(t, e)
	if err := e.server.DisableJetStream(); err != nil {
		t.Fatal(err)
	}
	e.hope = time.Minute
	if err := e.Mend(time.Hour); !errors.Is(err, ErrSilent) {
		t.Errorf("one that was started just now: %v, want %v", err, ErrSilent)
	}
	e.begun = e.begun.Add(-time.Hour)
	if err := e.Mend(time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := stream(t, e).CachedInfo().State.Msgs; got != 1 {
		t.Errorf("it holds %d messages, want the one that was stored", got)
	}
}

// TestOneMissedPulseStartsNothing checks that a short silence of a server that has run for long causes no
// restart.
func TestOneMissedPulseStartsNothing(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.begun = e.begun.Add(-time.Hour)
	running := e.server
	if err := e.Mend(2 * time.Second); !errors.Is(err, ErrSilent) {
		t.Errorf("%v, want %v", err, ErrSilent)
	}
	if e.server != running {
		t.Error("it was started again")
	}
}

// TestWhatCannotBeReadIsNotHidden checks the error for files of a stream that the server does not know.
func TestWhatCannotBeReadIsNotHidden(t *testing.T) {
	t.Parallel()
	e := start(t)
	if err := e.Unread("LOG"); err != nil {
		t.Errorf("there is none: %v", err)
	}
	stream(t, e)
	if err := e.Unread("LOG"); err == nil {
		t.Error("there is one, and nothing is said")
	}
	var elsewhere *Server
	if err := elsewhere.Unread("LOG"); err != nil {
		t.Errorf("a server elsewhere: %v", err)
	}
}

// TestADirectoryThatIsReplaced replaces the directory of a running server.
func TestADirectoryThatIsReplaced(t *testing.T) {
	t.Parallel()
	e := start(t)
	if err := e.Present(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(e.Dir(), e.Dir()+"-away"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(e.Dir(), 0o700); err != nil {
		t.Fatal(err)
	}
	var hopeless *HopelessError
	if err := e.Present(); !errors.As(err, &hopeless) {
		t.Errorf("%v, want it to be hopeless", err)
	}
}

// TestTheDiskIsNotAskedAllTheTime checks that calls four times a second do not each write to the disk.
func TestTheDiskIsNotAskedAllTheTime(t *testing.T) {
	t.Parallel()
	e := &Server{cfg: Config{Dir: filepath.Join(t.TempDir(), "data"), Logger: slog.New(slog.DiscardHandler)}, hope: time.Hour}
	if err := e.room(); err == nil {
		t.Fatal("it is written to, and not there")
	}
	if err := os.Mkdir(e.Dir(), 0o700); err != nil {
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
