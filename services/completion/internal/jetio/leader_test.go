package jetio_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
)

// A leader replaces a stream's leader. It gives the test's answers one after the other, and repeats the last
// one. It stands for servers that believe they lead, or have no leader.
type leader struct {
	mu      sync.Mutex
	appends []string // answers to appends; "": none
	gets    []string // answers to reads
	sent    int      // appends
}

const (
	fenced  = `{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 0"}}`
	missing = `{"error":{"code":404,"err_code":10037,"description":"no message found"}}`
	nobody  = `{"error":{"code":503,"err_code":10008,"description":"JetStream system temporarily unavailable"}}`
)

// acked is an answer to an append, has is one to a read.
func acked(sequence int) string { return fmt.Sprintf(`{"stream":"LOG","seq":%d}`, sequence) }

func has(sequence int, base64 string) string {
	return fmt.Sprintf(`{"message":{"subject":"log.a","seq":%d,"data":%q}}`, sequence, base64)
}

const ours, others = "b3Vycw==", "b3RoZXJz"

// next returns the next answer.
func next(answers *[]string) string {
	answer := (*answers)[0]
	if len(*answers) > 1 {
		*answers = (*answers)[1:]
	}
	return answer
}

// serve answers until the test ends.
func (f *leader) serve(t *testing.T, conn *nats.Conn) {
	t.Helper()
	answer := func(answers *[]string, count *int) nats.MsgHandler {
		return func(m *nats.Msg) {
			f.mu.Lock()
			defer f.mu.Unlock()
			*count++
			if text := next(answers); text != "" {
				_ = m.Respond([]byte(text))
			}
		}
	}
	var reads int
	for subject, handle := range map[string]nats.MsgHandler{
		"log.probe": func(m *nats.Msg) { _ = m.Respond([]byte(acked(3))) },
		"log.a":     answer(&f.appends, &f.sent), "$JS.API.STREAM.MSG.GET.LOG": answer(&f.gets, &reads),
	} {
		if _, err := conn.Subscribe(subject, handle); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
}

// lead returns a stream with a scripted leader.
func lead(t *testing.T, f *leader, election time.Duration) *jetio.Stream {
	t.Helper()
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	if !srv.ReadyForConnections(time.Minute) {
		t.Fatal("the server does not start")
	}
	var conns [2]*nats.Conn
	for i := range conns {
		if conns[i], err = nats.Connect(srv.ClientURL()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conns[i].Close)
	}
	f.serve(t, conns[1])
	js, err := jetstream.New(conns[0])
	if err != nil {
		t.Fatal(err)
	}
	s, err := jetio.New(jetio.Config{
		Conn: conns[0], JetStream: js, Link: jetio.NewLink(), Name: "LOG", Gate: &gate{},
		Patience: 20 * time.Second, Admission: 10 * time.Second, Election: election,
		Saw: func(jetio.Era, uint64, string, []byte) {}, Doubt: func() {},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestALeaderMayBeOutOfDate refuses an append because another writer has appended, and because a server says so
// that knows less than its predecessor.
func TestALeaderMayBeOutOfDate(t *testing.T) {
	t.Parallel()
	const election = time.Second
	for name, test := range map[string]struct {
		election time.Duration
		follows  bool // a majority follows the leader
		*leader
		want uint64
		err  error
	}{
		"it has nothing of the subject":         {election, false, &leader{appends: []string{fenced, fenced, acked(9)}, gets: []string{missing}}, 9, nil},
		"it has no more than is expected":       {election, false, &leader{appends: []string{fenced, acked(9)}, gets: []string{has(5, others)}}, 9, nil},
		"nobody leads, and then it is taken":    {election, false, &leader{appends: []string{fenced, acked(9)}, gets: []string{nobody, nobody, missing}}, 9, nil},
		"it did not know of what was sent once": {election, false, &leader{appends: []string{"", fenced, fenced}, gets: []string{missing, has(9, ours)}}, 9, nil},
		"somebody has written":                  {election, false, &leader{appends: []string{fenced}, gets: []string{has(9, others)}}, 0, jetio.ErrFenced},
		"nobody leads, and somebody has":        {election, false, &leader{appends: []string{fenced}, gets: []string{nobody, has(9, others)}}, 0, jetio.ErrFenced},
		"somebody has written the same":         {election, false, &leader{appends: []string{fenced}, gets: []string{has(9, ours)}}, 0, jetio.ErrFenced},
		"it was deleted":                        {election, true, &leader{appends: []string{fenced}, gets: []string{missing}}, 0, jetio.ErrFenced},
		"it was put back":                       {election, true, &leader{appends: []string{fenced}, gets: []string{has(4, others)}}, 0, jetio.ErrFenced},
		"it leads nobody, for long":             {election, false, &leader{appends: []string{fenced}, gets: []string{missing}}, 0, chat.ErrLogFull},
		"a server alone knows":                  {0, false, &leader{appends: []string{fenced}, gets: []string{missing}}, 0, jetio.ErrFenced},
		"a server alone, of what was sent once": {0, false, &leader{appends: []string{"", fenced}, gets: []string{has(9, ours)}}, 9, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := lead(t, test.leader, test.election)
			probing, stop := context.WithCancel(t.Context())
			var probes sync.WaitGroup
			if test.follows {
				probes.Go(func() {
					for probing.Err() == nil {
						_ = s.Probe(probing, "log.probe", time.Second)
					}
				})
			}
			ctx, cancel := context.WithTimeout(t.Context(), 3*election)
			defer cancel()
			sequence, err := s.AppendPatiently(ctx, 0, "log.a", []byte("ours"), 5)
			stop()
			probes.Wait()
			if sequence != test.want || !errors.Is(err, test.err) {
				t.Errorf("%d, %v, want %d, %v", sequence, err, test.want, test.err)
			}
			if s.Last() != test.want {
				t.Errorf("%d is known to be stored, want %d", s.Last(), test.want)
			}
			if test.election == 0 && strings.HasSuffix(name, "knows") && test.sent != 1 {
				t.Errorf("it was sent %d times", test.sent)
			}
		})
	}
}

// TestReadsWaitForALeader reads while there is no leader for a moment, and for long.
func TestReadsWaitForALeader(t *testing.T) {
	t.Parallel()
	s := lead(t, &leader{gets: []string{nobody, nobody, has(9, ours)}}, 10*time.Second)
	if msg, err := s.LastOf(t.Context(), "log.a"); err != nil || msg.Sequence != 9 {
		t.Errorf("%v, %v", msg, err)
	}
	for _, election := range []time.Duration{0, 100 * time.Millisecond} {
		s := lead(t, &leader{gets: []string{nobody}}, election)
		if _, err := s.LastOf(t.Context(), "log.a"); !errors.Is(err, chat.ErrLogFull) {
			t.Errorf("an election of %s: %v", election, err)
		}
	}
}
