package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/faults/checker"
	"github.com/pawstream/pawstream/internal/skip"
)

// TestTwoHops uses one Pawstream as another one's model server, and kills parts of both: edges, completion services
// and NATS. Every answer has exactly the expected text. Two kinds of kills may cause an error instead: of the back's
// edge, which carries the connection between both, and of the front's completion service, which reads it. The advisor
// at the back starts from the beginning, so nobody can continue from the middle.
func TestTwoHops(t *testing.T) {
	skip.Long(t, "each has a fault and waits out what follows; TestFaults/single has most kinds at random")
	t.Parallel() // mostly waits
	back := start(t, plan{
		Name: "hops-back", Prefix: "back-", NATS: 1, Pace: 20,
		Completion: []string{"--orphan-grace=2s"}, // abandoned completions have to end soon
	}, rand.New(rand.NewPCG(*seed, 0)))
	var models strings.Builder
	models.WriteString("models:\n  - name: second-hand\n    targets:\n")
	for _, url := range back.urls {
		fmt.Fprintf(&models, "      - {engine: openai, base_url: %s/v1, model: %s, timeouts: {connect: 1s}}\n", url, advisorModel)
	}
	path := filepath.Join(t.TempDir(), "models.yaml")
	if err := os.WriteFile(path, []byte(models.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	front := plan{
		Name: "hops", NATS: 1, Pace: *pace, Clients: 40, Model: "second-hand", Completion: []string{"--models=" + path},
	}
	// A server that failed is avoided for some time.
	breaks := checker.Promise{MayFail: true, Felt: 20 * time.Second}
	must := []kind{
		{name: "kill-edge", inject: kill(anEdge)},
		{name: "kill-completion", inject: kill(aCompletion), promise: checker.Promise{MayFail: true}},
		{name: "kill-nats", inject: kill(aNATS)},
		kind{name: "kill-edge", inject: kill(anEdge), promise: breaks}.at(back),
		kind{name: "kill-completion", inject: kill(aCompletion)}.at(back),
		kind{name: "kill-nats", inject: kill(aNATS)}.at(back),
	}
	for i := range must {
		must[i].least, must[i].most = 200*ms, 1000*ms
	}
	var faults []checker.Fault
	h := survive(t, front, func(ctx context.Context, tp *topology, random *rand.Rand) (_ []checker.Fault, err error) {
		faults, err = tp.suffer(ctx, shuffled(random, must, must, *gap), len(must), 0)
		return faults, err
	})

	whole, failed := ends(t, h)
	t.Logf("%d answers were read to their end, %d ended with an error", whole, failed)
	if whole < front.Clients {
		t.Error("that is too few for the faults to have been felt")
	}
	behind := &checker.History{Seed: *seed, Topology: back.plan.Name, Limits: limits, Faults: faults}
	var err error
	if behind.Log, err = back.ended(t.Context(), windDown); err != nil {
		t.Fatal(err)
	}
	behind.Books = back.books()
	done := 0
	for _, records := range h.Log {
		if last := records[len(records)-1].Steps; len(last) > 0 && last[len(last)-1].Kind == checker.KindDone {
			done++
		}
	}
	if n := len(behind.Log); n < done {
		t.Errorf("%d whole answers of %d completions at the back", done, n)
	}
	for _, v := range checker.Check(behind) {
		t.Errorf("at the back: %v", v)
	}
}

// ends counts how the streams of a history end. It checks that errors say why, and that a retry makes sense.
func ends(t *testing.T, h *checker.History) (whole, failed int) {
	t.Helper()
	codes := []string{"upstream_error", "completion_interrupted", "completion_cancelled", "overloaded"}
	for _, s := range h.Streams {
		for _, c := range s.Connections {
			for _, e := range c.Events {
				if e.Data == "[DONE]" {
					whole++
				}
				if e.ID == "" || !strings.HasPrefix(e.Data, errorData) {
					continue
				}
				failed++
				var told struct{ Error struct{ Code string } }
				if err := json.Unmarshal([]byte(e.Data), &told); err != nil || !slices.Contains(codes, told.Error.Code) {
					t.Errorf("%s ends with %s", s.Name, e.Data)
				}
			}
		}
	}
	return whole, failed
}
