package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/pawstream/pawstream/e2e/faults/checker"
)

const (
	// past is longer than a replica that is silent is taken for alive, and than the
	// others take to look for what it has left.
	past = 4500 * time.Millisecond
	// settle is how long a fault is at least from the next one.
	settle = 1500 * time.Millisecond
)

// A step does something to the service and undoes it, and says what it was.
type step struct {
	name string
	do   act
}

type act func(ctx context.Context, tp *topology, random *rand.Rand) (checker.Fault, error)

// must are the faults that every schedule has; more follow by chance.
var must = []step{
	{"kill completion", kill((*topology).anyCompletion)},
	{"kill edge", kill((*topology).anyEdge)},
	{"kill nats", kill((*topology).anyNATS)},
	{"stop completion", zombie},
	{"term completion", term((*topology).anyCompletion)},
	{"term edge", term((*topology).anyEdge)},
	{"cut", cutAll},
}

type choice func(tp *topology, random *rand.Rand) *supervised

func (tp *topology) anyCompletion(random *rand.Rand) *supervised {
	return tp.completions[random.IntN(len(tp.completions))]
}

func (tp *topology) anyEdge(random *rand.Rand) *supervised {
	return tp.edges[random.IntN(len(tp.edges))]
}

func (tp *topology) anyNATS(random *rand.Rand) *supervised {
	return tp.nats[random.IntN(len(tp.nats))]
}

// kill ends a process without warning, and starts it again a little later.
func kill(choose choice) act {
	return func(ctx context.Context, tp *topology, random *rand.Rand) (checker.Fault, error) {
		s := choose(tp, random)
		down := time.Duration(200+random.IntN(800)) * time.Millisecond
		f := checker.Fault{Kind: checker.Kill, Target: s.name, From: time.Now()}
		s.running().Kill()
		pause(ctx, down)
		err := s.start(context.WithoutCancel(ctx))
		f.To = time.Now()
		return f, err
	}
}

// term ends a process as an operator does, and starts it again.
func term(choose choice) act {
	return func(ctx context.Context, tp *topology, random *rand.Rand) (checker.Fault, error) {
		s := choose(tp, random)
		f := checker.Fault{Kind: "term", Target: s.name, From: time.Now()}
		if err := s.stop(); err != nil {
			return f, err
		}
		err := s.start(context.WithoutCancel(ctx))
		f.To = time.Now()
		return f, err
	}
}

// zombie has a replica taken for dead, and come back.
func zombie(ctx context.Context, tp *topology, random *rand.Rand) (checker.Fault, error) {
	s := tp.anyCompletion(random)
	f := checker.Fault{Kind: "stop", Target: s.name, From: time.Now()}
	if err := s.running().Send(syscall.SIGSTOP); err != nil {
		return f, err
	}
	pause(ctx, past)
	err := s.running().Send(syscall.SIGCONT)
	f.To = time.Now()
	return f, err
}

// cutAll cuts all connections through one of the proxies.
func cutAll(_ context.Context, tp *topology, random *rand.Rand) (checker.Fault, error) {
	i := random.IntN(len(tp.proxies))
	now := time.Now()
	tp.proxies[i].CutAll()
	return checker.Fault{Kind: "cut", Target: fmt.Sprintf("proxy %d", i), From: now, To: now}, nil
}

// disturb goes through the schedule.
func (tp *topology) disturb(ctx context.Context, random *rand.Rand, d time.Duration) ([]checker.Fault, error) {
	return tp.suffer(ctx, random, must, d)
}

// suffer goes through a schedule: all that must be, in random order, and then by chance
// until the time is over. One fault follows the other.
func (tp *topology) suffer(ctx context.Context, random *rand.Rand, must []step, d time.Duration) ([]checker.Fault, error) {
	var faults []checker.Fault
	until := time.Now().Add(d)
	order := random.Perm(len(must))
	for n := 0; n < len(must) || time.Now().Before(until); n++ {
		next := must[random.IntN(len(must))]
		if n < len(must) {
			next = must[order[n]]
		}
		if !pause(ctx, settle+time.Duration(random.IntN(1000))*time.Millisecond) {
			return faults, ctx.Err()
		}
		fault, err := next.do(ctx, tp, random)
		faults = append(faults, fault)
		if err != nil {
			return faults, fmt.Errorf("%s: %w", next.name, err)
		}
		tp.t.Logf("%s %s: %v", next.name, fault.Target, fault.To.Sub(fault.From).Round(time.Millisecond))
	}
	return faults, nil
}
