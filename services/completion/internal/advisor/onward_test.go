package advisor

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// relatedOf returns the follow-up questions of an answer's first choice. It fails the test if they come twice.
func relatedOf(t *testing.T, events []chat.Event) []string {
	t.Helper()
	var related []string
	for i := range events {
		if more := events[i].Delta.RelatedQuestions; more != nil {
			if related != nil {
				t.Errorf("event %d has questions again", i)
			}
			related = more
		}
	}
	return related
}

func TestRelatedQuestions(t *testing.T) {
	a := advisor(t)
	for _, test := range []struct {
		name  string
		turns []string
		want  []string // nil: none
	}{
		{"a pet", []string{"Tell me about Luna"}, []string{"Is Luna good for a first-time owner?", "What does Luna cost per month?", "Is Luna good with children?"}},
		{"what was asked of it", []string{"How well does Luna get along with children?"}, []string{"Is Luna good for a first-time owner?", "What does Luna cost per month?", "How much exercise does Luna need?"}},
		{"a guide", []string{"How loud are pet birds?"}, []string{"How do you tame a bird?", "What helps against screaming and biting?"}},
		{"a greeting", []string{"hello"}, []string{"Which pet fits which kind of household?", "Which pets are good for beginners?", "Should you adopt a young or an adult pet?"}},
		{"a danger", []string{"My dog ate chocolate. What now?"}, nil},
		{"German", []string{"Erzähl mir von Luna"}, []string{"Ist Luna für Anfänger geeignet?", "Was kostet Luna im Monat?", "Verträgt sich Luna mit Kindern?"}},
		{"French, by a guide", []string{"Que doit manger un chat ?"}, []string{"Combien coûte un chat par mois ?"}},
		{"a wish for Spanish", []string{"Tell me about Luna", "She is a cat.", "in Spanish please"}, []string{"¿Va bien Luna para principiantes?", "¿Cuánto cuesta Luna al mes?"}}, //nolint:misspell // Spanish
		{"Italian, a greeting", []string{"Ciao, cosa sai fare?"}, []string{"Quali animali sono adatti ai principianti?", "Come funziona l'adozione?"}},
		{"Portuguese, what was asked", []string{"De quanto espaço precisam os coelhos?"}, []string{"Os coelhos precisam de companhia?", "O que deve comer um coelho todos os dias?"}},
		{"a danger in Dutch", []string{"Mijn hond heeft chocolade gegeten"}, nil},
		{"a language that is not spoken", []string{"Vilka katter har ni?"}, nil},
		{"a dead pet", []string{"My cat died yesterday and I miss her so much"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := relatedOf(t, collect(t, a, request(test.turns...), nil))
			if len(test.want) == 0 && got != nil || len(test.want) > 0 && (len(got) != mostOnward || !slices.Equal(got[:len(test.want)], test.want)) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestACutAnswerHasNoQuestions checks that partial answers and data have no follow-up questions.
func TestACutAnswerHasNoQuestions(t *testing.T) {
	a := advisor(t)
	for name, change := range map[string]func(*chat.Request){
		"by its length": func(r *chat.Request) { r.MaxTokens = new(5) },
		"by a text":     func(r *chat.Request) { r.Stop = []string{"a"} },
		"as JSON":       func(r *chat.Request) { r.ResponseFormat = &chat.ResponseFormat{Kind: chat.FormatJSONObject} },
	} {
		req := request("Tell me about Luna, as JSON")
		change(req)
		if got := relatedOf(t, collect(t, a, req, nil)); got != nil {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestResumeComparesQuestions checks that an answer with other questions than the shown ones is not continued.
func TestResumeComparesQuestions(t *testing.T) {
	a := advisor(t)
	req := request("How loud are pet birds?")
	shown := collect(t, a, req, nil)
	at := slices.IndexFunc(shown, func(e chat.Event) bool { return e.Delta.RelatedQuestions != nil })
	shown = shown[:at+1]
	shown[at].Delta.RelatedQuestions = []string{"Why?"}
	var last error
	for _, last = range a.Complete(t.Context(), req, shown) {
	}
	if last != chat.ErrCannotContinue { //nolint:errorlint // it is what is yielded
		t.Errorf("error %v", last)
	}
}

// TestRelatedQuestionsAreAnswered asks the follow-up questions of each passage, each pet and each judged
// conversation. The advisor must answer nearly all, and never say that it does not know.
func TestRelatedQuestionsAreAnswered(t *testing.T) {
	a := advisor(t)
	var all [][]string
	for _, g := range a.cat.Guides() {
		for _, p := range g.Passages {
			all = append(all, []string{p.Heading})
		}
	}
	for _, p := range a.cat.Pets() {
		all = append(all, []string{"Tell me about " + p.Name})
	}
	for _, j := range readJudged(t) {
		var turns []string
		for _, m := range j.Messages {
			if m.Role == chat.RoleUser {
				turns = append(turns, m.Content)
			}
		}
		all = append(all, turns)
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	offered, lost := 0, 0
	workers := runtime.GOMAXPROCS(0)
	for n := range workers {
		group.Go(func() {
			for i := n; i < len(all); i += workers {
				req := &chat.Request{Model: ModelAdvisor}
				var related []string
				for _, turn := range all[i] {
					req.Messages = append(req.Messages, message(chat.RoleUser, turn))
					pl := a.listen(req.Messages)
					answer, err := a.write(req, pl, 0)
					if err != nil {
						t.Error(err)
					}
					related = a.onward(req.Messages, pl, shownPets(&answer, answer.Text))
					req.Messages = append(req.Messages, message(chat.RoleAssistant, answer.Text))
				}
				for _, question := range related {
					next := a.listen(append(slices.Clone(req.Messages), message(chat.RoleUser, question)))
					mu.Lock()
					if offered++; !answers(next, question) {
						lost++
						t.Logf("after %q the question %q is answered by %s %q", strings.Join(all[i], " | "), question, next.Items[0].Kind, next.Unused)
					}
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	t.Logf("of %d questions %d are not answered", offered, lost)
	if offered < 1000 || lost*100 > offered {
		t.Errorf("of %d questions %d are not answered", offered, lost)
	}
}

// TestRelatedQuestionsInOtherLanguages asks each question that the advisor may offer in another language. The answer is
// in that language, with the passage of that heading or with facts about the named pets.
func TestRelatedQuestionsInOtherLanguages(t *testing.T) {
	a := advisor(t)
	ask := func(tongue *read.Language, question, want string) {
		t.Helper()
		messages := []chat.Message{message(chat.RoleUser, question)}
		pl := a.listen(messages)
		answer, err := a.write(&chat.Request{Model: ModelAdvisor, Messages: messages}, pl, 0)
		if err != nil {
			t.Fatal(err)
		}
		if pl.Turn.Language != tongue || !strings.Contains(answer.Text, want) || strings.Contains(answer.Text, tongue.Say("talk-confused")) {
			t.Errorf("%s %q (read as %q) is answered by %s:\n%s", tongue.Code, question, pl.Turn.Text, pl.Items[0].Kind, answer.Text)
		}
	}
	n := 0
	for _, hello := range []string{"Hallo, wie geht es Ihnen?", "Bonjour, comment allez-vous ?", "Hola, ¿cómo está usted?", "Buongiorno, come sta?", "Bom dia, como está?", "Hallo, hoe gaat het met u?"} {
		tongue := a.listen([]chat.Message{message(chat.RoleUser, hello)}).Turn.Language
		for _, key := range tongue.CareKeys() {
			guide, heading, _ := strings.Cut(key, ": ")
			if question := tongue.Say(heading); question != "" {
				n++
				ask(tongue, question, tongue.Care(guide, heading))
			}
		}
		pets := a.cat.Pets()
		for i, p := range pets {
			for _, of := range ofPet {
				question := tongue.Say(of.question, p.Name)
				if question == "" {
					t.Fatalf("%s has no words for %q", tongue.Code, of.question)
				}
				ask(tongue, question, p.Name)
			}
			other := pets[(i+1)%len(pets)]
			ask(tongue, tongue.Say(compared, p.Name, other.Name), other.Name)
		}
	}
	if n < 180 {
		t.Errorf("%d headings", n)
	}
}

// answers reports whether a plan answers a follow-up question: with the passage of that heading, or with facts about
// the named pets.
func answers(pl *plan.Plan, question string) bool {
	for i := range pl.Items {
		item := &pl.Items[i]
		switch item.Kind {
		case read.KindPet, read.KindCompare, read.KindStock, read.KindRecommend, read.KindBreed:
			return true
		default:
		}
		if item.Normal != nil && item.Normal.Heading == question {
			return true
		}
		if item.Answer != nil || len(item.Hits) > 0 && (item.Hits[0].Heading == question || item.Hits[0].Surely()) {
			return true
		}
	}
	return false
}
