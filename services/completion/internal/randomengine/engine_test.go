package randomengine_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/randomengine"
)

func newEngine(t *testing.T, cfg randomengine.Config) *randomengine.Engine {
	t.Helper()
	e, err := randomengine.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// complete returns the engine's events, and separately the usage.
func complete(ctx context.Context, e *randomengine.Engine, resume []chat.Event) (events []chat.Event, usage *chat.Usage, err error) {
	for event, err := range e.Complete(ctx, &chat.Request{User: "someone"}, resume) {
		switch {
		case err != nil:
			return events, usage, err
		case event.Kind == chat.KindUsage:
			usage = event.Usage
		default:
			events = append(events, event)
		}
	}
	return events, usage, nil
}

func TestAnotherTextEachTime(t *testing.T) {
	e := newEngine(t, randomengine.Config{Min: 5, Max: 5})
	first, usage, err := complete(t.Context(), e, nil)
	if err != nil || len(first) != 7 || usage == nil || usage.CompletionTokens != 5 {
		t.Fatalf("%d events, usage %v, error %v", len(first), usage, err)
	}
	second, _, _ := complete(t.Context(), e, nil)
	for i := 1; i <= 5; i++ {
		if first[i].Delta.Content == second[i].Delta.Content {
			t.Errorf("token %d is the same again", i)
		}
	}
}

func TestGoesOnFromEveryPlace(t *testing.T) {
	e := newEngine(t, randomengine.Config{Min: 5, Max: 5})
	whole, _, err := complete(t.Context(), e, nil)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) + 1 {
		rest, usage, err := complete(t.Context(), e, whole[:n])
		if err != nil || n+len(rest) != len(whole) || usage == nil {
			t.Errorf("after %d of %d events: %d more, usage %v, error %v", n, len(whole), len(rest), usage, err)
		}
	}
}

func TestPaceAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		events, usage, err := complete(ctx, newEngine(t, randomengine.Config{Pace: 2, Min: 100, Max: 100}), nil)
		if !errors.Is(err, context.DeadlineExceeded) || usage == nil {
			t.Errorf("error %v, usage %v", err, usage)
		}
		if n := len(events); n < 12 || n > 35 {
			t.Errorf("%d events in 10 s at 2 a second", n)
		}
	})
}

func TestJournal(t *testing.T) {
	var text bytes.Buffer
	e := newEngine(t, randomengine.Config{Min: 2, Max: 2, Journal: &text})
	events, _, err := complete(t.Context(), e, []chat.Event{chat.Opening(0)})
	if err != nil {
		t.Fatal(err)
	}
	var steps, texts []string
	for scanner := bufio.NewScanner(&text); scanner.Scan(); {
		var l randomengine.Line
		if err := json.Unmarshal(scanner.Bytes(), &l); err != nil || l.Attempt == "" || l.Tag != "someone" || l.At.IsZero() {
			t.Fatalf("%v in %s", err, scanner.Bytes())
		}
		if l.Step == randomengine.StepBegin && l.Resumed != 1 {
			t.Errorf("resumed after %d", l.Resumed)
		}
		steps = append(steps, l.Step+l.Kind)
		if l.Kind == "text" {
			texts = append(texts, l.Text)
		}
	}
	if !slices.Equal(steps, []string{"begin", "eventtext", "eventtext", "eventfinish", "end"}) {
		t.Errorf("steps %q", steps)
	}
	if !slices.Equal(texts, []string{events[0].Delta.Content, events[1].Delta.Content}) {
		t.Errorf("texts %q", texts)
	}
}
