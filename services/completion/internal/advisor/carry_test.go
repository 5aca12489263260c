package advisor

import (
	_ "embed"
	"strings"
	"testing"
)

//go:embed testdata/carry.txt
var carried string

// TestFollowUpsCarryThePlan checks that a turn that depends on the last plan changes it: a sum, the shown pet, or
// facts about the person. Of the first 52 conversations, which were written without looking at the advisor's answers,
// 12 were right.
func TestFollowUpsCarryThePlan(t *testing.T) {
	holdFollowUps(t, carried, func(answer string) string {
		body, _, _ := strings.Cut(answer, "*Sources")
		return body
	})
}
