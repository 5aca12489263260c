package jetlog

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/internal/natsconn"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// wantRefused fails the test unless Open fails with one line that contains want and no secret.
func wantRefused(t *testing.T, cfg Config, want string) {
	t.Helper()
	var logged bytes.Buffer
	cfg.Logger = slog.New(slog.NewTextHandler(&logged, nil))
	l, err := Open(within(t), cfg)
	if err == nil {
		l.Close()
		t.Fatal("the log opens")
	}
	said := err.Error()
	if strings.Contains(said, "\n") || !strings.Contains(said, want) {
		t.Errorf("error %q, want one line that says %q", said, want)
	}
	if strings.Contains(logged.String(), "level=ERROR") {
		t.Errorf("the error is not all that is said: %s", &logged)
	}
	if strings.Contains(said+logged.String(), "s3cret") {
		t.Errorf("the password is told: %q, %q", said, logged.String())
	}
}

func TestStartRefusesWhatItCannotUse(t *testing.T) {
	used := open(t, Config{})
	newer := t.TempDir()
	if err := os.WriteFile(filepath.Join(newer, "FORMAT"), []byte("2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	blocked := t.TempDir()
	if err := os.WriteFile(filepath.Join(blocked, "jetstream"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	inside := t.TempDir()
	if err := os.MkdirAll(filepath.Join(inside, "jetstream"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(inside, "jetstream", "$G"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	unreadable, unreadablePast := damaged(t, streamName), damaged(t, pastName)
	withPassword := serveNATS(t, &server.Options{
		Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), Username: "ann", Password: "right",
	}).Addr().String()
	small := serveNATS(t, &server.Options{
		Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), JetStreamMaxStore: 100 << 20,
	}).ClientURL()
	for _, test := range []struct {
		name, want string
		cfg        Config
	}{
		{"a directory in use", "is in use by another process; --data-dir names another", Config{DataDir: used.cfg.DataDir}},
		{"a directory of a newer version", `has format "2", and this version reads "1" only`, Config{DataDir: newer}},
		{"a file in place of the directory", "data directory", Config{DataDir: "/dev/null/x"}},
		{"a directory with a file in the way", "data directory " + blocked + ": start NATS", Config{DataDir: blocked}},
		{"a directory with a file in the way, further in", "data directory " + inside + ": open the stream", Config{DataDir: inside}},
		{"a stream that cannot be read", "the stream PAWSTREAM in it cannot be read", Config{DataDir: unreadable}},
		{"what has expired cannot be read", "the stream PAWSTREAM_PAST in it cannot be read", Config{DataDir: unreadablePast}},
		{"nobody there", "connect to NATS at nats://127.0.0.1:1", Config{NATS: at("nats://ann:s3cret@127.0.0.1:1")}},
		{"no such host", "connect to NATS at nats://nowhere.invalid:4222", Config{NATS: at("nats://s3cret@nowhere.invalid:4222")}},
		{"a URL that is none", "URL 2 of NATS is not of the form", Config{NATS: at("nats://127.0.0.1,nats://ann:s3cret@host:port")}},
		{"a wrong password", "Authorization Violation", Config{NATS: at("nats://ann:s3cret@" + withPassword)}},
		{"no password", "Authorization Violation", Config{NATS: at("nats://" + withPassword)}},
		{"no credentials file", "no such file", Config{NATS: natsconn.Server{URL: "nats://" + withPassword, Creds: "/nowhere/s3.creds"}}},
		{"no JetStream", "has no JetStream", Config{NATS: at(serveNATS(t, &server.Options{Port: server.RANDOM_PORT}).ClientURL())}},
		{"no room on the server", "no room for the 1073741824 bytes", Config{NATS: at(small), MaxBytes: 1 << 30}},
		{"no cluster", "replicas > 1 not supported", Config{NATS: at(startNATS(t)), Replicas: 3}},
	} {
		t.Run(test.name, func(t *testing.T) { wantRefused(t, test.cfg, test.want) })
	}
}

// damaged returns a used data directory in which the description of a stream is unreadable.
func damaged(t *testing.T, stream string) string {
	t.Helper()
	dir := t.TempDir()
	l, err := Open(within(t), Config{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := os.WriteFile(filepath.Join(dir, "jetstream", "$G", "streams", stream, "meta.inf"), []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// streamOf changes the configuration of a new server's stream.
func streamOf(t *testing.T, cfg Config, change func(*jetstream.StreamConfig)) (string, jetstream.JetStream) {
	t.Helper()
	url := startNATS(t)
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	cfg.setDefaults()
	stream := (&Log{cfg: cfg}).streamConfig()
	change(&stream)
	if _, err := js.CreateStream(within(t), stream); err != nil {
		t.Fatal(err)
	}
	return url, js
}

func TestStartRefusesAStreamThatWouldBreakTheRules(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*jetstream.StreamConfig)
		want   string
	}{
		"other subjects":  {func(c *jetstream.StreamConfig) { c.Subjects = c.Subjects[1:] }, "has other subjects"},
		"discards old":    {func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld }, "must refuse new ones"},
		"by interest":     {func(c *jetstream.StreamConfig) { c.Retention = jetstream.InterestPolicy }, "retention must be by limits"},
		"in memory":       {func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage }, "not kept in files"},
		"denies deletion": {func(c *jetstream.StreamConfig) { c.DenyDelete = true }, "denies changes"},
		"newer format":    {func(c *jetstream.StreamConfig) { c.Metadata[formatKey] = "2" }, `has format "2"`},
		"of another make": {func(c *jetstream.StreamConfig) { c.Metadata = nil }, `has format ""`},
		"subjects taken":  {func(c *jetstream.StreamConfig) { c.Name = "OTHER" }, "subjects overlap with an existing stream"},
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := streamOf(t, Config{}, test.change)
			wantRefused(t, Config{NATS: at(url)}, test.want)
		})
	}
}

func TestStartBringsTheLimitsOfAStreamUpToDate(t *testing.T) {
	url, js := streamOf(t, Config{}, func(c *jetstream.StreamConfig) {
		c.MaxAge, c.MaxBytes, c.MaxMsgs, c.NoAck = time.Minute, 1<<20, 10, true
		c.AllowDirect, c.RePublish = false, nil
		c.Compression = jetstream.S2Compression
		slices.Reverse(c.Subjects)
	})
	l := open(t, Config{NATS: at(url), Retention: 2 * time.Hour, MaxBytes: 2 << 20})
	stream, err := js.Stream(within(t), streamName)
	if err != nil {
		t.Fatal(err)
	}
	got := stream.CachedInfo().Config
	if got.MaxAge != 2*time.Hour || got.MaxBytes != 2<<20 || got.MaxMsgs > 0 || got.NoAck || !got.AllowDirect || got.RePublish == nil {
		t.Errorf("stream is %+v", got)
	}
	if got.Compression != jetstream.S2Compression {
		t.Error("the operator's compression was undone")
	}
	w, err := l.Create(within(t), meta("one"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "x")
	if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
		t.Fatal(err)
	}
	if got, _ := text(t, l, "one"); got != "x" {
		t.Errorf("got %q", got)
	}
}

// TestAStartWaitsForTheCluster starts while a new cluster does not answer, or does not know the stream yet.
func TestAStartWaitsForTheCluster(t *testing.T) {
	unknown := explain(&jetstream.StreamConfig{Name: streamName}, &jetstream.APIError{Code: 404, ErrorCode: jetstream.JSErrCodeStreamNotFound})
	hopeless := errors.New("hopeless")
	for name, test := range map[string]struct {
		failures []error
		want     error
	}{
		"at once":             {nil, nil},
		"no answer":           {[]error{context.DeadlineExceeded}, nil},
		"no stream yet":       {[]error{unknown, jetstream.ErrStreamNotFound}, nil},
		"another failure":     {[]error{unknown, hopeless}, hopeless},
		"for longer than due": {slices.Repeat([]error{unknown}, 10_000), jetstream.ErrStreamNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), startPatience)
				defer cancel()
				left := test.failures
				err := patiently(ctx, func(context.Context) error {
					if len(left) == 0 {
						return nil
					}
					err := left[0]
					left = left[1:]
					return err
				})
				if !errors.Is(err, test.want) || test.want == nil && (err != nil || len(left) > 0) {
					t.Errorf("%v, with %d failures left; want %v", err, len(left), test.want)
				}
			})
		})
	}
}
