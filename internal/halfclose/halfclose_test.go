package halfclose_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/internal/halfclose"
)

// A server answers requests with a handler, and reports each return of the handler after its request's context has ended.
type server struct {
	address string
	left    chan time.Time
}

func serve(t *testing.T, handler http.HandlerFunc) *server {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{address: listener.Addr().String(), left: make(chan time.Time, 1)}
	web := &http.Server{
		ReadHeaderTimeout: time.Minute, ConnContext: halfclose.Context,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ProtoAtLeast(1, 1) {
				halfclose.Interim(r.Context())
			}
			handler(w, r)
			if r.Context().Err() != nil {
				s.left <- time.Now()
			}
		}),
	}
	go func() { _ = web.Serve(halfclose.Listen(listener)) }()
	t.Cleanup(func() { _ = web.Close() })
	return s
}

// send sends a request, and optionally shuts the writing side.
func (s *server) send(t *testing.T, request string, shut bool) *net.TCPConn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	tcp, _ := conn.(*net.TCPConn)
	if err := tcp.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(tcp, request); err != nil {
		t.Fatal(err)
	}
	if shut {
		if err := tcp.CloseWrite(); err != nil {
			t.Fatal(err)
		}
	}
	return tcp
}

const (
	get  = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	post = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
)

// slowly writes some lines within half a second.
func slowly(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	for i := range 5 {
		select {
		case <-r.Context().Done():
			return
		case <-time.After(100 * time.Millisecond):
		}
		_, _ = fmt.Fprintf(w, "line %d\n", i)
		_ = http.NewResponseController(w).Flush()
	}
}

// late answers only after the first test whether the client is still there.
func late(w http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-time.After(1500 * time.Millisecond):
		_, _ = io.WriteString(w, "late")
	}
}

// TestTheAnswerComes makes clients shut their writing side, with the request or in the middle of the answer.
func TestTheAnswerComes(t *testing.T) {
	for _, tt := range []struct {
		name, request string
		handler       http.HandlerFunc
		interims      int
		want          string
	}{
		{"a stream", get, slowly, 0, "line 4\n"},
		{"a stream after a body", post, slowly, 0, "line 4\n"},
		{"an answer at once", get, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "now") }, 0, "now"},
		{"an answer after a while", get, late, 1, "late"},
		{"an answer of HTTP/1.0 after a while", "GET / HTTP/1.0\r\nHost: x\r\n\r\n", late, 0, "late"},
	} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, later %t", tt.name, after), func(t *testing.T) {
				t.Parallel()
				conn := serve(t, tt.handler).send(t, tt.request, !after)
				if after {
					<-time.After(150 * time.Millisecond)
					_ = conn.CloseWrite()
				}
				all, err := io.ReadAll(conn)
				text := string(all)
				if err != nil || !strings.Contains(text, " 200 OK\r\n") || !strings.Contains(text, tt.want) {
					t.Errorf("%v, %q", err, text)
				}
				if n := strings.Count(text, "100 Continue"); n != tt.interims {
					t.Errorf("%d interim responses, want %d: %q", n, tt.interims, text)
				}
			})
		}
	}
}

// TestWhoIsGoneIsNoticed makes clients close their connection, in a stream that writes
// something when notified, and before the answer.
func TestWhoIsGoneIsNoticed(t *testing.T) {
	for _, tt := range []struct {
		name   string
		begin  bool // whether the answer has begun
		linger int  // of the close; -1: as usual, 0: a reset
	}{
		{"in a stream", true, -1},
		{"in a stream, by a reset", true, 0},
		{"before the answer", false, -1},
		{"before the answer, by a reset", false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			begun := make(chan struct{})
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if tt.begin {
					_, _ = io.WriteString(w, "begun\n")
					_ = http.NewResponseController(w).Flush()
					asked := make(chan struct{})
					defer halfclose.Notify(r.Context(), func() { close(asked) })()
					close(begun)
					select {
					case <-asked:
						_, _ = io.WriteString(w, "here?\n")
						_ = http.NewResponseController(w).Flush()
					case <-r.Context().Done():
					}
				} else {
					close(begun)
				}
				<-r.Context().Done()
			})
			conn := s.send(t, get, false)
			<-begun
			if tt.begin {
				if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
					t.Fatal(err)
				}
			}
			if tt.linger >= 0 {
				_ = conn.SetLinger(tt.linger)
			}
			_ = conn.Close()
			closed := time.Now()
			select {
			case left := <-s.left:
				t.Logf("noticed after %v", left.Sub(closed))
			case <-time.After(20 * time.Second):
				t.Error("it is not noticed")
			}
		})
	}
}

// TestOtherEnds checks that a FIN in a body, or between requests, works as usual.
func TestOtherEnds(t *testing.T) {
	t.Run("in a body", func(t *testing.T) {
		got := make(chan error, 1)
		s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			got <- err
		})
		s.send(t, strings.Replace(post, "Length: 5", "Length: 50", 1), true)
		if err := <-got; err == nil {
			t.Error("a body that was cut passes for whole")
		}
	})
	for name, request := range map[string]string{"after an answer": get, "before a request": "", "in a header": "GET / HT"} {
		t.Run(name, func(t *testing.T) {
			conn := serve(t, func(http.ResponseWriter, *http.Request) {}).send(t, request, false)
			if request == get {
				answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				_ = answer.Body.Close()
			}
			_ = conn.CloseWrite()
			begun := time.Now()
			if _, err := io.ReadAll(conn); err != nil || time.Since(begun) > 10*time.Second {
				t.Errorf("%v after %v", err, time.Since(begun))
			}
		})
	}
	t.Run("two requests at once", func(t *testing.T) {
		conn := serve(t, slowly).send(t, get+get, true)
		all, err := io.ReadAll(conn)
		if err != nil || strings.Count(string(all), "line 4") != 2 {
			t.Errorf("%v, %q", err, all)
		}
	})
}
