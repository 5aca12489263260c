package cut_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/cut"
)

// brief is longer than the loopback interface takes even on a busy machine. Tests expect no data within it.
const brief = 200 * time.Millisecond

// echo returns the address of an echo server.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(conn, conn)
				_ = conn.Close()
			}()
		}
	}()
	return listener.Addr().String()
}

// A caller sends lines to an echo server.
type caller struct {
	*testing.T
	net.Conn
	lines *bufio.Reader
}

func call(t *testing.T, p *cut.Proxy) *caller {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &caller{t, conn, bufio.NewReader(conn)}
}

// says sends a line, and returns the answer within that time.
func (c *caller) says(line string, within time.Duration) (string, error) {
	if _, err := io.WriteString(c, line+"\n"); err != nil {
		return "", err
	}
	return c.hears(within)
}

func (c *caller) hears(within time.Duration) (string, error) {
	c.Helper()
	if err := c.SetReadDeadline(time.Now().Add(within)); err != nil {
		c.Fatal(err)
	}
	return c.lines.ReadString('\n')
}

// wants checks that the caller has received the line.
func (c *caller) wants(line, heard string, err error) {
	c.Helper()
	if err != nil || heard != line+"\n" {
		c.Errorf("heard %q, %v, and not %q", heard, err, line)
	}
}

// hearsNothing checks that the caller has received neither data nor an end of the connection.
func (c *caller) hearsNothing(heard string, err error) {
	c.Helper()
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		c.Errorf("heard %q, %v", heard, err)
	}
}

func TestNetwork(t *testing.T) {
	const soon = 20 * time.Second
	p, err := cut.Listen(echo(t), cut.Each(cut.Plan{}))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	first := call(t, p)
	say := func(c *caller, line string) { c.Helper(); heard, err := c.says(line, soon); c.wants(line, heard, err) }
	say(first, "clear")

	p.Hold()
	first.hearsNothing(first.says("held", brief))
	second := call(t, p)
	second.hearsNothing(second.says("held too", brief))
	p.Release()
	for c, line := range map[*caller]string{first: "held", second: "held too"} {
		heard, err := c.hears(soon)
		c.wants(line, heard, err)
	}

	p.Delay(brief)
	sent := time.Now()
	say(first, "late")
	if took := time.Since(sent); took < 2*brief {
		t.Errorf("there and back in %v", took)
	}
	p.Delay(0)

	p.Swallow()
	first.hearsNothing(first.says("to nobody", brief))
	third := call(t, p)
	say(third, "to the next one")
	first.hearsNothing(first.hears(brief))

	p.Hold()
	p.CutAll()
	if _, err := third.hears(soon); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("not cut while it is held")
	}
	call(t, p) // waits until the proxy ends
}
