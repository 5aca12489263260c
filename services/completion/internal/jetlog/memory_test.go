package jetlog

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// memory returns the bytes of heap and stacks in use, after garbage collection.
func memory() int {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}

func TestMemoryOfALiveCompletion(t *testing.T) {
	const completions = 300
	// A separate process: its memory must not be measured.
	p := startProcess(t, buildNATS(t), "-a", "127.0.0.1", "-p", "-1", "-c", roomy(t, t.TempDir()))
	l, other := open(t, Config{NATS: at(p.url)}), open(t, Config{NATS: at(p.url)})
	write := func(what string, words int, burst bool) (writers []chat.Writer, ids []string) {
		t.Helper()
		for i := range completions {
			id := fmt.Sprint(what, i)
			w, err := l.Create(within(t), meta(id))
			if err != nil {
				t.Fatal(err)
			}
			writers, ids = append(writers, w), append(ids, id)
		}
		ctx := within(t)
		for range words {
			for _, w := range writers {
				if err := w.Append(ctx, chat.Text(0, "word ")); err != nil {
					t.Fatal(err)
				}
			}
			if !burst {
				pause(ctx, 100*time.Microsecond)
			}
		}
		for i := range ids {
			awaitLastShown(t, writers[i], int64(words-1))
		}
		return writers, ids
	}
	warm, _ := write("warm", 10, true)
	for _, w := range warm {
		if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
			t.Fatal(err)
		}
	}
	for _, words := range []int{10, 500, 2000} {
		before := memory()
		writers, ids := write(fmt.Sprint("words", words, "-"), words, words > 1000)
		text := words * len("word ")
		most := 2*text + 8<<10
		each := (memory() - before) / completions
		for late := time.Now().Add(10 * time.Second); each > most && time.Now().Before(late); {
			t.Logf("%d bytes of text take %d for the moment", text, each) // a message is kept until its acknowledgement arrives
			pause(within(t), 100*time.Millisecond)
			each = (memory() - before) / completions
		}
		t.Logf("%d bytes of text take %d", text, each)
		if each > most {
			t.Errorf("%d bytes of text take %d, want at most %d", text, each, most)
		}
		if words == 500 {
			measureMirrors(t, other, ids, text)
		}
		for _, w := range writers {
			if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// measureMirrors lets another replica follow completions, each with one waiting reader.
func measureMirrors(t *testing.T, l *Log, ids []string, text int) {
	t.Helper()
	before := memory()
	joined := make(chan struct{}, len(ids))
	ctx := within(t)
	for _, id := range ids {
		go func() {
			n := 0
			for _, err := range l.Follow(ctx, id, chat.FromStart, false) {
				if err != nil {
					return
				}
				if n++; n == text/len("word ") {
					joined <- struct{}{}
				}
			}
		}()
	}
	for range ids {
		<-joined
	}
	each := (memory() - before) / len(ids)
	for late := time.Now().Add(10 * time.Second); each > 2*text+24<<10 && time.Now().Before(late); {
		pause(ctx, 100*time.Millisecond) // messages may still be on their way to the mirror
		each = (memory() - before) / len(ids)
	}
	t.Logf("followed elsewhere, %d bytes of text take %d, with a mirror and a reader", text, each)
	if most := 2*text + 24<<10; each > most {
		t.Errorf("followed elsewhere, %d bytes of text take %d, want at most %d", text, each, most)
	}
}
