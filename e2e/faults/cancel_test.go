package faults

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/faults/checker"
)

// TestCancelInAnOutage cancels a completion while the log is away. The cancel cannot be confirmed until the log is
// back.
func TestCancelInAnOutage(t *testing.T) {
	t.Parallel()
	tp := start(t, plan{Name: "cancel", NATS: 1, EdgePairing: true, Pace: 5}, rand.New(rand.NewPCG(*seed, 0)))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	one := &client{crowd: &crowd{ctx: ctx, urls: tp.urls[:1]}, random: rand.New(rand.NewPCG(*seed, 1))}
	one.stream = checker.Stream{Name: "reader", Tag: "reader", Principal: anonymous}
	one.body = asks[0].body(map[string]any{"model": randomModel, "max_tokens": 100, "stream": true, "user": "reader"})
	one.leaveAfter, one.comesBack = 3, true
	if one.connect(); one.id == "" {
		t.Fatal("no completion")
	}
	id := one.id
	var busy sync.WaitGroup
	busy.Go(one.follow)

	f := checker.Fault{Kind: "kill-nats", Target: tp.nats[0].name, From: time.Now()}
	tp.nats[0].kill()
	busy.Go(func() { one.cancel(id) })
	pause(ctx, 3*time.Second)
	if err := tp.nats[0].start(ctx); err != nil {
		t.Fatal(err)
	}
	f.To = time.Now()
	busy.Wait()
	tp.examine(t, one, f)
}
