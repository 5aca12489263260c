// Command tests reads what `go test -json` says, and tells a reader what runs, what failed with its
// output, and at the end what was skipped and why. Its arguments are the last lines.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

const module = "github.com/pawstream/pawstream/"

// An event is a line of `go test -json`, as `go doc test2json` has it.
type event struct {
	Action, Package, Test, Output, ImportPath, FailedBuild string
	Elapsed                                                float64
}

// A test is the name of one, with its package.
type test struct{ pkg, name string }

// A report is what a run came to.
type report struct {
	out     io.Writer
	said    map[string][]string // by package and test, what it printed
	running map[string]bool     // by package and test, those that have begun and not ended
	passed  int
	failed  []failure
	skipped map[string][]test // by reason
}

// A failure is a test that failed, with the last of what it said.
type failure struct {
	name string
	said []string
}

// maxSaid is how many messages the last lines repeat of each failure.
const maxSaid = 12

func main() {
	r := newReport(os.Stdout)
	if err := r.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	good := r.sum()
	for _, note := range os.Args[1:] {
		fmt.Println(note)
	}
	if !good {
		os.Exit(1)
	}
}

func newReport(out io.Writer) *report {
	return &report{out: out, said: make(map[string][]string), running: make(map[string]bool), skipped: make(map[string][]test)}
}

func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) == nil && e.Action != "" {
				r.take(e)
			} else {
				fmt.Fprint(r.out, line) // what the go command says itself
			}
		}
		switch err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}

func (r *report) take(e event) {
	name := strings.TrimPrefix(e.Package, module)
	key := name + " " + e.Test
	switch e.Action {
	case "run":
		r.running[key] = true
	case "start":
		fmt.Fprintf(r.out, "run   %s\n", name)
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "output":
		if !chatter(e.Output) {
			r.said[key] = append(r.said[key], e.Output)
		}
	case "pass", "fail", "skip":
		r.end(e, name, key)
	}
}

// chatter is what a test says of its own course.
func chatter(line string) bool {
	line = strings.TrimSpace(line)
	for _, prefix := range []string{"=== ", "--- PASS", "--- SKIP", "PASS", "ok "} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}

func (r *report) end(e event, name, key string) {
	defer delete(r.said, key)
	delete(r.running, key)
	said := strings.Join(r.said[key], "")
	switch {
	case e.Action == "fail":
		fmt.Fprintf(r.out, "FAIL  %s  %.1fs\n%s", key, e.Elapsed, said)
		r.failed = append(r.failed, failure{strings.TrimSpace(key), messages(said)})
	case e.Test == "" && e.Action == "pass":
		fmt.Fprintf(r.out, "ok    %s  %.1fs\n", name, e.Elapsed)
	case e.Test == "": // a package without tests
	case e.Action == "skip":
		_, reason, found := strings.Cut(said, ".go:")
		if _, after, ok := strings.Cut(reason, ": "); found && ok {
			reason = after
		}
		reason = strings.TrimSpace(reason)
		r.skipped[reason] = append(r.skipped[reason], test{name, e.Test})
	default:
		r.passed++
	}
}

// messages returns the first line of each of the last messages in a test's output, without most of a long one.
func messages(said string) (lines []string) {
	const longest = 500
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		if !message.MatchString(line) {
			continue
		}
		if len(line) > longest {
			line = strings.ToValidUTF8(line[:longest], "") + "…"
		}
		lines = append(lines, line)
	}
	return lines[max(0, len(lines)-maxSaid):]
}

// message matches the beginning of what a test logs, and of what ends it.
var message = regexp.MustCompile(`^(\w+\.go:\d+: |panic: |fatal error: |WARNING: DATA RACE)`)

// sum tells what the run came to, and whether it was good.
func (r *report) sum() bool {
	for _, key := range slices.Sorted(maps.Keys(r.running)) { // its process has died
		r.failed = append(r.failed, failure{key + " has not ended", messages(strings.Join(r.said[key], ""))})
	}
	fmt.Fprintf(r.out, "\n%d passed, %d failed\n", r.passed, len(r.failed))
	for _, f := range r.failed {
		fmt.Fprintf(r.out, "FAIL  %s\n", f.name)
		for _, line := range f.said {
			fmt.Fprintf(r.out, "      %s\n", line)
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(r.skipped)) {
		fmt.Fprintf(r.out, "NOT RUN  %s:%s\n", reason, list(r.skipped[reason]))
	}
	return len(r.failed) == 0
}

// list writes tests one after the other, each package's name before its first. Of many parts of one test it has the number.
func list(tests []test) string {
	parts := make(map[test]int)
	for _, t := range tests {
		whole, _, _ := strings.Cut(t.name, "/")
		parts[test{t.pkg, whole}]++
	}
	slices.SortFunc(tests, func(a, b test) int { return cmp.Or(cmp.Compare(a.pkg, b.pkg), cmp.Compare(a.name, b.name)) })
	var text strings.Builder
	pkg := ""
	for _, t := range tests {
		if t.pkg != pkg {
			pkg = t.pkg
			text.WriteString("\n    " + pkg)
		}
		whole, _, _ := strings.Cut(t.name, "/")
		switch n := parts[test{t.pkg, whole}]; {
		case n == 1:
			text.WriteString(" " + t.name)
		case n > 1:
			fmt.Fprintf(&text, " %s (%d parts)", whole, n)
			parts[test{t.pkg, whole}] = 0
		}
	}
	return text.String()
}
