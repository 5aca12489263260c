package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/pawstream/pawstream/bench/internal/load"
	"github.com/pawstream/pawstream/bench/internal/script"
	"github.com/pawstream/pawstream/internal/wait"
)

// A scenario is one kind of load, and its contenders.
type scenario struct {
	name, about string
	contenders  []string
	pace        float64 // of the completion service, if it takes part
	run         func(ctx context.Context, b *bench, s *stage) (*sample, error)
}

// A sample is the result of one contender in one scenario and round.
type sample struct {
	Values map[string]float64 `json:"values"`
	// Times are percentiles 0 to 100, in milliseconds, by their names.
	Times map[string][]float64 `json:"times_ms,omitempty"`
}

// The times that a sample may have.
const (
	firstEvent = "first_event" // from the request to the first event of any kind
	ttft       = "ttft"        // to the first token
	itl        = "itl"         // from one token to the next
	late       = "late"        // how late an event is by the stream's pace
	answered   = "answer"      // from the request to the end of the whole answer
	live       = "live"        // from the reconnection of a client that was cut off to its next event
)

// timed returns a sample with one kind of times.
func timed(name string, took []float64) *sample {
	return &sample{Values: make(map[string]float64), Times: map[string][]float64{name: percentiles(took)}}
}

// The groups of contenders of the scenarios.
func everybody() []string {
	return []string{"pawstream", "pawstream-gap0", "pawstream-other", "grpc-gateway", "naive", "direct", "nginx", "caddy", "portkey"}
}

func edgeAndFloor() []string { return []string{"pawstream", "pawstream-other", "direct"} }

func logs() []string { return []string{"service-memory", "service-jetstream"} }

func upstreams() []string {
	return []string{"direct", "upstream-memory", "upstream-jetstream", "resumable"}
}

// logged are the contenders that store answers for other readers.
func logged() []string { return []string{"upstream-memory", "upstream-jetstream", "resumable"} }

// gateways are the contenders in front of a model server.
func gateways() []string {
	return []string{"direct", "upstream-memory", "upstream-jetstream", "portkey"}
}

func scenarios() []scenario {
	return []scenario{
		{"paced-128x100", "128 streams at 100 events/s", everybody(), 0, paced(128, 100)},
		{"paced-128", "128 streams at 20 events/s", everybody(), 0, paced(128, 20)},
		{"paced-1000", "1,000 streams at 20 events/s", []string{"pawstream", "pawstream-gap0", "grpc-gateway", "direct", "nginx"}, 0, paced(1000, 20)},
		{"paced-5000", "5,000 streams at 20 events/s", edgeAndFloor(), 0, paced(5000, 20)},
		{"flat-16", "16 streams, flat out", everybody(), 0, flat(16)},
		{"flat-256", "256 streams, flat out", everybody(), 0, flat(256)},
		{"idle-1000", "1,000 streams that say nothing", []string{"pawstream", "pawstream-other", "grpc-gateway", "naive", "direct", "nginx", "caddy", "haproxy", "service-memory"}, 0.001, idle(1000)},
		{"idle-10000", "10,000 streams that say nothing", []string{"pawstream", "direct", "service-memory"}, 0.001, idle(10000)},
		{"ramp", "streams that say nothing, up to the limit of file descriptors, in four steps", []string{"pawstream", "direct"}, 0.001, ramp},
		{"first", "one stream after the other: the time to the first event of an idle machine", []string{"pawstream", "grpc-gateway", "direct", "nginx", "caddy", "portkey"}, 0, first(300)},
		{"log-1000", "the whole service: 1,000 streams at 20 events/s", logs(), 20, serviceStreams(1000, 20)},
		{"log-128", "the whole service: 128 streams at 20 events/s", logs(), 20, serviceStreams(128, 20)},
		{"whole", "2,000 requests/s for whole answers, offered", logs(), 0, whole(64, 2000)},
		{"resume", "1,000 clients are cut off and come back at once", logs(), 20, resume(1000)},
		{"replay", "an answer of 2,000 events is read again, behind a restart and then once more, by each API", []string{"upstream-jetstream"}, 0, replay(2000, 7)},
		{"upstream-128", "a model server, and the whole service in front of it: 128 streams at 20 events/s", upstreams(), 0, paced(128, 20)},
		{"upstream-first", "a model server, and the whole service in front of it: the time to the first event", upstreams(), 0, first(300)},
		{"upstream-1000", "a model server, and the whole service in front of it: 1,000 streams at 20 events/s", upstreams(), 0, paced(1000, 20)},
		{"followers-1", "one answer at 20 events/s, read by one client", logged(), 0, followed(1)},
		{"followers-10", "one answer at 20 events/s, read by 10 clients", logged(), 0, followed(10)},
		{"followers-100", "one answer at 20 events/s, read by 100 clients", logged(), 0, followed(100)},
		{"followers-1000", "one answer at 20 events/s, read by 1,000 clients", logged(), 0, followed(1000)},
		{"unary-500", "a model server that answers at once with 1 KiB, not streamed: 500 requests/s on 32 connections", gateways(), 0, unary(500)},
		{"unary-1000", "the same: 1,000 requests/s", gateways(), 0, unary(1000)},
		{"tokens-100", "a model server: time to first token and inter-token latency, 100 streams at 20 tokens/s, answers of 60 tokens", gateways(), 0, tokens(100, 20)},
		{"tokens-1000", "the same: 1,000 streams", gateways(), 0, tokens(1000, 20)},
		{"slow", "100 streams at 20 events/s beside 100 whose clients do not read", []string{"pawstream", "direct", "nginx"}, 0, slow(100, 20, 100)},
		{"cancel", "clients leave: the time until the origin's context ends", []string{"pawstream", "pawstream-other", "grpc-gateway"}, 0, cancelled(200)},
	}
}

// question is the question to the completion service.
const question = "Which dogs suit a family with two small children and a garden, and what does each of them need?"

// body returns the body of a request for a script.
func (s *stage) body(what script.Script) string { return s.request(what, true) }

func (s *stage) request(what script.Script, stream bool) string {
	return fmt.Sprintf(`{"model":%q,"stream":%t,"max_completion_tokens":%d,"seed":%d,"messages":[{"role":"user","content":%s}]}`,
		cmp.Or(s.model, "pet-advisor-1"), stream, what.Words, what.Seed(), strconv.Quote(question))
}

// learn learns an expectation from one stream at full speed.
func learn(ctx context.Context, s *stage, words int) (*load.Expectation, error) {
	fast := script.Script{Words: words}
	target := s.target(s.body(fast))
	frames, err := load.Fetch(ctx, &target)
	if err != nil {
		return nil, err
	}
	return load.Learn(frames, fast.Text())
}

func paced(streams int, rate float64) func(context.Context, *bench, *stage) (*sample, error) {
	return func(ctx context.Context, b *bench, s *stage) (*sample, error) {
		return scripted(ctx, b, s, &load.Plan{Streams: b.scale(streams), Gap: gapOf(rate)})
	}
}

func slow(streams int, rate float64, sleepers int) func(context.Context, *bench, *stage) (*sample, error) {
	return func(ctx context.Context, b *bench, s *stage) (*sample, error) {
		return scripted(ctx, b, s, &load.Plan{Streams: b.scale(streams), Gap: gapOf(rate), Slow: b.scale(sleepers)})
	}
}

func flat(streams int) func(context.Context, *bench, *stage) (*sample, error) {
	return func(ctx context.Context, b *bench, s *stage) (*sample, error) {
		return scripted(ctx, b, s, &load.Plan{Streams: b.scale(streams)})
	}
}

// followed lets clients read one answer at 20 events/s, which the first of them requests.
func followed(clients int) func(context.Context, *bench, *stage) (*sample, error) {
	return func(ctx context.Context, b *bench, s *stage) (*sample, error) {
		return scripted(ctx, b, s, &load.Plan{Streams: b.scale(clients), Gap: gapOf(20), Follow: true})
	}
}

// tokens runs short streams one after the other, so that some begin within the window.
func tokens(streams int, rate float64) func(context.Context, *bench, *stage) (*sample, error) {
	return func(ctx context.Context, b *bench, s *stage) (*sample, error) {
		const length = 60
		expect, err := learn(ctx, s, length)
		if err != nil {
			return nil, err
		}
		plan := &load.Plan{Streams: b.scale(streams), Gap: gapOf(rate), Expect: expect, Ramp: length * gapOf(rate)}
		plan.Target = s.target(s.body(script.Script{Words: length, Gap: plan.Gap}))
		return b.measured(ctx, s, plan)
	}
}

func gapOf(rate float64) time.Duration { return time.Duration(float64(time.Second) / rate) }

// scripted runs a plan over the scripted origin.
func scripted(ctx context.Context, b *bench, s *stage, plan *load.Plan) (*sample, error) {
	words := 10_000 // at full speed, so many that the cost of a request is negligible
	if plan.Gap > 0 {
		// As long as the run, so that no stream ends, and no new one begins, within the window.
		words = int((b.ramp(plan.Streams)+b.settle+b.window)/plan.Gap) + 100
	}
	expect, err := learn(ctx, s, words)
	if err != nil {
		return nil, err
	}
	plan.Expect = expect
	plan.Target = s.target(s.body(script.Script{Words: words, Gap: plan.Gap}))
	return b.measured(ctx, s, plan)
}

// serviceStreams runs whole answers of the completion service, one after the other.
func serviceStreams(streams int, rate float64) func(context.Context, *bench, *stage) (*sample, error) {
	return func(ctx context.Context, b *bench, s *stage) (*sample, error) {
		plan := &load.Plan{Streams: b.scale(streams), Gap: gapOf(rate), Target: s.target(asked("true"))}
		frames, err := load.Fetch(ctx, &plan.Target)
		if err != nil {
			return nil, err
		}
		if plan.Expect, err = load.Learn(frames, ""); err != nil {
			return nil, err
		}
		// Composing an answer takes milliseconds of a core, which should not count.
		plan.Ramp = 10 * b.ramp(plan.Streams)
		return b.measured(ctx, s, plan)
	}
}

// asked returns the body of a request to the completion service.
func asked(stream string) string {
	return `{"model":"pet-advisor-1","stream":` + stream + `,"messages":[{"role":"user","content":` + strconv.Quote(question) + `}]}`
}

// measured runs a plan, and measures the cost of each part of the contender within the window.
func (b *bench) measured(ctx context.Context, s *stage, plan *load.Plan) (*sample, error) {
	plan.Ramp = max(plan.Ramp, b.ramp(plan.Streams+plan.Slow))
	plan.Settle, plan.Window = b.settle, b.window
	costs := newCosts(s)
	profile, profiled := b.profiled(ctx, s)
	plan.Begin = func() error { profile(); return costs.begin() }
	plan.End = costs.end
	result, err := load.Run(ctx, plan)
	if err := errors.Join(err, profiled()); err != nil {
		return nil, err
	}
	out := &sample{Values: map[string]float64{
		"events_per_s": float64(result.Events) / result.Elapsed.Seconds(),
	}}
	for name, cpu := range costs.cpu {
		if result.Events > 0 {
			out.Values[name+"_us_per_event"] = float64(cpu.Microseconds()) / float64(result.Events)
		}
		out.Values[name+"_rss_mib"] = float64(costs.memory[name]) / (1 << 20)
	}
	out.Times = map[string][]float64{
		firstEvent: percentiles(result.FirstEvent), ttft: percentiles(result.FirstToken), itl: percentiles(result.Between), late: percentiles(result.Lateness),
	}
	return out, nil
}

// costs measures the CPU time and memory of a contender's parts within a window.
type costs struct {
	stage  *stage
	cpu    map[string]time.Duration
	memory map[string]int64
}

func newCosts(s *stage) *costs {
	return &costs{s, make(map[string]time.Duration), make(map[string]int64)}
}

func (c *costs) begin() error { return c.take(false) }

func (c *costs) end() error { return c.take(true) }

// take records the CPU times at the beginning of the window, and the differences at its end.
func (c *costs) take(end bool) error {
	for name, p := range c.stage.parts {
		cpu, err := p.CPU()
		if err != nil {
			return err
		}
		if end {
			cpu -= c.cpu[name]
		}
		c.cpu[name] = cpu
		if c.memory[name], err = p.Memory(); err != nil {
			return err
		}
	}
	return nil
}

// idle opens streams that become silent after their beginning, and measures the memory of each.
func idle(streams int) func(context.Context, *bench, *stage) (*sample, error) {
	return func(ctx context.Context, b *bench, s *stage) (*sample, error) {
		out := &sample{Values: make(map[string]float64)}
		return out, b.hold(ctx, s, out, "", b.scale(streams))
	}
}

// portRange is the minimum number of ports that a system has for connections to one address.
const portRange = 28_000

// ramp is [idle] in four steps, up to the limit of the file descriptors or the ports.
func ramp(ctx context.Context, b *bench, s *stage) (*sample, error) {
	most, err := load.Connections()
	if err != nil {
		return nil, err
	}
	most -= most / 64 // our edge has a connection to the service for every 128
	step := b.scale(min(most, portRange)) / 4
	out := &sample{Values: map[string]float64{"streams": float64(4 * step)}}
	return out, b.hold(ctx, s, out, "_quarter", step, step, step, step)
}

// hold opens streams in steps, and records the memory per stream after each step.
func (b *bench) hold(ctx context.Context, s *stage, out *sample, name string, steps ...int) error {
	target := s.target(s.body(script.Script{Words: 10, Gap: 10 * time.Minute}))
	if s.parts[completionPart] != nil && s.origin == "" {
		target = s.target(asked("true"))
	}
	before := make(map[string]int64)
	streams := 0
	for i, step := range steps {
		held, err := load.Hold(ctx, &target, step, func() error {
			if i > 0 {
				return nil
			}
			for name, p := range s.parts {
				var err error
				if before[name], err = p.Memory(); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		defer held.Close()
		// Long enough for a garbage collection, and for releasing the memory that opening a stream takes.
		if wait.For(ctx, b.calm) != nil {
			return ctx.Err()
		}
		streams += step
		suffix := name
		if len(steps) > 1 {
			suffix += strconv.Itoa(i + 1)
		}
		for part, p := range s.parts {
			now, err := p.Memory()
			if err != nil {
				return err
			}
			out.Values[part+"_kib_per_stream"+suffix] = float64(now-before[part]) / 1024 / float64(streams)
		}
		if err := held.Alive(); err != nil {
			return err
		}
		out.Times = map[string][]float64{firstEvent: percentiles(held.FirstEvent)}
	}
	return nil
}

// first measures the time to the first event, one stream at a time.
func first(times int) func(context.Context, *bench, *stage) (*sample, error) {
	return func(ctx context.Context, b *bench, s *stage) (*sample, error) {
		target := s.target(s.body(script.Script{Words: 3}))
		took, err := load.First(ctx, &target, b.scale(times))
		return timed(firstEvent, took), err
	}
}

// whole requests answers of the completion service itself, without streams.
func whole(connections int, rate float64) func(context.Context, *bench, *stage) (*sample, error) {
	return func(ctx context.Context, b *bench, s *stage) (*sample, error) {
		return b.wholly(ctx, s, asked("false"), connections, rate)
	}
}

// unary requests answers of the origin without streams, as published benchmarks of gateways do.
func unary(rate float64) func(context.Context, *bench, *stage) (*sample, error) {
	const connections, size = 32, 1 << 10
	return func(ctx context.Context, b *bench, s *stage) (*sample, error) {
		return b.wholly(ctx, s, s.request(script.Script{Words: 1, Size: size}, false), connections, rate*b.part)
	}
}

// wholly sends requests at a rate, and measures the cost of each.
func (b *bench) wholly(ctx context.Context, s *stage, body string, connections int, rate float64) (*sample, error) {
	target := s.target(body)
	// The first requests warm up connections and caches.
	if _, err := load.Whole(ctx, &target, connections, rate, b.settle, nil, nil); err != nil {
		return nil, err
	}
	costs := newCosts(s)
	profile, profiled := b.profiled(ctx, s)
	begun := time.Now()
	took, err := load.Whole(ctx, &target, connections, rate, b.window, func() error { profile(); return costs.begin() }, costs.end)
	if err := errors.Join(err, profiled()); err != nil {
		return nil, err
	}
	out := timed(answered, took)
	out.Values["requests_per_s"] = float64(len(took)) / time.Since(begun).Seconds()
	for name, cpu := range costs.cpu {
		out.Values[name+"_us_per_request"] = float64(cpu.Microseconds()) / float64(len(took))
		out.Values[name+"_rss_mib"] = float64(costs.memory[name]) / (1 << 20)
	}
	return out, nil
}

// replay measures the time to read a finished answer again: first from the log, by a completion service that
// has just started, as in another replica, and then from its memory.
func replay(words, times int) func(context.Context, *bench, *stage) (*sample, error) {
	return func(ctx context.Context, b *bench, s *stage) (*sample, error) {
		out := &sample{Values: make(map[string]float64), Times: make(map[string][]float64)}
		for name, target := range map[string]load.Target{
			"chat":      s.target(s.body(script.Script{Words: words})),
			"responses": s.target(fmt.Sprintf(`{"model":%q,"stream":true,"max_output_tokens":%d,"input":%q}`, s.model, words, question)),
		} {
			target.Path = map[string]string{"chat": "/v1/chat/completions", "responses": "/v1/responses"}[name]
			frames, err := load.Fetch(ctx, &target)
			if err != nil {
				return nil, err
			}
			var stored, kept []float64
			for range times {
				if err := s.restart(ctx); err != nil {
					return nil, err
				}
				// The edge has to reconnect to the service, which should not count.
				if wait.For(ctx, b.settle) != nil {
					return nil, ctx.Err()
				}
				for _, list := range []*[]float64{&stored, &kept} {
					took, err := load.Again(ctx, &target, frames)
					if err != nil {
						return nil, fmt.Errorf("%s: %w", name, err)
					}
					*list = append(*list, took)
				}
			}
			out.Times[name+"_log"], out.Times[name+"_memory"] = percentiles(stored), percentiles(kept)
		}
		return out, nil
	}
}

func resume(streams int) func(context.Context, *bench, *stage) (*sample, error) {
	return func(ctx context.Context, b *bench, s *stage) (*sample, error) {
		target := s.target(asked("true"))
		frames, err := load.Fetch(ctx, &target)
		if err != nil {
			return nil, err
		}
		expect, err := load.Learn(frames, "")
		if err != nil {
			return nil, err
		}
		took, err := load.Storm(ctx, &target, expect, b.scale(streams), b.settle)
		if err != nil {
			return nil, err
		}
		out := timed(live, took)
		out.Values["all_back_ms"] = out.Times[live][100]
		return out, nil
	}
}

func cancelled(times int) func(context.Context, *bench, *stage) (*sample, error) {
	return func(ctx context.Context, b *bench, s *stage) (*sample, error) {
		target := s.target(s.body(script.Script{Words: 100_000, Gap: 10 * time.Millisecond}))
		took, err := load.Cancel(ctx, &target, s.origin, b.scale(times))
		if err != nil {
			return nil, err
		}
		p := percentiles(took)
		return &sample{Values: map[string]float64{"cancel_p50_ms": p[50], "cancel_p99_ms": p[99]}}, nil
	}
}

// ramp returns the time over which that many streams begin: 1,000 per second.
func (b *bench) ramp(streams int) time.Duration { return time.Duration(streams) * time.Millisecond }

// scale returns the fraction --part of a load.
func (b *bench) scale(n int) int { return max(1, int(math.Round(float64(n)*b.part))) }
