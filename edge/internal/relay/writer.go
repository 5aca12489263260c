package relay

import (
	"errors"
	"net/http"
	"time"

	"github.com/pawstream/pawstream/edge/internal/metrics"
	"github.com/pawstream/pawstream/edge/internal/pacer"
)

// batch is how many bytes of frames may be pending before they are written: enough to make a replay few writes,
// little enough to fit into a socket buffer.
const batch = 32 << 10

// A writer collects frames, and writes them to one client.
type writer struct {
	w       http.ResponseWriter
	control *http.ResponseController
	metrics *metrics.Metrics
	timeout time.Duration
	until   time.Time // the current write deadline; zero: none
	resets  bool      // whether a passed deadline ends the stream even while nothing is written

	pace    pacer.Writes
	buf     []byte
	events  int  // in buf
	late    bool // a timer is to write buf
	written int  // events that have been written
	bytes   int  // that have been written
}

func newWriter(w http.ResponseWriter, req *http.Request, cfg *Config, now time.Time) writer {
	return writer{
		w: w, control: http.NewResponseController(w), metrics: cfg.Metrics, timeout: cfg.WriteTimeout,
		// HTTP/2 resets a stream whose deadline passes.
		resets: req.ProtoMajor > 1, pace: cfg.Pacer.Writes(now),
	}
}

// due reports whether the pending frames are to be written now.
func (o *writer) due(now time.Time) bool {
	return o.written == 0 || len(o.buf) >= batch || o.pace.Due(now)
}

// drop discards the pending frames.
func (o *writer) drop() { o.buf, o.events = o.buf[:0], 0 }

// flush writes the pending frames.
func (o *writer) flush() error {
	if len(o.buf) == 0 {
		return nil
	}
	return o.send()
}

// send writes the pending frames, or just the headers.
func (o *writer) send() error {
	now := time.Now()
	o.pace.Wrote(now)
	if err := o.extend(now); err != nil {
		return err
	}
	n, err := o.w.Write(o.buf) //nolint:gosec // no browser takes text/event-stream for HTML
	o.metrics.Wrote(o.events, n)
	o.bytes += n
	o.written += o.events
	o.buf, o.events, o.late = o.buf[:0], 0, false
	if err == nil {
		err = o.control.Flush()
	}
	if err == nil && o.resets {
		err = o.deadline(time.Time{})
	}
	return err
}

// extend ensures that a write has a deadline: the write timeout, less at most a quarter. Setting it before each
// write would cost as much as encoding an event.
func (o *writer) extend(now time.Time) error {
	if o.until.Sub(now) >= o.timeout-o.timeout/4 {
		return nil
	}
	return o.deadline(now.Add(o.timeout))
}

func (o *writer) deadline(at time.Time) error {
	o.until = at
	if err := o.control.SetWriteDeadline(at); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// leave removes the deadline: the connection may carry another request.
func (o *writer) leave() {
	if !o.until.IsZero() {
		_ = o.deadline(time.Time{})
	}
}
