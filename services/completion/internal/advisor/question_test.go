package advisor

import (
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A question is a conversation and what the answer to its last turn must be like.
type question struct {
	Name     string
	Messages []string
	Must     []string
	MustNot  []string `yaml:"must_not"`
}

// least is the share of questions, in percent, that has to be answered as wanted.
const least = 95

func TestQuestions(t *testing.T) {
	a := advisor(t)
	text, err := os.ReadFile("testdata/questions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var questions []question
	if err := yaml.UnmarshalWithOptions(text, &questions, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	held := 0
	for _, q := range questions {
		answer := converse(t, a, q.Messages...)
		missing := q.misses(answer)
		if len(missing) == 0 {
			held++
			continue
		}
		t.Logf("%s: %s\n--- answer\n%s\n---", q.Name, strings.Join(missing, "; "), answer)
	}
	share := float64(held) * 100 / float64(len(questions))
	t.Logf("%d of %d questions hold (%.1f %%)", held, len(questions), share)
	if share < least {
		t.Errorf("less than %d %%", least)
	}
}

func (q *question) misses(answer string) []string {
	var list []string
	lower := strings.ToLower(answer)
	for _, want := range q.Must {
		if !strings.Contains(lower, strings.ToLower(want)) {
			list = append(list, "lacks "+want)
		}
	}
	for _, not := range q.MustNot {
		if strings.Contains(lower, strings.ToLower(not)) {
			list = append(list, "says "+not)
		}
	}
	return list
}

// converse holds a conversation and returns the last answer. "..." stands for the
// advisor's own answer.
func converse(t testing.TB, a *Advisor, turns ...string) string {
	t.Helper()
	return answerOf(t, a, ModelAdvisor, turns...)
}

func answerOf(t testing.TB, a *Advisor, model string, turns ...string) string {
	t.Helper()
	req := &chat.Request{Model: model}
	for _, turn := range turns {
		role := chat.RoleUser
		if turn == "..." {
			role = chat.RoleAssistant
			turn = text(t, a, req)
		}
		req.Messages = append(req.Messages, message(role, turn))
	}
	return text(t, a, req)
}

func message(role chat.Role, text string) chat.Message {
	return chat.Message{Role: role, Parts: []chat.Part{{Kind: chat.PartText, Text: text}}}
}

// text returns the first choice's whole text.
func text(t testing.TB, a *Advisor, req *chat.Request) string {
	t.Helper()
	var b strings.Builder
	for e, err := range a.Complete(t.Context(), req, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == chat.KindDelta && e.Choice == 0 {
			b.WriteString(e.Delta.Content)
		}
	}
	return b.String()
}
