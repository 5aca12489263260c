package jetlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/datadir"
	"github.com/pawstream/pawstream/services/completion/internal/record"
)

// read returns a completion's text until it ends or fails.
func read(ctx context.Context, l *Log, id string) (string, error) {
	var b strings.Builder
	for entry, err := range l.Follow(ctx, id, chat.FromStart, false) {
		if err != nil {
			return b.String(), err
		}
		b.WriteString(entry.Event.Delta.Content)
	}
	return b.String(), nil
}

func encode(t *testing.T, r *record.Record) []byte {
	t.Helper()
	data, err := record.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestReadersAreToldOfARecordThatDoesNotBelong(t *testing.T) {
	url := startNATS(t)
	owner, other := open(t, Config{NATS: at(url)}), open(t, Config{NATS: at(url)})
	says := func(epoch uint64, first int64, events ...chat.Event) []byte {
		return encode(t, &record.Record{Writer: "x", Epoch: epoch, First: first, Events: events})
	}
	evil := chat.Text(0, "EVIL")
	for name, bad := range map[string][]byte{
		"bytes":                []byte("\xff\xfe not a record"),
		"nothing":              nil,
		"text":                 []byte("hello"),
		"a newer kind":         {0x0a, 0x01, 'x', 0xfa, 0x01, 0x02, 0x08, 0x01},
		"a second meta":        encode(t, &record.Record{Writer: "x", Meta: meta("a second meta")}),
		"another's meta":       encode(t, &record.Record{Writer: "x", Meta: meta("another")}),
		"a repeat":             says(0, 1, evil),
		"a repeat and more":    says(0, 1, evil, evil),
		"a gap":                says(0, 3, evil),
		"another choice":       says(0, 2, chat.Text(1, "EVIL")),
		"a later epoch":        says(1, 2, evil),
		"a claim of its epoch": encode(t, &record.Record{Writer: "x", Claim: true, First: 2}),
		"a claim with a gap":   encode(t, &record.Record{Writer: "x", Epoch: 1, Claim: true, First: 3}),
	} {
		t.Run(name, func(t *testing.T) {
			id := strings.ReplaceAll(name, " ", "-")
			w, err := owner.Create(within(t), meta(id))
			if err != nil {
				t.Fatal(err)
			}
			appendAll(t, w, "a", "b")
			awaitLast(t, owner, id, 1)
			type end struct {
				text string
				err  error
			}
			ends := make(map[string]chan end)
			for who, l := range map[string]*Log{"live on the owner": owner, "live elsewhere": other} {
				ends[who] = make(chan end, 1)
				joined := make(chan struct{})
				go func() {
					var e end
					for entry, err := range l.Follow(within(t), id, chat.FromStart, false) {
						if e.err = err; err != nil {
							break
						}
						if e.text += entry.Event.Delta.Content; entry.Sequence == 1 {
							close(joined)
						}
					}
					ends[who] <- e
				}()
				<-joined
			}
			if err := owner.conn.Publish(eventsPrefix+id, bad); err != nil {
				t.Fatal(err)
			}
			if err := owner.conn.Flush(); err != nil {
				t.Fatal(err)
			}
			awaitRecord(t, owner, id, bad)
			// The fence stops the writer, and its readers continue with the stored events.
			_ = w.Append(within(t), chat.Text(0, "c"))
			if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); !errors.Is(err, chat.ErrSealed) {
				t.Errorf("Seal: %v, want ErrSealed", err)
			}
			for who := range ends {
				if e := <-ends[who]; e.text != "ab" || !errors.Is(e.err, record.ErrCorrupt) {
					t.Errorf("%s: %q, %v", who, e.text, e.err)
				}
			}
			const whole = "ab"
			late := open(t, Config{NATS: at(url)})
			if got, err := read(within(t), late, id); !strings.HasPrefix(whole, got) || !errors.Is(err, record.ErrCorrupt) {
				t.Errorf("late reader: %q, %v", got, err)
			}
		})
	}
}

func awaitRecord(t *testing.T, l *Log, id string, data []byte) {
	t.Helper()
	for ctx := within(t); ; {
		msg, err := l.io.LastOf(ctx, eventsPrefix+id)
		if err == nil && bytes.Equal(msg.Data, data) {
			return
		}
		if !pause(ctx, time.Millisecond) {
			t.Fatal("not stored")
		}
	}
}

func TestReadersAreToldOfARecordThatIsMissing(t *testing.T) {
	l := open(t, Config{NATS: at(startNATS(t))})
	w, err := l.Create(within(t), meta("holed"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a")
	awaitLast(t, l, "holed", 0)
	hole, err := l.io.LastOf(within(t), eventsPrefix+"holed")
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "b")
	if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
		t.Fatal(err)
	}
	if err := l.stream.DeleteMsg(within(t), hole.Sequence); err != nil {
		t.Fatal(err)
	}
	late := open(t, Config{NATS: at(l.cfg.NATS.URL)})
	if got, err := read(within(t), late, "holed"); got != "" || !errors.Is(err, record.ErrCorrupt) {
		t.Errorf("%q, %v, want nothing and ErrCorrupt", got, err)
	}
}

func TestWhatIsNotFromTheStreamIsNotShown(t *testing.T) {
	url := startNATS(t)
	a, b := open(t, Config{NATS: at(url)}), open(t, Config{NATS: at(url)})
	w, err := a.Create(within(t), meta("teased"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a")
	awaitLast(t, a, "teased", 0)
	evil := encode(t, &record.Record{Writer: "x", First: 1, Events: []chat.Event{chat.Text(0, "EVIL")}})
	var got strings.Builder
	for entry, err := range b.Follow(within(t), "teased", chat.FromStart, false) {
		if err != nil {
			t.Fatal(err)
		}
		got.WriteString(entry.Event.Delta.Content)
		if entry.Sequence == 0 {
			for _, data := range [][]byte{evil, []byte("\xff"), nil} {
				if err := a.conn.Publish(livePrefix+"teased"+recordToken, data); err != nil {
					t.Fatal(err)
				}
			}
			appendAll(t, w, "b")
			if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got.String() != "ab" {
		t.Errorf("got %q", got.String())
	}
}

func TestAnOrphanThatCannotBeReadIsGivenUpOnce(t *testing.T) {
	t.Parallel()
	url := startNATS(t)
	dead, err := Open(t.Context(), Config{NATS: at(url)})
	if err != nil {
		t.Fatal(err)
	}
	defer dead.Close()
	w, err := dead.Create(within(t), meta("spoilt"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a")
	awaitLast(t, dead, "spoilt", 0)
	if _, err := dead.js.Publish(within(t), eventsPrefix+"spoilt", []byte("\xff")); err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	heir := open(t, Config{NATS: at(url), Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	ctx, cancel := context.WithCancel(within(t))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for orphan := range heir.Orphans(ctx) {
			t.Errorf("orphan %+v", orphan)
		}
	}()
	for heirCtx := within(t); ; {
		_, err := heir.io.LastOf(heirCtx, ownerSubject("*", "spoilt"))
		if errors.Is(err, chat.ErrNotFound) {
			break
		}
		if !pause(heirCtx, 20*time.Millisecond) {
			t.Fatal("it is not given up")
		}
	}
	cancel()
	<-done
	if n := strings.Count(logged.String(), "given up"); n != 1 {
		t.Errorf("said %d times: %s", n, logged.String())
	}
}

func TestACompletionThatNobodyOwnsIsEnded(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	w, err := l.Create(within(t), meta("lost"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a")
	awaitLast(t, l, "lost", 0)
	// As if the last records were lost, including the terminal event.
	l.disown(w.(*writer).era, "lost", w.(*writer).owner)
	l.mu.Lock()
	l.remove(l.tapes["lost"])
	l.mu.Unlock()
	ctx, cancel := context.WithCancel(within(t))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for orphan := range l.Orphans(ctx) {
			// Readers see the end before Seal returns, so ctx may have ended by then.
			if err := orphan.Writer.Seal(context.WithoutCancel(ctx), chat.Event{Kind: chat.KindDone}); err != nil {
				t.Error(err)
			}
		}
	}()
	if got, kind := text(t, l, "lost"); got != "a" || kind != chat.KindDone {
		t.Errorf("got %q, %v", got, kind)
	}
	cancel()
	<-done
}

// TestDamagedFilesShowNoWrongToken does not run in parallel: the longer it takes, the more pulses are between the
// records, and the damage hits elsewhere. If it hits a record's number, nats-server may fill the gap for hours.
func TestDamagedFilesShowNoWrongToken(t *testing.T) {
	const words = 400
	for _, place := range []float64{0.02, 0.3, 0.5, 0.8, 0.999} {
		dir := t.TempDir()
		l, err := Open(t.Context(), Config{DataDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		w, err := l.Create(within(t), meta("bits"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range words {
			appendAll(t, w, "word ")
			awaitLastShown(t, w, int64(i))
		}
		if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
			t.Fatal(err)
		}
		l.Close()
		flipBits(t, dir, place)

		l, err = Open(t.Context(), Config{DataDir: dir})
		if err != nil {
			t.Logf("at %v: refused: %v", place, err)
			continue
		}
		ctx, cancel := context.WithCancel(within(t))
		done := make(chan struct{})
		go func() {
			defer close(done)
			for orphan := range l.Orphans(ctx) {
				if orphan.Ended != nil {
					continue
				}
				_ = orphan.Writer.Seal(ctx, chat.Event{Kind: chat.KindError, Err: chat.Errorf(chat.CodeInterrupted, "")})
			}
		}()
		got, err := read(ctx, l, "bits")
		cancel()
		<-done
		l.Close()
		t.Logf("at %v: %d bytes, %v", place, len(got), err)
		if !strings.HasPrefix(strings.Repeat("word ", words), got) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("at %v: %q, %v", place, got, err)
		}
	}
}

func TestLostRecordsAreTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := Open(t.Context(), Config{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	w, err := l.Create(within(t), meta("lost"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a", "b")
	if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
		t.Fatal(err)
	}
	for mark := uint64(0); mark < l.io.Last(); { // after a kill -9, the mark is up to a second old
		if !pause(within(t), markEvery/10) {
			t.Fatalf("the mark is %d", mark)
		}
		if mark, err = datadir.ReadMark(dir); err != nil {
			t.Fatal(err)
		}
	}
	l.Close()
	for _, damaged := range []bool{false, true} {
		if damaged {
			// The place matters: nobody reads deleted messages.
			damage(t, dir, func(data []byte) int { return bytes.LastIndex(data, []byte(eventsPrefix+"lost")) })
			// The server would believe this index instead of the changed file.
			if err := os.Remove(filepath.Join(dir, "jetstream", "$G", "streams", streamName, "msgs", "index.db")); err != nil {
				t.Fatal(err)
			}
		}
		var logged bytes.Buffer
		l, err := Open(t.Context(), Config{DataDir: dir, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		if told := strings.Contains(logged.String(), "records are lost"); told != damaged {
			t.Errorf("damaged: %v, told: %s", damaged, &logged)
		}
	}
}

func awaitLastShown(t *testing.T, cw chat.Writer, last int64) {
	t.Helper()
	w := cw.(*writer)
	for ctx := within(t); ; {
		if got, _ := w.shared.tape.Last(); got >= last {
			return
		}
		if !pause(ctx, 10*time.Microsecond) {
			t.Fatal("not stored")
		}
	}
}

// flipBits changes one byte of the stream's file, at a fraction of its length.
func flipBits(t *testing.T, dir string, place float64) {
	t.Helper()
	damage(t, dir, func(data []byte) int { return int(place * float64(len(data)-1)) })
}

// damage changes the byte of the stream's file whose index at returns.
func damage(t *testing.T, dir string, at func(data []byte) int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".blk") || !strings.Contains(path, streamName+"/") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		data[at(data)] ^= 0xff
		return os.WriteFile(path, data, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFullStreamRefusesTheNewAtOnceAndEndsTheRunning(t *testing.T) {
	t.Parallel()
	url := startNATS(t)
	l := open(t, Config{NATS: at(url), MaxBytes: 64 << 10, Patience: 3 * time.Second})
	other := open(t, Config{NATS: at(url), MaxBytes: 64 << 10})
	w, err := l.Create(within(t), meta("filling"))
	if err != nil {
		t.Fatal(err)
	}
	ends := make(chan error, 1)
	var shown string
	go func() {
		var err error
		shown, err = read(within(t), l, "filling")
		ends <- err
	}()
	for err == nil {
		err = w.Append(within(t), chat.Text(0, strings.Repeat("x", 100)))
	}
	if !errors.Is(err, chat.ErrLogFull) {
		t.Errorf("Append: %v, want ErrLogFull", err)
	}
	if err := <-ends; !errors.Is(err, chat.ErrLogFull) {
		t.Errorf("Follow: %v, want ErrLogFull", err)
	}
	var start time.Time
	err = nil
	for i := 0; err == nil; i++ { // a few small ones may still fit
		start = time.Now()
		_, err = l.Create(within(t), meta(fmt.Sprint("late", i)))
	}
	if took := time.Since(start); !errors.Is(err, chat.ErrLogFull) || took > l.cfg.Patience {
		t.Errorf("Create: %v after %v, want ErrLogFull at once", err, took)
	}
	if l.Stats().Full == 0 {
		t.Error("not counted")
	}
	head, _, err := other.archive.head(within(t), "filling")
	if err != nil || (head.Last+1)*100 != int64(len(shown)) {
		t.Errorf("%d bytes were shown, and the head is %+v, %v", len(shown), head, err)
	}
	// With room again, the completion is adopted and ended.
	cfg := l.streamConfig()
	cfg.MaxBytes = 1 << 20
	if _, err := l.js.UpdateStream(within(t), cfg); err != nil {
		t.Fatal(err)
	}
	for orphan := range l.Orphans(within(t)) {
		if err := orphan.Writer.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
			t.Error(err)
		}
		break
	}
	if got, kind := text(t, other, "filling"); got != shown || kind != chat.KindDone {
		t.Errorf("%d bytes, %v, want %d", len(got), kind, len(shown))
	}
}
