package faults

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/e2e/faults/checker"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/skip"
)

// limits are generous: measurements are printed, and the checks only require bounds, on a machine that does other
// things, too.
var limits = checker.Limits{
	Recover: 15 * time.Second,
	Close:   3 * time.Second,
	Lag:     10 * time.Second,
	Clock:   20 * time.Millisecond,
	Inherit: time.Minute,
	Memory:  1 << 30,
}

// retention is how long unstored answers are kept: longer than any client is away that comes back.
const retention = 25 * time.Second

// windDown is how long running streams may take after the faults.
const windDown = time.Minute

func TestFaults(t *testing.T) {
	t.Run("single", func(t *testing.T) {
		var must []string // all kinds
		if testing.Short() {
			must = []string{"kill-completion", "kill-edge", "kill-nats", "pause-completion", "cut-edge"}
		}
		survive(t, plan{Name: "single", NATS: 1, CutOften: true, Pace: *pace, Disk: diskOf(*duration), Retention: retention}, disturb(must...))
	})
	t.Run("cluster", func(t *testing.T) {
		skip.Long(t, "it has every kind of fault, under three NATS servers")
		survive(t, plan{Name: "cluster", NATS: 3, CutOften: true, Pace: *pace, Disk: diskOf(*duration)}, disturb(
			"kill-completion", "kill-edge", "kill-nats", "fill-disk", "pause-completion", "term-completion", "term-edge", "cut-edge"))
	})
}

// diskOf returns the size of a disk for the log of a run.
func diskOf(d time.Duration) int64 {
	const base, each = 64 << 20, 500
	return base + int64(d.Seconds()*float64(*clients)**pace)*each
}

// TestHistory checks the saved history of an earlier run.
func TestHistory(t *testing.T) {
	if *kept == "" {
		t.Skip("no -history")
	}
	file, err := os.Open(*kept)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	h, err := checker.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range checker.Check(h) {
		t.Errorf("seed %d: %v", h.Seed, v)
	}
}

// A disturbance does something to a topology under its clients.
type disturbance func(ctx context.Context, tp *topology, random *rand.Rand) ([]checker.Fault, error)

// survive runs clients against a disturbed topology. It checks the history, and returns it.
func survive(t *testing.T, p plan, disturb disturbance) *checker.History {
	t.Helper()
	t.Logf("seed %d", *seed)
	name := fnv.New64()
	_, _ = name.Write([]byte(p.Name))
	random := rand.New(rand.NewPCG(*seed, name.Sum64()))
	tp := start(t, p, random)
	h := &checker.History{Seed: *seed, Topology: p.Name, Limits: limits, Want: wanted(t)}

	ctx, cancel := context.WithTimeout(t.Context(), *duration+4*windDown)
	defer cancel()
	c := &crowd{ctx: ctx, urls: tp.urls, model: p.Model, stores: p.Retention > 0}
	faulty, over := context.WithCancel(ctx)
	defer over()
	var working sync.WaitGroup
	for i := range cmp.Or(p.Clients, *clients) {
		mine := rand.New(rand.NewPCG(random.Uint64(), uint64(i)))
		working.Go(func() {
			if pause(ctx, time.Duration(mine.IntN(3000))*time.Millisecond) { // they do not start together
				c.work(faulty, i, mine)
			}
		})
	}
	if h.Retention = p.Retention; h.Retention > 0 {
		defer tp.readOn(ctx)()
	}
	watched := make(chan []checker.Sample)
	stopWatching, watching := context.WithCancel(ctx)
	go func() { watched <- tp.watch(stopWatching) }()

	var err error
	h.Faults, err = disturb(ctx, tp, random)
	if err != nil {
		t.Error(err)
	}
	over()
	overdue := time.AfterFunc(windDown, cancel)
	working.Wait()
	overdue.Stop()
	watching()
	h.Samples = <-watched
	if ctx.Err() != nil {
		t.Errorf("streams did not end within %v after the faults", windDown)
	}
	tp.review(t, c, h)
	return h
}

// review adds to the history what is known afterwards, and checks it.
func (tp *topology) review(t *testing.T, c *crowd, h *checker.History) {
	var err error
	if h.Log, err = tp.ended(t.Context(), windDown); err != nil {
		t.Error(err)
		return // without the log, nothing can be said
	}
	h.Read = time.Now()
	reading, done := context.WithTimeout(t.Context(), windDown)
	defer done()
	c.ctx = reading
	tp.readAgain(c, slices.Sorted(maps.Keys(h.Log)))
	h.Streams, h.Cancels = c.streams, c.cancels
	h.Streams = append(h.Streams, tp.pry(t, slices.Sorted(maps.Keys(h.Log)))...)
	if h.Lost, err = tp.lost(); err != nil {
		t.Error(err)
	}
	if h.Attempts, err = tp.attempts(); err != nil {
		t.Error(err)
	}
	for _, line := range tp.told() {
		t.Errorf("seed %d: readiness did not change, and was told: %s", h.Seed, line)
	}
	h.Books = tp.books()
	tp.tail.complete(h)
	tp.report(h)
	violations := checker.Check(h)
	for i, v := range violations {
		if i == 50 {
			t.Errorf("and %d more", len(violations)-i)
			break
		}
		t.Errorf("seed %d: %v", h.Seed, v)
	}
	if len(violations) > 0 || t.Failed() || *keep {
		tp.save(h)
	}
}

func (tp *topology) save(h *checker.History) {
	file, err := os.Create(filepath.Join(tp.dir, "history.json"))
	if err != nil {
		tp.t.Error(err)
		return
	}
	if err := h.Write(file); err != nil {
		tp.t.Error(err)
	}
	if err := file.Close(); err != nil {
		tp.t.Error(err)
	}
}

// wanted returns the deterministic engine's answers, from an undisturbed stack.
func wanted(t *testing.T) map[string]string {
	t.Helper()
	s, err := programs(t).Stack(t.Context(), stack.Options{Completion: []string{"--log=memory"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	want := make(map[string]string)
	for _, a := range asks {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/v1/chat/completions", strings.NewReader(string(a.body(nil))))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := web.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct {
			Choices []struct{ Message struct{ Content string } }
		}
		err = json.NewDecoder(resp.Body).Decode(&answer)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || len(answer.Choices) != 1 {
			t.Fatalf("%q: status %d, %v", a.question, resp.StatusCode, err)
		}
		want[a.name] = answer.Choices[0].Message.Content
	}
	return want
}

// watch samples the memory of our processes until ctx ends.
func (tp *topology) watch(ctx context.Context) (samples []checker.Sample) {
	for pause(ctx, time.Second) {
		for _, s := range append(slices.Clone(tp.edges), tp.completions...) {
			samples = append(samples, checker.Sample{Process: s.name, At: time.Now(), Resident: s.resident()})
		}
	}
	return samples
}

// sampled is how many completions are read again after the run.
const sampled = 40

// readAgain reads some completions from each edge, like a late client.
func (tp *topology) readAgain(c *crowd, ids []string) {
	for n, id := range ids {
		if n == sampled {
			return
		}
		for url := range tp.urls {
			c.whole(fmt.Sprintf("replay %d at edge %d", n, url), id, url)
		}
	}
}

// pry requests completions as another principal.
func (tp *topology) pry(t *testing.T, ids []string) (streams []checker.Stream) {
	const stranger = "stranger"
	conn, err := grpc.NewClient(tp.completions[0].address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(t.Context(), "pawstream-principal", stranger), windDown)
	defer cancel()
	for _, id := range ids[:min(len(ids), sampled)] {
		one := checker.Connection{Method: "gRPC", URL: conn.Target(), Begun: time.Now(), Completion: id, Status: http.StatusOK, End: checker.Cut}
		in, err := completionv1.NewCompletionServiceClient(conn).ResumeCompletion(ctx, &completionv1.ResumeCompletionRequest{CompletionId: id})
		if err == nil {
			_, err = in.Recv()
		}
		if status.Code(err) == codes.NotFound {
			one.Status = http.StatusNotFound
		}
		one.Ended = time.Now()
		streams = append(streams, checker.Stream{Name: stranger + " " + id, Principal: stranger, Left: true, Connections: []checker.Connection{one}})
	}
	return streams
}
