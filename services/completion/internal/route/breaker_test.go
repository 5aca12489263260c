package route

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// askedBy asks a route on behalf of a principal.
func askedBy(t *testing.T, r *Route, principal string) asked {
	t.Helper()
	return collect(t, r.Complete(chat.WithPrincipal(t.Context(), principal), question1(), nil))
}

// wantShown fails the test unless an error has that code and contains these words.
func wantShown(t *testing.T, err error, code chat.Code, words string) {
	t.Helper()
	var shown *chat.Error
	if !errors.As(err, &shown) || shown.Code != code || !strings.Contains(shown.Message, words) {
		t.Errorf("error %v, want %s, %q", err, code, words)
	}
}

func one(t *testing.T, b Backend) *Route {
	return New(Config{Counter: counter(t), FirstEvent: time.Second, Targets: []*Target{target(b, TargetConfig{})}})
}

// TestARequestCountsOnce checks that a request counts once, no matter how often it tries a target.
func TestARequestCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		r := one(t, replies(&calls, absent()))
		for range 4 {
			askedBy(t, r, "anna")
		}
		if n := calls.Load(); n != 4*3 {
			t.Errorf("four requests of one caller make %d calls, want 12: each tries three times", n)
		}
	})
}

// TestATargetRestsForThoseWhoFoundItIll checks that one caller's failures do not affect others: only failures of several callers do.
func TestATargetRestsForThoseWhoFoundItIll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		r := one(t, replies(&calls, reply{fails: Unreachable(errCut)}))
		asks := func(principal string) (called bool) {
			before := calls.Load()
			got := askedBy(t, r, principal)
			// The caller sees the cause, whether or not the target was asked.
			wantShown(t, got.err, chat.CodeUpstreamError, "cannot be reached")
			return calls.Load() > before
		}
		for i := range 20 {
			if called := asks("anna"); called != (i < tripAfter) {
				t.Errorf("request %d of one caller: asked %t", i+1, called)
			}
		}
		if !asks("ben") {
			t.Error("one caller's failures rest it for another one")
		}
		asks("carl")
		if asks("dora") {
			t.Error("it is asked, though three callers have found it ill")
		}
		<-time.After(openFor + time.Millisecond)
		if !asks("dora") {
			t.Error("it is not tried again")
		}
		if asks("emil") {
			t.Error("it is asked by the next one, though it failed again")
		}
	})
}

// TestATargetThatAnswersIsWell checks that one success closes the breaker for all.
func TestATargetThatAnswersIsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		backend := replies(&calls)
		r := one(t, backend)
		for i := range 3 * tripAfter {
			if backend.list = []reply{absent()}; i%tripAfter == 0 {
				backend.list = []reply{fine()}
			}
			askedBy(t, r, fmt.Sprint("caller ", i%7))
		}
		backend.list = []reply{fine()}
		if got := askedBy(t, r, "anna"); got.text != "fine" {
			t.Errorf("%q, error %v", got.text, got.err)
		}
	})
}

// TestAToldErrorIsNoIllHealth checks that an error that the server itself reports is no failure of its health: the request was at fault.
func TestAToldErrorIsNoIllHealth(t *testing.T) {
	for name, told := range map[string]reply{
		"500":           {status: 500},
		"401":           {status: 401},
		"in the stream": {words: []string{""}, status: 500},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int32
				r := one(t, replies(&calls, told))
				for i := range 4 * tripAfter {
					before := calls.Load()
					askedBy(t, r, fmt.Sprint("caller ", i%5))
					if calls.Load() == before {
						t.Fatalf("request %d does not reach it", i+1)
					}
				}
			})
		})
	}
}

// TestRetryAfterIsTheCallersOwn checks that a Retry-After applies to its caller, and to all others only for a moment.
func TestRetryAfterIsTheCallersOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		r := one(t, replies(&calls, reply{status: 429, after: 3600 * time.Second}, fine()))
		asks := func(principal string, want bool) {
			t.Helper()
			before := calls.Load()
			askedBy(t, r, principal)
			if called := calls.Load() > before; called != want {
				t.Errorf("%s: asked %t, want %t", principal, called, want)
			}
		}
		asks("anna", true)
		asks("ben", false)
		<-time.After(sharedRetryAfter)
		asks("ben", true)
		asks("anna", false)
		<-time.After(30 * time.Minute)
		asks("anna", false)
		<-time.After(30 * time.Minute)
		asks("anna", true)
	})
}

// TestHealthOfManyCallers checks that the state of callers is bounded.
func TestHealthOfManyCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b breaker
		f := Broken(errCut)
		for i := range 3 * maxKnown {
			principal := fmt.Sprint(i)
			b.leave(principal, time.Hour)
			<-time.After(openFor + time.Second)
			done, err := b.allow(principal)
			if err == nil {
				done(failing, f)
			}
		}
		if n := len(b.callers); n > maxKnown {
			t.Errorf("%d callers are known, want at most %d", n, maxKnown)
		}
	})
}

// TestAProbeThatTellsNothing checks that a probe that ends for another reason is inconclusive, and lets the next request try.
func TestAProbeThatTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		backend := replies(&calls, absent())
		r := one(t, backend)
		for i := range tripAfter {
			askedBy(t, r, fmt.Sprint(i))
		}
		backend.list = []reply{{silent: true}}
		<-time.After(openFor + time.Second)
		for range 3 {
			before := calls.Load()
			ctx, cancel := context.WithTimeout(chat.WithPrincipal(t.Context(), "anna"), time.Millisecond)
			collect(t, r.Complete(ctx, question1(), nil))
			cancel()
			if calls.Load() == before {
				t.Error("it is not tried again after a request that was cancelled")
			}
		}
	})
}

// TestFaultsOfFormAreNoIllHealth checks that an unreadable response does not open the breaker.
func TestFaultsOfFormAreNoIllHealth(t *testing.T) {
	for name, fault := range map[string]reply{
		"at once":    {fails: Malformed(errors.New("malformed chunk"))},
		"after text": {words: []string{"", "half"}, fails: Malformed(errors.New("finish reason"))},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int32
				r := one(t, replies(&calls, fault))
				for i := range 4 * tripAfter {
					before := calls.Load()
					got := askedBy(t, r, fmt.Sprint("caller ", i%5))
					if calls.Load() == before {
						t.Fatalf("request %d does not reach it", i+1)
					}
					wantShown(t, got.err, chat.CodeUpstreamError, fault.fails.Shown.Err.Error())
				}
			})
		})
	}
}

// TestTheLastCauseIsTold checks that the caller and the log see the last cause, whether the target is asked, rests, or is waited for.
func TestTheLastCauseIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		refused := Unreachable(errors.New("dial tcp 10.0.0.7:80: connect: connection refused")).Because("connection refused")
		r := one(t, replies(&calls, reply{fails: refused}))
		for range 3 * tripAfter {
			err := askedBy(t, r, "anna").err
			wantShown(t, err, chat.CodeUpstreamError, "cannot be reached: connection refused. Please try again.")
			var shown *chat.Error
			if errors.As(err, &shown) && (shown.Err == nil || !strings.Contains(shown.Err.Error(), "connection refused")) {
				t.Errorf("the log is told %v", shown.Err)
			}
		}
	})
}

// TestADeadlineTellsTheLastCause ends a request while it waits for its target.
func TestADeadlineTellsTheLastCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		r := one(t, replies(&calls, reply{fails: Unreachable(errCut).Because("connection refused")}, reply{silent: true}))
		ctx, cancel := context.WithTimeout(chat.WithPrincipal(t.Context(), "anna"), 30*time.Second)
		defer cancel()
		err := collect(t, r.Complete(ctx, question1(), nil)).err
		wantShown(t, err, chat.CodeUpstreamError, "connection refused")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}
