package service_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

func TestDeadlines(t *testing.T) {
	for _, tt := range []struct {
		name      string
		deadlines service.Deadlines
		says      []time.Duration // when the model yields something; then it is silent
		want      chat.Code
		after     time.Duration
	}{
		{"never begins", service.Deadlines{First: 5 * time.Second, Idle: time.Second}, nil, chat.CodeFirstEventTimeout, 5 * time.Second},
		{"begins late", service.Deadlines{First: 5 * time.Second, Idle: 2 * time.Second}, []time.Duration{4 * time.Second}, chat.CodeIdleTimeout, 6 * time.Second},
		{
			"stops in the middle",
			service.Deadlines{First: time.Minute, Idle: 2 * time.Second},
			[]time.Duration{0, time.Second, 2 * time.Second, 3 * time.Second},
			chat.CodeIdleTimeout, 5 * time.Second,
		},
		{"stops, with no bound for the first event", service.Deadlines{Idle: 2 * time.Second}, []time.Duration{time.Hour}, chat.CodeIdleTimeout, time.Hour + 2*time.Second},
		{
			"takes too long",
			service.Deadlines{First: time.Second, Idle: 2 * time.Second, Total: 3500 * time.Millisecond},
			[]time.Duration{0, time.Second, 2 * time.Second, 3 * time.Second},
			chat.CodeTotalTimeout, 3500 * time.Millisecond,
		},
		{"stops, with no bound but the total", service.Deadlines{First: time.Second, Total: time.Hour}, []time.Duration{0}, chat.CodeTotalTimeout, time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPuppet()
				s := newService(t, p, service.Config{Deadlines: tt.deadlines})
				begun := time.Now()
				st := stream(t, s, "", ask())
				for i, at := range tt.says {
					pass(time.Until(begun.Add(at)))
					if i == 0 {
						p.say(chat.Opening(0))
					} else {
						p.say(chat.Text(0, "x"))
					}
				}
				entries := all(t, st)
				last := entries[len(entries)-1].Event
				if last.Err == nil || last.Err.Code != tt.want || time.Since(begun) != tt.after {
					t.Errorf("it ends with %+v after %v, want %s after %v", last.Err, time.Since(begun), tt.want, tt.after)
				}
				if len(entries) != len(tt.says)+1 {
					t.Errorf("%d events, want all %d that were said, and the error", len(entries), len(tt.says))
				}
			})
		})
	}
}

// TestADeadlineTellsWhatWasWrong stops an engine that could not answer by its deadline. Readers and the log
// must get the reason.
func TestADeadlineTellsWhatWasWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("dial tcp 10.0.0.7:80: connect: connection refused")
		e := engine{complete: func(ctx context.Context, _ *chat.Request, yield func(chat.Event, error) bool) {
			<-ctx.Done()
			yield(chat.Event{}, errors.Join(ctx.Err(), &chat.Error{
				Code: chat.CodeUpstreamError, Message: "The model's server cannot be reached: connection refused. Please try again.", Err: cause,
			}))
		}}
		var log bytes.Buffer
		s := newService(t, e, service.Config{
			Deadlines: service.Deadlines{First: time.Second}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		entries := all(t, stream(t, s, "", ask()))
		last := entries[len(entries)-1].Event.Err
		const want = "The model did not begin to answer in time. Before that: The model's server cannot be reached: connection refused."
		if last == nil || last.Code != chat.CodeFirstEventTimeout || last.Message != want {
			t.Errorf("it ends with %+v", last)
		}
		if !strings.Contains(log.String(), "10.0.0.7:80") {
			t.Errorf("the log is told %q", log.String())
		}
	})
}
