package jetlog

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/shares"
)

// fill creates completions of about 100 KB each until the principal is refused or has created most. It returns how
// many.
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
		w.Settle(func() {})
	}
	return n, nil
}

// wantShare fails the test unless an error says that the principal has used up its share.
func wantShare(t *testing.T, err error) *chat.ShareError {
	t.Helper()
	var share *chat.ShareError
	if !errors.As(err, &share) {
		t.Fatalf("error %v, want %T", err, share)
	}
	return share
}

// TestAShareOfTheLog checks that one caller cannot fill the log for all, before and after a restart.
func TestAShareOfTheLog(t *testing.T) {
	const most = 4 << 20
	cfg := Config{DataDir: t.TempDir(), MaxBytes: most, Share: shares.Share{Percent: 50, Anybody: "anybody"}}
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

// TestMetadataIsAShareOfTheLog checks that replaced metadata counts against the share, too.
func TestMetadataIsAShareOfTheLog(t *testing.T) {
	t.Parallel()
	l := open(t, Config{MaxBytes: 4 << 20, Share: shares.Share{Percent: 10}})
	finish(t, l, "labelled", "a")
	metadata := map[string]string{}
	for key := range 16 {
		metadata[fmt.Sprint(key)] = strings.Repeat("x", 512)
	}
	var err error
	n := 0
	for ; err == nil && n < 1000; n++ {
		err = l.SetMetadata(within(t), "labelled", metadata)
	}
	wantShare(t, err)
	if n < 30 || n > 60 {
		t.Errorf("%d times 8 KiB are taken, want some 50", n)
	}
	info, err := l.stream.Info(within(t), jetstream.WithSubjectFilter(labelsPrefix+"*"))
	if err != nil || info.State.Subjects[labelsPrefix+"labelled"] != 1 {
		t.Errorf("what was replaced is kept: %v, %v", info.State.Subjects, err)
	}
	if n, err := fill(t, l, "modest", 3); err != nil {
		t.Errorf("another one is refused after %d: %v", n, err)
	}
}

// TestTheReserveOfTheLog checks that the last tenth is reserved for principals that have little.
func TestTheReserveOfTheLog(t *testing.T) {
	t.Parallel()
	l := open(t, Config{MaxBytes: 16 << 20, Share: shares.Share{Percent: 46}})
	for _, principal := range []string{"a", "b", "c"} { // two of their shares reach into the reserve
		if n, err := fill(t, l, principal, 100); err == nil {
			t.Fatalf("%s has %d", principal, n)
		}
		info, err := l.stream.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		lookAt(l.shares, info)
	}
	info, err := l.stream.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := fill(t, l, "late", 1); err != nil || n != 1 {
		t.Errorf("with %d bytes in the log, who has nothing is refused: %v", info.State.Bytes, err)
	}
}

// TestReplicasShareTheLedger checks that replicas of one log count together.
func TestReplicasShareTheLedger(t *testing.T) {
	t.Parallel()
	cfg := Config{NATS: at(startNATS(t)), MaxBytes: 4 << 20, Share: shares.Share{Percent: 50}}
	one, other := open(t, cfg), open(t, cfg)
	_, err := fill(t, one, "greedy", 100)
	wantShare(t, err)
	for range 100 {
		if other.shares.Admit("greedy", 100_000) != nil {
			return
		}
		<-time.After(50 * time.Millisecond)
	}
	t.Error("another replica does not know")
}
