package main

import "math"

// A Demand is the load to serve.
type Demand struct {
	Streams   float64 // at once, at the busiest time
	Rate      float64 // tokens per second of each stream
	Tokens    float64 // of an answer
	Retention float64 // of the log, in seconds
	Replicas  int     // of the log: NATS servers in each stack
	Records   float64 // per second, the maximum for one log; a token is a record as long as streams are slower than the log
}

// A Machine is a machine and its price. Processes of the same kind and stack run on different machines.
type Machine struct {
	Cores, GiB float64
	PerHour    float64 // money
	DiskPerGB  float64 // money per month
}

// A Plan is the resources for a demand. A stack is one log with the edges and completion services that share
// it. The records of one log are limited, so a larger demand needs more stacks, each with its own name.
type Plan struct {
	Stacks                int
	Edges, Completions    int // of each stack
	NATS                  int
	EdgeLoad, Load, Store float64 // the share of its cores that each edge, completion service and NATS server uses while all run
	EdgeGiB, GiB          float64 // memory of each
	DiskGB                float64 // of each NATS server
	Sends                 float64 // bits per second to clients, in total
	Cores                 float64 // used by all together
	Machines              int
	Money                 float64 // per month
}

const (
	// busiest is the share of its cores that a process may use while another of its kind is down.
	busiest = 0.7
	// fullest is that share of its memory.
	fullest = 0.7
	// spare is the factor from the log's size to the disk, because expired records are deleted gradually.
	spare = 1.3
	// own is the memory of an idle process, in GiB.
	own         = 0.2
	hoursAMonth = 730
)

// makePlan returns the smallest plan that serves a demand even if one process of each kind is down.
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
	p.Store = store.Cores(rate) / m.Cores // each server stores all records
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

// least returns the minimum number of processes for a load if one of them is down; at least two.
func least(streams, rate, most, kib float64, c Curve, m *Machine) int {
	for n := 2; ; n++ {
		left := float64(n - 1)
		if c.Cores(rate/left) <= busiest*m.Cores && gib(streams/left, kib) <= fullest*m.GiB && streams/left <= most {
			return n
		}
	}
}

func gib(streams, kib float64) float64 { return own + streams*kib/(1<<20) }

// scaled returns a curve with the given share of the costs.
func scaled(c Curve, part float64) []Point {
	out := make([]Point, len(c))
	for i, p := range c {
		out[i] = Point{p.Rate, p.Micros * part}
	}
	return out
}
