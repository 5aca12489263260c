package logtest

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

//nolint:gochecknoglobals // a table
var shareRules = []rule{
	{"readers that join before, during and after see the same", joinAnyTime},
	{"many concurrent readers see the same", manyReaders},
	{"a slow reader delays neither the writer nor a reader", slowReader},
	{"completions do not mix", doNotMix},
}

func joinAnyTime(t *testing.T, log chat.Log) {
	ctx := within(t)
	s := create(t, log)
	before := s.start(ctx, chat.FromStart)
	s.append(words(100)...)
	s.await()
	during := s.start(ctx, chat.FromStart)
	resumed := s.start(ctx, 49)
	s.append(mixed()...)
	s.await()
	s.seal(done())
	s.check(<-before, chat.FromStart)
	s.check(<-during, chat.FromStart)
	s.check(<-resumed, 49)
	s.check(s.read(ctx, chat.FromStart, false), chat.FromStart)
}

func manyReaders(t *testing.T, log chat.Log) {
	ctx := within(t)
	s := create(t, log)
	var readings []<-chan reading
	for _, e := range words(200) {
		if len(readings) < 50 {
			readings = append(readings, s.start(ctx, chat.FromStart))
		}
		s.append(e)
	}
	s.seal(done())
	for _, r := range readings {
		s.check(<-r, chat.FromStart)
	}
}

func slowReader(t *testing.T, log chat.Log) {
	ctx := within(t)
	s := create(t, log)
	s.append(chat.Opening(0))

	held, release, slow := make(chan struct{}), make(chan struct{}), make(chan reading, 1)
	go func() {
		var r reading
		defer func() { slow <- r }()
		for entry, err := range log.Follow(ctx, s.meta.ID, chat.FromStart, false) {
			if err != nil {
				r.err = err
				return
			}
			if r.entries = append(r.entries, entry); len(r.entries) == 1 {
				close(held)
				<-release
			}
		}
	}()
	<-held
	s.append(words(5000)...)
	s.seal(done())
	s.check(s.read(ctx, chat.FromStart, false), chat.FromStart)
	close(release)
	s.check(<-slow, chat.FromStart)
}

func doNotMix(t *testing.T, log chat.Log) {
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	subjects := []*subject{create(t, log), create(t, log), create(t, log)}
	var readings []<-chan reading
	for _, s := range subjects {
		readings = append(readings, s.start(ctx, chat.FromStart))
	}
	for i, e := range words(60) {
		for j, s := range subjects {
			if i%(j+1) == 0 {
				s.append(e)
			}
		}
	}
	for i, s := range subjects {
		s.seal(failed(s.meta.ID))
		s.check(<-readings[i], chat.FromStart)
		if diff := cmp.Diff(s.meta, s.head().Meta); diff != "" {
			t.Errorf("Head's meta (-want +got):\n%s", diff)
		}
	}
}
