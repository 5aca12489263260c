package jetlog

import (
	"slices"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
)

// lagging replaces the answers of any server by those of one that has nothing of the stream yet, until it catches up.
func lagging(t *testing.T, l *Log, client *nats.Conn) (catchUp func()) {
	t.Helper()
	direct := func(allowed bool) {
		cfg := l.stream.CachedInfo().Config
		cfg.AllowDirect = allowed
		if _, err := l.js.UpdateStream(within(t), cfg); err != nil {
			t.Fatal(err)
		}
	}
	direct(false)
	sub, err := client.Subscribe("$JS.API.DIRECT.GET."+streamName, func(m *nats.Msg) {
		_ = m.RespondMsg(&nats.Msg{Header: nats.Header{"Status": {"404"}, "Description": {"Message Not Found"}}})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Flush(); err != nil {
		t.Fatal(err)
	}
	return func() {
		direct(true) // first, so that there is always a server that answers
		if err := sub.Unsubscribe(); err != nil {
			t.Error(err)
		}
	}
}

// TestAListIsWholeThoughAServerLags lists completions that were just stored.
func TestAListIsWholeThoughAServerLags(t *testing.T) {
	t.Parallel()
	url := startNATS(t)
	l := open(t, Config{NATS: at(url)})
	ids := store(t, l, "alice", 3)
	defer lagging(t, l, open(t, Config{NATS: at(url)}).conn)()
	for _, descending := range []bool{false, true} {
		var got []string
		for head, err := range l.List(within(t), "alice", "", descending) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, head.Meta.ID)
		}
		want := slices.Clone(ids)
		if descending {
			slices.Reverse(want)
		}
		if !slices.Equal(got, want) {
			t.Errorf("descending %t: %q, want %q", descending, got, want)
		}
	}
}

// TestAReaderWaitsForAServerThatLags follows a completion that was just admitted elsewhere, like a caller that
// repeats an idempotency key. It is neither unknown nor expired.
func TestAReaderWaitsForAServerThatLags(t *testing.T) {
	t.Parallel()
	url := startNATS(t)
	l, other := open(t, Config{NATS: at(url)}), open(t, Config{NATS: at(url)})
	w, err := l.Create(within(t), meta("admitted"))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a", "b")
	if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
		t.Fatal(err)
	}
	catchUp := lagging(t, l, open(t, Config{NATS: at(url)}).conn)
	read := make(chan error, 1)
	go func() {
		var last error
		for _, err := range other.Follow(within(t), "admitted", chat.FromStart, false) {
			last = err
		}
		read <- last
	}()
	pause(t.Context(), 10*jetio.RetryPause)
	catchUp()
	if err := <-read; err != nil {
		t.Errorf("it ends with %v", err)
	}
}
