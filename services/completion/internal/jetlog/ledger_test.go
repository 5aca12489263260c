package jetlog

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// fill creates completions of a principal, each of some 100 KB, until it is refused or there
// are so many. It returns how many there are.
func fill(t *testing.T, l *Log, principal string, most int) (n int, err error) {
	t.Helper()
	for ; n < most; n++ {
		m := meta(fmt.Sprintf("%s%d%d", principal, n, time.Now().UnixNano()))
		m.Principal = principal
		m.Request.Messages[0].Parts[0].Text = strings.Repeat("x", 100_000)
		w, err := l.Create(t.Context(), m)
		if err != nil {
			return n, err
		}
		if err := w.Seal(t.Context(), chat.Event{Kind: chat.KindDone, Usage: &chat.Usage{}}); err != nil {
			t.Fatal(err)
		}
		w.Settle()
	}
	return n, nil
}

// wantShare fails the test unless an error says that the principal has its share.
func wantShare(t *testing.T, err error) *chat.ShareError {
	t.Helper()
	var share *chat.ShareError
	if !errors.As(err, &share) {
		t.Fatalf("error %v, want %T", err, share)
	}
	return share
}

// One caller cannot fill the log for all, be it started anew or not.
func TestAShareOfTheLog(t *testing.T) {
	const most = 4 << 20
	cfg := Config{DataDir: t.TempDir(), MaxBytes: most, Share: 50, Anybody: "anybody"}
	l, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	n, err := fill(t, l, "greedy", 100)
	share := wantShare(t, err)
	if n < 18 || n > 21 || share.Limit > most/2 || share.Frees < 50*time.Minute || share.Frees > 66*time.Minute {
		t.Errorf("%d completions of 100 KB, %v, free in %v; want some 20, and about an hour", n, share, share.Frees)
	}
	if n, err := fill(t, l, "modest", 3); err != nil {
		t.Errorf("another one is refused after %d: %v", n, err)
	}
	l.Close()
	l = open(t, cfg)
	if n, err := fill(t, l, "greedy", 100); n > 0 {
		t.Errorf("after a restart there is room for %d more", n)
	} else {
		wantShare(t, err)
	}
	if n, err := fill(t, l, "anybody", 10); err != nil {
		t.Errorf("who may be anybody is refused after %d: %v", n, err)
	}
}

// The last tenth is for those who have little.
func TestTheReserveOfTheLog(t *testing.T) {
	l := open(t, Config{MaxBytes: 16 << 20, Share: 50})
	for _, principal := range []string{"a", "b", "c"} { // three halves
		if n, err := fill(t, l, principal, 100); err == nil {
			t.Fatalf("%s has %d", principal, n)
		}
		info, err := l.stream.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		l.ledger.look(info)
	}
	info, err := l.stream.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := fill(t, l, "late", 1); err != nil || n != 1 {
		t.Errorf("with %d bytes in the log, who has nothing is refused: %v", info.State.Bytes, err)
	}
}

// Replicas of one log count together.
func TestReplicasShareTheLedger(t *testing.T) {
	cfg := Config{URL: startNATS(t), MaxBytes: 4 << 20, Share: 50}
	one, other := open(t, cfg), open(t, cfg)
	_, err := fill(t, one, "greedy", 100)
	wantShare(t, err)
	for range 100 {
		if other.ledger.admit("greedy", 100_000) != nil {
			return
		}
		<-time.After(50 * time.Millisecond)
	}
	t.Error("another replica does not know")
}

// What is retained no longer counts no longer, nor what a stream before this one held.
func TestLedgerForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newLedger(&Config{Retention: time.Hour, MaxBytes: 1000_000, Share: 50})
		stream := func(created time.Time, bytes uint64) *jetstream.StreamInfo {
			return &jetstream.StreamInfo{Created: created, State: jetstream.StreamState{Bytes: bytes}}
		}
		first := time.Now()
		g.look(stream(first, 0))
		g.note("anna", 400_000)
		<-time.After(30 * time.Minute)
		g.note("anna", 95_000)
		share := wantShare(t, g.admit("anna", 10_000))
		if share.Frees < 29*time.Minute || share.Frees > 41*time.Minute {
			t.Errorf("free in %v", share.Frees)
		}
		<-time.After(share.Frees)
		if err := g.admit("anna", 10_000); err != nil {
			t.Errorf("after that time: %v", err)
		}
		g.look(stream(first, 950_000))
		wantShare(t, g.admit("anna", 1)) // the reserve is not hers
		if err := g.admit("ben", 1); err != nil {
			t.Errorf("of the reserve: %v", err)
		}
		if g.tell() == nil || g.tell() != nil {
			t.Error("it is told once")
		}
		g.look(stream(first.Add(time.Hour), 0))
		if err := g.admit("anna", 100_000); err != nil {
			t.Errorf("in another stream: %v", err)
		}
	})
}
