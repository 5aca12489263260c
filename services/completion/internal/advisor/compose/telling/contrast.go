package telling

import (
	"fmt"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// Contrast says which of several is calmer, for questions about nothing in particular.
func Contrast(columns []*catalogue.Pet, names []string) string {
	calm, lively := 0, 0
	effort := func(p *catalogue.Pet) int { return p.Energy.Rank()*100 + p.Breed.ExerciseMinutes }
	for i, p := range columns {
		if effort(p) < effort(columns[calm]) {
			calm = i
		}
		if effort(p) > effort(columns[lively]) {
			lively = i
		}
	}
	if calm == lively {
		return "They are close, so the single animal's character decides."
	}
	return fmt.Sprintf("**%s** suits a calmer household, **%s** a more active one.", names[calm], names[lively])
}
