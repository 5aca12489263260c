package spec_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/internal/skip"
)

// searches is why a short run has two of them.
const searches = "some seventy searches, each for seconds"

// Bounds that keep each search to seconds. Each goes further than the others in one direction.
var (
	cancelled  = []string{"-DTOKENS=2", "-DCLAIMS=1", "-DREADERS=1"}
	followed   = []string{"-DTOKENS=1", "-DCLAIMS=1", "-DREADERS=2"}
	takenOver  = []string{"-DTOKENS=1", "-DCLAIMS=2", "-DREADERS=1"}
	undisputed = []string{"-DTOKENS=3", "-DCLAIMS=1", "-DREADERS=1", "-DNO_CANCEL"}
	journals   = []string{"-DLIVES=2", "-DCLAIMS=1", "-DROOM=2", "-DCANCELS=0", "-DLOSSES=0"}
)

func TestTheModelHolds(t *testing.T) {
	t.Parallel()
	needSpin(t)
	for _, test := range []struct {
		name   string
		model  string
		bounds []string
	}{
		{"with a cancel", "log", cancelled},
		{"with two readers", "log", followed},
		{"with two takeovers", "log", takenOver},
		{"with three tokens and no cancel", "log", undisputed},
		{"with a stream that begins anew", "anew", nil},
		{"with creates that claim one name", "name", nil},
		{"with an end that goes into the books", "books", nil},
		{"with two answers of these lost", "books", []string{"-DSILENCES=2", "-DDEATHS=1"}},
		{"with two takeovers before that", "books", []string{"-DCLAIMS=2", "-DDEATHS=1"}},
		{"with journals", "journal", []string{"-DLIVES=2", "-DCLAIMS=1", "-DROOM=2"}},
		{"with longer journals, of which a writer fails", "journal", []string{"-DLIVES=2", "-DCLAIMS=1", "-DROOM=3", "-DCANCELS=0"}},
		{"with longer journals and a cancel", "journal", []string{"-DLIVES=2", "-DCLAIMS=1", "-DROOM=3", "-DFAILURES=0"}},
		{"with journals and two takeovers", "journal", []string{"-DALONE", "-DLIVES=3", "-DCLAIMS=2", "-DEVENTS=3", "-DROOM=2", "-DCANCELS=0", "-DFAILURES=0"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.model != "anew" && test.name != "with two readers" {
				skip.Long(t, searches)
			}
			out := check(t, test.model, "-O2", test.bounds...)
			if name := violated(out); name != "" || !strings.Contains(out, "errors: 0") {
				t.Fatalf("violated: %q\n%s", name, out)
			}
			for _, incomplete := range []string{"Search not completed", "max search depth too small", "out of memory", "hash-compact"} {
				if strings.Contains(out, incomplete) {
					t.Errorf("the search is incomplete: %s\n%s", incomplete, out)
				}
			}
			unreached := regexp.MustCompile(`\([1-9]\d* of \d+ states\)`).FindString(out)
			if unreached != "" && !slices.ContainsFunc(test.bounds, partly) {
				t.Errorf("statements never executed: %s\n%s", unreached, out)
			}
			t.Log(regexp.MustCompile(`\d+ states, stored`).FindString(out))
		})
	}
}

// partly reports whether a bound takes statements away from a model.
func partly(bound string) bool {
	return slices.Contains([]string{"-DNO_CANCEL", "-DCANCELS=0", "-DFAILURES=0"}, bound)
}

func TestTheModelFails(t *testing.T) {
	skip.Long(t, searches)
	t.Parallel()
	needSpin(t)
	for _, test := range []struct {
		name   string
		change string
		want   string
		model  string // "": log, within the bounds of cancelled
	}{
		{name: "without the fence", change: "NO_FENCE", want: "I2_epochs"},
		{name: "when events are shown before they are stored", change: "SHOW_BEFORE_LOG", want: "I3_durable_before_visible"},
		{name: "when a lost answer counts as a failure", change: "REPEAT", want: "I1_dense"},
		{name: "when a lost answer counts as success", change: "HOPE", want: "I3_durable_before_visible"},
		{name: "when a cancel is not fenced", change: "UNFENCED_CANCEL", want: "I1_dense"},
		{name: "when a cancel takes a refusal for the end", change: "CANCEL_TRUSTS_REFUSAL", want: "I9_cancel"},
		{name: "when a cancel takes an end in flight for stored", change: "SEALED_IS_STORED", want: "I9_cancel"},
		{name: "when a replica that claims keeps its old writer", change: "KEEP_OLD_WRITER", want: "I1_dense"},
		{name: "when a cursor is checked against one replica's tape", change: "LOCAL_HEAD", want: "I7_resume"},
		{name: "when a mirror does not splice by sequence", change: "BLIND_SPLICE", want: "I1_dense"},
		{name: "when a mirror reads first and listens then", change: "LATE_SUBSCRIPTION", want: "I7_resume"},
		{name: "when a deletion is by number", model: "anew", change: "DELETE_BY_NUMBER", want: "destroyed"},
		{name: "when appends do not wait for a look at what is behind a connection", model: "anew", change: "NO_GATE", want: "I6_terminal"},
		{name: "when a stream is known by when it was made", model: "anew", change: "CREATION_TIME", want: "I5_prefix"},
		{name: "when what was put back is gone on from", model: "anew", change: "GO_ON", want: "I5_prefix"},
		{name: "when nobody says that a backup was put back", model: "anew", change: "NOT_TOLD", want: "I5_prefix"},
		{name: "when nothing is said to follow an end that was put in the place of something else", model: "anew", change: "SILENT_END", want: "I8_silent"},
		{name: "when whoever gives a name away does not look once more", model: "name", change: "ONE_LOOK", want: "one"},
		{name: "when whoever adopts does not ask for the name", model: "name", change: "UNASKED", want: "one"},
		{name: "when a name is compared with its last message alone", model: "name", change: "LAST_WORD", want: "one"},
		{name: "when a name does not tell who had it before", model: "name", change: "FORGETFUL", want: "one"},
		{name: "when a name is not read again behind what it stands for", model: "name", change: "LATE_READ", want: "told"},
		{name: "when an entry is not announced", model: "books", change: "UNANNOUNCED", want: "once"},
		{name: "when the word that announces it is not fenced", model: "books", change: "UNFENCED_WORD", want: "once"},
		{name: "when an entry that the stream does not know is forgotten", model: "books", change: "ENTERED_FORGOTTEN", want: "once"},
		{name: "when the word is deleted before the entry", model: "books", change: "EARLY_DELETE", want: "booked"},
		{name: "when the note that it has ended comes after the word is deleted", model: "books", change: "LATE_NOTE", want: "listed"},
		{name: "when who finds its own entry made stores no note", model: "books", change: "UNNOTED", want: "listed"},
		{name: "when whoever cancels owns nothing", model: "books", change: "UNOWNED_CANCEL", want: "booked"},
		{name: "when whoever cancels owns once, and tries twice", model: "books", change: "OWNED_ONCE", want: "booked"},
		{name: "when what has ended since somebody looked needs no owner", model: "books", change: "SEALED_SINCE", want: "booked"},
		{name: "when the word of a dead replica is respected", model: "books", change: "WORD_FOR_GOOD", want: "booked"},
		{name: "when who is refused by its own word gives up", model: "books", change: "OWN_WORD_LOST", want: "booked"},
		{name: "when who is heard again owns nothing any more", model: "books", change: "UNOWNED_ALIVE", want: "booked"},
		{name: "when nobody looks for a word of its own at another's", model: "books", change: "UNHEARD_WORD", want: "booked"},
		{name: "when a completion is claimed without a fence in its writer's journal", model: "journal", change: "NO_FENCE", want: "I4_same_bytes"},
		{name: "when a journal is read before its fence", model: "journal", change: "READ_BEFORE_FENCE", want: "I4_same_bytes"},
		{name: "when a claim leaves out what the journal holds", model: "journal", change: "NOT_INHERITED", want: "I4_same_bytes"},
		{name: "when events are shown before the journal has them", model: "journal", change: "SHOW_BEFORE_LOG", want: "I3_durable_before_visible"},
		{name: "when a fence is taken for an acknowledgement", model: "journal", change: "HOPE", want: "I4_same_bytes"},
		{name: "when what is written out is not fenced", model: "journal", change: "UNFENCED_OUT", want: "I1_dense"},
		{name: "when what only the journal holds is left out", model: "journal", change: "NOT_WRITTEN_OUT", want: "stuck"},
		{name: "when a journal is trimmed up to what was shown", model: "journal", change: "TRIM_TOO_FAR", want: "trimmed"},
		{name: "when a journal is trimmed though a writer has failed", model: "journal", change: "TRIM_FAILED", want: "trimmed"},
		{name: "when entries of an earlier epoch are inherited", model: "journal", change: "EPOCH_BLIND", want: "I4_same_bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			model, bounds := "log", cancelled
			switch test.model {
			case "":
			case "journal":
				model, bounds = test.model, journals
			default:
				model, bounds = test.model, nil
			}
			out := check(t, model, "-O0", append(slices.Clone(bounds), "-D"+test.change)...)
			if name := violated(out); name != test.want {
				t.Errorf("violated: %q, want %q\n%s", name, test.want, out)
			}
		})
	}
}

func TestTheModelReaches(t *testing.T) {
	skip.Long(t, searches)
	t.Parallel()
	needSpin(t)
	for _, test := range []struct {
		name   string
		model  string
		goal   string
		bounds []string
	}{
		{"the end after two takeovers, with a zombie refused", "log", "1", takenOver},
		{"the end after a lost answer, a gap and a group commit", "log", "2", cancelled},
		{"the end by a cancel elsewhere than at the writer", "log", "3", cancelled},
		{"an answer of three generations", "log", "4", []string{"-DTOKENS=3", "-DCLAIMS=2", "-DREADERS=1"}},
		{"an emptied stream that refuses an old writer", "anew", "1", nil},
		{"the end of what a backup held unfinished", "anew", "2", nil},
		{"the same, where more had been shown", "anew", "3", nil},
		{"a backup that holds all that anybody knows", "anew", "4", nil},
		{"one that was slow and keeps its name", "name", "1", nil},
		{"one that is withdrawn by whoever adopts it", "name", "2", nil},
		{"an entry by one that has not heard its own word", "books", "1", nil},
		{"an entry behind two deaths", "books", "2", nil},
		{"two entries, where one dies between its own and the deletion", "books", "3", nil},
		{"an answer of three generations, of which two are inherited", "journal", "1", []string{"-DALONE", "-DLIVES=3", "-DCLAIMS=2", "-DEVENTS=3", "-DROOM=2", "-DCANCELS=0", "-DFAILURES=0", "-DLOSSES=0"}},
		{"what a trimmed journal still holds", "journal", "2", journals},
		{"a writer that writes out behind its fence", "journal", "3", journals},
		{"an end that only a journal held", "journal", "4", journals},
		{"two completions in one record", "journal", "5", journals},
	} {
		t.Run(test.name, func(t *testing.T) {
			out := check(t, test.model, "-O0", append(slices.Clone(test.bounds), "-DREACH="+test.goal)...)
			if name := violated(out); name != "never_reached" {
				t.Errorf("violated: %q\n%s", name, out)
			}
		})
	}
}

// needSpin skips the test where the model checker is missing.
func needSpin(t *testing.T) {
	t.Helper()
	for _, program := range []string{"spin", "gcc"} {
		if _, err := exec.LookPath(program); err != nil {
			skip.Missing(t, program+" (apt-get install spin gcc libc6-dev)", err)
		}
	}
}

// check searches all that a model can do, and returns what the search reports.
// Optimising pays off only for a search that takes longer than the compiler.
func check(t *testing.T, name, optimise string, defines ...string) string {
	t.Helper()
	model, err := filepath.Abs(name + ".pml")
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
