package jetio_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gate is a gate that a test opens and shuts.
type gate struct {
	now  jetio.Era
	shut bool
}

func (g *gate) Is(in jetio.Era) bool { return g.now == in }

func (g *gate) Pass(_ context.Context, in jetio.Era, _ time.Time) error {
	switch {
	case g.now != in:
		return chat.ErrLost
	case g.shut:
		return nats.ErrTimeout
	}
	return nil
}

// fixture is a stream on a real server.
type fixture struct {
	*jetio.Stream
	js      jetstream.JetStream
	gate    gate
	saw     []uint64
	doubted int
}

func open(t *testing.T) *fixture {
	t.Helper()
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	if !srv.ReadyForConnections(time.Minute) {
		t.Fatal("the server does not start")
	}
	conn, err := nats.Connect(srv.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	f := &fixture{}
	if f.js, err = jetstream.New(conn); err != nil {
		t.Fatal(err)
	}
	if _, err := f.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "LOG", Subjects: []string{"log.>"}, AllowDirect: true}); err != nil {
		t.Fatal(err)
	}
	f.Stream, err = jetio.New(jetio.Config{
		Conn: conn, JetStream: f.js, Link: jetio.NewLink(), Name: "LOG", Gate: &f.gate,
		Patience: 20 * time.Second, Admission: 10 * time.Second,
		Saw:   func(_ jetio.Era, sequence uint64, _ string, _ []byte) { f.saw = append(f.saw, sequence) },
		Doubt: func() { f.doubted++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// add appends to a subject and returns the sequence.
func (f *fixture) add(t *testing.T, subject, data string, expect uint64) uint64 {
	t.Helper()
	sequence, err := f.Append(t.Context(), 0, subject, []byte(data), expect)
	if err != nil {
		t.Fatal(err)
	}
	return sequence
}

func TestAppend(t *testing.T) {
	f := open(t)
	first := f.add(t, "log.a", "1", 0)
	second := f.add(t, "log.a", "2", first)
	other := f.add(t, "log.b", "x", 0)
	for name, test := range map[string]struct {
		in     jetio.Era
		expect uint64
		data   string
		want   error
	}{
		"behind what another has written": {0, first, "3", jetio.ErrFenced},
		"as if there were nothing":        {0, 0, "3", jetio.ErrFenced},
		"of another era":                  {1, second, "3", chat.ErrLost},
		"larger than the server takes":    {0, second, strings.Repeat("x", 2<<20), chat.ErrTooLong},
	} {
		if _, err := f.Append(t.Context(), test.in, "log.a", []byte(test.data), test.expect); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	f.gate.shut = true
	if _, err := f.Append(t.Context(), 0, "log.a", []byte("3"), second); !errors.Is(err, chat.ErrLogFull) {
		t.Errorf("while the gate is shut: %v", err)
	}
	if third, err := f.Once(t.Context(), 0, "log.a", []byte("3"), second, time.Minute); err != nil || third <= other {
		t.Errorf("once, past the gate: %d, %v", third, err)
	}
	if _, err := f.Once(t.Context(), 0, "log.a", []byte("3"), second, time.Minute); !errors.Is(err, jetio.ErrFenced) {
		t.Errorf("once, behind another: %v", err)
	}
	if want := []uint64{first, second, other, f.Last()}; !cmp.Equal(f.saw, want) {
		t.Errorf("saw %d, want %d", f.saw, want)
	}
	stats := f.Stats()
	if want := (jetio.Stats{Fenced: 2, Failed: 1}); stats != want {
		t.Errorf("%+v, want %+v", stats, want)
	}
}

// An acknowledgement of a lower number than the ones before is from another stream.
func TestAppendToAStreamThatBeginsAgain(t *testing.T) {
	f := open(t)
	f.Stored(1000)
	if _, err := f.Append(t.Context(), 0, "log.a", []byte("1"), 0); !errors.Is(err, chat.ErrLost) || f.doubted != 1 {
		t.Errorf("%v, doubted %d times", err, f.doubted)
	}
	f.Begin(1)
	if sequence := f.add(t, "log.b", "1", 0); sequence != f.Last() {
		t.Errorf("%d is stored, %d is known", sequence, f.Last())
	}
}

func TestReads(t *testing.T) {
	f := open(t)
	at, last := make(map[string]uint64), uint64(0)
	for _, data := range []string{"0", "1", "2"} {
		last = f.add(t, "log.a", data, last)
		at[data] = last
		f.add(t, "log."+data, "beside", 0)
	}
	for name, test := range map[string]struct {
		read func() (*jetstream.RawStreamMsg, error)
		want string
	}{
		"last":   {func() (*jetstream.RawStreamMsg, error) { return f.LastOf(t.Context(), "log.a") }, "2"},
		"first":  {func() (*jetstream.RawStreamMsg, error) { return f.FirstOf(t.Context(), "log.a") }, "0"},
		"one":    {func() (*jetstream.RawStreamMsg, error) { return f.Message(t.Context(), at["1"]) }, "1"},
		"none":   {func() (*jetstream.RawStreamMsg, error) { return f.LastOf(t.Context(), "log.none") }, ""},
		"beyond": {func() (*jetstream.RawStreamMsg, error) { return f.Message(t.Context(), 1000) }, ""},
	} {
		msg, err := test.read()
		switch {
		case test.want == "" && !errors.Is(err, chat.ErrNotFound):
			t.Errorf("%s: %v, %v", name, msg, err)
		case test.want != "" && (err != nil || string(msg.Data) != test.want || msg.Sequence != at[test.want]):
			t.Errorf("%s: %v, %v", name, msg, err)
		}
	}
	var data []string
	take := func(d []byte) error { data = append(data, string(d)); return nil }
	if end, err := f.Data(t.Context(), "log.a", at["0"], take); err != nil || end != last || !cmp.Equal(data, []string{"1", "2"}) {
		t.Errorf("data %q to %d, %v", data, end, err)
	}
	if end, err := f.Data(t.Context(), "log.a", last, take); err != nil || end != last || len(data) != 2 {
		t.Errorf("behind the end: %q to %d, %v", data, end, err)
	}
	enough := errors.New("enough")
	if _, err := f.Data(t.Context(), "log.a", 0, func([]byte) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("it goes on: %v", err)
	}
	var subjects []string
	for msg, err := range f.Messages(t.Context(), "log.*", at["1"]) {
		if err != nil {
			t.Fatal(err)
		}
		subjects = append(subjects, msg.Subject)
	}
	if want := []string{"log.a", "log.1", "log.a", "log.2"}; !cmp.Equal(subjects, want) {
		t.Errorf("messages of %q, want %q", subjects, want)
	}
}
