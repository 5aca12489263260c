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
	"github.com/synadia-io/orbit.go/jetstreamext"

	"github.com/pawstream/pawstream/e2e/faults/checker"
)

// The log's names in NATS.
const (
	logStream  = "PAWSTREAM"
	logSubject = "paws.c."
)

// errBehind is a log of which a server has less than the leader counts.
var errBehind = errors.New("records are missing")

// dump reads every completion from the log, with all records that the stream's leader has, although any server may
// answer. The leader of a cluster may count records that no server has, after one could not write to its disk: what all
// servers agree on is the log then, and the checks find what clients were shown beyond it.
func (tp *topology) dump(ctx context.Context) (map[string][]checker.Record, error) {
	log, behind := dump(ctx, tp.natsURL())
	if len(tp.nats) == 1 || !errors.Is(behind, errBehind) {
		return log, behind
	}
	for n, s := range tp.nats {
		held, err := heldBy(ctx, "nats://"+s.address)
		if err != nil {
			return nil, fmt.Errorf("%w; %s: %w", behind, s.name, err)
		}
		if n == 0 {
			log = held
		} else if id, differs := unlike(log, held); differs {
			return nil, fmt.Errorf("%w; %s has %d records of %s, %s %d", behind, tp.nats[0].name, len(log[id]), id, s.name, len(held[id]))
		}
	}
	tp.t.Logf("all servers have the same, but %v", behind)
	return log, nil
}

// heldBy reads what one server of a cluster has of the log: whom a client is connected to answers it.
func heldBy(ctx context.Context, url string) (map[string][]checker.Record, error) {
	conn, js, err := jetStream(url)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return since(ctx, js, 1)
}

// unlike finds a completion of which two logs hold different numbers of records.
func unlike(a, b map[string][]checker.Record) (id string, found bool) {
	for _, log := range []map[string][]checker.Record{a, b} {
		for id := range log {
			if len(a[id]) != len(b[id]) {
				return id, true
			}
		}
	}
	return "", false
}

// dump reads the log at a NATS URL. A log that was never created is empty.
func dump(ctx context.Context, url string) (map[string][]checker.Record, error) {
	conn, js, err := jetStream(url)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stream, err := js.Stream(ctx, logStream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(logSubject+"*"))
	if err != nil {
		return nil, err
	}
	all, err := since(ctx, js, 1)
	if err != nil {
		return nil, err
	}
	for subject, n := range info.State.Subjects {
		if got := len(all[strings.TrimPrefix(subject, logSubject)]); uint64(got) < n {
			return nil, fmt.Errorf("%w: %s has %d of %d of %s, as %s counts", errBehind, conn.ConnectedUrl(), got, n, subject, leader(info))
		}
	}
	return all, nil
}

// leader names the server that leads a stream; a single server has none.
func leader(info *jetstream.StreamInfo) string {
	if info.Cluster == nil {
		return "the only server"
	}
	return info.Cluster.Leader
}

// since reads the records of completions from a position on.
func since(ctx context.Context, js jetstream.JetStream, next uint64) (map[string][]checker.Record, error) {
	all := make(map[string][]checker.Record)
	for more := true; more; {
		batch, err := jetstreamext.GetBatch(ctx, js, logStream, 1000,
			jetstreamext.GetBatchSubject(logSubject+"*"), jetstreamext.GetBatchSeq(max(next, 1)))
		if err != nil {
			return nil, err
		}
		more = false
		for m, err := range batch {
			if errors.Is(err, jetstreamext.ErrNoMessages) {
				break
			}
			if err != nil {
				return nil, err
			}
			r, err := checker.DecodeRecord(m.Data, m.Sequence, m.Time)
			if err != nil {
				return nil, err
			}
			id := strings.TrimPrefix(m.Subject, logSubject)
			all[id] = append(all[id], r)
			next, more = m.Sequence+1, true
		}
	}
	return all, nil
}

// ended waits until every completion has a terminal event, and returns the log. After too long, it returns the log
// with an error.
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
		tp.t.Log(err) // I13 will report it
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
