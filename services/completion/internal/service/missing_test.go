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

// A slowLog delays its answers about completions, and about missing ones.
type slowLog struct {
	chat.Log
	here, stored, absent time.Duration
	asked                int // how often its storage was read
}

func (l *slowLog) Head(ctx context.Context, id string) (chat.Head, error) {
	head, err := l.Log.Head(ctx, id)
	if err == nil {
		<-time.After(l.here)
		return head, nil
	}
	l.asked++
	<-time.After(l.absent)
	return head, err
}

func (l *slowLog) Latest(ctx context.Context, id string) (chat.Head, error) {
	head, err := l.Log.Latest(ctx, id)
	l.asked++
	if err == nil {
		<-time.After(l.stored)
	} else {
		<-time.After(l.absent)
	}
	return head, err
}

// TestMissesTakeTheSameTime compares the time until "not found" for missing completions and for those of other
// principals.
func TestMissesTakeTheSameTime(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		name string
		log  slowLog
		want time.Duration
	}{
		{"at once", slowLog{}, 25 * ms},
		{"NATS beside it", slowLog{here: 0, stored: 900 * time.Microsecond, absent: 1300 * time.Microsecond}, 25 * ms},
		{"a slow one", slowLog{here: ms, stored: 60 * ms, absent: 40 * ms}, 100 * ms},
		{"one far away", slowLog{stored: 300 * ms, absent: 200 * ms}, 400 * ms},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := tt.log
				log.Log = memlog.New(memlog.Config{})
				s := newService(t, says("secret"), service.Config{Log: &log})
				hers, err := s.Create(t.Context(), anna, "key", ask(stored))
				if err != nil {
					t.Fatal(err)
				}
				for what, call := range map[string]func(ctx context.Context, id string) error{
					"Get": func(ctx context.Context, id string) error { _, err := s.Get(ctx, mallo, id); return err },
					"Resume": func(ctx context.Context, id string) error {
						_, err := s.Resume(ctx, mallo, id, chat.FromStart, true)
						return err
					},
					"Cancel": func(ctx context.Context, id string) error { _, err := s.Cancel(ctx, mallo, id); return err },
					"Update": func(ctx context.Context, id string) error { _, err := s.Update(ctx, mallo, id, nil); return err },
					"Messages": func(ctx context.Context, id string) error {
						_, _, err := s.Messages(ctx, mallo, id, chat.Page{})
						return err
					},
					"Delete": func(ctx context.Context, id string) error { return s.Delete(ctx, mallo, id) },
					"UntilNow": func(ctx context.Context, id string) error {
						_, err := s.UntilNow(ctx, mallo, id, chat.FromStart)
						return err
					},
					"Stream": func(ctx context.Context, id string) error { // which continues it
						_, err := s.Stream(ctx, mallo, "", ask(func(r *chat.Request) { r.PreviousID = &id }))
						return err
					},
				} {
					code := chat.CodeCompletionNotFound
					if what == "Stream" {
						code = chat.CodePreviousNotFound
					}
					for _, id := range []string{hers.Meta.ID, "chatcmpl-unknown"} {
						begun := time.Now()
						log.asked = 0
						err := call(t.Context(), id)
						wantCode(t, what, err, code)
						if took := time.Since(begun); took != tt.want {
							t.Errorf("%s of %s takes %v, want %v", what, id, took, tt.want)
						}
						if log.asked != 1 {
							t.Errorf("%s of %s asks the storage %d times", what, id, log.asked)
						}
					}
					ctx, cancel := context.WithCancel(t.Context())
					cancel()
					if err := call(ctx, "chatcmpl-unknown"); !errors.Is(err, context.Canceled) {
						t.Errorf("%s by somebody who has left: %v", what, err)
					}
				}
				begun := time.Now()
				if _, err := s.Get(t.Context(), anna, hers.Meta.ID); err != nil || time.Since(begun) >= max(25*ms, tt.log.stored+ms) {
					t.Errorf("its owner waits %v, %v", time.Since(begun), err)
				}
			})
		})
	}
}
