package service_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

const grace = 20 * time.Second

// never is the time after which the tests believe that a generation will not be cancelled.
const never = 24 * time.Hour

func TestWhatTheLastReaderLeavesBehindIsUpToThePolicy(t *testing.T) {
	for _, test := range []struct {
		name    string
		request *chat.Request
		key     string
		unary   bool
		runsFor time.Duration
	}{
		{"a stream has grace", ask(), "", false, grace},
		{"a stream that is to be cancelled", ask(policy(chat.OnDisconnectCancel)), "", false, 0},
		{"a stream that is to have grace", ask(policy(chat.OnDisconnectGrace)), "", false, grace},
		{"a stream that is to go on", ask(policy(chat.OnDisconnectContinue)), "", false, never},
		{"what is stored goes on", ask(stored), "", false, never},
		{"what is stored is cancelled where that is asked for", ask(stored, policy(chat.OnDisconnectCancel)), "", false, 0},
		{"a call without a key is cancelled, as nobody can come back", ask(), "", true, 0},
		{"a call with a key has grace", ask(), "key", true, grace},
		{"a call without a key that is to have grace", ask(policy(chat.OnDisconnectGrace)), "", true, grace},
		{"a call that is stored goes on", ask(stored), "", true, never},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPuppet()
				s := newService(t, p, service.Config{Grace: grace})
				ctx, leave := context.WithCancel(t.Context())
				go func() {
					if test.unary {
						_, _ = s.Create(ctx, anna, test.key, test.request)
						return
					}
					if st, err := s.Stream(ctx, anna, test.key, test.request); err == nil {
						_, _ = collect(st)
					}
				}()
				p.say(chat.Opening(0))
				pass(time.Hour) // a connected reader may wait for any time
				left := time.Now()
				leave()
				synctest.Wait()
				pass(never / 2)
				if test.runsFor == never {
					if len(p.stopped) != 0 {
						t.Fatalf("it was ended after %v", (<-p.stopped).Sub(left))
					}
					return
				}
				if len(p.stopped) == 0 {
					t.Fatal("it was never ended")
				}
				if ranFor := (<-p.stopped).Sub(left); ranFor != test.runsFor {
					t.Errorf("it was ended after %v, want %v", ranFor, test.runsFor)
				}
			})
		})
	}
}

func TestAnAbandonedCompletionIsCancelledAndSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{})
		st := stream(t, s, "", ask())
		p.say(chat.Opening(0), chat.Text(0, "Lab"))
		synctest.Wait()
		st.Close()
		pass(service.DefaultGrace - 1)
		wantStatus(t, get(t, s, st.Meta().ID), chat.StatusInProgress, "")
		pass(1)
		c := get(t, s, st.Meta().ID)
		wantStatus(t, c, chat.StatusCancelled, chat.CodeCompletionCancelled)
		if c.Choices[0].Content != "Lab" || c.Usage == nil || *c.Usage != cost {
			t.Errorf("it says %q and cost %v, want %q and %v", c.Choices[0].Content, c.Usage, "Lab", cost)
		}
	})
}

func TestAReaderThatComesBackInTimeKeepsItGoing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{Grace: grace})
		st := stream(t, s, "", ask())
		p.say(chat.Opening(0))
		synctest.Wait()
		st.Close()
		for range 5 { // the grace begins anew each time
			pass(grace - 1)
			back, err := s.Resume(t.Context(), anna, st.Meta().ID, 0, false)
			if err != nil {
				t.Fatal(err)
			}
			pass(time.Hour)
			back.Close()
		}
		if len(p.stopped) != 0 {
			t.Fatal("it was ended")
		}
		pass(grace)
		if len(p.stopped) != 1 {
			t.Error("it was not ended in the end")
		}
	})
}

func TestTheGraceBeginsAnewWithEachReaderThatLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{Grace: grace})
		stream(t, s, "key", ask()).Close()
		pass(grace / 2)
		stream(t, s, "key", ask()).Close()
		left := time.Now()
		if stopped := <-p.stopped; stopped.Sub(left) != grace {
			t.Errorf("it was ended %v after the last reader had left, want %v", stopped.Sub(left), grace)
		}
	})
}

func TestItGoesOnWhileThereIsOneReaderHoweverItJoined(t *testing.T) {
	for _, last := range []string{"the first", "attached", "resumed"} {
		t.Run(last, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPuppet()
				s := newService(t, p, service.Config{})
				first := stream(t, s, "key", ask(policy(chat.OnDisconnectCancel)))
				resumed, err := s.Resume(t.Context(), anna, first.Meta().ID, chat.FromStart, false)
				if err != nil {
					t.Fatal(err)
				}
				readers := map[string]*service.Stream{
					"the first": first,
					"attached":  stream(t, s, "key", ask(policy(chat.OnDisconnectCancel))),
					"resumed":   resumed,
				}
				for name, st := range readers {
					if name != last {
						st.Close()
						st.Close() // counts once
					}
				}
				pass(time.Hour)
				if len(p.stopped) != 0 {
					t.Fatal("it was ended while a reader was left")
				}
				readers[last].Close()
				synctest.Wait()
				if len(p.stopped) != 1 {
					t.Error("it was not ended after the last reader had left")
				}
			})
		})
	}
}

func TestAReaderThatStopsInTheMiddleHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{})
		st := stream(t, s, "", ask(policy(chat.OnDisconnectCancel)))
		p.say(chat.Opening(0))
		for range st.Entries() {
			break
		}
		synctest.Wait()
		if len(p.stopped) != 1 {
			t.Error("the generation goes on without a reader")
		}
	})
}

func TestAReaderOfWhatHasEndedLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{Grace: grace})
		st := stream(t, s, "", ask())
		p.say(chat.Opening(0))
		p.finish()
		synctest.Wait()
		st.Close()
		pass(time.Minute)
		wantStatus(t, get(t, s, st.Meta().ID), chat.StatusCompleted, "")
	})
}
