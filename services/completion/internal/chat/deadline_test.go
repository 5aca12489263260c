package chat_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

func TestDeadlines(t *testing.T) {
	for _, tt := range []struct {
		name      string
		deadlines chat.Deadlines
		says      []time.Duration // when the model says something; then it is silent
		want      chat.Code
		after     time.Duration
	}{
		{"never begins", chat.Deadlines{First: 5 * time.Second, Idle: time.Second}, nil, chat.CodeFirstEventTimeout, 5 * time.Second},
		{"begins late", chat.Deadlines{First: 5 * time.Second, Idle: 2 * time.Second}, []time.Duration{4 * time.Second}, chat.CodeIdleTimeout, 6 * time.Second},
		{
			"stops in the middle",
			chat.Deadlines{First: time.Minute, Idle: 2 * time.Second},
			[]time.Duration{0, time.Second, 2 * time.Second, 3 * time.Second},
			chat.CodeIdleTimeout, 5 * time.Second,
		},
		{"stops, with no bound for the first event", chat.Deadlines{Idle: 2 * time.Second}, []time.Duration{time.Hour}, chat.CodeIdleTimeout, time.Hour + 2*time.Second},
		{
			"takes too long",
			chat.Deadlines{First: time.Second, Idle: 2 * time.Second, Total: 3500 * time.Millisecond},
			[]time.Duration{0, time.Second, 2 * time.Second, 3 * time.Second},
			chat.CodeTotalTimeout, 3500 * time.Millisecond,
		},
		{"stops, with no bound but the total", chat.Deadlines{First: time.Second, Total: time.Hour}, []time.Duration{0}, chat.CodeTotalTimeout, time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPuppet()
				s := newService(t, p, chat.Config{Deadlines: tt.deadlines})
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
