package jetlog

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

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
		link:    newLink(),
	}
	l.ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := l.connect(); err != nil {
		l.Close()
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	if err := l.openPatiently(ctx); err != nil {
		l.Close()
		if l.server != nil {
			err = fmt.Errorf("data directory %s: %w", cfg.DataDir, err)
		}
		return nil, err
	}
	return l, nil
}

// openPatiently tries again where JetStream does not answer: in a cluster that has just
// started, the server that was asked may have lost the election meanwhile.
func (l *Log) openPatiently(ctx context.Context) error {
	for {
		try, cancel := context.WithTimeout(ctx, answerTimeout)
		err := l.openStream(try)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return err
		}
	}
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
		RePublish:   &jetstream.RePublish{Source: eventsPrefix + "*", Destination: livePrefix + "{{wildcard(1)}}" + recordToken},
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
		if err := l.server.unread(streamName); err != nil {
			return err
		}
		stream, err = l.js.CreateStream(ctx, want)
	case err == nil:
		got := &stream.CachedInfo().Config
		if err := checkStream(got, &want); err != nil {
			return err
		}
		// What is the operator's own business stays.
		want.Placement, want.Compression = got.Placement, got.Compression
		stream, err = l.js.UpdateStream(ctx, want)
	}
	if err != nil {
		return explain(&want, err)
	}
	l.stream = stream
	if err := l.openPast(ctx); err != nil || l.server == nil {
		return err
	}
	return l.watchMark()
}

// watchMark compares what the stream holds with the data directory's mark, and keeps that
// up to date from here on. Records that are missing have been lost with their file: the
// completions that they belonged to end with an error, or seem to have expired.
func (l *Log) watchMark() error {
	last := l.stream.CachedInfo().State.LastSeq
	marked, err := readMark(l.server.dir)
	if err != nil {
		return err
	}
	if marked > last {
		l.cfg.Logger.Error("the files of the log were damaged: records are lost",
			slog.Uint64("last", last), slog.Uint64("last_known", marked))
	}
	l.acks.last.Store(last)
	l.work.Go(func() {
		for wait(l.ctx, markEvery) {
			if now := l.acks.last.Load(); now > last && writeMark(l.server.dir, now) == nil {
				last = now
			}
		}
	})
	return nil
}

// remembered is how long an expired completion is told from one that never was.
const remembered = 24 * time.Hour

// openPast makes the stream that remembers whose the expired completions were.
func (l *Log) openPast(ctx context.Context) error {
	want := jetstream.StreamConfig{
		Name:              pastName,
		Description:       "Whose the completions of Pawstream were",
		Subjects:          []string{pastPrefix + "*"},
		Storage:           jetstream.FileStorage,
		MaxAge:            l.cfg.Retention + remembered,
		MaxBytes:          maxPast,
		Replicas:          l.cfg.Replicas,
		AllowDirect:       true,
		MaxMsgsPerSubject: 1,
	}
	_, err := l.js.Stream(ctx, pastName)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if err := l.server.unread(pastName); err != nil {
			return err
		}
	}
	if l.past, err = l.js.CreateOrUpdateStream(ctx, want); err != nil {
		return explain(&want, err)
	}
	return nil
}

// explain says what an operator can do about a stream that cannot be opened.
func explain(want *jetstream.StreamConfig, err error) error {
	var told *jetstream.APIError
	switch {
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, nats.ErrNoResponders):
		return errors.New("the NATS server has no JetStream: start it with -js")
	case errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return errors.New("JetStream is not enabled for this account of the NATS server")
	case errors.As(err, &told) && isFull(told):
		return fmt.Errorf("the NATS server has no room for the %d bytes that the stream %s may take: %w", want.MaxBytes, want.Name, err)
	}
	return fmt.Errorf("open the stream %s: %w", want.Name, err)
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
	case got.Retention != want.Retention:
		return fmt.Errorf("the stream %s drops what has been read; its retention must be by limits", streamName)
	case !slices.Equal(slices.Sorted(slices.Values(got.Subjects)), slices.Sorted(slices.Values(want.Subjects))):
		return fmt.Errorf("the stream %s has other subjects", streamName)
	case got.Sealed || got.DenyDelete || got.DenyPurge:
		return fmt.Errorf("the stream %s denies changes", streamName)
	case got.Mirror != nil || len(got.Sources) > 0 || got.SubjectTransform != nil:
		return fmt.Errorf("the stream %s takes records from elsewhere", streamName)
	}
	return nil
}

// Close ends the connection and the server inside this process, if any. What was
// acknowledged stays.
func (l *Log) Close() {
	l.cancel()
	l.work.Wait()
	if l.conn != nil {
		_ = l.conn.FlushTimeout(time.Second) // what was said last; there may be nobody to hear it
		l.conn.Close()
	}
	if l.server != nil {
		if l.stream != nil {
			_ = writeMark(l.server.dir, l.acks.last.Load())
		}
		l.server.stop()
	}
}
