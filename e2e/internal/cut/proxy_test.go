package cut_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/cut"
)

// serve reads a line from each connection, answers with text, and closes the connection.
func serve(t *testing.T, text []byte) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = listener.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.ReadFull(conn, make([]byte, len("go\n")))
			_, _ = conn.Write(text)
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}

func TestProxy(t *testing.T) {
	half := strings.Repeat("0123456789", 500)
	text := []byte(half + "\n\n" + half)
	for _, test := range []struct {
		name string
		plan func(int) cut.Plan
		want []int // bytes that each connection gets
		err  error
		cuts int
	}{
		{"no cut", cut.Each(cut.Plan{}), []int{len(text), len(text)}, nil, 0},
		{"later than the end", cut.Each(cut.Plan{After: 99999}), []int{len(text)}, nil, 0},
		{"once", cut.Once(cut.Plan{After: 1}), []int{1, len(text), len(text)}, nil, 1},
		{"each time", cut.Each(cut.Plan{After: 5000}), []int{5000, 5000}, nil, 2},
		{"at a blank line", cut.Each(cut.Plan{After: 10, AtBlank: true}), []int{5002}, nil, 1},
		{"at no blank line", cut.Each(cut.Plan{After: 6000, AtBlank: true}), []int{len(text)}, nil, 0},
		{"in a blank line", cut.Each(cut.Plan{After: 5001}), []int{5001}, nil, 1},
		{"not in a blank line", cut.Each(cut.Plan{After: 5001, WholeBlank: true}), []int{5002}, nil, 1},
		{"before a blank line", cut.Each(cut.Plan{After: 5000, WholeBlank: true}), []int{5000}, nil, 1},
		{"after a blank line", cut.Each(cut.Plan{After: 5002, WholeBlank: true}), []int{5003}, nil, 1},
		{"by a reset", cut.Each(cut.Plan{After: 10, Reset: true}), []int{10}, syscall.ECONNRESET, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			proxy, err := cut.Listen(serve(t, text), test.plan)
			if err != nil {
				t.Fatal(err)
			}
			defer proxy.Close()
			for i, want := range test.want {
				conn, err := net.Dial("tcp", proxy.Addr())
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(conn, "go\n"); err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(conn)
				_ = conn.Close()
				if !errors.Is(err, test.err) || !bytes.Equal(got, text[:want]) {
					t.Errorf("connection %d: %d bytes and %v, want %d and %v", i, len(got), err, want, test.err)
				}
			}
			if got := proxy.Cuts(); got != test.cuts {
				t.Errorf("%d cuts, want %d", got, test.cuts)
			}
		})
	}
}
