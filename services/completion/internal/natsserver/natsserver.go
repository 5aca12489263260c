// Package natsserver runs a NATS server inside the process, on its own data directory, and restarts it if it no
// longer stores anything.
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

// Config is the configuration of a [Server]. All fields except SyncAlways are required.
type Config struct {
	Dir    string // the data directory
	Format string // the format of the directory, for [datadir.Take]
	// SyncAlways makes the server sync each record to the disk before it acknowledges it.
	SyncAlways bool
	// MaxPending is how many bytes the server buffers for a slow connection before it closes that.
	MaxPending int64
	// Patience is how long a start may take.
	Patience time.Duration
	Logger   *slog.Logger
}

// A Server is a NATS server inside this process. It keeps the directory locked while it restarts the server. A
// nil Server stands for a server elsewhere. Only one goroutine at a time may call Present and Mend; the other
// methods are safe for concurrent use.
type Server struct {
	lock    *datadir.Lock
	cfg     Config
	options server.Options
	stat    check     // of the directory, by Present
	write   check     // of a write to the directory, by probe
	halt    check     // of stopping the server, by Mend
	probed  time.Time // when the disk last answered
	answer  error     // its last answer

	mu     sync.Mutex
	server *server.Server // nil while it does not run
	voice  *serverLog     // the logger of server
	begun  time.Time      // when the server was started
	hope   time.Duration  // how long it may store nothing, without an error, before a restart
}

// MaxPayload is the largest record, in bytes: the largest gRPC request, and some room.
const MaxPayload = 20 << 20

// Start locks the directory and starts a server. [Server.Close] ends it.
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
			// The server would refuse a stream that may become larger than three quarters of the free disk, even
			// one that it already holds.
			JetStreamMaxStore: math.MaxInt64 / 2,
		},
	}
	if err := e.start(); err != nil {
		lock.Release()
		return nil, err
	}
	return e, nil
}

// start starts the server.
func (e *Server) start() error {
	options := e.options // the server modifies them
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

// InProcessConn implements [nats.InProcessConnProvider]: it connects to the current server.
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

// A HopelessError does not pass by itself: the process must end, so that an operator looks at it.
type HopelessError struct{ Reason string }

// Error implements error.
func (h *HopelessError) Error() string { return h.Reason }

var errNoServer = errors.New("the NATS server inside this process does not run")

// holds reports whether the data directory contains a stream of that name.
func (e *Server) holds(stream string) bool {
	_, err := os.Stat(filepath.Join(e.cfg.Dir, "jetstream", "$G", "streams", stream))
	return err == nil
}

// Unread returns an error if the data directory contains a stream of that name. Call it if the server does not
// know that stream: then the server could not read it, and a new one in its place would hide the loss. A nil
// Server has no directory.
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
	// probeSize is how many bytes of room a disk must have for a restart to make sense.
	probeSize = 1 << 20
	// probePause is the time between two probes, each of which writes that many bytes through to the disk.
	probePause = time.Second
	// restartPause is the time between two starts of the server.
	restartPause = 2 * time.Second
	// silentFor is how long a server without errors may store nothing.
	silentFor = 30 * time.Second
	// diskTime is how long the disk may take to answer.
	diskTime = 2 * time.Second
)

// Mend is for a server that has stored nothing for the time silent. It returns the reason, or restarts the
// server if that may help, and returns nil. After one failed write, such as for lack of room, a server never
// stores anything again. So may one that hangs.
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
	e.cfg.Logger.Warn("the NATS server inside this process stores nothing, although its disk has room: restarting it")
	if err := e.halt.run(func() error { e.stop(); return nil }); err != nil {
		return e.hangs(err) // the next call waits for the same stop
	}
	if err := e.start(); err != nil {
		if e.probe() != nil {
			return err // the room is gone again
		}
		return &HopelessError{err.Error()}
	}
	return nil
}

// ErrSilent says that the server runs but stores nothing, for an unknown reason.
var ErrSilent = errors.New("the NATS server inside this process acknowledges no record")

// Present returns a [*HopelessError] if the data directory has been replaced: the server has the old files
// open, and their data would be lost with the process.
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

// room is probe, at most once per probePause.
func (e *Server) room() error {
	if time.Since(e.probed) < probePause {
		return e.answer
	}
	err := e.probe()
	if !errors.Is(err, ErrHangs) { // otherwise the next call waits for the same answer
		e.probed, e.answer = time.Now(), err
	}
	return err
}

// probe tests a write to the directory.
func (e *Server) probe() error {
	return e.hangs(e.write.run(func() error {
		path := filepath.Join(e.cfg.Dir, "PROBE")
		defer func() { _ = os.Remove(path) }()                                           // it may not exist
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_SYNC, 0o600) //nolint:gosec // the operator names the directory
		if err != nil {
			return err
		}
		_, err = f.Write(make([]byte, probeSize))
		return cmp.Or(err, f.Close())
	}))
}

// hangs adds the directory to ErrHangs.
func (e *Server) hangs(err error) error {
	if errors.Is(err, ErrHangs) {
		return fmt.Errorf("%w: the data directory %s", err, e.cfg.Dir)
	}
	return err
}

// A serverLog passes on the server's warnings and errors: there is no other way to learn of a full disk, for
// example. It implements [server.Logger].
type serverLog struct {
	logger *slog.Logger

	mu     sync.Mutex
	runs   bool
	sick   bool     // it has logged an error since it runs
	reason string   // why it cannot start
	errors []string // errors during the start
}

// failed reports whether the server has given up starting.
func (s *serverLog) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason != ""
}

// started returns why the server has not started. If it has, started returns "" and logs the errors during the
// start.
func (s *serverLog) started(ready bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.reason != "":
		return s.reason
	case !ready:
		return strings.Join(append(s.errors, "it did not become ready"), "; ")
	}
	s.runs = true
	for _, text := range s.errors {
		s.log(slog.LevelError, "%s", []any{text})
	}
	return ""
}

// complained reports whether the server has logged an error since it runs.
func (s *serverLog) complained() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sick
}

// oneLine formats a message as one line.
func oneLine(format string, args []any) string {
	return strings.ReplaceAll(strings.TrimSpace(fmt.Sprintf(format, args...)), "\n", " ")
}

func (s *serverLog) log(level slog.Level, format string, args []any) {
	s.logger.Log(context.Background(), level, "NATS server", slog.String("says", oneLine(format, args)))
}

// Warnf implements [server.Logger]. Warnings during the start are about our own configuration, so they are only
// for debugging.
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

// Fatalf implements [server.Logger]. start returns the reason for a failed start, so that is not logged.
func (s *serverLog) Fatalf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.runs {
		s.log(slog.LevelError, format, args)
	} else if s.reason == "" {
		s.reason = oneLine(format, args)
	}
}

// Noticef implements [server.Logger]. Only one notice matters: the server closes the connection of a slow
// consumer.
func (s *serverLog) Noticef(format string, args ...any) {
	if strings.Contains(format, "Slow Consumer") {
		s.log(slog.LevelWarn, format, args)
	}
}

// Debugf implements [server.Logger].
func (*serverLog) Debugf(string, ...any) {}

// Tracef implements [server.Logger].
func (*serverLog) Tracef(string, ...any) {}
