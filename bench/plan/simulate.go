package main

import (
	"container/heap"
	"math"
	"math/rand/v2"
)

// A Peak is the maximum load in a simulation of one stack, as a share of a process's cores.
type Peak struct {
	Edge, Completion, Store float64
	Streams                 int     // open at the same time
	Records                 float64 // a second
	Answers                 int     // begun in all
}

// A leaving is the end of a stream, with its processes.
type leaving struct {
	at               float64
	edge, completion int
}

type leavings []leaving

func (l leavings) Len() int           { return len(l) }
func (l leavings) Less(i, j int) bool { return l[i].at < l[j].at }
func (l leavings) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *leavings) Push(x any)        { *l = append(*l, x.(leaving)) } //nolint:forcetypeassert // only this package pushes
func (l *leavings) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}

// simulate runs one stack of a plan for five lengths of an answer. Requests arrive at random, and answers have
// random lengths. The balancer gives a stream to the edge with the fewest, and edges choose a random completion
// service. After three fifths of the time, one edge and one completion service fail, and the others take over
// their streams.
func simulate(f *Figures, d *Demand, m *Machine, p *Plan, random *rand.Rand) Peak {
	s := &simulation{edges: make([]int, p.Edges), completions: make([]int, p.Completions), random: random}
	length := d.Tokens / d.Rate
	for range int(d.Streams) / p.Stacks { // the average number of open streams
		s.enter(length * random.ExpFloat64())
	}
	arrivals := d.Streams / float64(p.Stacks) / length
	generate, store := Curve(scaled(f.Completion, 1-natsShare)), Curve(scaled(f.Completion, natsShare))
	var peak Peak
	for now, gone := 0.0, false; now < 5*length; now += random.ExpFloat64() / arrivals {
		if !gone && now > 3*length {
			gone = true
			s.lose()
		}
		s.leave(now)
		s.enter(now + length*random.ExpFloat64())
		peak.Answers++
		peak.Streams = max(peak.Streams, len(s.open))
		rate := float64(len(s.open)) * d.Rate
		peak.Records = max(peak.Records, rate)
		peak.Edge = max(peak.Edge, f.Edge.Cores(float64(most(s.edges))*d.Rate)/m.Cores)
		peak.Completion = max(peak.Completion, generate.Cores(float64(most(s.completions))*d.Rate)/m.Cores)
		peak.Store = max(peak.Store, store.Cores(rate)/m.Cores)
	}
	return peak
}

// A simulation is the number of streams of each process; negative if the process is down.
type simulation struct {
	edges, completions []int
	open               leavings
	random             *rand.Rand
}

const away = math.MinInt32

// fewest returns the running process with the fewest streams.
func fewest(all []int) int {
	best := -1
	for i, n := range all {
		if n >= 0 && (best < 0 || n < all[best]) {
			best = i
		}
	}
	return best
}

func most(all []int) (n int) {
	for _, have := range all {
		n = max(n, have)
	}
	return n
}

// any returns a random running process.
func (s *simulation) any(all []int) int {
	for {
		if i := s.random.IntN(len(all)); all[i] >= 0 {
			return i
		}
	}
}

func (s *simulation) enter(until float64) {
	l := leaving{until, fewest(s.edges), s.any(s.completions)}
	s.edges[l.edge]++
	s.completions[l.completion]++
	heap.Push(&s.open, l)
}

// leave removes the streams that have ended by now.
func (s *simulation) leave(now float64) {
	for len(s.open) > 0 && s.open[0].at <= now {
		l, _ := heap.Pop(&s.open).(leaving)
		s.edges[l.edge]--
		s.completions[l.completion]--
	}
}

// lose stops the first process of each kind, and moves its streams to others.
func (s *simulation) lose() {
	s.edges[0], s.completions[0] = away, away
	for i := range s.open {
		if l := &s.open[i]; l.edge == 0 {
			l.edge = fewest(s.edges)
			s.edges[l.edge]++
		}
		if l := &s.open[i]; l.completion == 0 {
			l.completion = s.any(s.completions)
			s.completions[l.completion]++
		}
	}
}
