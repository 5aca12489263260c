package rpc

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// An h2client writes frames by hand.
type h2client struct {
	conn   net.Conn
	framer *http2.Framer
}

// newH2 returns a client of a server that only reads through a meter.
func newH2(t *testing.T, m *meters) *h2client {
	t.Helper()
	here, there := net.Pipe()
	metered := m.meter(there)
	var reading sync.WaitGroup
	reading.Go(func() { _, _ = io.Copy(io.Discard, metered) })
	t.Cleanup(func() {
		_ = here.Close()
		_ = metered.Close()
		reading.Wait()
	})
	if _, err := io.WriteString(here, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	return &h2client{conn: here, framer: http2.NewFramer(here, here)}
}

func (c *h2client) data(stream uint32, size int, last bool) error {
	for ; size > 16<<10; size -= 16 << 10 {
		if err := c.framer.WriteData(stream, false, make([]byte, 16<<10)); err != nil {
			return err
		}
	}
	return c.framer.WriteData(stream, last, make([]byte, size))
}

// settled waits until want bytes are counted.
func settled(t *testing.T, m *meters, want int) {
	t.Helper()
	var got int
	for range 1000 {
		if got = m.held(); got == want {
			return
		}
		<-time.After(time.Millisecond)
	}
	t.Errorf("%d bytes are half received, want %d", got, want)
}

// TestHalfReceivedCounts checks that exactly the bytes of incomplete requests count.
func TestHalfReceivedCounts(t *testing.T) {
	m := newMeters(1 << 20)
	c := newH2(t, m)
	steps := []struct {
		do   func() error
		held int
	}{
		{func() error { return c.framer.WriteSettings() }, 0},
		{func() error {
			return c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0x82}, EndHeaders: true})
		}, 0},
		{func() error { return c.data(1, 1000, false) }, 1000},
		{func() error { return c.data(3, 50_000, false) }, 51_000},
		{func() error { return c.framer.WritePing(false, [8]byte{}) }, 51_000},
		{func() error { return c.data(1, 10, true) }, 50_000},
		{func() error { return c.framer.WriteRSTStream(3, http2.ErrCodeCancel) }, 0},
		{func() error { return c.data(5, 0, true) }, 0},
		{func() error { return c.data(7, 30_000, false) }, 30_000},
		{func() error {
			return c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 7, BlockFragment: []byte{0x82}, EndHeaders: true, EndStream: true})
		}, 0},
		{func() error { return c.data(9, 20_000, false) }, 20_000},
		{c.conn.Close, 0},
	}
	for i, step := range steps {
		if err := step.do(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		settled(t, m, step.held)
	}
}

// TestWhoHoldsMostIsCutOff checks that beyond the bound only the connection with the most bytes ends.
func TestWhoHoldsMostIsCutOff(t *testing.T) {
	m := newMeters(1 << 20)
	small, large, other := newH2(t, m), newH2(t, m), newH2(t, m)
	for _, err := range []error{small.data(1, 100_000, false), large.data(1, 700_000, false), other.data(1, 200_000, false)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	settled(t, m, 1_000_000)
	if err := small.data(3, 100_000, false); err != nil {
		t.Errorf("a small one is cut off: %v", err)
	}
	settled(t, m, 400_000)
	if err := large.data(1, 1<<20, false); err == nil {
		t.Error("the largest is not cut off")
	}
	if err := other.data(1, 1000, true); err != nil {
		t.Errorf("another one is cut off: %v", err)
	}
	settled(t, m, 200_000)
}
