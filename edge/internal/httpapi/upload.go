package httpapi

import (
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	// bodySilence is how long a client may send nothing of a body that it has announced.
	bodySilence = 30 * time.Second
	// bodyGrace is how long a body may take before its rate is checked.
	bodyGrace = 30 * time.Second
	// DefaultBodyRate is the lowest rate of a body, in bytes per second.
	DefaultBodyRate = 4 << 10
	// deadlineStep is how far a deadline moves before it is set again.
	deadlineStep = time.Second
)

// Bounds of what is read and discarded of an unwanted body, after its answer.
const (
	dropBytes   = 64 << 20
	dropWithin  = 15 * time.Second
	dropSilence = 2 * time.Second
	// keptByServer is how much of a body net/http reads by itself to keep the connection.
	keptByServer = 256 << 10
)

// An upload is the incoming body of a request. A client may take its time, as long as data keeps arriving at
// the lowest rate or faster: the read deadline moves as the body arrives, and is removed at its end, because it
// would end the response too.
type upload struct {
	io.ReadCloser
	control  *http.ResponseController
	rate     int64 // bytes per second; 0: any
	begun    time.Time
	until    time.Time // the current deadline
	received int64
	expects  bool // the client waits for a "100 Continue" before it sends anything
	parts    bool // the connection ends with the answer, and the rest of the body is discarded
	ended    bool // nothing more is to be read: the body is complete, or it failed
}

// newUpload bounds how long a client may take to send its body. If no handler reads it, net/http
// does so before it answers, and must not wait for ever either.
func newUpload(w http.ResponseWriter, r *http.Request, rate int64) *upload {
	u := &upload{
		ReadCloser: r.Body, control: http.NewResponseController(w), rate: rate, begun: time.Now(),
		expects: r.Header.Get("Expect") != "",
	}
	u.deadline(u.begun.Add(bodySilence))
	return u
}

// Read implements [io.Reader].
func (u *upload) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	u.received += int64(n)
	switch {
	case err == nil:
		u.extend(time.Now())
	case !u.ended:
		u.ended = true
		if errors.Is(err, io.EOF) {
			u.deadline(time.Time{})
		}
	}
	return n, err
}

// extend moves the deadline as far as the received bytes allow.
func (u *upload) extend(now time.Time) {
	until := now.Add(bodySilence)
	if u.rate > 0 {
		worth := time.Duration(float64(u.received) / float64(u.rate) * float64(time.Second))
		if late := u.begun.Add(bodyGrace + worth); late.Before(until) {
			until = late
		}
	}
	if until.Sub(u.until) >= deadlineStep {
		u.deadline(until)
	}
}

func (u *upload) deadline(at time.Time) {
	u.until = at
	_ = u.control.SetReadDeadline(at) // a test's recorder has none
}

// answered is called before the head of the answer is written. If more of the body is left than net/http would
// read before it answers, the answer is sent at once, and ends the connection.
func (u *upload) answered(r *http.Request, h http.Header) {
	if u.ended || r.ProtoMajor > 1 { // HTTP/2 ends a stream without the connection
		return
	}
	if r.ContentLength >= 0 && r.ContentLength-u.received <= keptByServer {
		return
	}
	h.Set("Connection", "close")
	u.parts = u.control.EnableFullDuplex() == nil // a test's recorder has no connection
}

// drop reads the rest of a body after its answer, and discards it, within bounds. Many clients read an answer
// only after they have sent everything, and lose it if the connection is closed before (RFC 9112, section 9.6).
func (u *upload) drop() {
	if u.ended || !u.parts || u.expects && u.received == 0 || u.control.Flush() != nil {
		return
	}
	var buf [16 << 10]byte
	end := time.Now().Add(dropWithin)
	for left := dropBytes; left > 0; {
		now := time.Now()
		if !now.Before(end) {
			return
		}
		u.deadline(now.Add(min(dropSilence, end.Sub(now))))
		n, err := u.ReadCloser.Read(buf[:])
		if left -= n; err != nil {
			return
		}
	}
}
