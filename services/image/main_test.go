package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// asImage turns the test binary into the image's program.
const asImage = "PAWSTREAM_TEST_AS_IMAGE"

func TestMain(m *testing.M) {
	if os.Getenv(asImage) != "" { //nolint:forbidigo // the test is the program here
		main()
	}
	os.Exit(m.Run()) //nolint:forbidigo // the test is the program here
}

// TestNames calls the executable by the names that the image has for it.
func TestNames(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, says string
		exit       int
	}{
		{"completion", "Usage: completion", 0},
		{"/usr/local/bin/edge", "Usage: edge", 0},
		{"standalone", "Usage: standalone", 0},
		{"pawstream", "completion, edge or standalone", 2},
	} {
		cmd := exec.CommandContext(t.Context(), self)
		cmd.Args, cmd.Env = []string{test.name, "--help"}, append(os.Environ(), asImage+"=1")
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != test.exit || !strings.Contains(string(out), test.says) {
			t.Errorf("%s: exit code %d, %s", test.name, code, out)
		}
	}
}
