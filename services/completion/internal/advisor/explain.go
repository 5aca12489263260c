package advisor

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
)

// Explain writes how a person's last turn is read, and why its answer is as it is: the triage, the kinds with their
// probabilities, what is mentioned, what is wanted, which words are left over, the passages with their scores, and
// the answer. Earlier turns are answered, too, but not shown.
func (a *Advisor) Explain(out io.Writer, turns ...string) error {
	c := a.planner.Begin()
	var pl *plan.Plan
	var answer compose.Answer
	for i, turn := range turns {
		if i > 0 {
			c.Answered(answer.Pets)
		}
		pl = c.Ask(turn)
		answer = compose.Write(a.cat, pl, compose.Voice{Length: compose.Normal, Seed: compose.SeedOf(turn)})
	}
	if pl == nil {
		return errors.New("explain: there is no question")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "question   %s\n", pl.Turn.Written)
	if pl.Turn.Language != nil {
		fmt.Fprintf(&b, "language   %s, read as: %s\n", pl.Turn.Language.Name, pl.Turn.Text)
	}
	fmt.Fprintf(&b, "triage     %s %s %s (%s)\n", pl.Verdict.Level, pl.Verdict.Harm, pl.Verdict.Refusal, pl.Verdict.Why)
	for _, s := range pl.Turn.Asks {
		fmt.Fprintf(&b, "sentence   %q:", s.Text)
		for i, kind := range read.AllKinds() {
			if s.Kinds[i] >= 0.05 {
				fmt.Fprintf(&b, " %s %.2f", kind, s.Kinds[i])
			}
		}
		b.WriteString("\n")
	}
	for i := range pl.Turn.Marks {
		if grammar(pl.Turn.Marks[i].Fact) {
			continue
		}
		fmt.Fprintf(&b, "mention    %s\n", describe(pl.Turn, &pl.Turn.Marks[i]))
	}
	for _, w := range pl.Frame.Wants {
		fmt.Fprintf(&b, "wanted     %s %s %v %g, from %q\n", w.Attribute.Name, w.Op, w.Names, w.Number, w.Said)
	}
	if len(pl.Unused) > 0 {
		fmt.Fprintf(&b, "left over  %s\n", strings.Join(pl.Unused, "; "))
	}
	for _, pet := range pl.Frame.Focus.Pets {
		fmt.Fprintf(&b, "spoken of  %s\n", pet.Name)
	}
	for _, item := range pl.Items {
		fmt.Fprintf(&b, "answers    %s\n", item.Kind)
		if item.Answer != nil {
			fmt.Fprintf(&b, "answered   by %s, like it by %.2f, in the form %q\n", item.Answer.Guide.ID, item.Answer.Likeness, item.Answer.Form)
		}
		for _, h := range item.Hits[:min(len(item.Hits), 5)] {
			fmt.Fprintf(&b, "passage    %.1f, covers %.2f: %s (%s)\n", h.Score, h.Coverage, h.Heading, h.ID)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", answer.Text)
	_, err := io.WriteString(out, b.String())
	return err
}

// grammar reports whether a fact only concerns the form of a sentence.
func grammar(fact string) bool {
	return fact == "after-animal" || fact == "any-pet" || fact == "opener" || fact == "which"
}

// describe writes what a mark stands for, and its role.
func describe(t *read.Turn, m *read.Mark) string {
	what := m.Fact
	switch {
	case m.Pet != nil:
		what = "pet " + m.Pet.ID
	case m.Breed != nil:
		what = "breed " + m.Breed.ID
	case m.Attribute != nil && m.Asked:
		what = m.Attribute.Name + "?"
	case m.Attribute != nil && m.Order != 0:
		what = fmt.Sprintf("%s, order %+d", m.Attribute.Name, m.Order)
	case m.Attribute != nil && m.Amount != nil:
		what = fmt.Sprintf("%s %s %g", m.Attribute.Name, m.Amount.Op, m.Amount.Low)
	case m.Attribute != nil:
		what = m.Attribute.Name + " " + m.Value
	case m.Amount != nil:
		what = fmt.Sprintf("number %g", m.Amount.Low)
	}
	role := [...]string{"", ", owned", ", past", ", together", ", apart", ", unwanted", ", allergic", ", of a person"}[m.Role]
	return fmt.Sprintf("%q: %s%s", t.Said(m), what, role)
}
