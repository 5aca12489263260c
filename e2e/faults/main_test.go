package faults

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
)

var (
	duration = flag.Duration("duration", 35*time.Second, "how long each topology has faults")
	seed     = flag.Uint64("seed", 1, "decides the schedule of faults and what the clients do")
	clients  = flag.Int("clients", 200, "how many streams there are at a time")
	pace     = flag.Float64("pace", 5, "tokens per second of each stream")
	only     = flag.String("faults", "", "the only faults there are, by name or verb: kill,wipe-nats (default: all)")
	gap      = flag.Duration("gap", 1500*time.Millisecond, "how long each fault is at least from the one before; on average a third more")
	kept     = flag.String("history", "", "a history that was kept, to be checked again")
	keep     = flag.Bool("keep", false, "keep the history even where nothing is wrong")
)

// The programs of a run.
const (
	completionProgram = "faultcompletion"
	edgeProgram       = "edge"
	natsProgram       = "nats-server"
)

var binaries = sync.OnceValues(func() (stack.Programs, error) {
	dir, err := os.MkdirTemp("", "pawstream-faults-")
	if err != nil {
		return "", err
	}
	built = dir
	programs, err := rig.Compile(context.Background(), dir, "services/completion/internal/"+completionProgram)
	if err != nil {
		return "", err
	}
	// Races in it are not our concern.
	build := exec.Command("go", "build", "-o", filepath.Join(dir, natsProgram), "github.com/nats-io/nats-server/v2")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w\n%s", build, err, out)
	}
	return programs, nil
})

// built is the directory of the programs.
var built string

func TestMain(m *testing.M) {
	if err := unmountLeft(); err != nil {
		fmt.Fprintln(os.Stderr, "unmount what earlier tests have left:", err)
	}
	if flag.Parse(); testing.Short() {
		*duration, *clients = min(*duration, 12*time.Second), min(*clients, 60)
	}
	code := rig.Main(m)
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

func programs(t *testing.T) stack.Programs {
	t.Helper()
	p, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var errNotYet = errors.New("not yet")

// eventually calls try until it returns nil or the time is over. It returns the last error.
func eventually(ctx context.Context, within time.Duration, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		err := try()
		if err == nil {
			return nil
		}
		if !pause(ctx, 20*time.Millisecond) {
			return fmt.Errorf("not within %v: %w", within, err)
		}
	}
}

// pause waits, and reports false if ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
