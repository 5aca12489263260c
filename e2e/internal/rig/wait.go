package rig

import (
	"errors"
	"testing"
	"time"
)

// ErrNotYet is the error of a try for [Eventually] that should be repeated.
var ErrNotYet = errors.New("not yet")

// Eventually calls try until it returns nil. It fails the test if that takes longer than within.
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
