package stack

import (
	"strings"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/rig"
)

// TestExplain explains a conversation with each program that contains the advisor, without a server.
func TestExplain(t *testing.T) {
	t.Parallel()
	rig.Programs(t) // keeps the build out of the time limit
	for _, program := range []string{"completion", "standalone"} {
		stdout, stderr, exit := rig.Run(t, program, "explain", "Tell me about Luna", "How old is she?")
		if exit != 0 || !strings.Contains(stdout, "Luna") || stderr != "" {
			t.Errorf("%s: exit code %d, %q, %q", program, exit, stdout, stderr)
		}
		for _, nothing := range [][]string{{"explain"}, {"explain", " "}} {
			if stdout, stderr, exit = rig.Run(t, program, nothing...); exit != 1 || stdout != "" || stderr == "" {
				t.Errorf("%s %q: exit code %d, %q, %q", program, nothing, exit, stdout, stderr)
			}
		}
	}
}
