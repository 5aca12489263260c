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

// A Plan is what a run does: it holds so many streams open, each followed by the next
// one when it ends, and looks at what happens within the window.
type Plan struct {
	Target  Target
	Expect  *Expectation
	Streams int
	// Gap is how far apart the events of a stream are due; 0: they are not.
	Gap time.Duration
	// Ramp is the time over which the streams begin, Settle that until the window
	// begins, and Window its length.
	Ramp, Settle, Window time.Duration
	// Follow has all streams be of one completion, which the first client asks for.
	Follow bool
	// Slow is how many streams more there are whose clients do not read.
	Slow int
	// Begin and End, if not nil, are called at the borders of the window.
	Begin, End func() error
}

// A Result is what happened within the window. Times are in milliseconds.
type Result struct {
	Events     int64
	Streams    int64 // that began
	Elapsed    time.Duration
	FirstEvent []float64 // from a request to its first event
	FirstToken []float64 // and to its first text, which is the second event
	Between    []float64 // from one event to the next, where they are due at times
	// Lateness is when an event came, less when it was due. A stream is measured by
	// itself: it is due when it would have come had all events been as fast as the
	// fastest one of the stream.
	Lateness []float64
}

// ErrDescriptors says that the system does not let a process open so many connections.
var ErrDescriptors = errors.New("too few file descriptors")

// Descriptors returns an error if a process may not have that many connections, and what
// it needs beside them.
func Descriptors(connections int) error {
	most, err := Connections()
	if err == nil && connections > most {
		err = fmt.Errorf("%w: %d connections are possible (ulimit -n, and %d beside them), %d are needed", ErrDescriptors, most, beside, connections)
	}
	return err
}

// Connections returns how many connections a process may have.
func Connections() (int, error) {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	return int(min(limit.Cur, math.MaxInt32)) - beside, err
}

// beside is how many files a process has open apart from its connections.
const beside = 100

// A runner is a run.
type runner struct {
	*Plan
	base     time.Time
	from, to atomic.Int64 // the window, as nanoseconds since base; 0: not known yet
	events   atomic.Int64
	streams  atomic.Int64

	followed string        // the completion, of a plan that follows one
	known    chan struct{} // closed once it is known

	mu     sync.Mutex
	result Result
}

// Run carries the plan out. The first frame that is wrong or missing ends it with an
// error that shows the difference.
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

// errOver is why the clients of a run stop that went well.
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

// client makes the requests of one stream after the other.
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

// open asks for a stream: of a completion of its own, or of the one that is followed.
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

// A stream is what is known of a stream in progress.
type stream struct {
	begun    int64
	arrivals []int64 // of each event, as nanoseconds since base
}

// stream makes one request, of the i-th client, and reads its events to the end.
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

// add takes what a stream has shown, once it is over.
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
	// The last three events of an answer come without a pause.
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

// doze opens a stream and does not read it.
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
