package advisor

import (
	"errors"
	"strings"
	"testing"
)

// lines returns what follows a label in an explanation.
func lines(text, label string) []string {
	var list []string
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, label+" "); ok {
			list = append(list, strings.TrimSpace(rest))
		}
	}
	return list
}

// TestExplain checks what the doc comment promises: triage, kinds with probabilities, mentions, wants, leftovers,
// passages with scores, and the answer.
func TestExplain(t *testing.T) {
	a := advisor(t)
	for _, test := range []struct {
		name  string
		turns []string
		has   map[string]string // label: part of one of its lines
		says  string            // in the answer
	}{
		{"a choice", []string{"I live in a flat with two kids aged 4 and 7 and want a dog under $300"}, map[string]string{
			"question": "I live in a flat", "triage": "none", "sentence": "recommend ", "mention": "species dog", "wanted": "fee below [] 300", "answers": "recommend",
		}, "$"},
		{"a guide", []string{"How often should I clean the litter box?"}, map[string]string{"sentence": "guide", "passage": "covers", "answers": "guide"}, "Sources"},
		{"an emergency", []string{"my dog ate a bar of dark chocolate"}, map[string]string{"triage": "poison", "answers": "emergency"}, "vet"},
		{"another language", []string{"Was darf mein Kaninchen nicht fressen?"}, map[string]string{"language": "German"}, ""},
		{"a pet", []string{"Tell me about Luna", "how much is she?"}, map[string]string{"question": "how much", "spoken of": "Luna", "answers": "pet", "mention": "fee?"}, "$"},
		{"nothing", []string{""}, map[string]string{"answers": "talk"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			if err := a.Explain(&b, test.turns...); err != nil {
				t.Fatal(err)
			}
			got := b.String()
			for label, part := range test.has {
				if !strings.Contains(strings.Join(lines(got, label), "\n"), part) {
					t.Errorf("%s lacks %q:\n%s", label, part, got)
				}
			}
			if _, answer, ok := strings.Cut(got, "\n\n"); !ok || !strings.Contains(answer, test.says) || strings.TrimSpace(answer) == "" {
				t.Errorf("answer lacks %q:\n%s", test.says, got)
			}
		})
	}
}

func TestExplainFails(t *testing.T) {
	a := advisor(t)
	if err := a.Explain(&strings.Builder{}); err == nil {
		t.Error("no error without a question")
	}
	if err := a.Explain(broken{}, "hello"); !errors.Is(err, errBroken) {
		t.Errorf("error %v, want that of the writer", err)
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }
