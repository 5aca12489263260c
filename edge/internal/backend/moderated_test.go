package backend

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/pacer"
)

// socket is a connection with unlimited kernel buffers.
type socket struct {
	net.Conn
	some chan struct{} // there may be something to read

	mu sync.Mutex
	in bytes.Buffer
}

func (s *socket) Read(p []byte) (int, error) {
	for {
		s.mu.Lock()
		n, _ := s.in.Read(p)
		s.mu.Unlock()
		if n > 0 {
			return n, nil
		}
		if _, open := <-s.some; !open {
			return 0, io.EOF
		}
	}
}

func (s *socket) arrive(n int) {
	s.mu.Lock()
	s.in.WriteString(strings.Repeat("x", n))
	s.mu.Unlock()
	select {
	case s.some <- struct{}{}:
	default:
	}
}

// TestModerated plays data to a connection, and checks when it is read.
func TestModerated(t *testing.T) {
	type arrival struct {
		after time.Duration // since the one before
		bytes int
	}
	every := func(d time.Duration, bytes, times int) (list []arrival) {
		for range times {
			list = append(list, arrival{d, bytes})
		}
		return list
	}
	const us = time.Microsecond
	for _, tt := range []struct {
		name     string
		calls    int64
		arrivals []arrival
		want     string // "time:bytes" of each read, in µs
	}{
		{"little is read at once", crowd, every(700*us, 90, 5), "700:90 1400:90 2100:90 2800:90 3500:90"},
		{"the opening of a stream is read at once", crowd, every(100*us, 90, 4), "100:90 200:90 300:90 400:90"},
		{"much is read once in a beat", crowd, every(110*us, 90, 60), "110:90 220:90 330:90 440:90 2000:1260 4000:1620 6000:1620 8000:540"},
		{"what few calls share is read at once", crowd - 1, every(110*us, 90, 6), "110:90 220:90 330:90 440:90 550:90 660:90"},
		{
			"when it becomes less it is read at once again", crowd,
			append(every(110*us, 90, 30), every(950*us, 90, 4)...),
			"110:90 220:90 330:90 440:90 2000:1260 4000:1080 6000:180 6150:90 7100:90",
		},
		{"what fills the buffer is read on at once", crowd, every(100*us, 8192, 3), "100:4096 100:4096 200:4096 200:4096 300:4096 300:4096"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &socket{some: make(chan struct{}, 1)}
				begun := time.Now()
				go func() {
					for _, a := range tt.arrivals {
						<-time.After(a.after)
						s.arrive(a.bytes)
					}
					<-time.After(time.Second)
					close(s.some)
				}()
				c := &moderated{Conn: s, calls: new(atomic.Int64), pace: pacer.New(16 * time.Millisecond).Reads()}
				c.calls.Store(tt.calls)
				var got []string
				for buf := make([]byte, 4096); ; {
					n, err := c.Read(buf)
					if err != nil {
						break
					}
					got = append(got, fmt.Sprintf("%d:%d", time.Since(begun)/us, n))
				}
				if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
					t.Errorf("reads (-want +got):\n%s", diff)
				}
			})
		})
	}
}
