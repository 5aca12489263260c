package jetlog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/nats-io/nats-server/v2/server"
)

// An embedded is a NATS server inside this process.
type embedded struct {
	server *server.Server
	lock   *dirLock
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
	e := &embedded{server: s, lock: lock}
	s.Start()
	if reason := voice.started(); reason != "" {
		err = fmt.Errorf("start NATS: %s", reason)
	} else if !s.ReadyForConnections(startPatience) || !s.JetStreamEnabled() {
		err = errors.New("start NATS: it does not get ready")
	}
	if err != nil {
		e.stop()
		return nil, fmt.Errorf("data directory %s: %w", cfg.DataDir, err)
	}
	return e, nil
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
	reason string // why it cannot start
}

// started returns why the server has not started, or nothing.
func (s *serverLog) started() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs = s.reason == ""
	return s.reason
}

func (s *serverLog) log(level slog.Level, format string, args []any) {
	text := fmt.Sprintf(format, args...)
	s.logger.Log(context.Background(), level, "NATS server", slog.String("says", strings.TrimSpace(text)))
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
func (s *serverLog) Errorf(format string, args ...any) { s.log(slog.LevelError, format, args) }

// Fatalf implements [server.Logger]. What keeps the server from starting is returned,
// not logged.
func (s *serverLog) Fatalf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.runs {
		s.log(slog.LevelError, format, args)
	} else if s.reason == "" {
		s.reason = strings.ReplaceAll(strings.TrimSpace(fmt.Sprintf(format, args...)), "\n", " ")
	}
}

// Noticef implements [server.Logger].
func (*serverLog) Noticef(string, ...any) {}

// Debugf implements [server.Logger].
func (*serverLog) Debugf(string, ...any) {}

// Tracef implements [server.Logger].
func (*serverLog) Tracef(string, ...any) {}
