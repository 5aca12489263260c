// Command bench measures Pawstream against its peers. It builds our programs, starts the processes of each
// contender, and drives them over real sockets with a load tool that checks every frame. It reads their costs
// from /proc, and writes a table, a JSON file and plots. Contenders alternate within each scenario, and rounds
// repeat all scenarios, so that a noisy machine affects all alike.
//
// It leaves out a contender that cannot run here, with a line that says why. A wrong or missing frame ends the
// run. If the failed program is another project's, the run records that, and continues without it.
//
// docs/performance.md explains the figures.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/pawstream/pawstream/bench/internal/load"
	"github.com/pawstream/pawstream/bench/internal/proc"
)

// flags are the flags of a run.
type flags struct {
	Scenario  []string      `short:"s" help:"Scenario to run. Separate several with commas; a * at the end matches anything, and a ! in front excludes. Default: all. --list prints their names."`
	Contender []string      `short:"c" help:"Contender to run, with the same syntax."`
	List      bool          `help:"List all scenarios and contenders, and exit."`
	Rounds    int           `default:"1" help:"Number of rounds."`
	Window    time.Duration `default:"2s" help:"How long a steady load is measured."`
	Settle    time.Duration `default:"1s" help:"How long a load runs before it is measured."`
	Calm      time.Duration `default:"5s" help:"How long idle streams are left alone before their memory is read."`
	Part      float64       `default:"1" help:"Fraction of each load, for machines that cannot carry all of it."`
	Out       string        `default:".cache/bench" help:"Directory of the results." type:"path"`
	EdgeArg   []string      `help:"Additional arguments for our edge."`
	OtherEdge string        `help:"Another build of our edge, to measure next to this one." type:"path"`
	RelayAddr string        `help:"Address for other projects' programs to listen on; default: a free one. Portkey uses only its port."`
	Portkey   string        `default:"bench/peers/portkey" help:"Directory in which Portkey's gateway is installed." type:"path"`
	Resumable string        `default:"bench/peers/resumable" help:"Directory in which resumable-stream is installed." type:"path"`
	Caddy     string        `default:".cache/bin/caddy" help:"Caddy to measure, instead of the one in PATH." type:"path"`
	Profiles  string        `help:"Directory for CPU profiles of our programs during the measurement. Profiling makes them slower." type:"path"`
	Programs  string        `help:"Directory with the programs edge, completion, origin and peers. Without it they are built." type:"path"`
}

func main() {
	var f flags
	kong.Parse(&f, kong.Name("bench"), kong.Description("Measures Pawstream against its peers."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, &f, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A bench is a run.
type bench struct {
	programs, work       string // directories
	settle, window, calm time.Duration
	part                 float64
	edgeArgs             []string
	otherEdge            string
	relayAddr            string
	portkey, resumable   string // directories
	caddy                string
	profiles             string
	stdout               io.Writer
}

func (b *bench) program(name string) string { return filepath.Join(b.programs, name) }

// run runs the chosen scenarios, and writes the report.
func run(ctx context.Context, f *flags, stdout io.Writer) error {
	if f.List {
		list(stdout)
		return nil
	}
	if f.Rounds < 1 || f.Window <= 0 || f.Part <= 0 {
		return errors.New("--rounds, --window and --part must be more than 0")
	}
	all := contenders()
	chosen, err := choose(f)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "pawstream-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }() // on failure, the system cleans its temporary directory
	b := &bench{
		programs: work, work: work, settle: f.Settle, window: f.Window, calm: f.Calm, part: f.Part,
		edgeArgs: f.EdgeArg, otherEdge: f.OtherEdge, relayAddr: f.RelayAddr, portkey: f.Portkey, resumable: f.Resumable, caddy: f.Caddy, profiles: f.Profiles, stdout: stdout,
	}
	if f.Programs != "" {
		b.programs = f.Programs
	} else if err := build(ctx, work); err != nil {
		return err
	}
	report := newReport(f)
	for round := range f.Rounds {
		for _, s := range chosen {
			for i := range s.contenders {
				// The order rotates, so no contender always follows the same one.
				name := s.contenders[(i+round)%len(s.contenders)]
				c := all[slices.IndexFunc(all, func(c contender) bool { return c.name == name })]
				if err := b.turn(ctx, report, &s, &c); err != nil {
					return err
				}
			}
		}
	}
	return report.write(f.Out, stdout)
}

// build builds our programs into dir.
func build(ctx context.Context, dir string) error {
	build := exec.CommandContext(ctx, "go", "build", "-o", dir+string(filepath.Separator), //nolint:gosec // our own
		"./edge", "./services/completion", "./bench/origin", "./bench/peers")
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/pawstream/pawstream").Output()
	if err != nil {
		return fmt.Errorf("the module's directory: %w", err)
	}
	build.Dir = strings.TrimSpace(string(root))
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	return nil
}

// turn runs one contender in one scenario, and records the result. An error ends the run.
func (b *bench) turn(ctx context.Context, r *report, s *scenario, c *contender) error {
	if r.leftOut(s.name, c.name) {
		return nil
	}
	begun := time.Now()
	stage := &stage{parts: make(map[string]*proc.Process), pace: s.pace, turn: s.name + "-" + c.name}
	defer stage.stop()
	if err := c.start(ctx, b, stage); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.leaveOut(s.name, c.name, err)
		fmt.Fprintf(b.stdout, "%-14s %-18s left out: %v\n", s.name, c.name, err)
		return nil
	}
	got, err := s.run(ctx, b, stage)
	switch {
	case errors.Is(err, load.ErrDescriptors):
		r.leaveOut(s.name, c.name, err)
		fmt.Fprintf(b.stdout, "%-14s %-18s left out: %v\n", s.name, c.name, err)
		return nil
	case err != nil && c.foreign && ctx.Err() == nil:
		// We cannot fix other projects: the failure is the result.
		r.leaveOut(s.name, c.name, err)
		fmt.Fprintf(b.stdout, "%-14s %-18s FAILED: %v\n", s.name, c.name, err)
		return nil
	case err != nil:
		return fmt.Errorf("%s, %s: %w", s.name, c.name, err)
	}
	r.add(s.name, c.name, got)
	fmt.Fprintf(b.stdout, "%-14s %-18s %5.1fs  %s\n", s.name, c.name, time.Since(begun).Seconds(), got)
	return nil
}

// choose returns the requested scenarios, with the requested contenders.
func choose(f *flags) ([]scenario, error) {
	var chosen []scenario
	if f.OtherEdge == "" && len(f.Contender) == 0 {
		f.Contender = []string{"*", "!pawstream-other"}
	}
	for _, s := range scenarios() {
		if !matches(f.Scenario, s.name) {
			continue
		}
		s.contenders = slices.DeleteFunc(s.contenders, func(name string) bool { return !matches(f.Contender, name) })
		if len(s.contenders) > 0 {
			chosen = append(chosen, s)
		}
	}
	if len(chosen) == 0 {
		return nil, errors.New("no such scenario or contender; --list names them")
	}
	return chosen, nil
}

func matches(patterns []string, name string) bool {
	if slices.Contains(patterns, "!"+name) {
		return false
	}
	for _, pattern := range patterns {
		prefix, open := strings.CutSuffix(pattern, "*")
		if pattern == name || open && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return len(patterns) == 0
}

func list(w io.Writer) {
	fmt.Fprintln(w, "scenarios")
	for _, s := range scenarios() {
		fmt.Fprintf(w, "  %-18s %s\n", s.name, s.about)
	}
	fmt.Fprintln(w, "contenders")
	for _, c := range contenders() {
		fmt.Fprintf(w, "  %-18s %s\n", c.name, c.about)
	}
}
