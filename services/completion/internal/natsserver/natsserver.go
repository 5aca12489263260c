// Package natsserver runs a NATS server inside the process, on a data directory of its own, and starts it again where it
// stores nothing any more.
package natsserver

import (
	"cmp"
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

	"github.com/pawstream/pawstream/services/completion/internal/datadir"
)

// Config is what a [Server] is made of. All of it is required, but for SyncAlways.
type Config struct {
	Dir    string // the data directory
	Format string // of what it holds, as [datadir.Take] checks it
	Stream string // the stream that it is for
	// SyncAlways has each record reach the disk before it is acknowledged.
	SyncAlways bool
	// MaxPending is what the server may have for one connection that has not taken it yet, in bytes, before it ends that.
	MaxPending int64
	// Patience is how long it may take to get ready.
	Patience time.Duration
	Logger   *slog.Logger
}

// A Server is a NATS server inside this process. Its files stay ours while the server is
// started again in the place of one that stores nothing any more. A nil Server is one elsewhere. Present and Mend are
// for one goroutine, the rest for any.
type Server struct {
	lock    *datadir.Lock
	cfg     Config
	options server.Options
	stat    check     // the directory's, by Present
	write   check     // to the directory, by probe
	halt    check     // of the server, by Mend
	probed  time.Time // when the disk last answered room
	answer  error     // what it answered

	mu     sync.Mutex
	server *server.Server // nil while there is none
	voice  *serverLog     // of the server
	begun  time.Time      // when it was started
	hope   time.Duration  // how long it may be silent, without a complaint, before it is started again
}

// MaxPayload is the largest record, in bytes: the largest request that gRPC takes, and
// room beside it.
const MaxPayload = 20 << 20

// Start starts a server.
func Start(cfg Config) (*Server, error) {
	lock, err := datadir.Take(cfg.Dir, cfg.Format)
	if err != nil {
		return nil, err
	}
	e := &Server{
		lock: lock, cfg: cfg, hope: silentFor,
		options: server.Options{
			ServerName: "pawstream",
			DontListen: true,
			JetStream:  true,
			StoreDir:   cfg.Dir,
			SyncAlways: cfg.SyncAlways,
			MaxPayload: MaxPayload,
			MaxPending: cfg.MaxPending,
			NoSigs:     true,
		},
	}
	if e.holds(cfg.Stream) {
		// What it may take was checked when the stream was made. Whether others have filled the
		// disk since is no reason not to show what is there.
		e.options.JetStreamMaxStore = math.MaxInt64 / 2
	}
	if err := e.start(); err != nil {
		lock.Release()
		return nil, err
	}
	return e, nil
}

// start starts the server.
func (e *Server) start() error {
	options := e.options // the server makes them its own
	s, err := server.NewServer(&options)
	if err != nil {
		return fmt.Errorf("start NATS: %w", err)
	}
	voice := &serverLog{logger: e.cfg.Logger}
	s.SetLogger(voice, false, false)
	s.Start()
	ready := !voice.failed() && s.ReadyForConnections(e.cfg.Patience) && s.JetStreamEnabled()
	if reason := voice.started(ready); reason != "" {
		s.Shutdown()
		s.WaitForShutdown()
		return fmt.Errorf("data directory %s: start NATS: %s", e.cfg.Dir, reason)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.server, e.voice, e.begun = s, voice, time.Now()
	return nil
}

// InProcessConn implements [nats.InProcessConnProvider]: it connects to the server that there is.
func (e *Server) InProcessConn() (net.Conn, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.server == nil {
		return nil, errNoServer
	}
	return e.server.InProcessConn()
}

// Dir returns the data directory.
func (e *Server) Dir() string { return e.cfg.Dir }

// A HopelessError does not end by itself: the process has to, so that somebody looks.
type HopelessError struct{ Reason string }

// Error implements error.
func (h *HopelessError) Error() string { return h.Reason }

var errNoServer = errors.New("the NATS server inside this process does not run")

// holds reports whether the data directory holds a stream of that name.
func (e *Server) holds(stream string) bool {
	_, err := os.Stat(filepath.Join(e.cfg.Dir, "jetstream", "$G", "streams", stream))
	return err == nil
}

// Unread returns an error if the data directory holds a stream of that name, which the
// server then could not read: a new one in its place would hide the loss. A nil Server
// has no directory.
func (e *Server) Unread(stream string) error {
	if e == nil || !e.holds(stream) {
		return nil
	}
	return fmt.Errorf("the stream %s in it cannot be read: restore the directory, or move it away to begin anew", stream)
}

// stop ends the server, if there is one.
func (e *Server) stop() {
	e.mu.Lock()
	s := e.server
	e.server = nil
	e.mu.Unlock()
	if s != nil {
		s.Shutdown()
		s.WaitForShutdown()
	}
}

// Close ends the server and unlocks the directory.
func (e *Server) Close() {
	e.stop()
	e.lock.Release()
}

const (
	// probeSize is how much room a disk has to have, in bytes, for the server to be worth a start.
	probeSize = 1 << 20
	// probePause is between two looks whether it has, which write that much through to it.
	probePause = time.Second
	// restartPause is between two starts of the server.
	restartPause = 2 * time.Second
	// silentFor is how long a server that complains of nothing may store nothing.
	silentFor = 30 * time.Second
	// diskTime is how long the disk may take to answer.
	diskTime = 2 * time.Second
)

// Mend is for when nothing was stored for so long. It returns why that is, and starts the
// server again where that helps: nil. A server that was told once that there is no room, or
// that a write has failed otherwise, stores nothing for good. So may one that stands still.
func (e *Server) Mend(silent time.Duration) error {
	switch err := e.room(); {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("the disk of the data directory %s has no room", e.cfg.Dir)
	case errors.Is(err, ErrHangs):
		return err
	case err != nil:
		return fmt.Errorf("the data directory %s cannot be written to: %w", e.cfg.Dir, err)
	}
	e.mu.Lock()
	age := time.Since(e.begun)
	sick := e.server != nil && (e.voice.complained() && age >= restartPause || min(age, silent) >= e.hope)
	runs := e.server != nil
	e.mu.Unlock()
	if runs && !sick {
		return ErrSilent
	}
	e.cfg.Logger.Warn("the NATS server inside this process stores nothing, though its disk has room: it is started again")
	if err := e.halt.run(func() error { e.stop(); return nil }); err != nil {
		return e.hangs(err) // the next look waits for the same one
	}
	if err := e.start(); err != nil {
		if e.probe() != nil {
			return err // the room is gone again
		}
		return &HopelessError{err.Error()}
	}
	return nil
}

// ErrSilent says that the server runs, and stores nothing, for no known reason.
var ErrSilent = errors.New("the NATS server inside this process acknowledges no record")

// Present returns a [*HopelessError] trouble where the data directory is not the one any more whose
// files the server has open: what it stores there would be gone with the process.
func (e *Server) Present() error {
	if e == nil {
		return nil
	}
	err := e.stat.run(func() error {
		if e.lock.Holds() {
			return nil
		}
		return errReplacedDir
	})
	if !errors.Is(err, errReplacedDir) {
		return e.hangs(err)
	}
	return &HopelessError{fmt.Sprintf("the data directory %s was taken away or replaced while it was used: put in place what is to be used, and start again", e.cfg.Dir)}
}

var errReplacedDir = errors.New("another data directory")

// room is probe for whoever asks all the time.
func (e *Server) room() error {
	if time.Since(e.probed) < probePause {
		return e.answer
	}
	err := e.probe()
	if !errors.Is(err, ErrHangs) { // else the next one waits for the same answer
		e.probed, e.answer = time.Now(), err
	}
	return err
}

// probe tries to write to the directory.
func (e *Server) probe() error {
	return e.hangs(e.write.run(func() error {
		path := filepath.Join(e.cfg.Dir, "PROBE")
		defer func() { _ = os.Remove(path) }()                                           // it may not be there
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_SYNC, 0o600) //nolint:gosec // the operator names the directory
		if err != nil {
			return err
		}
		_, err = f.Write(make([]byte, probeSize))
		return cmp.Or(err, f.Close())
	}))
}

// hangs says which disk it is that does not answer.
func (e *Server) hangs(err error) error {
	if errors.Is(err, ErrHangs) {
		return fmt.Errorf("%w: the data directory %s", err, e.cfg.Dir)
	}
	return err
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
