package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func usual() *Demand {
	return &Demand{Streams: 1000, Rate: 20, Tokens: 300, Retention: 3600, Replicas: 3, Records: 34_000}
}

// TestFiguresAreThoseMeasured checks that the figures are those of docs/performance.md.
func TestFiguresAreThoseMeasured(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "performance.md"))
	if err != nil {
		t.Fatal(err)
	}
	f := Measured()
	said := []float64{f.EdgeStream}
	for _, p := range append(append([]Point(nil), f.Edge...), f.Completion...) {
		said = append(said, p.Micros)
	}
	for _, figure := range said {
		if !strings.Contains(string(page), strconv.FormatFloat(figure, 'g', -1, 64)) {
			t.Errorf("performance.md has no %g", figure)
		}
	}
	operations, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(operations), fmt.Sprintf("--max-generating × %g KiB", f.CompletionStream)) {
		t.Errorf("operations.md does not count %g KiB for a completion", f.CompletionStream)
	}
}

func TestCurve(t *testing.T) {
	c := Curve{{100, 40}, {10_000, 4}}
	for rate, want := range map[float64]float64{1: 40, 100: 40, 1000: math.Sqrt(160), 10_000: 4, 1e6: 4} {
		if got := c.Micros(rate); math.Abs(got-want) > 1e-9 {
			t.Errorf("at %g events/s one costs %g, want %g", rate, got, want)
		}
	}
}

func TestPlan(t *testing.T) {
	f, m := Measured(), &Machine{Cores: 2, GiB: 8, PerHour: 1, DiskPerGB: 1}
	for _, tt := range []struct {
		name string
		set  func(*Demand, *Machine)
		want Plan // only fields that are not 0 count
	}{
		{"a thousand streams", func(*Demand, *Machine) {}, Plan{Stacks: 1, Edges: 2, Completions: 2, NATS: 3, Machines: 3}},
		{"one stream", func(d *Demand, _ *Machine) { d.Streams = 1 }, Plan{Stacks: 1, Edges: 2, Completions: 2, NATS: 3, Machines: 3}},
		{"one replica", func(d *Demand, _ *Machine) { d.Replicas = 1 }, Plan{Stacks: 1, NATS: 1, Machines: 3}},
		{"more than one log takes", func(d *Demand, _ *Machine) { d.Streams = 3401 }, Plan{Stacks: 3}},
		{"a million", func(d *Demand, _ *Machine) { d.Streams = 1e6 }, Plan{Stacks: 589}},
		{"more than an edge lets in", func(d *Demand, _ *Machine) { d.Streams, d.Rate = 25_000, 0.1 }, Plan{Edges: 4, Completions: 4}},
		{"little memory", func(d *Demand, m *Machine) { d.Rate, m.GiB = 1, 0.31 }, Plan{Edges: 4}},
		{"little processor", func(_ *Demand, m *Machine) { m.Cores = 0.5 }, Plan{Edges: 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, m := usual(), *m
			tt.set(d, &m)
			p := makePlan(&f, d, &m)
			for name, pair := range map[string][2]int{
				"stacks": {tt.want.Stacks, p.Stacks}, "edges": {tt.want.Edges, p.Edges}, "completion services": {tt.want.Completions, p.Completions},
				"NATS servers": {tt.want.NATS, p.NATS}, "machines": {tt.want.Machines, p.Machines},
			} {
				if pair[0] != 0 && pair[0] != pair[1] {
					t.Errorf("%d %s, want %d", pair[1], name, pair[0])
				}
			}
			if least := float64(p.Machines) * hoursAMonth; p.Money <= least || p.EdgeLoad > busiest || p.Load > busiest {
				t.Errorf("%+v", p)
			}
		})
	}
}

// TestSimulation checks that random load stays within the plan even if one process of each kind is down.
func TestSimulation(t *testing.T) {
	f, m := Measured(), &Machine{Cores: 2, GiB: 8}
	for _, streams := range []float64{100, 1700, 40_000} {
		d := usual()
		d.Streams = streams
		p := makePlan(&f, d, m)
		peak := simulate(&f, d, m, p, rand.New(rand.NewPCG(1, 0)))
		mean := int(streams) / p.Stacks
		if peak.Streams < mean || float64(peak.Streams) > float64(mean)+6*math.Sqrt(float64(mean)) {
			t.Errorf("%d streams at once, %d on average", peak.Streams, mean)
		}
		if peak.Edge <= p.EdgeLoad || peak.Edge > 1 || peak.Completion <= p.Load || peak.Completion > 1 || peak.Store > 1 {
			t.Errorf("%g streams: %+v of %+v", streams, peak, p)
		}
	}
}

// TestSecondMeasurement compares predictions from the published figures with separate runs of the whole
// service: at half the size, and at the largest size for two cores together with the load tool.
func TestSecondMeasurement(t *testing.T) {
	f := Measured()
	for _, name := range []string{"half.json", "whole.json"} {
		file, err := os.Open(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = file.Close() }()
		var seen Figures
		if err := seen.read(file); err != nil {
			t.Fatal(err)
		}
		for process, pair := range map[string][2]Curve{"edge": {seen.Edge, f.Edge}, "completion service": {seen.Completion, f.Completion}} {
			for _, p := range pair[0] {
				want := pair[1].Micros(p.Rate)
				if off := p.Micros / want; off < 0.5 || off > 1.5 {
					t.Errorf("%s: %s at %.0f events/s: %.1f µs measured, %.1f planned", name, process, p.Rate, p.Micros, want)
				}
				t.Logf("%s: %s at %.0f events/s: %.1f µs measured, %.1f planned", name, process, p.Rate, p.Micros, want)
			}
		}
	}
}

// TestSecondMeasurementOfMemory compares the memory of the same runs: the memory per stream, from half of the
// streams to all, and that no process uses more than planned.
func TestSecondMeasurementOfMemory(t *testing.T) {
	f := Measured()
	half, whole := secondMeasurement(t, "half.json"), secondMeasurement(t, "whole.json")
	const streams, more = 500, 1000
	for _, process := range []struct {
		name, contender, part string
		kib                   float64
	}{
		{"edge", "pawstream", "relay", f.EdgeStream},
		{"completion service", "service-jetstream", "completion", f.CompletionStream},
	} {
		mib, moreMiB := half.memory(process.contender, process.part), whole.memory(process.contender, process.part)
		each := (moreMiB - mib) * 1024 / (more - streams)
		t.Logf("%s: %.0f KiB for each of %d more streams, %.0f planned", process.name, each, more-streams, process.kib)
		if off := each / process.kib; off < 0.5 || off > 1.5 {
			t.Errorf("%s: a stream takes %.0f KiB, %.0f planned", process.name, each, process.kib)
		}
		for n, taken := range map[float64]float64{streams: mib, more: moreMiB} {
			planned := gib(n, process.kib) * 1024
			t.Logf("%s with %.0f streams: %.0f MiB measured, %.0f planned", process.name, n, taken, planned)
			if taken > planned {
				t.Errorf("%s with %.0f streams takes %.0f MiB, %.0f planned", process.name, n, taken, planned)
			}
		}
	}
}

func secondMeasurement(t *testing.T, name string) (r results) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// memory returns the average memory of a contender's part over its rounds, in MiB.
func (r *results) memory(contender, part string) (mib float64) {
	rounds := 0.0
	for _, one := range r.Results {
		for _, round := range one.Rounds {
			if one.Contender == contender {
				mib, rounds = mib+round.Values[part+"_rss_mib"], rounds+1
			}
		}
	}
	return mib / rounds
}

func TestRun(t *testing.T) {
	usual := flags{Streams: 1e6, Rate: 20, Tokens: 300, Retention: 3600e9, Replicas: 3, Records: 34_000, Cores: 2, Memory: 8, Seed: 1}
	var said strings.Builder
	if err := run(&usual, &said); err != nil || !strings.Contains(said.String(), "stacks, each with a log of its own  589\n") {
		t.Errorf("%v, %s", err, &said)
	}
	for problem, set := range map[string]func(*flags){
		"--streams must be more than 0": func(f *flags) { f.Streams = 0 },
		"more --cores":                  func(f *flags) { f.Records, f.Cores = 1e6, 1 },
		"more than --memory":            func(f *flags) { f.Memory = 0.2 },
		"results of bench":              func(f *flags) { f.Results = "plan_test.go" },
		"no such file":                  func(f *flags) { f.Results = "none" },
	} {
		f := usual
		set(&f)
		if err := run(&f, &said); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%v, want %s", err, problem)
		}
	}
}
