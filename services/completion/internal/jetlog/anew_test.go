package jetlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/internal/skip"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/record"
)

// lowStream recreates the stream with numbers from 1, as if somebody had set it up by hand, or from an old backup.
func lowStream(t *testing.T, l *Log) {
	t.Helper()
	remake(t, l, l.streamConfig())
}

// remake recreates the stream with these settings, again and again if replicas are faster with theirs.
func remake(t *testing.T, l *Log, cfg jetstream.StreamConfig) {
	t.Helper()
	for ctx := within(t); ; {
		_ = l.js.DeleteStream(ctx, streamName) // it may be gone
		_, err := l.js.CreateStream(ctx, cfg)
		if err == nil {
			return
		}
		if !pause(ctx, time.Millisecond) {
			t.Fatal(err)
		}
	}
}

// finish writes a whole completion, with one record per word.
func finish(t *testing.T, l *Log, id string, words ...string) {
	t.Helper()
	w, err := l.Create(within(t), meta(id))
	if err != nil {
		t.Fatalf("Create %s: %v", id, err)
	}
	for i, word := range words {
		appendAll(t, w, word)
		awaitLast(t, l, id, int64(i))
	}
	if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
		t.Fatalf("Seal %s: %v", id, err)
	}
}

// TestAnOldWriterDeletesNothingOfANewStream restarts the stream's numbers under writers that own messages of the old
// stream. Every number that they know is somebody else's now.
func TestAnOldWriterDeletesNothingOfANewStream(t *testing.T) {
	url := startNATS(t)
	old := open(t, Config{NATS: at(url)})
	var writers []chat.Writer
	for i := range 10 {
		w, err := old.Create(within(t), meta(fmt.Sprint("old", i)))
		if err != nil {
			t.Fatal(err)
		}
		appendAll(t, w, "a")
		awaitLast(t, old, fmt.Sprint("old", i), 0)
		writers = append(writers, w)
	}
	old.keeper.mu.Lock() // it would take such a stream for a backup, and announce that, before there is anything to delete
	lowStream(t, old)
	anew := open(t, Config{NATS: at(url)})
	const completions = 20
	for i := range completions {
		finish(t, anew, fmt.Sprint("new", i), "x", "y", "z")
	}
	old.keeper.mu.Unlock()
	for i, w := range writers {
		_ = w.Append(within(t), chat.Text(0, "LOST"))
		if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err == nil {
			t.Errorf("the end of old%d is taken for stored", i)
		}
		old.disown(w.(*writer).era, fmt.Sprint("old", i), w.(*writer).owner)
	}
	late := open(t, Config{NATS: at(url)})
	for i := range completions {
		if got, kind := text(t, late, fmt.Sprint("new", i)); got != "xyz" || kind != chat.KindDone {
			t.Errorf("new%d is %q, %v", i, got, kind)
		}
	}
}

// A farm is a NATS server whose directory can be changed while it is stopped.
type farm struct {
	t      *testing.T
	dir    string
	port   int
	server *server.Server
}

func newFarm(t *testing.T) *farm {
	f := &farm{t: t, dir: filepath.Join(t.TempDir(), "nats"), port: freePorts(t, 1)[0]}
	f.start()
	return f
}

func (f *farm) start() { f.server = runNATS(f.t, f.port, f.dir) }

func (f *farm) stop() { f.server.Shutdown(); f.server.WaitForShutdown() }

// backup stops the server, copies its files, starts it again, and returns a function that restores the copy.
func (f *farm) backup() (restore func()) {
	f.t.Helper()
	copied := filepath.Join(f.t.TempDir(), "backup")
	f.stop()
	if err := os.CopyFS(copied, os.DirFS(f.dir)); err != nil {
		f.t.Fatal(err)
	}
	f.start()
	return func() {
		f.t.Helper()
		f.stop()
		if err := os.RemoveAll(f.dir); err != nil {
			f.t.Fatal(err)
		}
		if err := os.CopyFS(f.dir, os.DirFS(copied)); err != nil {
			f.t.Fatal(err)
		}
		f.start()
	}
}

// snapshot copies the streams over the connection, as NATS's own tool does, and returns a function that restores
// them. Unlike a copy of files, a stream restored this way counts as created at that time.
func (f *farm) snapshot() (restore func()) {
	f.t.Helper()
	conn, err := nats.Connect(f.url())
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		f.t.Fatal(err)
	}
	var puts []func()
	for _, name := range []string{streamName, pastName} {
		stream, err := js.Stream(within(f.t), name)
		if err != nil {
			f.t.Fatal(err)
		}
		cfg, state := stream.CachedInfo().Config, stream.CachedInfo().State
		cfg.FirstSeq = state.FirstSeq
		var messages []*jetstream.RawStreamMsg // nil: a deleted one
		for sequence := state.FirstSeq; sequence <= state.LastSeq; sequence++ {
			msg, err := stream.GetMsg(within(f.t), sequence)
			if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
				f.t.Fatal(err)
			}
			messages = append(messages, msg)
		}
		puts = append(puts, func() { putBack(f.t, js, cfg, messages) })
	}
	return func() {
		for _, put := range puts {
			put()
		}
	}
}

// putBack recreates a stream with these messages, from cfg.FirstSeq on.
func putBack(t *testing.T, js jetstream.JetStream, cfg jetstream.StreamConfig, messages []*jetstream.RawStreamMsg) {
	t.Helper()
	if err := js.DeleteStream(within(t), cfg.Name); err != nil {
		t.Fatal(err)
	}
	stream, err := js.CreateStream(within(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for i, msg := range messages {
		subject, data := strings.ReplaceAll(cfg.Subjects[0], "*", "gone"), []byte(nil)
		if msg != nil {
			subject, data = msg.Subject, msg.Data
		}
		if _, err := js.Publish(within(t), subject, data); err != nil {
			t.Fatal(err)
		}
		if msg == nil {
			if err := stream.DeleteMsg(within(t), cfg.FirstSeq+uint64(i)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (f *farm) url() string { return fmt.Sprint("nats://127.0.0.1:", f.port) }

// TestTheStreamIsOpenedAgain loses the stream in every way under two replicas. Readers of an unfinished completion
// get an error, and new completions work in both replicas without a restart.
func TestTheStreamIsOpenedAgain(t *testing.T) {
	skip.Long(t, "seconds of outages and elections")
	for _, test := range []struct {
		name string
		lose func(*testing.T, *farm, *Log)
	}{
		{"the directory is gone", func(t *testing.T, f *farm, _ *Log) {
			f.stop()
			if err := os.RemoveAll(f.dir); err != nil {
				t.Fatal(err)
			}
			f.start()
		}},
		{"an older backup is put back", func(t *testing.T, f *farm, l *Log) {
			pause(t.Context(), 2*pulseEvery)
			restore := f.backup()
			w := l.writing("running")
			appendAll(t, w, "c")
			awaitLast(t, l, "running", 2)
			restore()
		}},
		{"an older backup is put back twice", func(t *testing.T, f *farm, l *Log) {
			pause(t.Context(), 2*pulseEvery)
			restore := f.backup()
			w := l.writing("running")
			appendAll(t, w, "c")
			awaitLast(t, l, "running", 2)
			restore()
			awaitTrouble(t, l, "")
			pause(t.Context(), pulseEvery)
			restore()
		}},
		{"it is made with fewer subjects, and that is undone", func(t *testing.T, _ *farm, l *Log) {
			cfg := l.streamConfig()
			cfg.Subjects = cfg.Subjects[:3]
			remake(t, l, cfg)
			awaitTrouble(t, l, "has other subjects")
			if _, err := l.Create(within(t), meta("refused")); !errors.Is(err, chat.ErrLogFull) {
				t.Errorf("Create in a stream that takes no owners: %v", err)
			}
			if err := l.js.DeleteStream(within(t), streamName); err != nil {
				t.Fatal(err)
			}
		}},
		{"it is deleted", func(t *testing.T, _ *farm, l *Log) {
			if err := l.js.DeleteStream(within(t), streamName); err != nil {
				t.Fatal(err)
			}
		}},
		{"it is deleted and made by another", func(t *testing.T, _ *farm, l *Log) { lowStream(t, l) }},
		{"it is made with other settings, and that is undone", func(t *testing.T, _ *farm, l *Log) {
			cfg := l.streamConfig()
			cfg.Discard = jetstream.DiscardOld
			remake(t, l, cfg)
			if _, err := l.Create(within(t), meta("refused")); !errors.Is(err, chat.ErrLogFull) {
				t.Errorf("Create in a stream that loses records: %v", err)
			}
			awaitTrouble(t, l, "must refuse new ones")
			if err := l.js.DeleteStream(within(t), streamName); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		again := func(t *testing.T, open func(*testing.T, Config) *Log) {
			t.Parallel()
			f := newFarm(t)
			a, b := open(t, Config{NATS: at(f.url())}), open(t, Config{NATS: at(f.url())})
			adopt(t, a)
			adopt(t, b)
			finish(t, a, "ended", "x")
			w, err := a.Create(within(t), meta("running"))
			if err != nil {
				t.Fatal(err)
			}
			appendAll(t, w, "a", "b")
			ends := make(chan error, 2)
			for _, l := range []*Log{a, b} {
				joined := make(chan struct{})
				go func() { ends <- followFrom(t, l, "running", 1, joined) }()
				<-joined
			}
			test.lose(t, f, a)
			for range 2 {
				if err := <-ends; !errors.Is(err, chat.ErrLost) && !errors.Is(err, errSealedLost) {
					t.Errorf("a reader of the unfinished: %v, want %v", err, chat.ErrLost)
				}
			}
			if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); !errors.Is(err, chat.ErrLost) {
				t.Errorf("Seal: %v, want %v", err, chat.ErrLost)
			}
			begun := time.Now()
			names := []string{createSoon(t, a, "new-a"), createSoon(t, b, "new-b")}
			t.Logf("works after %v", time.Since(begun))
			for _, l := range []*Log{a, b} {
				for _, name := range names {
					if got, kind := text(t, l, name); got != "xyz" || kind != chat.KindDone {
						t.Errorf("%s is %q, %v", name, got, kind)
					}
				}
				if _, err := l.Health(); err != nil {
					t.Errorf("health: %v", err)
				}
			}
		}
		t.Run(test.name, func(t *testing.T) { again(t, open) })
		t.Run(test.name+", as in a cluster", func(t *testing.T) { again(t, openStale) })
	}
}

// TestWhoNoticesLateEndsNothingOfTheNewStream lets one of two replicas notice late that the stream was lost, when it
// already reads completions that the other one has begun in the new stream.
func TestWhoNoticesLateEndsNothingOfTheNewStream(t *testing.T) {
	skip.Long(t, "seconds of outages and elections")
	for name, others := range map[string]bool{"made by the other replica": false, "made by somebody else": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			noticeLate(t, others)
		})
	}
}

// noticeLate lets a replica notice late that the stream was lost. If others is set, somebody else creates the new
// one.
func noticeLate(t *testing.T, others bool) {
	t.Helper()
	url := startNATS(t)
	soon, late := open(t, Config{NATS: at(url)}), open(t, Config{NATS: at(url)})
	pause(t.Context(), 2*pulseEvery)
	late.keeper.mu.Lock()
	if err := soon.js.DeleteStream(within(t), streamName); err != nil {
		t.Fatal(err)
	}
	if others {
		config := soon.streamConfig()
		config.AllowDirect, config.RePublish = false, nil
		if _, err := soon.js.CreateStream(within(t), config); err != nil {
			t.Fatal(err)
		}
	}
	createSoon(t, soon, "first")
	pause(t.Context(), eraEnds)
	w, err := soon.Create(within(t), meta("begun"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a")
	awaitLast(t, soon, "begun", 0)
	unshown, err := soon.Create(within(t), meta("unshown"))
	if err != nil {
		t.Fatal(err)
	}
	joined, ends := make(chan struct{}), make(chan error, 2)
	go func() { ends <- followFrom(t, late, "begun", 0, joined) }()
	<-joined
	go func() { ends <- followFrom(t, late, "unshown", 0, make(chan struct{})) }()
	for late.readersHere("unshown") == 0 {
		pause(t.Context(), time.Millisecond)
	}
	late.keeper.mu.Unlock()
	createSoon(t, late, "second")
	pause(t.Context(), 2*pulseEvery) // for the other one to hear any announcement
	for _, w := range []chat.Writer{w, unshown} {
		appendAll(t, w, "b")
		if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
			t.Errorf("what was begun in the new stream: %v", err)
		}
		if err := <-ends; err != nil {
			t.Errorf("who follows what was begun in the new stream: %v", err)
		}
	}
}

// readersHere returns how many readers a completion has in this process.
func (l *Log) readersHere(id string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.tapes[id]; s != nil {
		return s.readers
	}
	return 0
}

// errSealedLost marks the end of a completion that a backup brought back, although readers had seen more of it.
var errSealedLost = errors.New("sealed because it was lost")

// adopt makes a log look for orphans until the test ends, and end those that were lost.
func adopt(t *testing.T, l *Log) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for orphan := range l.Orphans(ctx) {
			if orphan.Ended != nil {
				continue
			}
			if !orphan.Lost {
				t.Errorf("%s is taken over to go on", orphan.Meta.ID)
			}
			_ = orphan.Writer.Seal(ctx, chat.Event{Kind: chat.KindError, Err: chat.Errorf(chat.CodeInterrupted, "")})
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
}

// followFrom follows a completion until it ends or fails, and closes joined at event come.
func followFrom(t *testing.T, l *Log, id string, come int64, joined chan<- struct{}) error {
	for entry, err := range l.Follow(within(t), id, chat.FromStart, false) {
		if err != nil {
			return err
		}
		if entry.Event.Kind == chat.KindError {
			return errSealedLost
		}
		if entry.Sequence == come {
			close(joined)
		}
	}
	return nil
}

// createSoon writes a completion as soon as the log accepts one, and returns its id.
func createSoon(t *testing.T, l *Log, prefix string) (id string) {
	t.Helper()
	ctx := within(t)
	for try := 0; ; try++ {
		id = fmt.Sprint(prefix, try)
		w, err := l.Create(ctx, meta(id))
		if err == nil {
			appendAll(t, w, "x", "y", "z")
			if err := w.Seal(ctx, chat.Event{Kind: chat.KindDone}); err != nil {
				t.Fatal(err)
			}
			return id
		}
		if !errors.Is(err, chat.ErrLogFull) || !pause(ctx, 50*time.Millisecond) {
			t.Fatalf("Create %s: %v", id, err)
		}
	}
}

// awaitTrouble waits until the log reports this trouble; "": none.
func awaitTrouble(t *testing.T, l *Log, want string) {
	t.Helper()
	for ctx := within(t); ; {
		changed, err := l.Health()
		if want == "" && err == nil || want != "" && err != nil && strings.Contains(err.Error(), want) {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("health is %v, want %q", err, want)
		}
	}
}

// TestWhoComesLaterKnowsThatABackupWasPutBack stops a replica that knows that readers saw more of a completion than
// the backup holds. A replica that starts later must not continue the completion.
func TestWhoComesLaterKnowsThatABackupWasPutBack(t *testing.T) {
	skip.Long(t, "seconds of outages and elections")
	t.Parallel()
	f := newFarm(t)
	l, err := Open(within(t), Config{NATS: at(f.url())})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w, err := l.Create(within(t), meta("running"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a")
	awaitLast(t, l, "running", 0)
	restore := f.backup()
	appendAll(t, w, "b")
	awaitLast(t, l, "running", 1)
	restore()
	createSoon(t, l, "after") // the restore is noticed by now
	l.Close()
	late := open(t, Config{NATS: at(f.url())})
	adopt(t, late)
	if _, kind := text(t, late, "running"); kind != chat.KindError {
		t.Errorf("it ends with %v", kind)
	}
}

// TestAStreamThatIsChangedWhileItIsUsed changes the stream, as an operator might, so that it would lose records of
// running completions, and undoes that.
func TestAStreamThatIsChangedWhileItIsUsed(t *testing.T) {
	skip.Long(t, "seconds of outages and elections")
	t.Parallel()
	l := open(t, Config{NATS: at(startNATS(t)), Patience: time.Second})
	finish(t, l, "before", "x")
	cfg := l.streamConfig()
	cfg.Discard = jetstream.DiscardOld
	if _, err := l.js.UpdateStream(within(t), cfg); err != nil {
		t.Fatal(err)
	}
	awaitTrouble(t, l, "must refuse new ones")
	if _, err := l.Create(within(t), meta("refused")); !errors.Is(err, chat.ErrLogFull) {
		t.Errorf("Create: %v, want ErrLogFull", err)
	}
	if _, err := l.js.UpdateStream(within(t), l.streamConfig()); err != nil {
		t.Fatal(err)
	}
	awaitTrouble(t, l, "")
	createSoon(t, l, "after")
	if got, kind := text(t, l, "before"); got != "x" || kind != chat.KindDone {
		t.Errorf("what was there before is %q, %v", got, kind)
	}
}

// TestNobodyGoesOnBehindWhatReadersHaveSeen deletes a completion's last record, as an unnoticed restore does, and
// claims the completion. A continuation would repeat words under later numbers.
func TestNobodyGoesOnBehindWhatReadersHaveSeen(t *testing.T) {
	for _, written := range []string{"here", "by another replica"} {
		t.Run(written, func(t *testing.T) {
			url := startNATS(t)
			l := open(t, Config{NATS: at(url)})
			writing := l
			if written != "here" {
				writing = open(t, Config{NATS: at(url)})
			}
			w, err := writing.Create(within(t), meta("set-back"))
			if err != nil {
				t.Fatal(err)
			}
			for i, word := range []string{"a", "b", "c"} {
				appendAll(t, w, word)
				awaitLast(t, writing, "set-back", int64(i))
			}
			joined, ended := make(chan struct{}), make(chan error, 1)
			go func() { ended <- followFrom(t, l, "set-back", 2, joined) }()
			<-joined

			msg, err := l.stream.GetLastMsgForSubject(within(t), eventsPrefix+"set-back")
			if err != nil {
				t.Fatal(err)
			}
			if err := l.stream.DeleteMsg(within(t), msg.Sequence); err != nil {
				t.Fatal(err)
			}
			orphan, err := l.claim(within(t), l.gate.era(), writing.replica, "set-back")
			if err != nil {
				t.Fatal(err)
			}
			if !orphan.Lost || len(orphan.Shown) != 2 {
				t.Errorf("claimed with %d events, lost: %v", len(orphan.Shown), orphan.Lost)
			}
			// A mirror may find the claim first, which does not follow the last record that it has shown.
			if err := <-ended; !errors.Is(err, chat.ErrLost) && (written == "here" || !errors.Is(err, record.ErrCorrupt)) {
				t.Errorf("whoever has seen three events is told %v", err)
			}
			if err := orphan.Writer.Seal(within(t), chat.Event{Kind: chat.KindError}); err != nil {
				t.Fatal(err)
			}
			if got, kind := text(t, l, "set-back"); got != "ab" || kind != chat.KindError {
				t.Errorf("whoever comes later reads %q, %v", got, kind)
			}
		})
	}
}

// A gateway leads to a server. It can be shut, and its replies can be delayed.
type gateway struct {
	late    atomic.Int64 // delay of replies, in nanoseconds
	t       *testing.T
	address string
	target  string

	mu       sync.Mutex
	listener net.Listener
	conns    []net.Conn
}

func newGateway(t *testing.T, target string) *gateway {
	g := &gateway{t: t, address: fmt.Sprint("127.0.0.1:", freePorts(t, 1)[0]), target: target}
	g.open()
	t.Cleanup(g.shut)
	return g
}

func (g *gateway) open() {
	g.t.Helper()
	listener, err := net.Listen("tcp", g.address)
	if err != nil {
		g.t.Fatal(err)
	}
	g.mu.Lock()
	g.listener = listener
	g.mu.Unlock()
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", g.target)
			if err != nil {
				_ = from.Close()
				continue
			}
			g.mu.Lock()
			g.conns = append(g.conns, from, to)
			g.mu.Unlock()
			go func() {
				_, _ = io.Copy(to, from)
				_ = to.Close()
			}()
			go func() {
				_, _ = io.Copy(lateWriter{g, from}, to)
				_ = from.Close()
			}()
		}
	}()
}

type lateWriter struct {
	g  *gateway
	to net.Conn
}

func (w lateWriter) Write(b []byte) (int, error) {
	pause(context.Background(), time.Duration(w.g.late.Load()))
	return w.to.Write(b)
}

func (g *gateway) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	_ = g.listener.Close()
	for _, c := range g.conns {
		_ = c.Close()
	}
	g.conns = nil
}

// TestNobodyGoesOnBeforeOthersHadTheirSay restores a backup that holds all that one replica knows, but less than
// another one has shown. The other one connects later.
func TestNobodyGoesOnBeforeOthersHadTheirSay(t *testing.T) {
	skip.Long(t, "seconds of outages and elections")
	t.Parallel()
	for range 10 {
		if haveTheirSay(t) {
			return
		}
	}
	t.Error("the machine is too slow: the other replica has never come back in time")
}

// haveTheirSay reports false if the replica that has shown more connected too late to announce it: others wait only
// so long.
func haveTheirSay(t *testing.T) bool {
	t.Helper()
	f := newFarm(t)
	target := fmt.Sprint("127.0.0.1:", f.port)
	toA, toB := newGateway(t, target), newGateway(t, target)
	a, b := open(t, Config{NATS: at("nats://" + toA.address)}), open(t, Config{NATS: at("nats://" + toB.address)})
	w, err := b.Create(within(t), meta("running"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "x")
	awaitLast(t, a, "running", 0)
	toB.shut()
	restore := f.backup()
	createSoon(t, a, "back")
	orphan, err := a.claim(within(t), a.gate.era(), b.replica, "running")
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, orphan.Writer, "y")
	awaitLast(t, a, "running", 1)
	toA.shut()
	restore()
	toB.open()
	pause(t.Context(), 200*time.Millisecond)
	toA.open()
	sealed := make(chan error, 1)
	go func() {
		_ = w.Append(within(t), chat.Text(0, "z"))
		sealed <- w.Seal(within(t), chat.Event{Kind: chat.KindDone})
	}()
	for word := uint64(0); word == 0; word, _, _ = a.restoreWord(within(t)) {
		if !pause(t.Context(), time.Millisecond) {
			t.Fatal("it says nothing")
		}
	}
	late := b.connected.Ago() > announceTime
	err = <-sealed
	if late {
		return false
	}
	if !errors.Is(err, chat.ErrLost) {
		t.Errorf("who knew nothing is told %v, want %v", err, chat.ErrLost)
	}
	createSoon(t, b, "after")
	if head, _, err := b.archive.head(within(t), "running"); err != nil || head.Last != 0 {
		t.Errorf("event %d was stored, %v", head.Last, err)
	}
	return true
}
