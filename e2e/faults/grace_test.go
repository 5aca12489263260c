package faults

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/faults/checker"
	"github.com/pawstream/pawstream/internal/skip"
)

// TestGrace follows a completion at another replica than its owner, for longer than the grace period, while a process
// is killed. A followed completion must not be given up.
func TestGrace(t *testing.T) {
	skip.Long(t, "each has a fault and waits out what follows; TestFaults/single has most kinds at random")
	t.Parallel()
	const grace = 700 * time.Millisecond
	for _, test := range []struct {
		name   string
		victim targets // the first of them
	}{
		// A replica that cannot ask for readers must not take silence for a no.
		{"the log is away", aNATS},
		// The replica that takes over has readers itself.
		{"the owner dies", aCompletion},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tp := start(t, plan{
				Name: "grace", NATS: 1, EdgePairing: true, Pace: 6, Completion: []string{"--orphan-grace=" + grace.String()},
			}, rand.New(rand.NewPCG(*seed, 0)))
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			one := &client{crowd: &crowd{ctx: ctx, urls: tp.urls[:1]}, random: rand.New(rand.NewPCG(*seed, 1))}
			one.stream = checker.Stream{Name: "reader", Tag: "reader", Principal: anonymous}
			one.body = asks[0].body(map[string]any{"model": randomModel, "max_tokens": 70, "stream": true, "user": "reader"})
			one.leaveAfter, one.comesBack = 3, true
			if one.connect(); one.id == "" {
				t.Fatal("no completion")
			}
			one.crowd = &crowd{ctx: ctx, urls: tp.urls[1:]}
			done := make(chan struct{})
			go func() { defer close(done); one.follow() }()
			pause(ctx, 2*grace)

			f, err := tp.strike(ctx, &entry{kind: kind{name: "kill", inject: kill(test.victim)}, lasts: 3 * grace})
			if err != nil {
				t.Fatal(err)
			}
			<-done
			tp.examine(t, one, f)
		})
	}
}

// examine checks the history of one client and one fault.
func (tp *topology) examine(t *testing.T, one *client, f checker.Fault) {
	t.Helper()
	h := &checker.History{Seed: *seed, Topology: tp.plan.Name, Limits: limits, Streams: one.streams, Cancels: one.cancels, Faults: []checker.Fault{f}}
	var err error
	if h.Log, err = tp.ended(t.Context(), windDown); err != nil {
		t.Fatal(err)
	}
	if h.Attempts, err = tp.attempts(); err != nil {
		t.Fatal(err)
	}
	for _, v := range checker.Check(h) {
		t.Error(v)
	}
	if t.Failed() || *keep {
		tp.save(h)
	}
}
