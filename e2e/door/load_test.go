package door

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/skip"
	"github.com/pawstream/pawstream/internal/sse"
)

// The tests in this file load real sockets, so none runs beside another test. They print their measurements, and
// assert only what holds on a busy machine, too.

// spread describes the distribution of durations.
func spread(all []time.Duration) string {
	slices.Sort(all)
	at := func(share float64) time.Duration {
		return all[min(int(share*float64(len(all))), len(all)-1)].Round(100 * time.Microsecond)
	}
	return fmt.Sprintf("median %v, 99th percentile %v, longest %v", at(.5), at(.99), at(1))
}

// TestOverload offers ten times as many streams as may be open.
func TestOverload(t *testing.T) {
	skip.Long(t, "it offers ten times as many streams as may be open")
	const capacity = 40
	const tokens = 7 * rig.SteadyPace
	s := rig.Own(t, stack.Options{Pace: rig.SteadyPace, Completion: []string{"--log=memory"}, Edge: []string{"--max-streams=" + strconv.Itoa(capacity)}})
	transport := &http.Transport{MaxIdleConnsPerHost: 2 * capacity}
	defer transport.CloseIdleConnections()
	ask := func() *http.Request {
		return api.Request(t, http.MethodPost, s.URL()+"/v1/chat/completions", api.Streamed(api.Object{"max_tokens": tokens}))
	}
	var warm sync.WaitGroup
	together := make(chan struct{})
	for range 2 * capacity { // opens connections before the measurement
		warm.Go(func() {
			<-together
			if resp, err := transport.RoundTrip(api.Request(t, http.MethodGet, s.URL()+"/v1/models", "")); err != nil {
				t.Error(err)
			} else {
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		})
	}
	close(together)
	warm.Wait()

	var admitted sync.WaitGroup
	for range capacity {
		resp, err := transport.RoundTrip(ask())
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%v, %+v", err, resp)
		}
		admitted.Go(func() {
			defer func() { _ = resp.Body.Close() }()
			n := 0
			for e, err := range sse.NewDecoder(resp.Body).Events() {
				if n++; err != nil {
					t.Errorf("an admitted stream ends after %d events: %v", n, err)
				}
				if e.Data == "[DONE]" {
					return
				}
			}
			t.Errorf("an admitted stream ends after %d events", n)
		})
	}
	var refusals sync.WaitGroup
	var guard sync.Mutex
	var took []time.Duration
	for range capacity { // nine requests each: more clients would wait for the processor
		refusals.Go(func() {
			for range 9 {
				late, err := turnedAway(transport, ask())
				if err != nil {
					t.Error(err)
					return
				}
				guard.Lock()
				took = append(took, late)
				guard.Unlock()
			}
		})
	}
	refusals.Wait()
	t.Logf("%d refused: %s", len(took), spread(took))
	if slowest := slices.Max(took); slowest > 5*time.Second {
		t.Errorf("a refusal took %v", slowest)
	}
	admitted.Wait()
}

// turnedAway returns how long a refusal took, or an error if the request was not refused.
func turnedAway(transport http.RoundTripper, req *http.Request) (time.Duration, error) {
	begun := time.Now()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	took := time.Since(begun)
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusServiceUnavailable && resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" {
		return 0, fmt.Errorf("surplus gets %d, header %v", resp.StatusCode, resp.Header)
	}
	return took, nil
}

// TestAbortedRequests aborts ten thousand streams, each at another moment. Most follow one long answer, because the
// test is about the edge, not the engine.
func TestAbortedRequests(t *testing.T) {
	skip.Long(t, "it leaves ten thousand streams")
	const requests, clients, capacity, created = 10_000, 50, 200, 50
	s := rig.Own(t, stack.Options{Pace: 2, Completion: []string{"--log=memory"}, Edge: []string{"--max-streams=" + strconv.Itoa(capacity)}})
	lasting := api.Post(t, s.URL(), api.Streamed(api.Object{"max_tokens": nil, "on_disconnect": "continue"}), "X-Request-Timeout-Ms: 500")
	id := api.Recorded(t, lasting).ID
	defer func() { // the client must not wait for it
		api.Do(t, api.Request(t, http.MethodPost, s.URL()+"/v1/chat/completions/"+id+"/cancel", ""))
	}()
	path := "/v1/chat/completions/" + id + "?stream=true"
	text := api.Streamed(api.Object{"on_disconnect": "cancel"})
	create := fmt.Sprintf("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
	follow := "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n"
	var statuses sync.Map
	var left atomic.Int64
	left.Store(requests)
	var working sync.WaitGroup
	for range clients {
		working.Go(func() {
			for n := left.Add(-1); n >= 0; n = left.Add(-1) {
				raw := follow
				if n%created == 0 {
					raw = create
				}
				status, err := abort(s.Edge.Addr("http"), raw, int(n))
				if err != nil {
					t.Error(err)
					return
				}
				count, _ := statuses.LoadOrStore(status, new(atomic.Int64))
				count.(*atomic.Int64).Add(1)
			}
		})
	}
	begun := time.Now()
	working.Wait()
	statuses.Range(func(status, count any) bool {
		t.Logf("status %d: %d", status, count.(*atomic.Int64).Load())
		if status != 0 && status != http.StatusOK && status != http.StatusServiceUnavailable {
			t.Errorf("status %d", status)
		}
		return true
	})
	t.Logf("%d requests in %v", requests, time.Since(begun).Round(time.Millisecond))
	rig.Eventually(t, 30*time.Second, func() error {
		if n := api.Metric(t, s.Edge, "pawstream_edge_streams_open"); n != 0 {
			return fmt.Errorf("%v streams are open", n)
		}
		return nil
	})
	var open []*http.Response
	defer func() {
		for _, resp := range open {
			_ = resp.Body.Close()
		}
	}()
	for range capacity {
		resp, err := api.Plain.Do(api.Request(t, http.MethodGet, s.URL()+path, ""))
		if err != nil {
			t.Fatal(err)
		}
		if open = append(open, resp); resp.StatusCode != http.StatusOK {
			t.Fatalf("slots are lost: status %d with %d of %d open", resp.StatusCode, len(open)-1, capacity)
		}
	}
}

// abort sends a request and leaves: at once, within the request, after the headers, or after some bytes. It returns
// the status, or 0 if it did not wait for one.
func abort(address, raw string, n int) (status int, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	if n%3 == 0 { // resets the connection
		_ = conn.(*net.TCPConn).SetLinger(0)
	}
	if n%8 == 0 {
		raw = raw[:n/8%len(raw)]
	}
	if _, err := io.WriteString(conn, raw); err != nil || n%4 == 0 {
		return 0, err
	}
	_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, err
	}
	// Closing the body would read it to its end.
	_, _ = io.CopyN(io.Discard, resp.Body, int64(n%5*100))
	return resp.StatusCode, nil
}

// slowReaderMemory is what docs/operations.md says that a slow client costs an edge, in bytes.
const slowReaderMemory = 256 << 10

// TestThousandSlowReaders lets a thousand clients read one byte a second of an answer that exceeds all buffers,
// beside a hundred normal ones. With the race detector, two cores would be busy for minutes, so its programs have
// none.
func TestThousandSlowReaders(t *testing.T) {
	skip.Long(t, "it has a thousand readers of a byte a second")
	const slow, normal, tokens = 1000, 100, 2 * rig.SteadyPace
	nats := "--nats-url=" + rig.NATS(t).ClientURL()
	built := rig.FastPrograms(t)
	writer := rig.Launch(t, built, "completion", "--listen=127.0.0.1:0", "--advisor-pace=0", nats)
	long := api.Record(t, rig.Edge(t, &stack.Stack{Completion: writer}), api.Object{"max_tokens": nil, "n": 32, "store": true})
	t.Logf("the answer of slow readers has %d events, %d KiB", len(long.Events), len(long.Raw)>>10)
	paced := rig.Launch(t, built, "completion", "--listen=127.0.0.1:0", "--advisor-pace="+strconv.Itoa(rig.SteadyPace), nats)
	edge := rig.Launch(t, built, "edge", "--listen=127.0.0.1:0", "--write-timeout=2s", "--completion-addr="+paced.Addr("grpc"))
	memory := func() float64 {
		return api.Metric(t, edge, "go_memstats_heap_inuse_bytes") + api.Metric(t, edge, "go_memstats_stack_inuse_bytes")
	}
	t.Logf("normal readers alone: %s", readTogether(t, edge, normal, tokens))
	before := memory()

	ctx, stop := context.WithCancel(t.Context())
	var crawling sync.WaitGroup
	for range slow {
		crawling.Go(func() { crawl(ctx, edge.Addr("http"), "/v1/chat/completions/"+long.ID+"?stream=true") })
	}
	defer crawling.Wait()
	defer stop()
	rig.Eventually(t, time.Minute, func() error {
		if n := api.Metric(t, edge, "pawstream_edge_streams_open") + api.Metric(t, edge, "pawstream_edge_streams_ended_total", `outcome="slow"`); n < slow {
			return fmt.Errorf("%v slow readers have come", n)
		}
		return nil
	})
	t.Logf("normal readers beside %d slow ones: %s", slow, readTogether(t, edge, normal, tokens))
	each := (memory() - before) / slow
	t.Logf("%.0f KiB for each slow reader", each/1024)
	if each > slowReaderMemory {
		t.Errorf("that is more than %d KiB", slowReaderMemory>>10)
	}
	rig.Eventually(t, 2*time.Minute, func() error {
		if n := api.Metric(t, edge, "pawstream_edge_streams_ended_total", `outcome="slow"`); n < slow {
			return fmt.Errorf("%v slow readers were cut off", n)
		}
		return nil
	})
}

// readTogether lets clients ask and read at the same time, and describes how long they take.
func readTogether(t *testing.T, edge *stack.Process, clients, tokens int) string {
	t.Helper()
	took := make([]time.Duration, clients)
	var reading sync.WaitGroup
	for i := range took {
		reading.Go(func() {
			begun := time.Now()
			got := api.Record(t, "http://"+edge.Addr("http"), api.Object{"max_tokens": tokens})
			if last := got.Events[len(got.Events)-1]; last.Data != "[DONE]" {
				t.Errorf("a stream ends with %s", last.Data)
			}
			took[i] = time.Since(begun)
		})
	}
	reading.Wait()
	return spread(took)
}

// crawl reads a byte a second until it is cut off or ctx ends.
func crawl(ctx context.Context, address, path string) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return // the edge counts the connections
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	_ = conn.(*net.TCPConn).SetReadBuffer(1 << 10)
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, address); err != nil {
		return
	}
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for one := make([]byte, 1); ; {
		if _, err := conn.Read(one); err != nil {
			return
		}
		select {
		case <-second.C:
		case <-ctx.Done():
			return
		}
	}
}
