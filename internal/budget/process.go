package budget

import (
	"math"
	"runtime/debug"
	"sync"
)

// A processLimit is Go's memory limit of a process, by what its parts take.
type processLimit struct {
	mu    sync.Mutex
	sum   int64
	given bool // by GOMEMLIMIT
}

var process processLimit //nolint:gochecknoglobals // a process has one limit

// Bound says that another part of this process takes at most so many bytes. Go's runtime then collects garbage
// sooner as the process comes near what its parts may take together: otherwise its heap may grow to twice of what
// is in use, although that is more. GOMEMLIMIT, if it is set, takes precedence. It may be called concurrently.
func Bound(bytes int64) { process.add(bytes) }

func (p *processLimit) add(bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sum == 0 {
		p.given = debug.SetMemoryLimit(-1) != math.MaxInt64
	}
	p.sum += bytes
	if !p.given {
		debug.SetMemoryLimit(p.sum / 16 * 15) // the runtime does not count the program's own pages
	}
}
