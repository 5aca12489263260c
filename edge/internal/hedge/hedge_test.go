package hedge

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var (
	errLost = errors.New("lost")
	errSaid = errors.New("said")
)

// A target scripts one attempt: when it ends, and with which error. A target with after 0 is dead: it ends with
// its context.
type target struct {
	after time.Duration
	err   error
}

const never = 0

func TestCall(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		name     string
		targets  []target
		attempts int
		want     int // which target answered; -1: none
		err      error
		took     time.Duration
		calls    int
	}{
		{"answered", []target{{ms, nil}}, 3, 0, nil, ms, 1},
		{"answered late", []target{{Patience - ms, nil}}, 3, 0, nil, Patience - ms, 1},
		{"a dead target", []target{{never, nil}, {ms, nil}}, 3, 1, nil, Patience + ms, 2},
		{"two dead targets", []target{{never, nil}, {never, nil}, {ms, nil}}, 3, 2, nil, Patience + interval + ms, 3},
		{"slow, and the other is dead", []target{{Patience + 500*ms, nil}, {never, nil}}, 2, 0, nil, Patience + 500*ms, 2},
		{"refused by who was asked", []target{{ms, errSaid}}, 3, 0, errSaid, ms, 1},
		{"refused elsewhere", []target{{never, nil}, {ms, errSaid}}, 3, 1, errSaid, Patience + ms, 2},
		{"lost at once", []target{{ms, errLost}, {ms, nil}}, 3, 1, nil, ms + pause + ms, 2},
		{"lost late, with the other under way", []target{{Patience + ms, errLost}, {5 * ms, nil}}, 2, 1, nil, Patience + 5*ms, 2},
		{"lost everywhere", []target{{ms, errLost}, {ms, errLost}, {ms, errLost}}, 3, -1, errLost, 3*ms + 2*pause, 3},
		{"lost, not to be repeated", []target{{ms, errLost}, {ms, nil}}, 1, -1, errLost, ms, 1},
		{"dead, not to be repeated", []target{{time.Minute, errLost}, {ms, nil}}, 1, -1, errLost, time.Minute, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var calls, open atomic.Int64
				begun := time.Now()
				var won context.Context
				got, err := Call(ctx, tt.attempts, func(ctx context.Context) (int, error) {
					n := int(calls.Add(1)) - 1
					open.Add(1)
					defer open.Add(-1)
					w := tt.targets[n]
					var end <-chan time.Time
					if w.after != never {
						end = time.After(w.after)
					}
					select {
					case <-end:
						if n == tt.want {
							won = ctx
						}
						return n, w.err
					case <-ctx.Done():
						return n, errLost
					}
				}, func(err error) bool { return errors.Is(err, errLost) })
				if took := time.Since(begun); took != tt.took || int(calls.Load()) != tt.calls {
					t.Errorf("it took %v and %d calls, want %v and %d", took, calls.Load(), tt.took, tt.calls)
				}
				if !errors.Is(err, tt.err) || tt.want >= 0 && got != tt.want {
					t.Errorf("%d, %v, want %d, %v", got, err, tt.want, tt.err)
				}
				if open.Load() != 0 {
					t.Errorf("%d calls go on", open.Load())
				}
				if won != nil && won.Err() != nil {
					t.Error("the context of the one that was answered has ended")
				}
				cancel()
				synctest.Wait()
				if won != nil && won.Err() == nil {
					t.Error("its context outlives the caller's")
				}
			})
		})
	}
}

// TestCallerLeaves ends the caller's context while all targets are dead.
func TestCallerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), Patience+interval/2)
		defer cancel()
		begun := time.Now()
		_, err := Call(ctx, 9, func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, errLost
		}, func(error) bool { return true })
		if took := time.Since(begun); !errors.Is(err, errLost) || took != Patience+interval/2 {
			t.Errorf("%v after %v", err, took)
		}
	})
}
