package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/faults/checker"
	"github.com/pawstream/pawstream/internal/skip"
)

// TestRollingRestart deploys: it restarts both edges and both completion services, one after the other, under 200
// live streams. No token is lost or repeated, and no stream ends with an error, unless its client has cancelled it.
func TestRollingRestart(t *testing.T) {
	skip.Long(t, "it restarts all that there is under 200 streams")
	h := survive(t, plan{Name: "rolling", NATS: 1, Pace: *pace}, rollOut)
	const cancelled = `"code":"completion_cancelled"`
	whole, cut := 0, 0
	for _, s := range h.Streams {
		for _, c := range s.Connections {
			if c.End == checker.Cut || c.ComeBack {
				cut++
			}
			for _, e := range c.Events {
				switch {
				case e.Data == "[DONE]":
					whole++
				case strings.HasPrefix(e.Data, errorData) && !strings.Contains(e.Data, cancelled) && e.ID != "":
					t.Errorf("%s ends with %s", s.Name, e.Data)
				}
			}
		}
	}
	t.Logf("%d answers were read to their end, %d connections had to part", whole, cut)
	if whole < *clients || cut == 0 {
		t.Error("that is too few for the restarts to have been felt")
	}
}

// rollOut restarts all of our processes, like a deploy, once all clients have come.
func rollOut(ctx context.Context, tp *topology, _ *rand.Rand) (faults []checker.Fault, err error) {
	if !pause(ctx, 3*time.Second) { // by then the last client has come
		return nil, ctx.Err()
	}
	for _, s := range slices.Concat(tp.edges, tp.completions) {
		alone := func(*topology, int) []*supervised { return []*supervised{s} }
		fault, err := tp.strike(ctx, &entry{kind: kind{name: "term", inject: term(alone)}})
		faults = append(faults, fault)
		if err != nil {
			return faults, fmt.Errorf("restart %s: %w", s.name, err)
		}
		if !pause(ctx, *gap) {
			return faults, ctx.Err()
		}
	}
	return faults, nil
}
