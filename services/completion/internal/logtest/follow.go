package logtest

import (
	"context"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

//nolint:gochecknoglobals // a table
var followRules = []rule{
	{"sequence numbers are dense from 0", denseFromZero},
	{"following from every cursor yields what comes after it", everyCursor},
	{"following from every cursor of a running completion goes on live", everyCursorLive},
	{"following from the terminal event yields nothing", fromTerminal},
	{"a completion may consist of its terminal event", terminalOnly},
	{"the head tells how far the completion is", headTells},
	{"a reader may stop where it wants", readerStops},
	{"the end of the context ends a reader that waits", contextEnds},
	{"the end of the context ends a reader that waits for the first event", contextEndsEmpty},
}

func denseFromZero(t *testing.T, log chat.Log) {
	s := create(t, log)
	s.append(words(3000)...)
	s.seal(done())
	s.check(s.read(within(t), chat.FromStart, false), chat.FromStart)
}

func everyCursor(t *testing.T, log chat.Log) {
	s := create(t, log)
	s.append(words(90)...)
	s.append(mixed()...)
	s.seal(done())
	for after := chat.FromStart; after < int64(len(s.events)); after++ {
		s.check(s.read(within(t), after, false), after)
	}
}

func everyCursorLive(t *testing.T, log chat.Log) {
	ctx := within(t)
	s := create(t, log)
	s.append(words(20)...)
	s.await()
	var readings []<-chan reading
	for after := chat.FromStart; after < 20; after++ {
		readings = append(readings, s.start(ctx, after))
	}
	s.append(mixed()...)
	s.seal(done())
	for i, r := range readings {
		s.check(<-r, int64(i)+chat.FromStart)
	}
}

func fromTerminal(t *testing.T, log chat.Log) {
	s := create(t, log)
	s.append(words(2)...)
	s.seal(done())
	s.check(s.read(within(t), 2, false), 2)
}

func terminalOnly(t *testing.T, log chat.Log) {
	s := create(t, log)
	s.seal(failed("at once"))
	s.check(s.read(within(t), chat.FromStart, false), chat.FromStart)
	if head := s.head(); head.Last != 0 || head.Terminal == nil {
		t.Errorf("Head: last %d, terminal %v, want 0 and the error", head.Last, head.Terminal)
	}
}

func headTells(t *testing.T, log chat.Log) {
	s := create(t, log)
	for i, e := range words(5) {
		s.append(e)
		s.await()
		if head := s.head(); head.Last != int64(i) || head.Terminal != nil {
			t.Fatalf("Head after event %d: last %d, terminal %v", i, head.Last, head.Terminal)
		}
	}
	s.seal(done())
	if head := s.head(); head.Last != 5 || head.Terminal == nil {
		t.Errorf("Head after the end: last %d, terminal %v, want 5 and a terminal event", head.Last, head.Terminal)
	}
}

func readerStops(t *testing.T, log chat.Log) {
	s := create(t, log)
	s.append(words(10)...)
	for stop := range int64(10) {
		for entry, err := range log.Follow(within(t), s.meta.ID, chat.FromStart, false) {
			if err != nil {
				t.Fatalf("Follow: %v", err)
			}
			if entry.Sequence == stop {
				break
			}
		}
	}
	s.seal(done())
	s.check(s.read(within(t), chat.FromStart, false), chat.FromStart)
}

func contextEnds(t *testing.T, log chat.Log) {
	s := create(t, log)
	s.append(words(3)...)
	s.await()
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	seen := int64(-1)
	var end error
	for entry, err := range log.Follow(ctx, s.meta.ID, chat.FromStart, false) {
		if err != nil {
			end = err
			continue
		}
		if seen = entry.Sequence; seen == 2 {
			cancel()
		}
	}
	if seen != 2 {
		t.Errorf("last sequence number %d, want 2", seen)
	}
	wantError(t, "Follow", end, context.Canceled)
}

func contextEndsEmpty(t *testing.T, log chat.Log) {
	s := create(t, log)
	ctx, cancel := context.WithCancel(within(t))
	r := s.start(ctx, chat.FromStart)
	cancel()
	wantError(t, "Follow", (<-r).err, context.Canceled)
}
