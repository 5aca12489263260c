package jetlog

import (
	"errors"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// TestWhatIsRememberedOfACompletion has completions leave the log while what is to be
// remembered of them is still on its way, which no create waits for.
func TestWhatIsRememberedOfACompletion(t *testing.T) {
	url := startNATS(t)
	writing, other := open(t, Config{URL: url}), open(t, Config{URL: url})
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
		if _, err := writing.js.Publish(within(t), pastPrefix+"next", nil); err != nil { // takes its turn behind it
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
