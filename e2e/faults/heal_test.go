package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/faults/checker"
	"github.com/pawstream/pawstream/internal/skip"
)

// aftermath is how long clients keep asking after a single fault: longer than the service may take to recover.
var aftermath = limits.Recover + 5*time.Second

// TestHeals injects faults after which nothing would work unless the services recover by themselves: nobody restarts
// them.
func TestHeals(t *testing.T) {
	skip.Long(t, "each has a fault and waits out what follows; TestFaults/single has most kinds at random")
	t.Parallel()
	for _, test := range []struct {
		name  string
		kinds []string // one after the other, each healed before the next
		lasts time.Duration
	}{
		{"a full disk", []string{"fill-disk"}, 8 * time.Second},
		{"an empty log", []string{"wipe-nats"}, time.Second},
		{"a backup", []string{"restore-nats"}, 3 * time.Second},
		{"a replaced host", []string{"replace-nats"}, 0},
		{"other settings", []string{"fill-log", "change-limit", "change-discard", "remake-log"}, 3 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel() // mostly waits
			all, err := named(test.kinds...)
			if err != nil {
				t.Fatal(err)
			}
			p := plan{Name: test.name, NATS: 1, Pace: *pace, Clients: 40, Disk: 64 << 20}
			survive(t, p, func(ctx context.Context, tp *topology, _ *rand.Rand) ([]checker.Fault, error) {
				pause(ctx, 5*time.Second) // all clients have come
				every := len(tp.toNATS)   // all ways, not one
				var faults []checker.Fault
				for _, k := range all {
					if !tp.possible(&k) {
						continue
					}
					f, err := tp.strike(ctx, &entry{kind: k, lasts: test.lasts, pick: every})
					if err != nil {
						return faults, err
					}
					faults = append(faults, f)
					pause(ctx, aftermath)
				}
				return faults, nil
			})
		})
	}
}

// TestOldWriters suspends a replica while NATS loses its files, and many completions are written to the new log
// meanwhile. When the replica resumes, its writes for lost completions harm none of them.
func TestOldWriters(t *testing.T) {
	skip.Long(t, "each has a fault and waits out what follows; TestFaults/single has most kinds at random")
	t.Parallel()
	const unfinished, fresh = 60, 400
	tp := start(t, plan{Name: "old-writers", NATS: 1, Pace: 2}, rand.New(rand.NewPCG(*seed, 0)))
	h := &checker.History{Seed: *seed, Topology: tp.plan.Name, Limits: limits}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	c := &crowd{ctx: ctx, urls: tp.urls}
	ask := func(name string, tokens int, waiting *sync.WaitGroup) {
		one := &client{crowd: c, random: rand.New(rand.NewPCG(*seed, uint64(tokens)))}
		one.stream = checker.Stream{Name: name, Tag: name, Principal: anonymous}
		one.body = asks[0].body(map[string]any{"model": randomModel, "max_tokens": tokens, "stream": true, "user": name})
		waiting.Go(one.follow)
	}
	var before, after sync.WaitGroup
	for i := range unfinished {
		ask(fmt.Sprintf("before %d", i), 200, &before)
	}
	tp.await(t, "the completions of before", func(log map[string][]checker.Record) bool {
		return len(log) == unfinished && len(steps(log)) > 3*unfinished
	})

	f := checker.Fault{Kind: "wipe-nats", Target: tp.nats[0].name, From: time.Now(), Promise: gone}
	old, other := tp.completions[0], tp.completions[1]
	stands := checker.Fault{Kind: "pause-completion", Target: old.name, From: time.Now()}
	if err := old.running().Send(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	_, end, err := wipe(ctx, tp, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := end(ctx); err != nil {
		t.Fatal(err)
	}
	other.kill()
	if err := other.start(ctx); err != nil {
		t.Fatal(err)
	}
	f.To = time.Now()
	for i := range fresh {
		ask(fmt.Sprintf("after %d", i), 8, &after)
	}
	tp.await(t, "the new completions", func(log map[string][]checker.Record) bool { return len(log) >= fresh })
	stands.To = time.Now() // before the signal, because the replica acts right after it
	if err := old.running().Send(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	after.Wait()
	pause(ctx, past) // by then the old writers are done
	before.Wait()
	h.Faults = []checker.Fault{f, stands}
	tp.review(t, c, h)
}
