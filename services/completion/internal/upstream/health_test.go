package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
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

// wantShown fails the test unless an error is of that code, with such words.
func wantShown(t *testing.T, err error, code chat.Code, words string) {
	t.Helper()
	var shown *chat.Error
	if !errors.As(err, &shown) || shown.Code != code || !strings.Contains(shown.Message, words) {
		t.Errorf("error %v, want %s, %q", err, code, words)
	}
}

// refuses is a server that refuses connections.
func refuses(calls *atomic.Int32) plays {
	return func(*http.Request) (*http.Response, error) {
		calls.Add(1)
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
}

func one(t *testing.T, transport http.RoundTripper) *Route {
	return NewRoute(RouteConfig{Counter: counter(t), FirstEvent: time.Second, Places: []Place{place(t, transport, TargetConfig{})}})
}

// A request counts once, however often it has a target tried.
func TestARequestCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		r := one(t, replies(&calls, reply{absent: true}))
		for range 4 {
			askedBy(t, r, "anna")
		}
		if n := calls.Load(); n != 4*3 {
			t.Errorf("four requests of one caller make %d calls, want 12: each tries three times", n)
		}
	})
}

// One caller's failures are nobody else's: a server is ill when several callers say so.
func TestATargetRestsForThoseWhoFoundItIll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		r := one(t, refuses(&calls))
		asks := func(principal string) (called bool) {
			before := calls.Load()
			got := askedBy(t, r, principal)
			// Whether it rests or was asked, the caller is told what is wrong.
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
		<-time.After(restedFor + time.Millisecond)
		if !asks("dora") {
			t.Error("it is not tried again")
		}
		if asks("emil") {
			t.Error("it is asked by the next one, though it failed again")
		}
	})
}

// A success tells that it is well, for all.
func TestATargetThatAnswersIsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		ill := true
		r := one(t, plays(func(req *http.Request) (*http.Response, error) {
			if calls.Add(1); ill {
				return nil, errCut
			}
			return body(strings.NewReader(says("fine") + ends))(req)
		}))
		for i := range 3 * tripAfter {
			ill = i%tripAfter != 0
			askedBy(t, r, fmt.Sprint("caller ", i%7))
		}
		ill = false
		if got := askedBy(t, r, "anna"); got.text != "fine" {
			t.Errorf("%q, error %v", got.text, got.err)
		}
	})
}

// A server that says in its own words what went wrong is well: it was this request.
func TestAToldErrorIsNoIllHealth(t *testing.T) {
	for name, told := range map[string]reply{
		"500":           {status: 500},
		"401":           {status: 401},
		"in the stream": {stream: `data: {"error":{"message":"out of memory","code":500}}` + "\n\n"},
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

// What a server asks of one caller holds for that one, and for all only for a moment.
func TestRetryAfterIsTheCallersOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		fine := reply{stream: says("fine") + ends}
		r := one(t, replies(&calls, reply{status: 429, after: "3600"}, fine))
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
		<-time.After(restForAll)
		asks("ben", true)
		asks("anna", false)
		<-time.After(30 * time.Minute)
		asks("anna", false)
		<-time.After(30 * time.Minute)
		asks("anna", true)
	})
}

// What is known of callers is bounded.
func TestHealthOfManyCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h health
		f := broken(errCut)
		for i := range 3 * maxKnown {
			principal := fmt.Sprint(i)
			h.rest(principal, time.Hour)
			<-time.After(restedFor + time.Second)
			done, err := h.allow(principal)
			if err == nil {
				done(ill, f)
			}
		}
		if n := len(h.callers); n > maxKnown {
			t.Errorf("%d callers are known, want at most %d", n, maxKnown)
		}
	})
}

// A request that ends for another reason tells nothing, and lets the next one try.
func TestAProbeThatTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		var silent atomic.Bool
		r := one(t, plays(func(req *http.Request) (*http.Response, error) {
			if calls.Add(1); !silent.Load() {
				return nil, errCut
			}
			<-req.Context().Done()
			return nil, req.Context().Err()
		}))
		for i := range tripAfter {
			askedBy(t, r, fmt.Sprint(i))
		}
		silent.Store(true)
		<-time.After(restedFor + time.Second)
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
