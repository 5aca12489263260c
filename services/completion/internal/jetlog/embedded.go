package jetlog

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/nats-io/nats-server/v2/server"
)

// An embedded is a NATS server inside this process.
type embedded struct {
	server *server.Server
	lock   *dirLock
	dir    string
}

// maxPayload is the largest record, in bytes: the largest request that gRPC takes, and
// room beside it.
const maxPayload = 20 << 20

func startEmbedded(cfg *Config) (*embedded, error) {
	lock, err := lockDir(cfg.DataDir)
	if err != nil {
		return nil, err
	}
	s, err := server.NewServer(&server.Options{
		ServerName: "pawstream",
		DontListen: true,
		JetStream:  true,
		StoreDir:   cfg.DataDir,
		SyncAlways: cfg.SyncAlways,
		MaxPayload: maxPayload,
		NoSigs:     true,
	})
	if err != nil {
		lock.release()
		return nil, fmt.Errorf("start NATS: %w", err)
	}
	voice := &serverLog{logger: cfg.Logger}
	s.SetLogger(voice, false, false)
	e := &embedded{server: s, lock: lock, dir: cfg.DataDir}
	s.Start()
	ready := !voice.failed() && s.ReadyForConnections(startPatience) && s.JetStreamEnabled()
	if reason := voice.started(ready); reason != "" {
		e.stop()
		return nil, fmt.Errorf("data directory %s: start NATS: %s", cfg.DataDir, reason)
	}
	return e, nil
}

// unread returns an error if the data directory holds a stream of that name, which the
// server then could not read: a new one in its place would hide the loss. A nil embedded
// has no directory.
func (e *embedded) unread(stream string) error {
	if e == nil {
		return nil
	}
	dir := filepath.Join(e.dir, "jetstream", "$G", "streams", stream)
	if _, err := os.Stat(dir); err != nil {
		return nil //nolint:nilerr // it is not there
	}
	return fmt.Errorf("the stream %s in it cannot be read: restore the directory, or move it away to begin anew", stream)
}

func (e *embedded) stop() {
	e.server.Shutdown()
	e.server.WaitForShutdown()
	e.lock.release()
}

// A serverLog passes on what the server has to say that is not good news: nobody asks
// it, and a full disk, say, is not told otherwise. It implements [server.Logger].
type serverLog struct {
	logger *slog.Logger

	mu     sync.Mutex
	runs   bool
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
