package limit

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// tell merges one limiter's report into another limiter.
func tell(t *testing.T, to *Limiter, edge string, from *Limiter) {
	t.Helper()
	if err := to.Merge(edge, from.Report()); err != nil {
		t.Fatal(err)
	}
}

func TestStreamsElsewhere(t *testing.T) {
	a, b := New(Config{Streams: 3, AllStreams: 5}), New(Config{Streams: 3, AllStreams: 5})
	open := func(l *Limiter, key string, want Reason) func() {
		t.Helper()
		release, refused := l.Open(key, Share{})
		if want == "" && refused != nil || want != "" && (refused == nil || refused.Reason != want) {
			t.Fatalf("%s: %+v, want %q", key, refused, want)
		}
		return release
	}
	first := open(a, "web", "")
	open(a, "web", "")
	tell(t, b, "a", a)
	open(b, "web", "")
	open(b, "web", ReasonStreams)
	open(b, "shop", "")
	open(b, "zoo", "")
	open(b, "farm", ReasonFull)
	tell(t, a, "b", b)
	open(a, "farm", ReasonFull)

	first()
	tell(t, b, "a", a)
	tell(t, b, "a", a) // the same report again changes nothing
	open(b, "web", "")
	open(b, "farm", ReasonFull)
	b.Forget("a")
	b.Forget("a")
	open(b, "farm", "")
	if b.elsewhere != 0 || b.open != 5 {
		t.Errorf("%d here, %d elsewhere", b.open, b.elsewhere)
	}
}

func TestRequestsElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := New(Config{RequestsPerMinute: 6}), New(Config{RequestsPerMinute: 6})
		take := func(l *Limiter, n int) (allowed int) {
			for range n {
				if _, refused := l.Request("web", Share{}); refused == nil {
					allowed++
				}
			}
			return allowed
		}
		tell(t, b, "a", a)
		tell(t, a, "b", b)
		if n := take(a, 4); n != 4 {
			t.Errorf("%d", n)
		}
		tell(t, b, "a", a)
		if n := take(b, 6); n != 2 {
			t.Errorf("%d of the 2 that are left", n)
		}
		tell(t, a, "b", b)
		if n := take(a, 1); n != 0 {
			t.Error("more than there was")
		}
		<-time.After(10 * time.Second) // one more request, which both edges believe they have
		if n := take(a, 2) + take(b, 2); n != 2 {
			t.Errorf("%d", n)
		}
		tell(t, a, "b", b)
		tell(t, b, "a", a)
		for _, l := range []*Limiter{a, b} {
			if quota, refused := l.Request("web", Share{}); refused == nil || refused.RetryAfter != 20*time.Second || quota.Remaining != 0 {
				t.Errorf("what was taken twice is owed: %+v, %+v", quota, refused)
			}
		}

		<-time.After(30 * time.Second) // 2 are there
		fresh := New(Config{RequestsPerMinute: 6})
		tell(t, fresh, "a", a)
		tell(t, fresh, "b", b)
		if n := take(fresh, 6); n != 2 {
			t.Errorf("an edge that begins lets %d through, want 2", n)
		}

		<-time.After(5 * time.Minute)
		a.Report()
		take(a, 1)
		tell(t, b, "a", a) // edge a had forgotten the caller
		if n := take(b, 6); n != 5 {
			t.Errorf("%d of the 5 that are left", n)
		}
	})
}

// TestDebtIsBounded merges reports of more requests than any caller could have spent.
func TestDebtIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{RequestsPerMinute: 60})
		report := func(spent uint64) []byte {
			from := New(Config{RequestsPerMinute: 60})
			from.Request("web", Share{})
			from.callers[identify("web")].spent = spent
			return from.Report()
		}
		for i := range uint64(10) {
			if err := l.Merge("other", report(1000*(i+1))); err != nil {
				t.Fatal(err)
			}
		}
		if _, refused := l.Request("web", Share{}); refused == nil || refused.RetryAfter > time.Minute+time.Second {
			t.Errorf("%+v", refused)
		}
	})
}

func TestReportIsBounded(t *testing.T) {
	l, other := New(Config{}), New(Config{})
	for i := range maxReported + 100 {
		l.Open(fmt.Sprint(i), Share{})
	}
	report := l.Report()
	if len(report) > 900<<10 {
		t.Errorf("%d bytes", len(report))
	}
	if err := other.Merge("full", report); err != nil || other.elsewhere != maxReported+100 || len(other.callers) != maxReported {
		t.Errorf("%v: %d streams of %d callers", err, other.elsewhere, len(other.callers))
	}
	other.Forget("full")
	if len(other.callers) != 0 || other.elsewhere != 0 {
		t.Errorf("%d callers with %d streams are left", len(other.callers), other.elsewhere)
	}
}

// TestStateElsewhereIsBounded merges reports of more callers, and more edges, than there is room for.
func TestStateElsewhereIsBounded(t *testing.T) {
	l := New(Config{})
	for i := range maxCallers/maxReported + 1 {
		from := New(Config{})
		for n := range maxReported {
			from.Open(fmt.Sprint(i, n), Share{})
		}
		tell(t, l, fmt.Sprint(i), from)
	}
	if len(l.callers) != maxCallers {
		t.Errorf("%d callers", len(l.callers))
	}
	for i := range maxCallers/maxReported + 1 {
		l.Forget(fmt.Sprint(i))
	}
	if len(l.callers) != 0 || l.elsewhere != 0 {
		t.Errorf("%d callers with %d streams are left", len(l.callers), l.elsewhere)
	}
	empty := New(Config{}).Report()
	for i := range maxEdges {
		if err := l.Merge(fmt.Sprint(i), empty); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Merge("one more", empty); err == nil {
		t.Error("one edge too many is counted in")
	}
}

func FuzzMerge(f *testing.F) {
	l := New(Config{RequestsPerMinute: 6})
	l.Open("web", Share{})
	l.Request("web", Share{})
	l.Request("shop", Share{})
	f.Add(l.Report(), l.Report())
	f.Add(New(Config{}).Report(), []byte{reportVersion, 0xff})
	f.Add([]byte{2, 0}, []byte{})
	f.Fuzz(func(t *testing.T, first, second []byte) {
		l := New(Config{RequestsPerMinute: 6, Streams: 1, AllStreams: 1 << 40})
		for _, report := range [][]byte{first, second} {
			if l.Merge("other", report) == nil {
				l.Request("web", Share{})
			}
		}
		l.Forget("other")
		if l.elsewhere != 0 {
			t.Errorf("%d streams are left", l.elsewhere)
		}
		for id, c := range l.callers {
			if c.elsewhere != 0 || c.streams != 0 {
				t.Errorf("caller %d has %d streams elsewhere, %d here", id, c.elsewhere, c.streams)
			}
		}
		release, refused := l.Open("web", Share{})
		if refused != nil {
			t.Fatalf("%+v", refused)
		}
		release()
	})
}
