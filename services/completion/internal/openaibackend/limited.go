package openaibackend

import (
	"fmt"
	"io"
	"time"
)

// limited is a body that may hold only a limited number of bytes without an event.
type limited struct {
	body io.ReadCloser
	left int
}

var errTooMuch = fmt.Errorf("more than %d bytes without an event", maxEvent)

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooMuch
	}
	n, err := l.body.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

// drain reads the little that follows "[DONE]", so that the connection can be reused. It
// gives up if nothing arrives.
func (l *limited) drain() {
	timer := time.AfterFunc(drainTime, func() { _ = l.body.Close() })
	defer timer.Stop()
	_, _ = io.CopyN(io.Discard, l.body, 4<<10)
}
