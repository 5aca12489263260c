package wait_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawstream/pawstream/internal/wait"
)

func TestFor(t *testing.T) {
	for _, test := range []struct {
		name     string
		d, until time.Duration // until the context ends; 0: it does not
		took     time.Duration
		want     error
	}{
		{"for all of it", time.Hour, 0, time.Hour, nil},
		{"the context ends before", time.Hour, time.Minute, time.Minute, context.DeadlineExceeded},
		{"the context ends after", time.Minute, time.Hour, time.Minute, nil},
		{"no time", 0, time.Hour, 0, nil},
		{"less than no time", -time.Hour, time.Hour, 0, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if test.until > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.until)
					defer cancel()
				}
				begun := time.Now()
				err := wait.For(ctx, test.d)
				if took := time.Since(begun); took != test.took || !errors.Is(err, test.want) {
					t.Errorf("error %v after %s, want %v after %s", err, took, test.want, test.took)
				}
			})
		})
	}
}
