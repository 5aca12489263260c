package jetlog

import (
	"errors"
	"fmt"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/internal/skip"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// TestWhatIsRememberedOfACompletion removes completions from the log before their owners are remembered: no create
// waits for that.
func TestWhatIsRememberedOfACompletion(t *testing.T) {
	url := startNATS(t)
	writing, other := open(t, Config{NATS: at(url)}), open(t, Config{NATS: at(url)})
	deletedBy := func(l *Log) func(id string) error {
		return func(id string) error { return l.Delete(within(t), id) }
	}
	for _, test := range []struct {
		id    string
		leave func(id string) error
		want  error
	}{
		{"expired", func(id string) error {
			return writing.stream.Purge(within(t), jetstream.WithPurgeSubject(eventsPrefix+id))
		}, chat.ErrTrimmed},
		{"deleted", deletedBy(writing), chat.ErrNotFound},
		{"deleted-elsewhere", deletedBy(other), chat.ErrNotFound},
	} {
		m := meta(test.id)
		finish(t, writing, test.id, "a")
		if err := test.leave(test.id); err != nil {
			t.Fatalf("%s: %v", test.id, err)
		}
		writing.remember(m)
		if _, err := writing.js.Publish(within(t), pastPrefix+"next", nil); err != nil { // is stored after the owner
			t.Fatal(err)
		}
		for name, l := range map[string]*Log{"its writer": writing, "another replica": other} {
			head, err := l.Latest(within(t), test.id)
			if !errors.Is(err, test.want) {
				t.Errorf("%s, says %s: %v, want %v", test.id, name, err, test.want)
			}
			if errors.Is(err, chat.ErrTrimmed) && head.Meta.Principal != m.Principal {
				t.Errorf("%s, says %s: it was %q's", test.id, name, head.Meta.Principal)
			}
		}
	}
}

// TestMetadataOfWhatIsDeletedIsGone replaces a completion's metadata in one replica while another one deletes it.
// Whichever comes first, the metadata is gone afterwards.
func TestMetadataOfWhatIsDeletedIsGone(t *testing.T) {
	t.Parallel()
	url := startNATS(t)
	a, b := open(t, Config{NATS: at(url)}), open(t, Config{NATS: at(url)})
	for round := range 200 {
		id := fmt.Sprint("labelled", round)
		finish(t, a, id, "x")
		set := make(chan error, 1)
		go func() { set <- a.SetMetadata(within(t), id, map[string]string{"name": "Rex"}) }()
		if err := b.Delete(within(t), id); err != nil {
			t.Fatal(err)
		}
		if err := <-set; err != nil && !errors.Is(err, chat.ErrNotFound) && !errors.Is(err, chat.ErrTrimmed) {
			t.Fatal(err)
		}
		if _, err := b.io.LastOf(within(t), labelsPrefix+id); !errors.Is(err, chat.ErrNotFound) {
			t.Errorf("round %d: its metadata: %v, want none", round, err)
		}
	}
}

// TestWhatRemembersIsMadeAgain deletes only the stream that remembers expired completions.
func TestWhatRemembersIsMadeAgain(t *testing.T) {
	skip.Long(t, "seconds of outages and elections")
	t.Parallel()
	l := open(t, Config{NATS: at(startNATS(t))})
	finish(t, l, "deleted", "a")
	lose := func() {
		t.Helper()
		if err := l.js.DeleteStream(within(t), pastName); err != nil {
			t.Fatal(err)
		}
	}
	lose()
	if _, err := l.Head(within(t), "unknown"); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("a completion that never was: %v", err)
	}
	if err := l.Delete(within(t), "deleted"); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if _, err := l.Head(within(t), "deleted"); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("what was deleted: %v", err)
	}
	lose()
	for ctx := within(t); ; {
		if _, err := l.js.Stream(ctx, pastName); err == nil {
			break
		}
		if !pause(ctx, checkEvery) {
			t.Fatal("it is not made again")
		}
	}
}
