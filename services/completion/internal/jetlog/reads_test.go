package jetlog

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/natsserver"
)

// TestReadsOfTheLogTakeTurns occupies all places for reads, so that the next reader has to wait.
func TestReadsOfTheLogTakeTurns(t *testing.T) {
	url := startNATS(t)
	writing, reading := open(t, Config{NATS: at(url)}), open(t, Config{NATS: at(url)})
	w, err := writing.Create(within(t), meta("one"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a")
	if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		places chan struct{}
		read   func(ctx context.Context) error
	}{
		"records": {reading.archive.reads.records, func(ctx context.Context) error {
			_, err := reading.Head(ctx, "one")
			return err
		}},
		"events": {reading.archive.reads.batches, func(ctx context.Context) error {
			for _, err := range reading.Follow(ctx, "one", chat.FromStart, false) {
				if err != nil {
					return err
				}
			}
			return ctx.Err()
		}},
	} {
		for range cap(test.places) {
			test.places <- struct{}{}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		if err := test.read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s, while as many are read as may be: %v", name, err)
		}
		cancel()
		for range cap(test.places) {
			<-test.places
		}
		if err := test.read(within(t)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReadsAtOnce checks how many reads are concurrent, by the maximum size of a record.
func TestReadsAtOnce(t *testing.T) {
	for maxRecord, want := range map[int64]int{0: 32, 1 << 20: 32, 8 << 20: 8, natsserver.MaxPayload: 3, 64 << 20: 3} {
		if got := readsAtOnce(maxRecord); got != want {
			t.Errorf("%d at once of %d bytes, want %d", got, maxRecord, want)
		}
	}
}
