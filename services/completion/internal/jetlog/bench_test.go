package jetlog

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
)

// A latencies collects durations and reports their quantiles.
type latencies struct {
	mu    sync.Mutex
	times []time.Duration
}

func (l *latencies) add(times ...time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.times = append(l.times, times...)
}

func (l *latencies) report(b *testing.B, what string) {
	slices.Sort(l.times)
	for name, q := range map[string]float64{"p50": 0.5, "p99": 0.99} {
		at := l.times[int(q*float64(len(l.times)-1))]
		b.ReportMetric(float64(at.Nanoseconds())/1e3, name+"-"+what+"-us")
	}
}

// cpuTime returns the CPU time of this process so far.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

var benchID atomic.Int64

func begin(b *testing.B, l chat.Log) (chat.Writer, string) {
	b.Helper()
	id := fmt.Sprint("bench", benchID.Add(1))
	w, err := l.Create(b.Context(), meta(id))
	if err != nil {
		b.Fatal(err)
	}
	return w, id
}

// A load describes how a benchmark writes events.
type load struct {
	completions int
	events      int           // of each completion
	every       time.Duration // pause between events; 0: wait until the last one was read
	burst       bool          // append as fast as the log accepts
}

// run writes and follows completions concurrently, and returns the time of each event from its append to its reader.
func (ld load) run(b *testing.B, l chat.Log) *latencies {
	var all latencies
	type pair struct {
		w  chat.Writer
		id string
	}
	pairs := make([]pair, ld.completions)
	for i := range pairs {
		pairs[i].w, pairs[i].id = begin(b, l)
	}
	var done sync.WaitGroup
	b.StartTimer()
	for i, p := range pairs {
		appended := make([]time.Time, ld.events+1)
		seen := make(chan struct{}, ld.events+1)
		var mu sync.Mutex
		done.Go(func() {
			times := make([]time.Duration, 0, ld.events)
			for entry, err := range l.Follow(b.Context(), p.id, chat.FromStart, false) {
				if err != nil {
					b.Error(err)
					return
				}
				mu.Lock()
				times = append(times, time.Since(appended[entry.Sequence]))
				mu.Unlock()
				seen <- struct{}{}
			}
			all.add(times[:ld.events]...)
		})
		done.Go(func() {
			next := ld.pacer(time.Duration(i)*ld.every/time.Duration(ld.completions), seen)
			write := func(n int, f func() error) {
				mu.Lock()
				appended[n] = time.Now()
				mu.Unlock()
				if err := f(); err != nil {
					b.Error(err)
				}
			}
			for n := range ld.events {
				write(n, func() error { return p.w.Append(b.Context(), chat.Text(0, "word ")) })
				next()
			}
			write(ld.events, func() error { return p.w.Seal(b.Context(), chat.Event{Kind: chat.KindDone}) })
		})
	}
	done.Wait()
	b.StopTimer()
	return &all
}

// pacer returns a function that waits until the next event is due.
func (ld load) pacer(phase time.Duration, seen <-chan struct{}) func() {
	switch {
	case ld.burst:
		return func() {}
	case ld.every == 0:
		return func() { <-seen }
	}
	at := time.Now().Add(phase)
	return func() {
		at = at.Add(ld.every)
		<-time.After(time.Until(at))
	}
}

func openBench(b *testing.B) *Log {
	b.Helper()
	l, err := Open(b.Context(), Config{DataDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(l.Close)
	return l
}

// BenchmarkAppend stores events, each with one reader. Paced: every completion gets 50 events a second. In step: each
// completion has one event in flight, so each event is a record.
func BenchmarkAppend(b *testing.B) {
	for _, bench := range []struct {
		name string
		load load
	}{
		{"alone", load{completions: 1, events: 5000}},
		{"paced/completions=100", load{completions: 100, events: 150, every: 20 * time.Millisecond}},
		{"paced/completions=1000", load{completions: 1000, events: 100, every: 20 * time.Millisecond}},
		{"in step/completions=100", load{completions: 100, events: 500}},
		{"in step/completions=1000", load{completions: 1000, events: 100}},
		{"burst/completions=1000", load{completions: 1000, events: 500, burst: true}},
	} {
		b.Run(bench.name, func(b *testing.B) { benchLoad(b, openBench(b), bench.load) })
	}
}

// BenchmarkAppendInMemory is BenchmarkAppend without JetStream.
func BenchmarkAppendInMemory(b *testing.B) {
	log := memlog.New(memlog.Config{})
	b.Cleanup(log.Close)
	benchLoad(b, log, load{completions: 100, events: 150, every: 20 * time.Millisecond})
}

func benchLoad(b *testing.B, log chat.Log, ld load) {
	b.StopTimer()
	ld2 := ld
	ld2.events = min(ld.events, 50)
	ld2.run(b, log) // warm
	b.ResetTimer()
	var all latencies
	var cpu time.Duration
	runs := 0
	for range b.N {
		before := cpuTime(b)
		all.add(ld.run(b, log).times...)
		cpu += cpuTime(b) - before
		runs++
	}
	events := float64(runs * ld.completions * (ld.events + 1))
	b.ReportMetric(events/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(cpu.Nanoseconds())/1e3/events, "cpu-us/event")
	all.report(b, "event")
}

// BenchmarkFollow reads a completion of 500 events that is not in memory.
func BenchmarkFollow(b *testing.B) {
	const events = 500
	s := startNATS(b)
	owner, err := Open(b.Context(), Config{NATS: at(s)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(owner.Close)
	other, err := Open(b.Context(), Config{NATS: at(s)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(other.Close)
	embedded := openBench(b)
	for _, bench := range []struct {
		name           string
		writer, reader *Log
		records        int
		kept           bool
	}{
		{"owner", owner, owner, events, true},
		{"owner, dropped from memory", owner, owner, events, false},
		{"other replica", owner, other, events, false},
		{"other replica, 10 events a record", owner, other, events / 10, false},
		{"embedded, dropped from memory", embedded, embedded, events, false},
	} {
		b.Run(bench.name, func(b *testing.B) {
			w, id := begin(b, bench.writer)
			for i := range events {
				if err := w.Append(b.Context(), chat.Text(0, "word ")); err != nil {
					b.Fatal(err)
				}
				if i%(events/bench.records) == 0 {
					flush(b, w)
				}
			}
			if err := w.Seal(b.Context(), chat.Event{Kind: chat.KindDone}); err != nil {
				b.Fatal(err)
			}
			var first, last latencies
			for b.Loop() {
				if !bench.kept {
					bench.reader.mu.Lock()
					if s := bench.reader.tapes[id]; s != nil {
						bench.reader.remove(s)
					}
					bench.reader.mu.Unlock()
				}
				start, n := time.Now(), 0
				for _, err := range bench.reader.Follow(b.Context(), id, chat.FromStart, false) {
					if err != nil {
						b.Fatal(err)
					}
					if n++; n == 1 {
						first.add(time.Since(start))
					}
				}
				last.add(time.Since(start))
				if n != events+1 {
					b.Fatalf("%d events", n)
				}
			}
			first.report(b, "first")
			last.report(b, "last")
		})
	}
}

// flush waits until all appended events are stored.
func flush(b *testing.B, cw chat.Writer) {
	w := cw.(*writer)
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.busy {
		if err := w.await(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
