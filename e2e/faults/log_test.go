package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/e2e/faults/checker"
)

// Names of the log.
const (
	logStream  = "PAWSTREAM"
	logSubject = "paws.c."
)

// dump reads every completion from the log.
func (tp *topology) dump(ctx context.Context) (map[string][]checker.Record, error) {
	conn, js, err := tp.jetstream()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	consumer, err := js.OrderedConsumer(ctx, logStream, jetstream.OrderedConsumerConfig{FilterSubjects: []string{logSubject + "*"}})
	if err != nil {
		return nil, err
	}
	all := make(map[string][]checker.Record)
	info, err := consumer.Info(ctx)
	if err != nil {
		return nil, err
	}
	for left := info.NumPending; left > 0; {
		messages, err := consumer.FetchNoWait(1000)
		if err != nil {
			return nil, err
		}
		n := 0
		for m := range messages.Messages() {
			about, err := m.Metadata()
			if err != nil {
				return nil, err
			}
			r, err := checker.DecodeRecord(m.Data(), about.Sequence.Stream, about.Timestamp)
			if err != nil {
				return nil, err
			}
			id := strings.TrimPrefix(m.Subject(), logSubject)
			all[id] = append(all[id], r)
			left, n = about.NumPending, n+1
		}
		if err := messages.Error(); err != nil {
			return nil, err
		}
		if n == 0 && !pause(ctx, 50*time.Millisecond) {
			return nil, ctx.Err()
		}
	}
	return all, nil
}

// ended waits until every completion has its terminal event, and returns the log. It
// returns the log as it is where that takes too long.
func (tp *topology) ended(ctx context.Context, within time.Duration) (log map[string][]checker.Record, err error) {
	err = eventually(ctx, within, func() error {
		var err error
		if log, err = tp.dump(ctx); err != nil {
			return err
		}
		running := 0
		for _, records := range log {
			last := records[len(records)-1].Steps
			if len(last) == 0 || !last[len(last)-1].Terminal() {
				running++
			}
		}
		if running > 0 {
			pause(ctx, 500*time.Millisecond)
			return fmt.Errorf("%w: %d of %d completions run", errNotYet, running, len(log))
		}
		return nil
	})
	if errors.Is(err, errNotYet) {
		tp.t.Log(err) // I13 will tell
		err = nil
	}
	return log, err
}

// attempts reads the journals of the random engines.
func (tp *topology) attempts() ([]checker.Attempt, error) {
	paths, err := filepath.Glob(filepath.Join(tp.dir, "*.journal"))
	if err != nil {
		return nil, err
	}
	var all []checker.Attempt
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		attempts, err := checker.ReadJournal(file)
		_ = file.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, attempts...)
	}
	return all, nil
}
