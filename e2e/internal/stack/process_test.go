//go:build unix

package stack_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/stack"
)

// TestStop stops processes: a running one, and ones that have already ended, because they were asked to, by
// themselves, or with an error.
func TestStop(t *testing.T) {
	t.Parallel()
	const stays = "; echo; while :; do sleep 0.05; done"
	for _, test := range []struct {
		name, script string
		asked, ended bool // before Stop
		wrong        bool
	}{
		{name: "it runs", script: "trap 'exit 0' TERM" + stays},
		{name: "it ended when it was asked to", script: "trap 'exit 0' TERM" + stays, asked: true, ended: true},
		{name: "asked to, it ended with an error", script: "trap 'exit 3' TERM" + stays, asked: true, ended: true, wrong: true},
		{name: "it ended unasked", script: "echo", ended: true, wrong: true},
		{name: "it ended unasked, with an error", script: "echo; exit 3", ended: true, wrong: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := runUntilItWrites(t, test.script)
			if test.asked {
				if err := p.Signal(); err != nil {
					t.Fatal(err)
				}
			}
			if test.ended {
				<-p.Done()
			}
			if err := p.Stop(); (err != nil) != test.wrong {
				t.Errorf("error %v, want one: %t", err, test.wrong)
			}
		})
	}
}

// runUntilItWrites starts a shell, and waits for its first output, by which it has set its trap.
func runUntilItWrites(t *testing.T, script string) *stack.Process {
	t.Helper()
	ours, its, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ours.Close() }()
	cmd := exec.Command("sh", "-c", script)
	cmd.Stdout = its
	p, err := stack.Run(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	_ = its.Close()
	if _, err := ours.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return p
}
