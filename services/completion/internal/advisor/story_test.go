package advisor

import (
	_ "embed"
	"testing"
)

//go:embed testdata/story.txt
var stories string

// TestStories wants circumstances that are told taken for conditions, whatever the sentences look like alone, and a
// question about the pets of the one before it answered for these.
func TestStories(t *testing.T) {
	holdFollowUps(t, stories, func(answer string) string { return answer })
}
