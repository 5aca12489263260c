package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// A Point is what an event costs a process, in µs of CPU, that has so many of them in a second.
type Point struct{ Rate, Micros float64 }

// A Curve is such points by their rates. Between two of them cost follows a power of the rate, as the busier a
// process is, the more events share a wake-up and a write; beyond them it stays.
type Curve []Point

// Micros returns what an event costs at a rate.
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

// Cores returns how many cores a process takes at a rate.
func (c Curve) Cores(rate float64) float64 { return rate * c.Micros(rate) / 1e6 }

// Figures are what has been measured.
type Figures struct {
	Edge       Curve // CPU of an edge
	Completion Curve // CPU of a completion service and the NATS server within it
	// EdgeStream and CompletionStream are the memory of an open stream and of a running completion, in KiB.
	EdgeStream, CompletionStream float64
}

// Measured returns the figures of docs/performance.md. A completion that runs takes more than the idle one that is measured
// there, by what is on its way to the log: it has what docs/operations.md counts for it.
func Measured() Figures {
	return Figures{
		Edge:       Curve{{128 * 20, 58.5}, {1000 * 20, 23.7}, {95_300, 9.1}},
		Completion: Curve{{128 * 20, 73.9}, {1000 * 20, 39.1}},
		EdgeStream: 50.7, CompletionStream: 192,
	}
}

const (
	// natsShare is the part of a completion service's CPU that its NATS server takes, by the profile in
	// docs/performance.md: the loop that stores records, and the connection.
	natsShare = 0.33 + 0.10
	// bytesPerToken is what a token takes in the log.
	bytesPerToken = 100
	// bytesPerEvent is what a token takes on its way to a client, as a chunk of a chat completion.
	bytesPerEvent = 340
	// streamsPerEdge and runningPerCompletion are the programs' own limits, unless one raises them.
	streamsPerEdge, runningPerCompletion = 10_000, 10_000
)

// results is the part of bench's results.json that figures come from.
type results struct {
	Results []struct {
		Scenario, Contender string
		Rounds              []struct{ Values map[string]float64 }
	}
}

// read returns the figures of one's own machine, by what bench has written there: those of the scenarios
// paced-* with contender pawstream, and log-* with service-jetstream. What it has not measured stays as it is.
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

// curve returns what an event has cost a part of a contender, by its rates.
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
