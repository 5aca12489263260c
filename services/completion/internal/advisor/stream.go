package advisor

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// maxLag is how far an answer may fall behind its pace and still catch up. After a longer absence, a reader gets a
// burst of at most this length, and then the pace again.
const maxLag = 250 * time.Millisecond

// A stream yields an answer's events, one piece of every choice per beat.
type stream struct {
	yield func(chat.Event, error) bool
	// shown is what a continued completion has already shown. It must equal the answer's beginning, which is then
	// left out.
	shown []chat.Event
	usage chat.Usage

	beat  time.Duration // between two pieces of a choice; 0: no pause
	due   time.Time
	timer *time.Timer
}

func newStream(yield func(chat.Event, error) bool, shown []chat.Event, pace float64) *stream {
	s := &stream{yield: yield, shown: shown}
	if pace > 0 {
		s.beat = time.Duration(float64(time.Second) / pace)
	}
	return s
}

// run yields all events of an answer, usage last. It returns no error: whatever ends it early was yielded, or the
// reader has left.
func (s *stream) run(ctx context.Context, choices []cut) {
	defer s.stopTimer()
	for i := range choices {
		if !s.event(ctx, chat.Opening(i)) {
			return
		}
	}
	for step, open := 0, len(choices); open > 0; step++ {
		if len(s.shown) == 0 && !s.wait(ctx) {
			return
		}
		for i, c := range choices {
			switch {
			case step < len(c.pieces):
				if !s.event(ctx, c.event(i, step)) {
					return
				}
				s.usage.CompletionTokens += int64(c.pieces[step].tokens)
			case step == len(c.pieces):
				open--
				if !s.event(ctx, chat.Finish(i, c.reason)) {
					return
				}
			}
		}
	}
	if len(s.shown) > 0 { // more was shown than the answer has
		s.yield(chat.Event{}, chat.ErrCannotContinue)
		return
	}
	s.yield(chat.UsageEvent(s.usage), nil)
}

// event returns piece i of a choice as an event. The last one has the pets and the follow-up questions.
func (c *cut) event(choice, i int) chat.Event {
	e := chat.Text(choice, c.piece(i))
	if i == len(c.pieces)-1 {
		e.Delta.Pets, e.Delta.RelatedQuestions = c.pets, c.onward
	}
	return e
}

// shownPets returns an answer's pets that the shown text names.
func shownPets(answer *compose.Answer, text string) []chat.Pet {
	var shown []chat.Pet
	for i, p := range answer.Pets {
		if strings.Contains(text, p.Name) {
			shown = append(shown, chat.Pet{
				ID: p.ID, Name: p.Name, Species: string(p.Species), Breed: p.Breed.Name, Sex: string(p.Sex),
				AgeMonths: p.AgeMonths, FeeUSD: p.Price, Coat: p.Coat, Reasons: answer.Reasons[i],
			})
		}
	}
	return shown
}

// event yields e, or compares it with what was shown. It reports whether to continue.
func (s *stream) event(ctx context.Context, e chat.Event) bool {
	if ctx.Err() != nil {
		return s.stop(ctx)
	}
	if len(s.shown) == 0 {
		return s.yield(e, nil)
	}
	if !sameEvent(&s.shown[0], &e) {
		s.yield(chat.Event{}, chat.ErrCannotContinue)
		return false
	}
	s.shown = s.shown[1:]
	return true
}

// stop ends the answer because ctx ended: it yields the usage first, then the error.
func (s *stream) stop(ctx context.Context) bool {
	if s.yield(chat.UsageEvent(s.usage), nil) {
		s.yield(chat.Event{}, ctx.Err())
	}
	return false
}

// wait waits for the next beat. The first one is immediate.
func (s *stream) wait(ctx context.Context) bool {
	if s.beat == 0 {
		return true
	}
	now := time.Now()
	switch {
	case s.due.IsZero():
		s.due = now
	case now.Sub(s.due) > maxLag:
		s.due = now.Add(-maxLag)
	}
	if !s.pause(ctx, s.due.Sub(now)) {
		return s.stop(ctx)
	}
	s.due = s.due.Add(s.beat)
	return true
}

func (s *stream) pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	if s.timer == nil {
		s.timer = time.NewTimer(d)
	} else {
		s.timer.Reset(d)
	}
	select {
	case <-ctx.Done():
		return false
	case <-s.timer.C:
		return true
	}
}

func (s *stream) stopTimer() {
	if s.timer != nil {
		s.timer.Stop()
	}
}

// sameEvent compares the fields that this engine uses. No others may be set.
func sameEvent(a, b *chat.Event) bool {
	return a.Kind == b.Kind && a.Choice == b.Choice && a.Reason == b.Reason &&
		a.Delta.Role == b.Delta.Role && a.Delta.Content == b.Delta.Content && chat.SamePets(a.Delta.Pets, b.Delta.Pets) &&
		slices.Equal(a.Delta.RelatedQuestions, b.Delta.RelatedQuestions) &&
		a.Delta.Refusal == "" && a.Delta.Reasoning == "" && len(a.Delta.ToolCalls) == 0 && a.Delta.Logprobs == nil
}
