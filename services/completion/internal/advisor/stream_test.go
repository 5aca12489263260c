package advisor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

func codec(t testing.TB) tokens {
	t.Helper()
	c, err := newTokens()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSplit(t *testing.T) {
	c := codec(t)
	for _, test := range []struct {
		name, answer string
		limit        int
		stops        []string
		want         string
		reason       chat.FinishReason
	}{
		{"whole", "Hello cat", 0, nil, "Hello cat", chat.FinishStop},
		{"empty", "", 0, nil, "", chat.FinishStop},
		{"limit", "one two three four", 2, nil, "one two", chat.FinishLength},
		{"limit that is just enough", "one two", 2, nil, "one two", chat.FinishStop},
		{"limit inside of a character", "🦎", 1, nil, "", chat.FinishLength},
		{"limit after a word, inside of a character", "a 🦎", 2, nil, "a", chat.FinishLength},
		{"stop", "one two three", 0, []string{" two"}, "one", chat.FinishStop},
		{"stop inside of a token", "adoption", 0, []string{"opt"}, "ad", chat.FinishStop},
		{"stop across tokens", "one two three", 0, []string{"o th"}, "one tw", chat.FinishStop},
		{"earliest of several", "one two three", 0, []string{"three", "two", "e t"}, "on", chat.FinishStop},
		{"overlapping stops", "abcabd", 0, []string{"abd", "cab"}, "ab", chat.FinishStop},
		{"stop at the start", "one two", 0, []string{"one"}, "", chat.FinishStop},
		{"stop behind the limit", "one two three four", 2, []string{"four"}, "one two", chat.FinishLength},
		{"stop that the limit cuts", "one two three four", 2, []string{"two three"}, "one two", chat.FinishLength},
		{"emoji as stop", "good 🐶 dog", 0, []string{"🐶"}, "good ", chat.FinishStop},
		{"stop after emoji", "🐶🐱🦎 dog", 0, []string{"🦎"}, "🐶🐱", chat.FinishStop},
		{"emoji whole", "👩‍👩‍👧‍👦 and 🦎🦜", 0, nil, "👩‍👩‍👧‍👦 and 🦎🦜", chat.FinishStop},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := c.split(test.answer, test.limit, test.limit > 0, test.stops)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for i, p := range got.pieces {
				text := got.piece(i)
				if text == "" || !utf8.ValidString(text) || p.tokens < 1 {
					t.Errorf("piece %q of %d tokens", text, p.tokens)
				}
				b.WriteString(text)
			}
			if b.String() != test.want || got.reason != test.reason {
				t.Errorf("split = %q (%s), want %q (%s)", b.String(), got.reason, test.want, test.reason)
			}
		})
	}
}

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := paced(t, 50)
		req := request("Tell me about Luna")
		req.N = new(2)
		start := time.Now()
		step := map[int]int{}
		for e, err := range a.Complete(t.Context(), req, nil) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Kind != chat.KindDelta || e.Delta.Role != "" {
				continue
			}
			want := time.Duration(step[e.Choice]) * 20 * time.Millisecond
			if got := time.Since(start); got != want {
				t.Fatalf("token %d of choice %d after %v, want %v", step[e.Choice], e.Choice, got, want)
			}
			step[e.Choice]++
		}
		if step[0] < 50 || step[1] < 50 {
			t.Errorf("only %v tokens", step)
		}
	})
}

// TestPaceAfterALateReader checks that a reader that was away gets a short burst, and then the pace again.
func TestPaceAfterALateReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := paced(t, 100)
		n, burst := 0, 0
		var resumed time.Time
		for e, err := range a.Complete(t.Context(), request(catQuestion), nil) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Kind != chat.KindDelta || e.Delta.Role != "" {
				continue
			}
			if n++; n == 10 {
				<-time.After(time.Minute)
				resumed = time.Now()
			}
			if n > 10 && time.Since(resumed) == 0 {
				burst++
			}
		}
		if most := int(maxLag/(10*time.Millisecond)) + 1; burst == 0 || burst > most {
			t.Errorf("%d tokens at once, want 1 to %d", burst, most)
		}
	})
}

func TestResumeIsNotPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := paced(t, 10)
		req := request("Tell me about Luna")
		full := collect(t, a, req, nil)
		start := time.Now()
		for e, err := range a.Complete(t.Context(), req, full[:41]) { // the opening and 40 tokens
			if err != nil {
				t.Fatal(err)
			}
			if got := time.Since(start); got != 0 {
				t.Errorf("the first new event comes after %v", got)
			}
			if e.Delta.Content != full[41].Delta.Content {
				t.Errorf("goes on with %+v", e)
			}
			break
		}
	})
}

func TestContextEndsWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := paced(t, 0.1) // ten seconds per token
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		var kinds []chat.EventKind
		var last error
		start := time.Now()
		for e, err := range a.Complete(ctx, request(catQuestion), nil) {
			if last = err; err == nil {
				kinds = append(kinds, e.Kind)
			}
		}
		if took := time.Since(start); took != 25*time.Second {
			t.Errorf("ends after %v", took)
		}
		if !errors.Is(last, context.DeadlineExceeded) || len(kinds) != 5 || kinds[4] != chat.KindUsage {
			t.Errorf("events %v, then %v", kinds, last)
		}
	})
}
