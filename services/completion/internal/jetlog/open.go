package jetlog

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/internal/wait"
	"github.com/pawstream/pawstream/services/completion/internal/datadir"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/shares"
	"github.com/pawstream/pawstream/services/completion/internal/witness"
)

// startPatience bounds how long the server and the stream may take to become available.
const startPatience = 10 * time.Second

// Open connects to the stream and creates it if it does not exist. [Log.Close] ends what it has started. An
// error is one line for the person who started the program.
func Open(ctx context.Context, cfg Config) (*Log, error) {
	var election time.Duration
	if cfg.Replicas > 1 {
		election = electionTime
	}
	return openElected(ctx, cfg, election)
}

// openElected is Open with the time that the stream's servers may take to elect a leader.
func openElected(ctx context.Context, cfg Config, election time.Duration) (*Log, error) {
	cfg.setDefaults()
	l := &Log{
		cfg:      cfg,
		election: election,
		replica:  rand.Text(),
		tapes:    make(map[string]*shared),
		mine:     make(map[string]bool),
		holding:  make(map[string]int),
		waiting:  make(map[uint64]time.Time),
		link:     jetio.NewLink(),
		gate:     newGate(),
		health:   newHealth(),
		shares:   shares.New(shares.Config{MaxBytes: cfg.MaxBytes, Share: cfg.Share, Retention: cfg.Retention, Short: cfg.ResumeRetention}),
		doubt:    make(chan struct{}, 1),
	}
	l.keeper = &keeper{log: l}
	l.ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	var err error
	if l.witness, err = witness.Open(cfg.Witness, cfg.Logger, eventsPrefix, pulsePrefix); err == nil {
		err = l.connect()
	}
	if err != nil {
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
	l.keeper.tend(ctx)
	l.work.Go(l.keeper.run)
	l.expiry.begin(l)
	if l.shares.Bounds() {
		lookAt(l.shares, l.stream.CachedInfo())
		if err := l.loadUsage(ctx); err != nil {
			l.cfg.Logger.WarnContext(ctx, "cannot read what was stored for whom", slog.Any("error", err))
		}
		l.work.Go(l.keepUsage)
	}
	return l, nil
}

// openPatiently opens the stream at the start.
func (l *Log) openPatiently(ctx context.Context) error { return patiently(ctx, l.openFirst) }

// patiently tries again if JetStream does not answer, or knows nothing of a stream that was there before or that
// another replica is just creating: in a cluster that has just started, the server that was asked may have lost
// the election meanwhile, or not have heard of the stream yet.
func patiently(ctx context.Context, open func(context.Context) error) error {
	for {
		try, cancel := context.WithTimeout(ctx, jetio.AnswerTimeout)
		err := open(try)
		cancel()
		if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return err
		}
		if wait.For(ctx, jetio.RetryPause) != nil {
			return err
		}
	}
}

// streamConfig is the configuration that the stream has to have.
func (l *Log) streamConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        streamName,
		Description: "Completions of Pawstream",
		Subjects:    []string{eventsPrefix + "*", namesPrefix + "*", listsPrefix + "*.*", labelsPrefix + "*", ownersPrefix + "*.*", pulsePrefix + "*"},
		Storage:     jetstream.FileStorage,
		Retention:   jetstream.LimitsPolicy,
		Discard:     jetstream.DiscardNew, // never discard a live completion's events for new ones
		MaxAge:      l.cfg.Retention,
		MaxBytes:    l.cfg.MaxBytes,
		Replicas:    l.cfg.Replicas,
		AllowDirect: true,
		RePublish:   &jetstream.RePublish{Source: eventsPrefix + "*", Destination: livePrefix + "{{wildcard(1)}}" + recordToken},
		Metadata:    map[string]string{formatKey: format},
	}
}

// openFirst is openStream at the start.
func (l *Log) openFirst(ctx context.Context) error {
	stream, err := l.openStream(ctx)
	if err != nil {
		return err
	}
	l.stream = stream
	if err := l.testify(ctx, stream.CachedInfo()); err != nil {
		return err
	}
	if err := l.keeper.adopt(ctx, stream); err != nil || l.server == nil {
		return err
	}
	l.cfg.warnOfASmallDisk(stream.CachedInfo().State.Bytes)
	return l.watchMark()
}

// warnOfASmallDisk tells the operator if the data directory has less room than the log may still take.
func (c *Config) warnOfASmallDisk(taken uint64) {
	left := c.MaxBytes - int64(taken) //nolint:gosec // at most MaxBytes
	if free, err := datadir.Free(c.DataDir); err == nil && free < left {
		c.Logger.Warn("the disk has less room than the log may take; no answer begins while it is full: make room, or lower --log-max-bytes",
			slog.Int64("free_bytes", free), slog.Int64("log_may_take_bytes", left))
	}
}

// openStream creates the streams, or opens existing ones if they are what we need. It updates their limits; the
// settings that the rules depend on must be right. If the server cannot create the stream that remembers
// expired completions, for example on a full disk, the keeper does so later.
func (l *Log) openStream(ctx context.Context) (jetstream.Stream, error) {
	want := l.streamConfig()
	stream, err := l.makeOrFit(ctx, &want, checkStream)
	if err != nil {
		return nil, err
	}
	past := l.pastConfig()
	_, err = l.makeOrFit(ctx, &past, nil)
	var told *jetstream.APIError
	if errors.As(err, &told) && told.Code >= http.StatusInternalServerError {
		l.cfg.Logger.WarnContext(ctx, "expired completions are reported as unknown until the server can store them", slog.Any("error", err))
		err = nil
	}
	return stream, err
}

// makeOrFit creates a stream, or updates the existing one once check has passed it.
func (l *Log) makeOrFit(ctx context.Context, want *jetstream.StreamConfig, check func(got, want *jetstream.StreamConfig) error) (jetstream.Stream, error) {
	stream, err := l.js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if err := l.server.Unread(want.Name); err != nil {
			return nil, err
		}
		want.FirstSeq = l.firstSequence()
		stream, err = l.js.CreateStream(ctx, *want)
		if !errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return stream, explain(want, err)
		}
		stream, err = l.js.Stream(ctx, want.Name) // another replica was faster
	}
	if err != nil {
		return nil, explain(want, err)
	}
	got := &stream.CachedInfo().Config
	if check != nil {
		if err := check(got, want); err != nil {
			return nil, err
		}
	}
	// Settings that are the operator's own business stay.
	want.Placement, want.Compression, want.FirstSeq = got.Placement, got.Compression, got.FirstSeq
	if same(got, want) { // otherwise a disk that others have filled would prevent the start
		return stream, nil
	}
	stream, err = l.js.UpdateStream(ctx, *want)
	return stream, explain(want, err)
}

// switchOn restores settings of a stream in use that somebody has changed and without which it cannot be read,
// or accepts no records. Every replica wants the same values of these. Its other limits stay: another replica
// may have been started with them.
func (l *Log) switchOn(ctx context.Context, got jetstream.StreamConfig, want *jetstream.StreamConfig) error {
	fit := got
	fit.AllowDirect, fit.RePublish = want.AllowDirect, want.RePublish
	fit.MaxMsgs, fit.MaxMsgsPerSubject, fit.MaxMsgSize = want.MaxMsgs, want.MaxMsgsPerSubject, want.MaxMsgSize
	if same(&got, &fit) {
		return nil
	}
	l.cfg.Logger.WarnContext(ctx, "somebody has changed the stream: the settings that it needs are restored", slog.String("stream", got.Name))
	_, err := l.js.UpdateStream(ctx, fit)
	return explain(&fit, err)
}

// same reports whether a stream is configured as wanted. Settings that we leave to the server are not compared,
// except limits that it would not set by itself.
func same(got, want *jetstream.StreamConfig) bool {
	g, w := *got, *want
	for _, c := range []*jetstream.StreamConfig{&g, &w} {
		c.Subjects = slices.Sorted(slices.Values(c.Subjects))
		c.Metadata = map[string]string{formatKey: c.Metadata[formatKey]}
		c.Duplicates = 0
		c.MaxMsgs, c.MaxMsgsPerSubject = max(c.MaxMsgs, 0), max(c.MaxMsgsPerSubject, 0)
		c.MaxConsumers, c.MaxMsgSize = max(c.MaxConsumers, 0), max(c.MaxMsgSize, 0)
	}
	return reflect.DeepEqual(g, w)
}

// firstSequence is where a stream created now begins: above the numbers of all older ones, at up to a million
// records a second. So numbers that somebody still has of an older stream mean nothing in this one. If the
// system's clock has been set back since, other replicas may be ahead of what is known here by an hour's
// records.
func (l *Log) firstSequence() uint64 {
	first, known := uint64(time.Now().UnixMicro()), l.io.Last()
	if first > known {
		return first
	}
	return known + 3600_000_000
}

// markEvery is how old the data directory's mark may be.
const markEvery = time.Second

// watchMark compares what the stream holds with the data directory's mark, and keeps the mark up to date from
// then on. Missing records were lost with their file: their completions end with an error, or seem to have
// expired.
func (l *Log) watchMark() error {
	last := l.io.Last()
	marked, err := datadir.ReadMark(l.server.Dir())
	if err != nil {
		return err
	}
	if marked > last {
		l.cfg.Logger.Error("the files of the log were damaged: records are lost",
			slog.Uint64("last", last), slog.Uint64("last_known", marked))
	}
	l.work.Go(func() {
		for wait.For(l.ctx, markEvery) == nil {
			if now := l.io.Last(); now > last && datadir.WriteMark(l.server.Dir(), now) == nil {
				last = now
			}
		}
	})
	return nil
}

// remembered is how long an expired completion is distinguished from one that never existed.
const remembered = 24 * time.Hour

// pastConfig is the configuration of the stream that remembers the owners of expired completions.
func (l *Log) pastConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:              pastName,
		Description:       "Whose the completions of Pawstream were",
		Subjects:          []string{pastPrefix + "*", usagePrefix + "*"},
		Storage:           jetstream.FileStorage,
		MaxAge:            l.cfg.Retention + remembered,
		MaxBytes:          min(maxPast, max(minPast, l.cfg.MaxBytes/pastShare)),
		Replicas:          l.cfg.Replicas,
		MaxMsgsPerSubject: 1,
		// Not AllowDirect: at a lagging server, a completion that was just deleted would seem expired.
	}
}

// explain says what an operator can do about a stream that cannot be opened.
func explain(want *jetstream.StreamConfig, err error) error {
	var told *jetstream.APIError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, nats.ErrNoResponders):
		return errors.New("the NATS server has no JetStream: start it with -js")
	case errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return errors.New("JetStream is not enabled for this account of the NATS server")
	case errors.As(err, &told) && jetio.IsFull(told):
		return fmt.Errorf("the NATS server has no room for the %d bytes that the stream %s may take; give it more, or lower --log-max-bytes: %w", want.MaxBytes, want.Name, err)
	}
	return fmt.Errorf("open the stream %s: %w", want.Name, err)
}

// Bounds of the stream of expired completions, in bytes, and the part of the log's size that it may have; the
// oldest entries go first.
const (
	maxPast   = 64 << 20
	minPast   = 1 << 20
	pastShare = 64
)

// checkStream refuses a stream created by somebody else, or by a newer version of this program.
func checkStream(got, want *jetstream.StreamConfig) error {
	if f := got.Metadata[formatKey]; f != format {
		return unfit("the stream %s has format %q, and this version reads %q only", streamName, f, format)
	}
	switch {
	case got.Discard != want.Discard:
		return unfit("the stream %s discards old records; it must refuse new ones", streamName)
	case got.Storage != want.Storage:
		return unfit("the stream %s is not kept in files", streamName)
	case got.Retention != want.Retention:
		return unfit("the stream %s drops messages that were read; its retention must be by limits", streamName)
	case !sameSubjects(got.Subjects, want.Subjects):
		return unfit("the stream %s has other subjects", streamName)
	case got.Sealed || got.DenyDelete || got.DenyPurge:
		return unfit("the stream %s denies changes", streamName)
	case got.Mirror != nil || len(got.Sources) > 0 || got.SubjectTransform != nil:
		return unfit("the stream %s takes records from elsewhere", streamName)
	}
	return nil
}

// sameSubjects compares subjects. A stream created before there were pulses has none for them yet.
func sameSubjects(got, want []string) bool {
	got = append(slices.Clone(got), pulsePrefix+"*")
	return slices.Equal(slices.Compact(slices.Sorted(slices.Values(got))), slices.Sorted(slices.Values(want)))
}

// Close ends the connection and the server inside this process, if any. What was
// acknowledged stays.
func (l *Log) Close() {
	l.hearing.Lock()
	l.cancel()
	l.hearing.Unlock()
	l.work.Wait()
	defer l.witness.Close()
	if l.conn != nil {
		_ = l.conn.FlushTimeout(time.Second) // the last messages; there may be no server to receive them
		l.conn.Close()
	}
	if l.server != nil {
		if l.stream != nil {
			_ = datadir.WriteMark(l.server.Dir(), l.io.Last())
		}
		l.server.Close()
	}
}
