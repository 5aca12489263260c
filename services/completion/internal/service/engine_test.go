package service_test

import (
	"context"
	"iter"
	"sync/atomic"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// An engine is a chat.Engine made of functions.
type engine struct {
	check    func(*chat.Request) error // nil: it accepts everything
	complete func(ctx context.Context, req *chat.Request, yield func(chat.Event, error) bool)
}

func (e engine) Check(_ context.Context, req *chat.Request) error {
	if e.check == nil {
		return nil
	}
	return e.check(req)
}

func (e engine) Complete(ctx context.Context, req *chat.Request, _ []chat.Event) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) { e.complete(ctx, req, yield) }
}

// cost is the usage that the engines report.
var cost = chat.Usage{PromptTokens: 7, CompletionTokens: 3}

// yields returns an engine that yields exactly these events.
func yields(events ...chat.Event) engine {
	return engine{complete: func(_ context.Context, _ *chat.Request, yield func(chat.Event, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}}
}

// says returns an engine that gives each choice the same words.
func says(words ...string) engine {
	return engine{complete: func(_ context.Context, req *chat.Request, yield func(chat.Event, error) bool) {
		for _, e := range spoken(req.Choices(), words...) {
			if !yield(e, nil) {
				return
			}
		}
		yield(chat.UsageEvent(cost), nil)
	}}
}

// spoken returns the events that readers see of an engine that yields words, without the end.
func spoken(choices int, words ...string) []chat.Event {
	var events []chat.Event
	for i := range choices {
		events = append(events, chat.Opening(i))
		for _, w := range words {
			events = append(events, chat.Text(i, w))
		}
		events = append(events, chat.Finish(i, chat.FinishStop))
	}
	return events
}

// A puppet is an engine that yields the test's events, for one completion at a time. When its context ends, it
// reports its usage and the time.
type puppet struct {
	events  chan chat.Event
	stopped chan time.Time
	runs    atomic.Int32
}

func newPuppet() *puppet {
	return &puppet{events: make(chan chat.Event), stopped: make(chan time.Time, 10)}
}

func (p *puppet) Check(context.Context, *chat.Request) error { return nil }

func (p *puppet) Complete(ctx context.Context, _ *chat.Request, _ []chat.Event) iter.Seq2[chat.Event, error] {
	p.runs.Add(1)
	return func(yield func(chat.Event, error) bool) {
		for {
			select {
			case e, ok := <-p.events:
				if !ok || !yield(e, nil) {
					return
				}
			case <-ctx.Done():
				p.stopped <- time.Now()
				yield(chat.UsageEvent(cost), nil)
				yield(chat.Event{}, ctx.Err())
				return
			}
		}
	}
}

// say makes the puppet yield events.
func (p *puppet) say(events ...chat.Event) {
	for _, e := range events {
		p.events <- e
	}
}

// finish makes the puppet end a completion with one choice.
func (p *puppet) finish() {
	p.say(chat.Finish(0, chat.FinishStop), chat.UsageEvent(cost))
	close(p.events)
}

// stuck returns an engine that ignores its context: it yields a word, waits for release, and yields more.
func stuck(release <-chan struct{}) engine {
	return engine{complete: func(_ context.Context, _ *chat.Request, yield func(chat.Event, error) bool) {
		if !yield(chat.Opening(0), nil) || !yield(chat.Text(0, "before"), nil) {
			return
		}
		<-release
		if yield(chat.Text(0, "after"), nil) && yield(chat.Finish(0, chat.FinishStop), nil) {
			yield(chat.UsageEvent(cost), nil)
		}
	}}
}

// numbered returns events as entries, numbered from first on.
func numbered(first int64, events ...chat.Event) []chat.Entry {
	var entries []chat.Entry
	for i, e := range events {
		entries = append(entries, chat.Entry{Sequence: first + int64(i), Event: e})
	}
	return entries
}

// done returns the end of a completion with the engines' usage.
func done() chat.Event { return chat.Event{Kind: chat.KindDone, Usage: new(cost)} }

// after returns the entries after a cursor.
func after(entries []chat.Entry, cursor int64) []chat.Entry {
	if int(cursor)+1 >= len(entries) {
		return nil
	}
	return entries[cursor+1:]
}
