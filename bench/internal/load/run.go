package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/pawstream/pawstream/internal/sse"
	"github.com/pawstream/pawstream/internal/wait"
)

// A Plan describes a run: it keeps a number of streams open, replaces each when it ends, and measures within a
// window.
type Plan struct {
	Target  Target
	Expect  *Expectation
	Streams int
	// Gap is the time between the due times of a stream's events; 0: they have none.
	Gap time.Duration
	// Ramp is the time over which the streams begin, Settle the time from then until the window, and Window its
	// length.
	Ramp, Settle, Window time.Duration
	// Follow makes all streams follow one completion, which the first client requests.
	Follow bool
	// Slow is the number of additional streams whose clients do not read.
	Slow int
	// Begin and End, if not nil, are called at the beginning and the end of the window.
	Begin, End func() error
}

// A Result is the measurements within the window. Times are in milliseconds.
type Result struct {
	Events     int64
	Streams    int64 // that began
	Elapsed    time.Duration
	FirstEvent []float64 // from a request to its first event
	FirstToken []float64 // from a request to its first text, which is the second event
	Between    []float64 // from one event to the next, if they have due times
	// Lateness is the time between an event's due time and its arrival. Due times are relative to the stream
	// itself: they assume that all events were as fast as the stream's fastest one.
	Lateness []float64
}

// ErrDescriptors says that the system's limit of open files is too low.
var ErrDescriptors = errors.New("too few file descriptors")

// Descriptors returns an error if a process may not open that many connections in addition to its other files.
func Descriptors(connections int) error {
	most, err := Connections()
	if err == nil && connections > most {
		err = fmt.Errorf("%w: %d connections are possible (ulimit -n, and %d beside them), %d are needed", ErrDescriptors, most, beside, connections)
	}
	return err
}

// Connections returns the maximum number of connections of a process.
func Connections() (int, error) {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	return int(min(limit.Cur, math.MaxInt32)) - beside, err
}

// beside is the number of open files reserved for other uses than connections.
const beside = 100

// A runner is the state of a run.
type runner struct {
	*Plan
	base     time.Time
	from, to atomic.Int64 // the window, in nanoseconds since base; 0: not known yet
	events   atomic.Int64
	streams  atomic.Int64

	followed string        // the followed completion, if the plan follows one
	known    chan struct{} // closed once followed is known

	mu     sync.Mutex
	result Result
}

// Run executes the plan. The first wrong or missing frame ends it, with an error that shows the difference.
func Run(ctx context.Context, plan *Plan) (Result, error) {
	if err := Descriptors(plan.Streams + plan.Slow); err != nil {
		return Result{}, err
	}
	r := &runner{Plan: plan, base: time.Now(), known: make(chan struct{})}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	for i := range plan.Streams + plan.Slow {
		group.Go(func() {
			if err := r.client(ctx, i); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("client %d: %w", i, err))
			}
		})
	}
	err := r.measure(ctx)
	if err == nil {
		cancel(errOver)
	}
	group.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, errOver) {
		return Result{}, cause
	}
	r.result.Events, r.result.Streams = r.events.Load(), r.streams.Load()
	r.result.Elapsed = time.Duration(r.to.Load() - r.from.Load())
	return r.result, nil
}

// errOver is the cause with which a successful run stops its clients.
var errOver = errors.New("the window is over")

// measure opens and closes the window.
func (r *runner) measure(ctx context.Context) error {
	steps := []struct {
		wait time.Duration
		at   *atomic.Int64
		call func() error
	}{{r.Ramp + r.Settle, &r.from, r.Begin}, {r.Window, &r.to, r.End}}
	for _, step := range steps {
		if wait.For(ctx, step.wait) != nil {
			return ctx.Err()
		}
		if step.call != nil {
			if err := step.call(); err != nil {
				return err
			}
		}
		step.at.Store(int64(time.Since(r.base)))
	}
	return nil
}

// client runs one stream after the other.
func (r *runner) client(ctx context.Context, i int) error {
	if wait.For(ctx, r.Ramp*time.Duration(i)/time.Duration(r.Streams+r.Slow)) != nil {
		return nil
	}
	if i >= r.Streams {
		return r.doze(ctx)
	}
	c, err := dial(ctx, &r.Target, 0)
	if err != nil {
		return err
	}
	defer c.close()
	stop := context.AfterFunc(ctx, c.close)
	defer stop()
	s := stream{arrivals: make([]int64, 0, r.Expect.Frames())}
	for ctx.Err() == nil {
		err := r.stream(ctx, c, &s, i)
		r.add(&s)
		if err != nil {
			return err
		}
	}
	return nil
}

// open requests a stream: of a new completion, or of the followed one.
func (r *runner) open(ctx context.Context, c *conn, i int) (*sse.Decoder, error) {
	if !r.Follow || i == 0 {
		return c.open()
	}
	select {
	case <-r.known:
		return c.resume(r.followed, "")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A stream is the measurements of a stream in progress.
type stream struct {
	begun    int64
	arrivals []int64 // of each event, in nanoseconds since base
}

// stream makes one request as the i-th client, and reads its events to the end.
func (r *runner) stream(ctx context.Context, c *conn, s *stream, i int) error {
	s.begun, s.arrivals = int64(time.Since(r.base)), s.arrivals[:0]
	events, err := r.open(ctx, c, i)
	if err != nil {
		return err
	}
	if err := c.net.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	var id string
	for k := 0; ; k++ {
		event, err := events.Next()
		now := int64(time.Since(r.base))
		switch {
		case errors.Is(err, io.EOF) && k == r.Expect.Frames():
			if r.Follow {
				return errors.New("the answer that is followed is over")
			}
			return nil
		case errors.Is(err, io.EOF):
			return fmt.Errorf("the stream %s ended after %d of %d frames", id, k, r.Expect.Frames())
		case err != nil:
			return err
		}
		if err := r.Expect.check(k, &event, &id); err != nil {
			return err
		}
		if r.Follow && i == 0 && k == 0 {
			r.followed = id
			close(r.known)
		}
		s.arrivals = append(s.arrivals, now)
		if from := r.from.Load(); from != 0 && r.to.Load() == 0 {
			r.events.Add(1)
		}
	}
}

// add adds the measurements of a finished stream to the result.
func (r *runner) add(s *stream) {
	from, to := r.from.Load(), r.to.Load()
	if to == 0 {
		to = int64(time.Since(r.base))
	}
	if len(s.arrivals) == 0 || from == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.begun >= from && s.begun < to {
		r.streams.Add(1)
		r.result.FirstEvent = append(r.result.FirstEvent, milliseconds(s.arrivals[0]-s.begun))
		if len(s.arrivals) > 1 {
			r.result.FirstToken = append(r.result.FirstToken, milliseconds(s.arrivals[1]-s.begun))
		}
	}
	if r.Gap == 0 {
		return
	}
	// The last three events of an answer come without a gap.
	paced := s.arrivals[:min(len(s.arrivals), max(0, r.Expect.Frames()-3))]
	if len(paced) < 2 {
		return
	}
	origin := paced[0]
	for k, at := range paced {
		origin = min(origin, at-int64(k)*int64(r.Gap))
	}
	for k, at := range paced {
		if at >= from && at < to {
			r.result.Lateness = append(r.result.Lateness, milliseconds(at-int64(k)*int64(r.Gap)-origin))
			if k > 1 {
				r.result.Between = append(r.result.Between, milliseconds(at-paced[k-1]))
			}
		}
	}
}

// doze opens a stream without reading it.
func (r *runner) doze(ctx context.Context) error {
	const smallest = 4 << 10
	c, err := dial(ctx, &r.Target, smallest)
	if err != nil {
		return err
	}
	defer c.close()
	if err := c.request("POST", r.Target.path(), r.Target.Body); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func milliseconds(ns int64) float64 { return float64(ns) / 1e6 }
