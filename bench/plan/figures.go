package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// A Point is the CPU time of a process per event, in µs, at a rate of events per second.
type Point struct{ Rate, Micros float64 }

// A Curve is points in the order of their rates. Between two of them, the cost follows a power of the rate: the
// busier a process is, the more events share a wake-up and a write. Beyond them, it is constant.
type Curve []Point

// Micros returns the CPU time per event at a rate, in µs.
func (c Curve) Micros(rate float64) float64 {
	before := c[0]
	for _, p := range c {
		if rate <= before.Rate {
			break
		}
		if rate < p.Rate {
			part := math.Log(rate/before.Rate) / math.Log(p.Rate/before.Rate)
			return before.Micros * math.Pow(p.Micros/before.Micros, part)
		}
		before = p
	}
	return before.Micros
}

// Cores returns how many cores a process uses at a rate.
func (c Curve) Cores(rate float64) float64 { return rate * c.Micros(rate) / 1e6 }

// Figures are measured costs.
type Figures struct {
	Edge       Curve // CPU of an edge
	Completion Curve // CPU of a completion service and the NATS server within it
	// EdgeStream and CompletionStream are the memory of an open stream and of a running completion, in KiB.
	EdgeStream, CompletionStream float64
}

// Measured returns the figures of docs/performance.md. For a running completion, it uses the figure of
// docs/operations.md instead: it needs more memory than the idle one measured there, for events on their way to
// the log.
func Measured() Figures {
	return Figures{
		Edge:       Curve{{128 * 20, 58.5}, {1000 * 20, 23.7}, {95_300, 9.1}},
		Completion: Curve{{128 * 20, 73.9}, {1000 * 20, 39.1}},
		EdgeStream: 50.7, CompletionStream: 192,
	}
}

const (
	// natsShare is the share of a completion service's CPU time that its NATS server uses, by the profile in
	// docs/performance.md: the loop that stores records, and the connection.
	natsShare = 0.33 + 0.10
	// bytesPerToken is the size of a token in the log.
	bytesPerToken = 100
	// bytesPerEvent is the size of a token on its way to a client, as a chunk of a chat completion.
	bytesPerEvent = 340
	// streamsPerEdge and runningPerCompletion are the programs' default limits.
	streamsPerEdge, runningPerCompletion = 10_000, 10_000
)

// results is the part of bench's results.json with the figures.
type results struct {
	Results []struct {
		Scenario, Contender string
		Rounds              []struct{ Values map[string]float64 }
	}
}

// read replaces figures by those of another machine, from bench's results.json: the scenarios paced-* with
// contender pawstream, and log-* with service-jetstream. It keeps figures that the results lack.
func (f *Figures) read(r io.Reader) error {
	var got results
	if err := json.NewDecoder(r).Decode(&got); err != nil {
		return fmt.Errorf("results of bench: %w", err)
	}
	edge, completion := got.curve("pawstream", "relay"), got.curve("service-jetstream", "completion")
	if len(edge) == 0 && len(completion) == 0 {
		return errors.New("results of bench: there is neither a scenario of contender pawstream nor one of service-jetstream")
	}
	if len(edge) > 0 {
		f.Edge = edge
	}
	if len(completion) > 0 {
		f.Completion = completion
	}
	return nil
}

// curve returns the cost per event of a contender's part.
func (r *results) curve(contender, part string) (c Curve) {
	for _, one := range r.Results {
		for _, round := range one.Rounds {
			p := Point{round.Values["events_per_s"], round.Values[part+"_us_per_event"]}
			if one.Contender == contender && p.Rate > 0 && p.Micros > 0 {
				c = append(c, p)
			}
		}
	}
	slices.SortFunc(c, func(a, b Point) int { return int(math.Copysign(1, a.Rate-b.Rate)) })
	return c
}
