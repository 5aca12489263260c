package faults

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/faults/checker"
)

// An entry of a schedule is a planned fault.
type entry struct {
	kind
	after time.Duration // from the end of the previous one
	lasts time.Duration
	pick  int // chooses among the targets
}

// A schedule is an endless sequence of faults. The seed of a random number generator decides their kinds, times,
// durations and targets.
type schedule iter.Seq[entry]

// shuffled returns a schedule with each kind of must once, in random order, and then any kinds.
func shuffled(random *rand.Rand, kinds, must []kind, gap time.Duration) schedule {
	return func(yield func(entry) bool) {
		order := random.Perm(len(must))
		for n := 0; ; n++ {
			k := kinds[random.IntN(len(kinds))]
			if n < len(must) {
				k = must[order[n]]
			}
			e := entry{kind: k, after: gap + within(random, 0, 2*gap/3), lasts: within(random, k.least, k.most), pick: random.IntN(1 << 20)}
			if !yield(e) {
				return
			}
		}
	}
}

// within returns a duration from least to most.
func within(random *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(random.Int64N(int64(most-least)+1))
}

// scheduled returns a topology's schedule, and the least number of faults: those of must, as far as the flag allows.
// It logs what is impossible here.
func (tp *topology) scheduled(random *rand.Rand, must ...string) (schedule, int, error) {
	allowed := kinds
	if *only != "" {
		var err error
		if allowed, err = named(strings.Split(*only, ",")...); err != nil {
			return nil, 0, err
		}
	}
	allowed = slices.DeleteFunc(slices.Clone(allowed), func(k kind) bool { return !tp.possible(&k) })
	if len(allowed) == 0 {
		tp.t.Logf("none of the faults %s can be had", *only)
		return func(func(entry) bool) {}, 0, nil
	}
	if len(must) == 0 || *only != "" {
		return shuffled(random, allowed, allowed, *gap), len(allowed), nil
	}
	chosen, err := named(must...)
	chosen = slices.DeleteFunc(chosen, func(k kind) bool { return !slices.ContainsFunc(allowed, k.is) })
	return shuffled(random, allowed, chosen, *gap), len(chosen), err
}

// possible reports whether a topology can have such faults. If only the machine lacks something, that is an error on
// the project's own machines.
func (tp *topology) possible(k *kind) bool {
	if k.possible == nil {
		return true
	}
	switch err := k.possible(tp); {
	case err == nil:
		return true
	case !missing(err):
	case os.Getenv("CI") == "true":
		tp.t.Errorf("%s: %v", k.name, err)
	default:
		tp.t.Logf("NOT DONE: %s: %v", k.name, err)
	}
	return false
}

// disturb returns a disturbance by random faults, for as long as the flag says. Those of must always occur.
func disturb(must ...string) disturbance {
	return func(ctx context.Context, tp *topology, random *rand.Rand) ([]checker.Fault, error) {
		s, least, err := tp.scheduled(random, must...)
		if err != nil {
			return nil, err
		}
		return tp.suffer(ctx, s, least, *duration)
	}
}

// suffer applies a schedule until the time is over, with at least that many faults, one after the other.
func (tp *topology) suffer(ctx context.Context, s schedule, least int, d time.Duration) (faults []checker.Fault, err error) {
	until := time.Now().Add(d)
	for e := range s {
		if len(faults) >= least && time.Now().After(until) {
			return faults, nil
		}
		if !pause(ctx, e.after) {
			return faults, ctx.Err()
		}
		fault, err := tp.strike(ctx, &e)
		faults = append(faults, fault)
		if err != nil {
			return faults, fmt.Errorf("fault %d, %s of %s: %w", len(faults), e.name, fault.Target, err)
		}
	}
	return faults, nil
}

// strike injects one fault.
func (tp *topology) strike(ctx context.Context, e *entry) (checker.Fault, error) {
	f := checker.Fault{Kind: e.name, Promise: e.promise, From: time.Now()}
	target, end, err := e.inject(ctx, tp, e.pick)
	f.Target = target
	if err == nil {
		pause(ctx, e.lasts)
		err = end(context.WithoutCancel(ctx)) // must be undone, even if ctx has ended
	}
	f.To = time.Now()
	tp.t.Logf("%s %-18s %s for %v", f.From.Format("15:04:05.000"), e.name, target, f.To.Sub(f.From).Round(time.Millisecond))
	return f, err
}

func TestScheduleIsTheSeeds(t *testing.T) {
	const n = 500
	list := func(seed uint64) (all []string) {
		for e := range shuffled(rand.New(rand.NewPCG(seed, 1)), kinds, kinds, time.Second) {
			if len(all) == n {
				break
			}
			all = append(all, fmt.Sprint(e.name, e.after, e.lasts, e.pick))
			if e.lasts < e.least || e.lasts > e.most || e.after < time.Second {
				t.Errorf("%s lasts %v after %v", e.name, e.lasts, e.after)
			}
		}
		return all
	}
	if first, again := list(7), list(7); !slices.Equal(first, again) {
		t.Error("one seed, two schedules")
	}
	if slices.Equal(list(7), list(8)) {
		t.Error("two seeds, one schedule")
	}
	for _, k := range kinds {
		if !slices.ContainsFunc(list(7)[:len(kinds)], func(e string) bool { return strings.HasPrefix(e, k.name) }) {
			t.Errorf("%s is not among the first", k.name)
		}
	}
}

func TestNamed(t *testing.T) {
	for _, test := range []struct {
		names string
		want  []string // nil: no such kind
	}{
		{"kill-edge", []string{"kill-edge"}},
		{"term,kill-edge,term-nats", []string{"term-edge", "term-completion", "term-nats", "kill-edge"}},
		{"wipe,flood", nil},
		{"kill-", nil},
	} {
		all, err := named(strings.Split(test.names, ",")...)
		var got []string
		for _, k := range all {
			got = append(got, k.name)
		}
		if !slices.Equal(got, test.want) || (err != nil) != (test.want == nil) {
			t.Errorf("%s: %v, %v", test.names, got, err)
		}
	}
}
