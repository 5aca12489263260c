package main

import "math"

// A Demand is what is to be served.
type Demand struct {
	Streams   float64 // at once, at the busiest time
	Rate      float64 // tokens a second of each
	Tokens    float64 // of an answer
	Retention float64 // of the log, in seconds
	Replicas  int     // of the log: servers of NATS in each stack
	Records   float64 // a second, that one log is given: a token is one, as long as streams are slower than the log
}

// A Machine is what processes run on, and what it costs. No two of a kind and a stack share one.
type Machine struct {
	Cores, GiB float64
	PerHour    float64 // money
	DiskPerGB  float64 // money, a month
}

// A Plan is what serves a demand. A stack is one log with the edges and completion services that share it:
// one log takes so many records, and more demand takes more stacks, each with a name of its own.
type Plan struct {
	Stacks                int
	Edges, Completions    int // of each stack
	NATS                  int
	EdgeLoad, Load, Store float64 // part of the cores that each edge, completion service and NATS server uses, with none away
	EdgeGiB, GiB          float64 // memory of each
	DiskGB                float64 // of each NATS server
	Sends                 float64 // bits a second, to clients, of all
	Cores                 float64 // that all use together
	Machines              int
	Money                 float64 // a month
}

const (
	// busiest is how much of its cores a process may use while one of its kind is away.
	busiest = 0.7
	// fullest is how much of its memory.
	fullest = 0.7
	// spare is how much more disk there is than the log takes: what has expired goes by and by.
	spare = 1.3
	// own is what a process takes before it serves anybody, in GiB.
	own         = 0.2
	hoursAMonth = 730
)

// makePlan returns the least that serves a demand with one process of each kind away.
func makePlan(f *Figures, d *Demand, m *Machine) *Plan {
	events := d.Streams * d.Rate
	p := &Plan{Stacks: int(math.Ceil(events / d.Records)), NATS: d.Replicas}
	p.Stacks = max(p.Stacks, 1)
	streams, rate := d.Streams/float64(p.Stacks), events/float64(p.Stacks)

	store := Curve(scaled(f.Completion, natsShare))
	generate := Curve(scaled(f.Completion, 1-natsShare))
	p.Edges = least(streams, rate, streamsPerEdge, f.EdgeStream, f.Edge, m)
	p.Completions = least(streams, rate, runningPerCompletion, f.CompletionStream, generate, m)
	p.EdgeLoad = f.Edge.Cores(rate/float64(p.Edges)) / m.Cores
	p.Load = generate.Cores(rate/float64(p.Completions)) / m.Cores
	p.Store = store.Cores(rate) / m.Cores // each server stores all of it
	p.EdgeGiB = gib(streams/float64(p.Edges), f.EdgeStream)
	p.GiB = gib(streams/float64(p.Completions), f.CompletionStream)
	p.DiskGB = rate * d.Retention * bytesPerToken * spare / 1e9
	p.Sends = events * bytesPerEvent * 8

	stacks, edges, completions := float64(p.Stacks), float64(p.Edges), float64(p.Completions)
	p.Cores = stacks * m.Cores * (edges*p.EdgeLoad + completions*p.Load + float64(p.NATS)*p.Store)
	memory := stacks * (edges*p.EdgeGiB + completions*p.GiB)
	p.Machines = max(p.Edges, p.Completions, p.NATS,
		1+int(math.Ceil(max(p.Cores/(busiest*m.Cores), memory/(fullest*m.GiB)))))
	p.Money = float64(p.Machines)*m.PerHour*hoursAMonth + stacks*float64(p.NATS)*p.DiskGB*m.DiskPerGB
	return p
}

// least returns how many processes it takes to carry a load when one of them is away: two at least.
func least(streams, rate, most, kib float64, c Curve, m *Machine) int {
	for n := 2; ; n++ {
		left := float64(n - 1)
		if c.Cores(rate/left) <= busiest*m.Cores && gib(streams/left, kib) <= fullest*m.GiB && streams/left <= most {
			return n
		}
	}
}

func gib(streams, kib float64) float64 { return own + streams*kib/(1<<20) }

// scaled returns a part of what each point of a curve says.
func scaled(c Curve, part float64) []Point {
	out := make([]Point, len(c))
	for i, p := range c {
		out[i] = Point{p.Rate, p.Micros * part}
	}
	return out
}
