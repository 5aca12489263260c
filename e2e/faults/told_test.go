package faults

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/stack"
)

// changeOfReadiness matches the log line of a change of readiness, and the part that has changed.
var changeOfReadiness = regexp.MustCompile(`msg="(not ready|ready again)[^"]*?(the log|completion service)`)

// A readiness is what a program's log says about its readiness.
type readiness struct {
	changes map[string]int  // how often each part became unready
	away    map[string]bool // parts that are not ready
	wrong   []string        // lines that report no change
}

// toldIn reads a log. After a restart, all parts of a program are ready.
func toldIn(lines []string) readiness {
	r := readiness{make(map[string]int), make(map[string]bool), nil}
	for _, line := range lines {
		if strings.Contains(line, startLine) {
			clear(r.away)
		}
		change := changeOfReadiness.FindStringSubmatch(line)
		if change == nil {
			continue
		}
		away, part := change[1] == "not ready", change[2]
		if away == r.away[part] {
			r.wrong = append(r.wrong, line)
		}
		if r.away[part] = away; away {
			r.changes[part]++
		}
	}
	return r
}

// wantTold checks that a ready program has logged each change of its readiness once, and how often each of its parts
// was not ready; anyTimes: any number.
func wantTold(t *testing.T, p *stack.Process, times int) {
	t.Helper()
	r := toldIn(strings.Split(p.WholeLog(), "\n"))
	if len(r.wrong) > 0 {
		t.Errorf("these lines tell no change:\n%s", strings.Join(r.wrong, "\n"))
	}
	for part, away := range r.away {
		if away {
			t.Errorf("%s is ready again, which was not told:\n%s", part, p.Log())
		}
	}
	if times == anyTimes {
		return
	}
	if len(r.changes) == 0 {
		t.Errorf("no change was told:\n%s", p.Log())
	}
	for part, got := range r.changes {
		if got != times {
			t.Errorf("%s: told %d times that it is not ready, want %d:\n%s", part, got, times, p.Log())
		}
	}
}

const anyTimes = -1

// told returns the lines of all programs that report no change of readiness.
func (tp *topology) told() (wrong []string) {
	for _, s := range slices.Concat(tp.completions, tp.edges) {
		r := toldIn(s.logged([]string{startLine, "not ready", "ready again"}, 0))
		wrong = append(wrong, r.wrong...)
	}
	return wrong
}

// TestToldIn reads logs in which changes are reported, missing, and reported twice.
func TestToldIn(t *testing.T) {
	t.Parallel()
	const (
		log      = `level=WARN msg="not ready: the log takes no completions" reason="NATS at nats://a:1 cannot be reached"`
		logBack  = `level=INFO msg="ready again: the log takes completions"`
		edge     = `level=WARN msg="not ready: no completion service takes work, and requests are answered" reason="x"`
		edgeBack = `level=INFO msg="ready again: a completion service takes work"`
	)
	for _, tt := range []struct {
		name  string
		lines []string
		want  string // changes, parts away, and the number of wrong lines
	}{
		{"nothing", []string{`level=INFO msg="completion ended"`}, "map[] map[] 0"},
		{"once", []string{log, "other", logBack}, "map[the log:1] map[the log:false] 0"},
		{"twice", []string{log, logBack, log, logBack}, "map[the log:2] map[the log:false] 0"},
		{"both", []string{log, edge, logBack, edgeBack}, "map[completion service:1 the log:1] map[completion service:false the log:false] 0"},
		{"still away", []string{edge}, "map[completion service:1] map[completion service:true] 0"},
		{"told again", []string{log, log, logBack}, "map[the log:2] map[the log:false] 1"},
		{"ready from the start", []string{logBack}, "map[] map[the log:false] 1"},
		{"ready twice", []string{log, logBack, logBack}, "map[the log:1] map[the log:false] 1"},
		{"started again", []string{log, startLine + "2", log, logBack}, "map[the log:2] map[the log:false] 0"},
	} {
		r := toldIn(tt.lines)
		if got := fmt.Sprint(r.changes, r.away, len(r.wrong)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
