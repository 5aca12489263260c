package limit

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{RequestsPerMinute: 6})
		for i := range 6 {
			quota, refused := l.Request("a", Share{})
			want := Quota{6, 5 - i, time.Duration(i+1) * 10 * time.Second}
			if refused != nil || quota != want {
				t.Errorf("request %d: %+v, %+v, want %+v", i, quota, refused, want)
			}
		}
		quota, refused := l.Request("a", Share{})
		if refused == nil || *refused != (Refusal{ReasonRate, 10 * time.Second, 6}) || quota != (Quota{6, 0, time.Minute}) {
			t.Errorf("one too many: %+v, %+v", quota, refused)
		}
		if _, refused := l.Request("b", Share{}); refused != nil {
			t.Errorf("somebody else: %+v", refused)
		}
		<-time.After(9 * time.Second)
		if _, refused := l.Request("a", Share{}); refused == nil || refused.RetryAfter != time.Second {
			t.Errorf("a second early: %+v", refused)
		}
		<-time.After(time.Second)
		if _, refused := l.Request("a", Share{}); refused != nil {
			t.Errorf("in time: %+v", refused)
		}
		if quota, refused := l.Request("a", Share{RequestsPerMinute: 600}); refused == nil || quota.Limit != 600 || refused.RetryAfter != 100*time.Millisecond {
			t.Errorf("a larger share that is used up: %+v, %+v", quota, refused)
		}
	})
}

func TestStreams(t *testing.T) {
	l := New(Config{Streams: 2, AllStreams: 4})
	open := func(key string, share Share, want Reason) func() {
		t.Helper()
		release, refused := l.Open(key, share)
		if want == "" && refused != nil || want != "" && (refused == nil || refused.Reason != want) {
			t.Fatalf("%s: %+v, want %q", key, refused, want)
		}
		return release
	}
	first := open("a", Share{}, "")
	open("a", Share{}, "")
	open("a", Share{}, ReasonStreams)
	third := open("a", Share{Streams: 3}, "")
	first()
	open("a", Share{}, ReasonStreams)
	open("b", Share{}, "")
	open("c", Share{}, "")
	open("d", Share{}, ReasonFull)
	third()
	open("d", Share{}, "")
	if _, ok := l.callers[identify("b")]; !ok || l.open != 4 {
		t.Errorf("%d streams, callers %v", l.open, l.callers)
	}
}

// TestStreamsAreShared opens as many streams as callers without a limit of their own may.
func TestStreamsAreShared(t *testing.T) {
	l := New(Config{AllStreams: 16})
	most := func(key string, share Share) (opened int, refused *Refusal) {
		for {
			if _, refused = l.Open(key, share); refused != nil {
				return opened, refused
			}
			opened++
		}
	}
	for _, tt := range []struct {
		key    string
		share  Share
		most   int
		reason Reason
		limit  int // in the refusal
	}{
		{"a", Share{}, 8, ReasonStreams, 8},
		{"b", Share{}, 4, ReasonStreams, 4},
		{"a", Share{}, 0, ReasonStreams, 8},
		{"limited", Share{Streams: 1}, 1, ReasonStreams, 1},
		{"c", Share{}, 2, ReasonStreams, 2},
		{"nobody", Share{Anybody: true}, 1, ReasonFull, 0},
	} {
		opened, refused := most(tt.key, tt.share)
		if opened != tt.most || refused.Reason != tt.reason || refused.Limit != tt.limit {
			t.Errorf("%s opens %d and is refused as %+v, want %d and %s with a limit of %d", tt.key, opened, refused, tt.most, tt.reason, tt.limit)
		}
	}
	generous := New(Config{Streams: 5, AllStreams: 5})
	for range 5 { // an explicit limit takes precedence
		if _, refused := generous.Open("a", Share{}); refused != nil {
			t.Errorf("%+v", refused)
		}
	}
}

func TestNoBounds(t *testing.T) {
	l := New(Config{})
	for range 1000 {
		if quota, refused := l.Request("a", Share{}); refused != nil || quota != (Quota{}) {
			t.Fatalf("%+v, %+v", quota, refused)
		}
		if _, refused := l.Open("a", Share{}); refused != nil {
			t.Fatalf("%+v", refused)
		}
	}
}

// TestStateIsBounded sends requests of more callers than there is room for.
func TestStateIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{RequestsPerMinute: 60})
		l.Request("first", Share{})
		for i := range callerID(maxCallers - 1) { // like the first caller, but without computing digests
			l.callers[i] = l.callers[identify("first")]
		}
		if _, refused := l.Request("new", Share{}); refused == nil || refused.Reason != ReasonFull {
			t.Errorf("%+v, want full", refused)
		}
		<-time.After(time.Second) // every bucket is full again
		if _, refused := l.Request("new", Share{}); refused != nil || len(l.callers) != 1 {
			t.Errorf("%+v with %d callers", refused, len(l.callers))
		}
	})
}

func TestSlotsComeBack(t *testing.T) {
	l := New(Config{Streams: 3, AllStreams: 10})
	var most, now atomic.Int64
	var workers sync.WaitGroup
	for i := range 64 {
		workers.Go(func() {
			for range 200 {
				release, refused := l.Open(fmt.Sprint(i%8), Share{})
				if refused != nil {
					continue
				}
				if n := now.Add(1); n > most.Load() {
					most.Store(n)
				}
				now.Add(-1)
				release()
			}
		})
	}
	workers.Wait()
	if most.Load() > 10 || l.open != 0 || len(l.callers) != 0 {
		t.Errorf("most %d at once, %d left of %v", most.Load(), l.open, l.callers)
	}
}
