package faults

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/e2e/faults/checker"
)

// A tail follows the log of the single NATS server, so that expired completions are still known at the end.
type tail struct {
	mu   sync.Mutex
	next uint64                 // the first position not read yet
	seen map[string]*sighting   // in the present log
	eras []map[string]*sighting // in those that were taken away
}

// A sighting is a completion as the log held it.
type sighting struct {
	records []checker.Record
	gone    time.Time // latest time at which it was gone; zero: it is there
}

// readEvery is how often the log is read: much more often than anything expires.
const readEvery = 2 * time.Second

// readOn reads the log repeatedly until end is called.
func (tp *topology) readOn(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for pause(ctx, readEvery) {
			reading, done := context.WithTimeout(ctx, 10*readEvery)
			_ = tp.tail.read(reading, tp.natsURL()) // NATS may be away: the next read will show
			done()
		}
	}()
	return func() { cancel(); <-ended }
}

// read reads new records, and notes which completions are gone.
func (t *tail) read(ctx context.Context, url string) error {
	t.mu.Lock()
	era, next := len(t.eras), t.next
	t.mu.Unlock()
	conn, js, err := jetStream(url)
	if err != nil {
		return err
	}
	defer conn.Close()
	fresh, err := since(ctx, js, next)
	if err != nil {
		return err
	}
	stream, err := js.Stream(ctx, logStream)
	if err != nil {
		return err
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(logSubject+"*"))
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.eras) == era { // otherwise the log may be another one
		t.note(fresh, func(id string) bool { return info.State.Subjects[logSubject+id] > 0 })
	}
	return nil
}

// note adds records, and marks the completions that are no longer held.
func (t *tail) note(fresh map[string][]checker.Record, held func(id string) bool) {
	if t.seen == nil {
		t.seen = make(map[string]*sighting)
	}
	for id, records := range fresh {
		if t.seen[id] == nil {
			t.seen[id] = &sighting{}
		}
		t.seen[id].records = append(t.seen[id].records, records...)
		t.next = max(t.next, records[len(records)-1].Position+1)
	}
	for id, s := range t.seen {
		if s.gone.IsZero() && !held(id) {
			s.gone = time.Now()
		}
	}
}

// cut notes that the log was taken away.
func (t *tail) cut() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.eras, t.seen, t.next = append(t.eras, t.seen), nil, 0
}

// begun reports whether the deletion of a completion has begun, for example before a disk was full: the log only
// holds the last of the records that were seen.
func begun(seen, held []checker.Record) bool {
	first := held[0].Position
	return first > seen[0].Position && slices.ContainsFunc(seen, func(r checker.Record) bool { return r.Position == first })
}

// complete adds to a history what its logs once held.
func (t *tail) complete(h *checker.History) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for era, seen := range append(slices.Clone(t.eras), t.seen) {
		log, end := h.Log, time.Now()
		if era < len(h.Lost) {
			log, end = h.Lost[era].Log, h.Lost[era].Until
		}
		for id, s := range seen {
			last := s.records[len(s.records)-1].Steps
			if log[id] != nil && !begun(s.records, log[id]) || len(last) == 0 || !last[len(last)-1].Terminal() {
				continue // I3 and I13 check unfinished completions that are gone
			}
			if s.gone.IsZero() {
				s.gone = end
			}
			log[id] = s.records
			h.Expired = append(h.Expired, checker.Expired{Completion: id, Era: era, By: s.gone})
		}
	}
}
