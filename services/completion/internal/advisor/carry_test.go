package advisor

import (
	_ "embed"
	"strings"
	"testing"
)

//go:embed testdata/carry.txt
var carried string

// TestFollowUpsCarryThePlan wants a turn that leans on the plan before it to change that plan: a sum, the pet that was
// shown, what is known of the person. Of the first 52 conversations, written before anybody
// looked at what the advisor does with them, 12 were right.
func TestFollowUpsCarryThePlan(t *testing.T) {
	a := advisor(t)
	for line := range strings.Lines(carried) {
		conversation, wanted, ok := strings.Cut(strings.TrimSpace(line), " | ")
		if !ok || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "?") {
			continue
		}
		before, last := lastTwo(t, a, strings.Split(conversation, " · "))
		body, _, _ := strings.Cut(last, "*Sources")
		for want := range strings.SplitSeq(wanted, "; ") {
			if !fitsForm(want, before, body) {
				t.Errorf("%s\n\twant %s: %.400s", conversation, want, body)
				break
			}
		}
	}
}
