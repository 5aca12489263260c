package shares

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// wantShare fails the test unless err is a [*chat.ShareError].
func wantShare(t *testing.T, err error) *chat.ShareError {
	t.Helper()
	var share *chat.ShareError
	if !errors.As(err, &share) {
		t.Fatalf("error %v, want %T", err, share)
	}
	return share
}

// TestForgets checks that neither expired bytes nor those of an earlier stream count.
func TestForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{Retention: time.Hour, MaxBytes: 1000_000, Share: Share{Percent: 50}})
		first := time.Now()
		g.Look(first, 0)
		g.Note("anna", 400_000)
		<-time.After(30 * time.Minute)
		g.Note("anna", 95_000)
		share := wantShare(t, g.Admit("anna", 10_000))
		if share.Frees < 29*time.Minute || share.Frees > 41*time.Minute {
			t.Errorf("free in %v", share.Frees)
		}
		<-time.After(share.Frees)
		if err := g.Admit("anna", 10_000); err != nil {
			t.Errorf("after that time: %v", err)
		}
		g.Look(first, 950_000)
		wantShare(t, g.Admit("anna", 1)) // she may not use the reserve
		if err := g.Admit("ben", 1); err != nil {
			t.Errorf("of the reserve: %v", err)
		}
		if g.Tell() == nil || g.Tell() != nil {
			t.Error("it is told once")
		}
		g.Look(first.Add(time.Hour), 0)
		if err := g.Admit("anna", 100_000); err != nil {
			t.Errorf("in another stream: %v", err)
		}
	})
}

// TestShorten checks that only bytes that are deleted sooner expire sooner.
func TestShorten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{Retention: time.Hour, Short: 15 * time.Minute, MaxBytes: 1000_000, Share: Share{Percent: 50}})
		other := New(Config{Retention: time.Hour, Short: 15 * time.Minute, MaxBytes: 1000_000, Share: Share{Percent: 50}})
		g.Note("anna", 100_000)
		<-time.After(10 * time.Minute)
		g.Note("anna", 300_000) // in several slices, while it is generated
		<-time.After(5 * time.Minute)
		g.Note("anna", 80_000)
		g.Shorten("anna", 380_000)
		g.Shorten("ben", 1000) // who has nothing
		share := wantShare(t, g.Admit("anna", 100_000))
		if share.Held != 480_000 || share.Frees < 15*time.Minute || share.Frees > 21*time.Minute {
			t.Errorf("%d bytes, free in %v", share.Held, share.Frees)
		}
		other.Hear("it", g.Tell())
		<-time.After(share.Frees)
		for _, c := range []*Count{g, other} {
			if err := c.Admit("anna", 390_000); err != nil {
				t.Errorf("when they are deleted: %v", err)
			}
			if share := wantShare(t, c.Admit("anna", 400_000)); share.Held != 100_000 {
				t.Errorf("%d bytes are left", share.Held)
			}
		}
	})
}

// TestAClockThatIsSetBack checks that bytes counted while the clock was ahead expire one retention after it is
// set back. Counts use the time of day, because they survive restarts.
func TestAClockThatIsSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{Retention: time.Hour, MaxBytes: 1000_000, Share: Share{Percent: 50}})
		ahead := 24 * 365 * time.Hour
		g.clock = func() time.Time { return time.Now().Add(ahead) }
		g.Note("anna", 300_000)
		other := New(Config{Retention: time.Hour, MaxBytes: 1000_000, Share: Share{Percent: 50}})
		other.clock = g.clock
		other.Note("anna", 190_000)
		told := other.Tell()
		g.Hear("before", told)
		wantShare(t, g.Admit("anna", 10_000))
		ahead = 0
		g.Hear("after", told)
		share := wantShare(t, g.Admit("anna", 10_000))
		if share.Frees > 2*time.Hour {
			t.Errorf("free in %v", share.Frees)
		}
		<-time.After(share.Frees + 10*time.Minute) // reports of others may be one slice ahead
		if err := g.Admit("anna", 10_000); err != nil {
			t.Errorf("a retention after the clock was set back: %v", err)
		}
	})
}
