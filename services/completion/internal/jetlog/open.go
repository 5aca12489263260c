package jetlog

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// startPatience bounds how long the server and the stream may take to be there.
const startPatience = 10 * time.Second

// Open connects to the stream and makes it if it does not exist. [Log.Close] ends what
// it has started. An error is one line for the person who started the program.
func Open(ctx context.Context, cfg Config) (*Log, error) {
	cfg.setDefaults()
	l := &Log{
		cfg:     cfg,
		replica: rand.Text(),
		tapes:   make(map[string]*shared),
		mine:    make(map[string]bool),
	}
	l.ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := l.connect(); err != nil {
		l.Close()
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	if err := l.openStream(ctx); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func (l *Log) connect() error {
	options := []nats.Option{
		nats.Name("pawstream completion " + l.replica),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(100 * time.Millisecond),
		nats.ReconnectJitter(50*time.Millisecond, 50*time.Millisecond),
		nats.RetryOnFailedConnect(false),
		nats.Timeout(2 * time.Second),
		// Publishing while the connection is down fails at once; an append knows how
		// to wait and what to check before it tries again.
		nats.ReconnectBufSize(-1),
	}
	url := l.cfg.URL
	if url == "" {
		embedded, err := startEmbedded(&l.cfg)
		if err != nil {
			return err
		}
		l.server, url = embedded, embedded.server.ClientURL()
		options = append(options, nats.InProcessServer(embedded.server))
	}
	if l.cfg.CredsFile != "" {
		options = append(options, nats.UserCredentials(l.cfg.CredsFile))
	}
	if l.cfg.TLS != nil {
		options = append(options, nats.Secure(l.cfg.TLS))
	}
	conn, err := nats.Connect(url, options...)
	if err != nil {
		return fmt.Errorf("connect to NATS: %w", err)
	}
	l.conn = conn
	for subject, handle := range map[string]nats.MsgHandler{readersPrefix: l.answerWatch, endedPrefix: l.hearEnd} {
		if _, err := conn.Subscribe(subject+"*", handle); err != nil {
			return fmt.Errorf("subscribe: %w", err)
		}
	}
	l.js, err = jetstream.New(conn, jetstream.WithDefaultTimeout(l.cfg.Patience))
	return err
}

// streamConfig is what the stream has to be.
func (l *Log) streamConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        streamName,
		Description: "Completions of Pawstream",
		Subjects:    []string{eventsPrefix + "*", namesPrefix + "*", listsPrefix + "*.*", labelsPrefix + "*", ownersPrefix + "*.*"},
		Storage:     jetstream.FileStorage,
		Retention:   jetstream.LimitsPolicy,
		Discard:     jetstream.DiscardNew, // never throw a live completion's events away for new ones
		MaxAge:      l.cfg.Retention,
		MaxBytes:    l.cfg.MaxBytes,
		Replicas:    l.cfg.Replicas,
		AllowDirect: true,
		RePublish:   &jetstream.RePublish{Source: eventsPrefix + "*", Destination: livePrefix + "{{wildcard(1)}}"},
		Metadata:    map[string]string{formatKey: format},
	}
}

// openStream makes the stream, or takes the one there is if it is what we need. Its
// limits are brought up to date; what decides whether the rules hold must be right.
func (l *Log) openStream(ctx context.Context) error {
	want := l.streamConfig()
	stream, err := l.js.Stream(ctx, streamName)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		stream, err = l.js.CreateStream(ctx, want)
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, nats.ErrNoResponders):
		return errors.New("the NATS server has no JetStream: start it with -js")
	case err == nil:
		if err := checkStream(&stream.CachedInfo().Config, &want); err != nil {
			return err
		}
		stream, err = l.js.UpdateStream(ctx, want)
	}
	if err != nil {
		return fmt.Errorf("open the stream %s: %w", streamName, err)
	}
	l.stream = stream
	return l.openPast(ctx)
}

// remembered is how long an expired completion is told from one that never was.
const remembered = 24 * time.Hour

// openPast makes the stream that remembers whose the expired completions were.
func (l *Log) openPast(ctx context.Context) error {
	var err error
	l.past, err = l.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name:              pastName,
		Description:       "Whose the completions of Pawstream were",
		Subjects:          []string{pastPrefix + "*"},
		Storage:           jetstream.FileStorage,
		MaxAge:            l.cfg.Retention + remembered,
		MaxBytes:          maxPast,
		Replicas:          l.cfg.Replicas,
		AllowDirect:       true,
		MaxMsgsPerSubject: 1,
	})
	if err != nil {
		return fmt.Errorf("open the stream %s: %w", pastName, err)
	}
	return nil
}

// maxPast bounds the stream that openPast makes, in bytes; the oldest go first.
const maxPast = 64 << 20

// checkStream refuses a stream that somebody else made, or a newer version of us.
func checkStream(got, want *jetstream.StreamConfig) error {
	if f := got.Metadata[formatKey]; f != format {
		return fmt.Errorf("the stream %s has format %q, and this version reads %q only", streamName, f, format)
	}
	switch {
	case got.Discard != want.Discard:
		return fmt.Errorf("the stream %s discards old records; it must refuse new ones", streamName)
	case got.Storage != want.Storage:
		return fmt.Errorf("the stream %s is not kept in files", streamName)
	case strings.Join(got.Subjects, " ") != strings.Join(want.Subjects, " "):
		return fmt.Errorf("the stream %s has other subjects", streamName)
	}
	return nil
}

// Close ends the connection and the server inside this process, if any. What was
// acknowledged stays.
func (l *Log) Close() {
	l.cancel()
	l.work.Wait()
	if l.conn != nil {
		l.conn.Close()
	}
	if l.server != nil {
		l.server.stop()
	}
}

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
		NoLog:      true,
	})
	if err != nil {
		lock.release()
		return nil, fmt.Errorf("start NATS: %w", err)
	}
	s.Start()
	if !s.ReadyForConnections(startPatience) || !s.JetStreamEnabled() {
		s.Shutdown()
		lock.release()
		return nil, fmt.Errorf("start NATS: its files in %s cannot be used", cfg.DataDir)
	}
	return &embedded{server: s, lock: lock}, nil
}

func (e *embedded) stop() {
	e.server.Shutdown()
	e.server.WaitForShutdown()
	e.lock.release()
}
