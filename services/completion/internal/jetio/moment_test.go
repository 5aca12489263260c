package jetio

import (
	"strings"
	"testing"
	"time"
)

// A moment is kept by the clock of the process: the time of day may be set.
func TestAMomentIsNoTimeOfDay(t *testing.T) {
	var m Moment
	if m.Ago() < 100*365*24*time.Hour {
		t.Errorf("never is %v ago", m.Ago())
	}
	m.Now()
	if at := m.at.Load().String(); !strings.Contains(at, " m=") {
		t.Errorf("it is kept as %s", at)
	}
	if m.Again(time.Hour) {
		t.Error("an hour has passed")
	}
	if !m.Again(0) || m.Ago() > time.Minute {
		t.Errorf("it was %v ago", m.Ago())
	}
}
