package service_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// sent marks a request as sent before that many times.
func sent(before int) func(*chat.Request) {
	return func(r *chat.Request) { r.SentBefore = &before }
}

func TestARequestThatIsSentAgainAttachesToWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{})
		first := stream(t, s, "", ask(sent(0)))
		p.say(chat.Opening(0), chat.Text(0, "Lab"))
		pass(10 * time.Minute) // it may run for any time
		second := stream(t, s, "", ask(sent(1)))
		third := stream(t, s, "", ask(sent(2)))
		p.finish()
		want := all(t, first)
		for _, st := range []*service.Stream{second, third} {
			if got := all(t, st); st.Meta().ID != first.Meta().ID || len(got) != len(want) {
				t.Errorf("it follows %s with %d events, want %s with %d", st.Meta().ID, len(got), first.Meta().ID, len(want))
			}
		}
		if n := p.runs.Load(); n != 1 {
			t.Errorf("the engine ran %d times", n)
		}
	})
}

// TestWhatASentRequestIs checks whether another request, some time after the first, counts as a repetition of
// it.
func TestWhatASentRequestIs(t *testing.T) {
	models := []chat.Model{
		{ID: "model", Aliases: []string{"alias"}, Capabilities: everything, Engine: says("a")}, {ID: "other", Engine: says("b")},
	}
	named := func(model string) func(*chat.Request) { return func(r *chat.Request) { r.Model = model } }
	for _, tt := range []struct {
		name           string
		first          []func(*chat.Request)
		firstKey       string
		then           []func(*chat.Request)
		key, principal string
		after          time.Duration
		same           bool
	}{
		{name: "sent again", first: with(sent(0)), then: with(sent(1)), same: true},
		{name: "sent for the fifth time", first: with(sent(0)), then: with(sent(4)), same: true},
		{name: "the first did not count", then: with(sent(1)), same: true},
		{name: "by an alias", first: with(sent(0)), then: with(sent(1), named("alias")), same: true},
		{name: "just before a minute is over", then: with(sent(1)), after: 59 * time.Second, same: true},
		{name: "after a minute", then: with(sent(1)), after: 61 * time.Second},
		{name: "asked anew", first: with(sent(0)), then: with(sent(0))},
		{name: "asked by one who does not count", first: with(sent(0))},
		{name: "another's", first: with(sent(0)), then: with(sent(1)), principal: mallo},
		{name: "another model", first: with(sent(0)), then: with(sent(1), named("other"))},
		{name: "another question", first: with(sent(0)), then: with(sent(1), messages(user("Which cat?")))},
		{name: "other options", first: with(sent(0)), then: with(sent(1), withUsage)},
		{name: "with a key", first: with(sent(0)), then: with(sent(1)), key: "key"},
		{name: "of one with a key", first: with(sent(0)), firstKey: "key", then: with(sent(1))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newService(t, nil, service.Config{Models: models})
				first, err := s.Create(t.Context(), anna, tt.firstKey, ask(tt.first...))
				if err != nil {
					t.Fatal(err)
				}
				pass(tt.after)
				principal := tt.principal
				if principal == "" {
					principal = anna
				}
				then, err := s.Create(t.Context(), principal, tt.key, ask(tt.then...))
				if err != nil {
					t.Fatal(err)
				}
				if same := then.Meta.ID == first.Meta.ID; same != tt.same {
					t.Errorf("it is the same one: %t, want %t", same, tt.same)
				}
			})
		})
	}
}

func with(changes ...func(*chat.Request)) []func(*chat.Request) { return changes }

// TestWhatFailedIsAskedAgain checks that a repeated request after a failure runs again: the failure is why SDKs
// repeat it.
func TestWhatFailedIsAskedAgain(t *testing.T) {
	e := &counter{Engine: yields(chat.Opening(0))}
	s := newService(t, e, service.Config{})
	for i := range 3 {
		if _, err := s.Create(t.Context(), anna, "", ask(sent(i))); err == nil {
			t.Error("it did not fail")
		}
	}
	if n := e.runs.Load(); n != 3 {
		t.Errorf("the engine ran %d times, want 3", n)
	}
	s = newService(t, says("yes"), service.Config{})
	first, err := s.Create(t.Context(), anna, "", ask(sent(0)))
	if err == nil {
		err = s.Delete(t.Context(), anna, first.Meta.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(t.Context(), anna, "", ask(sent(1))); err != nil {
		t.Errorf("after it was deleted: %v", err)
	}
}

// TestAWholeAnswerWaitsForAClientThatAsksAgain checks that a whole answer survives a lost connection if its
// client repeats requests.
func TestAWholeAnswerWaitsForAClientThatAsksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			change func(*chat.Request)
			runs   int32
		}{{sent(0), 1}, {func(*chat.Request) {}, 2}} {
			p := newPuppet()
			s := newService(t, p, service.Config{})
			ctx, leave := context.WithCancel(t.Context())
			left := make(chan error, 1)
			go func() {
				_, err := s.Create(ctx, anna, "", ask(tt.change))
				left <- err
			}()
			synctest.Wait()
			leave()
			if err := <-left; !errors.Is(err, context.Canceled) {
				t.Fatalf("Create: %v", err)
			}
			pass(2 * time.Second)
			answer := make(chan *chat.Completion, 1)
			go func() {
				c, err := s.Create(t.Context(), anna, "", ask(sent(1)))
				if err != nil {
					t.Errorf("again: %v", err)
				}
				answer <- c
			}()
			synctest.Wait()
			p.say(chat.Opening(0), chat.Text(0, "Lab"))
			p.finish()
			<-answer
			if n := p.runs.Load(); n != tt.runs {
				t.Errorf("the engine ran %d times, want %d", n, tt.runs)
			}
		}
	})
}

// A line joins two services.
type line struct {
	chat.Cluster

	other *line
	tell  func(chat.Asking) string
}

func (l *line) Watched(context.Context, string) bool                    { return false }
func (l *line) TellAsked(f func(chat.Asking) string)                    { l.tell = f }
func (l *line) Asked(_ context.Context, asking chat.Asking) (id string) { return l.other.tell(asking) }

func TestAnotherProcessKnowsWhatWasSentBefore(t *testing.T) {
	log := newLog(t, memlog.Config{})
	here, there := new(line), new(line)
	here.other, there.other = there, here
	e := &counter{Engine: says("yes")}
	services := []*service.Service{newService(t, e, service.Config{Log: log, Cluster: here}), newService(t, e, service.Config{Log: log, Cluster: there})}
	first, err := services[0].Create(t.Context(), anna, "", ask(sent(0)))
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range services {
		again, err := s.Create(t.Context(), anna, "", ask(sent(1)))
		if err != nil || again.Meta.ID != first.Meta.ID {
			t.Errorf("service %d: %v, %v", i, again, err)
		}
		if _, err := s.Create(t.Context(), mallo, "", ask(sent(1))); err != nil {
			t.Error(err)
		}
	}
	if n := e.runs.Load(); n != 2 {
		t.Errorf("the engine ran %d times, want 2: for each principal once", n)
	}
}
