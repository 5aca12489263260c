package rig

import (
	"errors"
	"testing"
	"time"
)

// ErrNotYet is what a try of [Eventually] returns to be tried again.
var ErrNotYet = errors.New("not yet")

// Eventually calls try until it returns nil. It fails the test when that takes too long.
func Eventually(t *testing.T, within time.Duration, try func() error) {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	late := time.After(within)
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("not within %v: %v", within, err)
		}
	}
}
