package faults

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/faults/checker"
)

// TestZombie suspends a completion's owner until another replica has taken over, and resumes it: it must notice, and
// serve again.
func TestZombie(t *testing.T) {
	t.Parallel()
	const (
		owner    = 0
		survivor = 1
		tokens   = 90
	)
	// The first edge knows only the owner, the second one only the survivor.
	tp := start(t, plan{Name: "zombie", NATS: 1, EdgePairing: true, Pace: 10}, rand.New(rand.NewPCG(*seed, 0)))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	h := &checker.History{Seed: *seed, Topology: tp.plan.Name, Limits: limits}

	by := func(name string, edge int, id string) *client {
		one := &client{crowd: &crowd{ctx: ctx, urls: tp.urls[edge : edge+1]}, random: rand.New(rand.NewPCG(*seed, 1)), id: id}
		one.stream = checker.Stream{Name: name, Tag: name, Principal: anonymous}
		one.body = asks[0].body(map[string]any{"model": randomModel, "max_tokens": tokens, "stream": true, "user": name})
		return one
	}
	var following sync.WaitGroup
	var everybody []*client
	follow := func(one *client) *client {
		everybody = append(everybody, one)
		following.Go(one.follow)
		return one
	}

	first := follow(by("first", owner, ""))
	log := tp.await(t, "the first events", func(log map[string][]checker.Record) bool { return len(steps(log)) > 5 })
	id := slices.Collect(maps.Keys(log))[0]
	follow(by("at the survivor", survivor, id))

	f := checker.Fault{Kind: "pause-completion", Target: tp.completions[owner].name, From: time.Now()}
	if err := tp.completions[owner].running().Send(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	log = tp.await(t, "the takeover", func(log map[string][]checker.Record) bool {
		claim := slices.IndexFunc(log[id], func(r checker.Record) bool { return r.Claim })
		return claim >= 0 && len(log[id]) > claim+3
	})
	f.To = time.Now() // before the signal, because the owner acts right after it
	if err := tp.completions[owner].running().Send(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	h.Faults = []checker.Fault{f}
	t.Logf("takeover after %v", spread(takeovers(&checker.History{Log: log}, f)))
	follow(by("at the zombie", owner, id))
	following.Wait()

	// It serves again, and generates, too.
	again := follow(by("again", owner, ""))
	following.Wait()
	if again.id == "" || again.id == first.id {
		t.Errorf("the second completion is %q, the first one %q", again.id, first.id)
	}
	var err error
	if h.Log, err = tp.ended(ctx, windDown); err != nil {
		t.Fatal(err)
	}
	if h.Attempts, err = tp.attempts(); err != nil {
		t.Fatal(err)
	}
	for _, one := range everybody {
		h.Streams = append(h.Streams, one.streams...)
	}
	for _, v := range checker.Check(h) {
		t.Error(v)
	}
	checkZombie(t, h, id, again.id, f.To)
	if t.Failed() || *keep {
		tp.save(h)
	}
}

// checkZombie checks that there was a zombie: there is one takeover, the first owner learns of it soon after it
// resumed, and owns another completion later.
func checkZombie(t *testing.T, h *checker.History, id, again string, resumed time.Time) {
	t.Helper()
	claims := 0
	var text []string
	for _, r := range h.Log[id] {
		if r.Claim {
			claims++
		}
		for _, s := range r.Steps {
			text = append(text, s.Text)
		}
	}
	if claims != 1 {
		t.Errorf("%d takeovers, want 1", claims)
	}
	refused := 0
	for _, a := range h.Attempts {
		if a.Tag != "first" || a.Resumed > 0 {
			continue
		}
		if !a.Ended || a.Last.Before(resumed) || a.Last.Sub(resumed) > limits.Close {
			t.Errorf("the zombie's attempt ended (%v) %v after it came back", a.Ended, a.Last.Sub(resumed))
		}
		for _, s := range a.Steps {
			if s.Kind == checker.KindText && !slices.Contains(text, s.Text) {
				refused++
			}
		}
	}
	// The checker has verified that nothing of what it still tried was stored.
	t.Logf("the zombie has tried to add %d tokens", refused)
	if first, second := h.Log[id][0].Writer, h.Log[again][0].Writer; first != second {
		t.Errorf("the completion afterwards is %s's, not %s's", second, first)
	}
}

// await reads the log until ok accepts it.
func (tp *topology) await(t *testing.T, what string, ok func(map[string][]checker.Record) bool) (log map[string][]checker.Record) {
	t.Helper()
	err := eventually(t.Context(), time.Minute, func() (err error) {
		if log, err = tp.dump(t.Context()); err == nil && !ok(log) {
			err = errNotYet
		}
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return log
}

// steps returns all steps in the log.
func steps(log map[string][]checker.Record) (all []checker.Step) {
	for _, records := range log {
		for _, r := range records {
			all = append(all, r.Steps...)
		}
	}
	return all
}
