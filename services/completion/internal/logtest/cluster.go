package logtest

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A Replica is the log as served by one process of a cluster.
type Replica interface {
	chat.Log
	chat.Cluster
	// Close ends the process's work with the log. Unfinished completions stay behind.
	Close()
}

// A clusterRule is one sentence of the contract of a [chat.Cluster]. join adds a replica to the cluster.
type clusterRule struct {
	name  string
	check func(t *testing.T, join func() Replica)
}

//nolint:gochecknoglobals // a table
var clusterRules = []clusterRule{
	{"a completion that its writer leaves is adopted, and goes on", leftIsAdopted},
	{"one of several goes on with a completion", oneGoesOn},
	{"nobody adopts what a live replica writes", liveIsKept},
	{"an end that its writer has not entered into the books is handed on", endIsHandedOn},
	{"a settled end is nobody's any more", settledIsKept},
	{"a reader of any replica counts as one", readersCount},
	{"only a replica that knows an asking answers", askingIsAnswered},
}

// RunCluster checks every rule of a [chat.Cluster], each against its own log. open opens such a log, and
// returns a function that adds a replica to it. A log for a single process is no [chat.Cluster], and does not
// have this test.
func RunCluster(t *testing.T, open func(t *testing.T) (join func() Replica)) {
	for _, r := range clusterRules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.check(t, open(t))
		})
	}
}

// adopt returns the subject's orphan from a replica, or nil if ctx ends first. It fails the test if an orphan
// is one of others.
func (s *subject) adopt(ctx context.Context, r Replica, others ...*subject) *chat.Orphan {
	s.t.Helper()
	for orphan := range r.Orphans(ctx) {
		if orphan.Meta.ID == s.meta.ID {
			return orphan
		}
		if slices.ContainsFunc(others, func(o *subject) bool { return o.meta.ID == orphan.Meta.ID }) {
			s.t.Errorf("adopted %s too", orphan.Meta.ID)
		}
	}
	return nil
}

func leftIsAdopted(t *testing.T, join func() Replica) {
	a, b := join(), join()
	s := create(t, a)
	s.append(words(3)...)
	s.await()
	a.Close()
	s.log = b
	orphan := s.adopt(within(t), b)
	if orphan == nil {
		t.Fatal("nobody adopts it")
	}
	if diff := cmp.Diff(s.events, orphan.Shown); diff != "" {
		t.Errorf("what readers may have seen (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(s.meta, orphan.Meta); diff != "" {
		t.Errorf("its meta (-want +got):\n%s", diff)
	}
	if orphan.Ended != nil || orphan.Lost || orphan.Takeovers != 1 {
		t.Errorf("ended %v, lost %v, taken over %d times", orphan.Ended, orphan.Lost, orphan.Takeovers)
	}
	s.writer = orphan.Writer
	s.append(chat.Text(0, "and on"))
	s.seal(done())
	s.check(s.read(within(t), chat.FromStart, false), chat.FromStart)
}

// oneGoesOn lets two replicas adopt at the same time. Both may claim a completion, one after the other; then
// only the last one is its writer.
func oneGoesOn(t *testing.T, join func() Replica) {
	a, heirs := join(), []Replica{join(), join()}
	left := make(map[string]*subject)
	for range 4 {
		s := create(t, a)
		s.append(words(2)...)
		s.await()
		left[s.meta.ID] = s
	}
	a.Close()
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	sealed := make(chan string) // "": a heir has ended
	for _, heir := range heirs {
		go func() {
			for orphan := range heir.Orphans(ctx) {
				err := orphan.Writer.Seal(ctx, done())
				if err == nil {
					orphan.Writer.Settle(func() {})
					sealed <- orphan.Meta.ID
				} else if ctx.Err() == nil {
					wantError(t, "Seal by the one that came first", err, chat.ErrSealed)
				}
			}
			sealed <- ""
		}()
	}
	times := map[string]int{}
	for ended := 0; ended < len(heirs); {
		if id := <-sealed; id != "" {
			times[id]++
		} else {
			ended++
		}
		if len(times) == len(left) {
			cancel()
		}
	}
	for id, s := range left {
		if times[id] != 1 {
			t.Errorf("%s was ended %d times", id, times[id])
		}
		s.log, s.events = heirs[0], append(s.events, done())
		s.check(s.read(within(t), chat.FromStart, false), chat.FromStart)
	}
}

func liveIsKept(t *testing.T, join func() Replica) {
	live, dead, heir := join(), join(), join()
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	looking, found := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { // the other replicas hear it from then on
		defer close(ended)
		for orphan := range live.Orphans(ctx) {
			_ = orphan.Writer.Seal(ctx, done())
			found()
		}
	}()
	kept, left := create(t, live), create(t, dead)
	for _, s := range []*subject{kept, left} {
		s.append(words(2)...)
		s.await()
	}
	reading := kept.start(within(t), chat.FromStart)
	dead.Close()
	// The one that adopts it has also looked at the other's completion.
	left.adopt(looking, heir, kept)
	kept.append(chat.Text(0, "mine"))
	kept.seal(done())
	kept.check(<-reading, chat.FromStart)
	found()
	cancel()
	<-ended
}

// unsettled returns a completion that a replica has ended, but not entered into the books.
func unsettled(t *testing.T, r Replica) *subject {
	t.Helper()
	s := create(t, r)
	s.append(words(2)...)
	s.seal(done())
	return s
}

func endIsHandedOn(t *testing.T, join func() Replica) {
	a, b := join(), join()
	s := unsettled(t, a)
	a.Close()
	orphan := s.adopt(within(t), b)
	if orphan == nil {
		t.Fatal("nobody adopts it")
	}
	if want := done(); orphan.Ended == nil || !cmp.Equal(want, *orphan.Ended) {
		t.Errorf("ended by %v, want %v", orphan.Ended, want)
	}
	entries := 0
	orphan.Settle(func() { entries++ })
	if entries != 1 {
		t.Errorf("%d entries into the books", entries)
	}
}

func settledIsKept(t *testing.T, join func() Replica) {
	a, b := join(), join()
	settled := unsettled(t, a)
	settled.writer.Settle(func() {})
	left := unsettled(t, a)
	a.Close()
	if left.adopt(within(t), b, settled) == nil {
		t.Error("nobody adopts the other one")
	}
}

func readersCount(t *testing.T, join func() Replica) {
	a, b := join(), join()
	look, stop := context.WithCancel(t.Context())
	var looks sync.WaitGroup
	for _, r := range []Replica{a, b} {
		looks.Go(func() {
			for orphan := range r.Orphans(look) {
				t.Errorf("%s is taken over", orphan.Meta.ID)
			}
		})
	}
	defer func() { stop(); looks.Wait() }()
	s := create(t, a)
	s.append(words(1)...)
	watched := func(where string, want bool) {
		t.Helper()
		for name, r := range map[string]Replica{"its writer's": a, "another": b} {
			if got := r.Watched(within(t), s.meta.ID); got != want {
				t.Errorf("%s: watched by what %s replica says: %v", where, name, got)
			}
		}
	}
	for entry, err := range b.Follow(within(t), s.meta.ID, chat.FromStart, false) {
		if err != nil || entry.Sequence != 0 {
			t.Fatalf("entry %d, %v", entry.Sequence, err)
		}
		watched("while it is followed", true)
		break
	}
	// Silence means that there is no reader only after all replicas had time to answer.
	ctx := within(t)
	for a.Watched(ctx, s.meta.ID) || b.Watched(ctx, s.meta.ID) {
		if ctx.Err() != nil {
			t.Fatal("watched, though its reader has left")
		}
	}
	watched("after its reader has left", false)
	s.seal(done())
}

func askingIsAnswered(t *testing.T, join func() Replica) {
	a, b, c := join(), join(), join()
	known, unknown := chat.Asking{1}, chat.Asking{2}
	a.TellAsked(func(chat.Asking) string { return "a's own" }) // a replica does not ask itself
	b.TellAsked(func(chat.Asking) string { return "" })
	if id := a.Asked(within(t), known); id != "" {
		t.Errorf("nobody knows it, and the answer is %q", id)
	}
	c.TellAsked(func(asking chat.Asking) string {
		if asking == known {
			return "c's"
		}
		return ""
	})
	ctx, id := within(t), ""
	for id == "" && ctx.Err() == nil { // silence counts as no, even if a replica is only slow
		id = a.Asked(ctx, known)
	}
	if id != "c's" {
		t.Errorf("known: %q", id)
	}
	if id := a.Asked(within(t), unknown); id != "" {
		t.Errorf("unknown: %q", id)
	}
}
