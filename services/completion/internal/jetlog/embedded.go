package jetlog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// An embedded is a NATS server inside this process. Its files stay ours while the server is
// started again in the place of one that stores nothing any more.
type embedded struct {
	lock    *dirLock
	dir     string
	options server.Options
	logger  *slog.Logger

	mu     sync.Mutex
	server *server.Server // nil while there is none
	voice  *serverLog     // of the server
	begun  time.Time      // when it was started
}

// maxPayload is the largest record, in bytes: the largest request that gRPC takes, and
// room beside it.
const maxPayload = 20 << 20

func startEmbedded(cfg *Config) (*embedded, error) {
	lock, err := lockDir(cfg.DataDir)
	if err != nil {
		return nil, err
	}
	e := &embedded{
		lock: lock, dir: cfg.DataDir, logger: cfg.Logger,
		options: server.Options{
			ServerName: "pawstream",
			DontListen: true,
			JetStream:  true,
			StoreDir:   cfg.DataDir,
			SyncAlways: cfg.SyncAlways,
			MaxPayload: maxPayload,
			NoSigs:     true,
		},
	}
	if e.holds(streamName) {
		// What it may take was checked when the stream was made. Whether others have filled the
		// disk since is no reason not to show what is there.
		e.options.JetStreamMaxStore = math.MaxInt64 / 2
	}
	if err := e.start(); err != nil {
		lock.release()
		return nil, err
	}
	return e, nil
}

// start starts the server.
func (e *embedded) start() error {
	options := e.options // the server makes them its own
	s, err := server.NewServer(&options)
	if err != nil {
		return fmt.Errorf("start NATS: %w", err)
	}
	voice := &serverLog{logger: e.logger}
	s.SetLogger(voice, false, false)
	s.Start()
	ready := !voice.failed() && s.ReadyForConnections(startPatience) && s.JetStreamEnabled()
	if reason := voice.started(ready); reason != "" {
		s.Shutdown()
		s.WaitForShutdown()
		return fmt.Errorf("data directory %s: start NATS: %s", e.dir, reason)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.server, e.voice, e.begun = s, voice, time.Now()
	return nil
}

// InProcessConn implements [nats.InProcessConnProvider]: it connects to the server that there is.
func (e *embedded) InProcessConn() (net.Conn, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.server == nil {
		return nil, errNoServer
	}
	return e.server.InProcessConn()
}

var errNoServer = errors.New("the NATS server inside this process does not run")

// holds reports whether the data directory holds a stream of that name.
func (e *embedded) holds(stream string) bool {
	_, err := os.Stat(filepath.Join(e.dir, "jetstream", "$G", "streams", stream))
	return err == nil
}

// unread returns an error if the data directory holds a stream of that name, which the
// server then could not read: a new one in its place would hide the loss. A nil embedded
// has no directory.
func (e *embedded) unread(stream string) error {
	if e == nil || !e.holds(stream) {
		return nil
	}
	return fmt.Errorf("the stream %s in it cannot be read: restore the directory, or move it away to begin anew", stream)
}

// stop ends the server, if there is one.
func (e *embedded) stop() {
	e.mu.Lock()
	s := e.server
	e.server = nil
	e.mu.Unlock()
	if s != nil {
		s.Shutdown()
		s.WaitForShutdown()
	}
}

// close ends the server and lets go of the directory.
func (e *embedded) close() {
	e.stop()
	e.lock.release()
}

const (
	// probeSize is how much room a disk has to have, in bytes, for the server to be worth a start.
	probeSize = 1 << 20
	// restartPause is between two starts of the server.
	restartPause = 2 * time.Second
)

// mend is for when nothing was stored for a while. It returns why that is, and starts the
// server again where that helps: nil. A server that was told once that there is no room, or
// that a write has failed otherwise, stores nothing for good.
func (e *embedded) mend() error {
	switch err := e.probe(); {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("the disk of the data directory %s has no room", e.dir)
	case err != nil:
		return fmt.Errorf("the data directory %s cannot be written to: %w", e.dir, err)
	}
	e.mu.Lock()
	runs, early := e.server != nil, time.Since(e.begun) < restartPause
	sick := runs && e.voice.complained()
	e.mu.Unlock()
	if runs && (!sick || early) {
		return errSilent
	}
	e.logger.Warn("the NATS server inside this process stores nothing, though its disk has room: it is started again")
	e.stop()
	if err := e.start(); err != nil {
		if e.probe() != nil {
			return err // the room is gone again
		}
		return &HopelessError{err.Error()}
	}
	return nil
}

var errSilent = errors.New("the NATS server inside this process acknowledges no record")

// present returns a [*HopelessError] trouble where the data directory is not the one any more whose
// files the server has open: what it stores there would be gone with the process.
func (e *embedded) present() error {
	if e == nil || e.lock.holds(e.dir) {
		return nil
	}
	return &HopelessError{fmt.Sprintf("the data directory %s was taken away or replaced while it was used: put in place what is to be used, and start again", e.dir)}
}

// probe tries to write to the directory.
func (e *embedded) probe() error {
	path := filepath.Join(e.dir, "PROBE")
	defer func() { _ = os.Remove(path) }() // it may not be there
	return os.WriteFile(path, make([]byte, probeSize), 0o600)
}

// A serverLog passes on what the server has to say that is not good news: nobody asks
// it, and a full disk, say, is not told otherwise. It implements [server.Logger].
type serverLog struct {
	logger *slog.Logger

	mu     sync.Mutex
	runs   bool
	sick   bool     // it has told of an error since it runs
	reason string   // why it cannot start
	errors []string // what went wrong before it runs
}

// failed reports whether the server has given up starting.
func (s *serverLog) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason != ""
}

// started returns why the server has not started, or nothing: then what went wrong on
// the way is logged.
func (s *serverLog) started(ready bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.reason != "":
		return s.reason
	case !ready:
		return strings.Join(append(s.errors, "it does not get ready"), "; ")
	}
	s.runs = true
	for _, text := range s.errors {
		s.log(slog.LevelError, "%s", []any{text})
	}
	return ""
}

// complained reports whether the server has told of an error since it runs.
func (s *serverLog) complained() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sick
}

// oneLine returns what the server says.
func oneLine(format string, args []any) string {
	return strings.ReplaceAll(strings.TrimSpace(fmt.Sprintf(format, args...)), "\n", " ")
}

func (s *serverLog) log(level slog.Level, format string, args []any) {
	s.logger.Log(context.Background(), level, "NATS server", slog.String("says", oneLine(format, args)))
}

// Warnf implements [server.Logger]. What it warns of before it runs is how we set it up.
func (s *serverLog) Warnf(format string, args ...any) {
	s.mu.Lock()
	level := slog.LevelDebug
	if s.runs {
		level = slog.LevelWarn
	}
	s.mu.Unlock()
	s.log(level, format, args)
}

// Errorf implements [server.Logger].
func (s *serverLog) Errorf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.runs {
		s.sick = true
		s.log(slog.LevelError, format, args)
	} else {
		s.errors = append(s.errors, oneLine(format, args))
	}
}

// Fatalf implements [server.Logger]. What keeps the server from starting is returned,
// not logged.
func (s *serverLog) Fatalf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.runs {
		s.log(slog.LevelError, format, args)
	} else if s.reason == "" {
		s.reason = oneLine(format, args)
	}
}

// Noticef implements [server.Logger]. Of its notices one matters: somebody does not take what
// the server has for him, and is cut off.
func (s *serverLog) Noticef(format string, args ...any) {
	if strings.Contains(format, "Slow Consumer") {
		s.log(slog.LevelWarn, format, args)
	}
}

// Debugf implements [server.Logger].
func (*serverLog) Debugf(string, ...any) {}

// Tracef implements [server.Logger].
func (*serverLog) Tracef(string, ...any) {}
