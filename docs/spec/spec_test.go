package spec_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Bounds that keep each search to seconds. Each goes further than the others in one direction.
var (
	cancelled  = []string{"-DTOKENS=2", "-DCLAIMS=1", "-DREADERS=1"}
	followed   = []string{"-DTOKENS=1", "-DCLAIMS=1", "-DREADERS=2"}
	takenOver  = []string{"-DTOKENS=1", "-DCLAIMS=2", "-DREADERS=1"}
	undisputed = []string{"-DTOKENS=3", "-DCLAIMS=1", "-DREADERS=1", "-DNO_CANCEL"}
)

func TestTheModelHolds(t *testing.T) {
	t.Parallel()
	needSpin(t)
	for _, test := range []struct {
		name   string
		bounds []string
	}{
		{"with a cancel", cancelled},
		{"with two readers", followed},
		{"with two takeovers", takenOver},
		{"with three tokens and no cancel", undisputed},
	} {
		t.Run(test.name, func(t *testing.T) {
			out := check(t, "-O2", test.bounds...)
			if name := violated(out); name != "" || !strings.Contains(out, "errors: 0") {
				t.Fatalf("violated: %q\n%s", name, out)
			}
			for _, incomplete := range []string{"Search not completed", "max search depth too small", "out of memory", "hash-compact"} {
				if strings.Contains(out, incomplete) {
					t.Errorf("the search is incomplete: %s\n%s", incomplete, out)
				}
			}
			unreached := regexp.MustCompile(`\([1-9]\d* of \d+ states\)`).FindString(out)
			if unreached != "" && !slices.Contains(test.bounds, "-DNO_CANCEL") {
				t.Errorf("statements never executed: %s\n%s", unreached, out)
			}
			t.Log(regexp.MustCompile(`\d+ states, stored`).FindString(out))
		})
	}
}

func TestTheModelFails(t *testing.T) {
	t.Parallel()
	needSpin(t)
	for _, test := range []struct {
		name   string
		change string
		want   string
	}{
		{"without the fence", "NO_FENCE", "I2_epochs"},
		{"when events are shown before they are stored", "SHOW_BEFORE_LOG", "I3_durable_before_visible"},
		{"when a lost answer counts as a failure", "REPEAT", "I1_dense"},
		{"when a lost answer counts as success", "HOPE", "I3_durable_before_visible"},
		{"when a cancel is not fenced", "UNFENCED_CANCEL", "I1_dense"},
		{"when a cancel takes a refusal for the end", "CANCEL_TRUSTS_REFUSAL", "I9_cancel"},
		{"when a cancel takes an end in flight for stored", "SEALED_IS_STORED", "I9_cancel"},
		{"when a replica that claims keeps its old writer", "KEEP_OLD_WRITER", "I1_dense"},
		{"when a cursor is checked against one replica's tape", "LOCAL_HEAD", "I7_resume"},
		{"when a mirror does not splice by sequence", "BLIND_SPLICE", "I1_dense"},
		{"when a mirror reads first and listens then", "LATE_SUBSCRIPTION", "I7_resume"},
	} {
		t.Run(test.name, func(t *testing.T) {
			out := check(t, "-O0", append(slices.Clone(cancelled), "-D"+test.change)...)
			if name := violated(out); name != test.want {
				t.Errorf("violated: %q, want %q\n%s", name, test.want, out)
			}
		})
	}
}

func TestTheModelReaches(t *testing.T) {
	t.Parallel()
	needSpin(t)
	for _, test := range []struct {
		name   string
		goal   string
		bounds []string
	}{
		{"the end after two takeovers, with a zombie refused", "1", takenOver},
		{"the end after a lost answer, a gap and a group commit", "2", cancelled},
		{"the end by a cancel elsewhere than at the writer", "3", cancelled},
		{"an answer of three generations", "4", []string{"-DTOKENS=3", "-DCLAIMS=2", "-DREADERS=1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			out := check(t, "-O0", append(slices.Clone(test.bounds), "-DREACH="+test.goal)...)
			if name := violated(out); name != "never_reached" {
				t.Errorf("violated: %q\n%s", name, out)
			}
		})
	}
}

// needSpin skips the test where the model checker is missing, but never in CI.
func needSpin(t *testing.T) {
	t.Helper()
	for _, program := range []string{"spin", "gcc"} {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		message := program + " is missing: apt-get install spin gcc libc6-dev"
		if os.Getenv("CI") == "true" { //nolint:forbidigo // a test has no main to be told by
			t.Fatal(message)
		}
		t.Skip(message)
	}
}

// check searches all that the model can do, and returns what the search reports.
// Optimising pays off only for a search that takes longer than the compiler.
func check(t *testing.T, optimise string, defines ...string) string {
	t.Helper()
	model, err := filepath.Abs("log.pml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run(t, dir, "spin", append(append([]string{"-a"}, defines...), model)...)
	// The reduction finds nothing to reduce here, and costs time.
	run(t, dir, "gcc", optimise, "-w", "-DSAFETY", "-DNOREDUCE", "-DMEMLIM=1400", "-o", "pan", "pan.c")
	return run(t, dir, filepath.Join(dir, "pan"), "-m100000", "-w23")
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out.String())
	}
	return out.String()
}

// violated returns the name of the assertion that does not hold, else what pan says of
// the error, and "" if there is none.
func violated(out string) string {
	_, after, found := strings.Cut(out, "pan:1: ")
	if !found {
		return ""
	}
	line, _, _ := strings.Cut(after, "\n")
	if name := regexp.MustCompile(`^assertion violated \(*(\w+)`).FindStringSubmatch(line); name != nil {
		return name[1]
	}
	return line
}
