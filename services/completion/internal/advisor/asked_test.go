package advisor

import (
	_ "embed"
	"testing"
)

//go:embed testdata/asked.txt
var askedRows string

// TestAsked wants each question of a message answered, sums and columns of the store that are asked for, follow-ups that stay with
// the pet that is spoken of, no alarm where nothing has happened, and the form that is wished for. Of the 61
// conversations, written before anybody looked at what the advisor does with them, 31 were right.
func TestAsked(t *testing.T) {
	holdFollowUps(t, askedRows, func(answer string) string { return answer })
}
