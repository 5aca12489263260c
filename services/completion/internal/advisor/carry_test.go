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
	holdFollowUps(t, carried, func(answer string) string {
		body, _, _ := strings.Cut(answer, "*Sources")
		return body
	})
}
