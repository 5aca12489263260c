// Package shares counts how much of the log each principal's completions take, so that one caller
// does not fill it for all.
package shares

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

const (
	// sliceCount is how many parts the retention has in a book.
	sliceCount = 12
	// The last tenth of the log is for principals who hold less than a hundredth of it.
	reservePart = 10
	smallPart   = 100
	// toldPart is the part of the log that a principal has to hold for others to be told.
	toldPart = 10_000
)

// CompletionOverhead is about what a completion takes beside its records, in bytes.
const CompletionOverhead = 1024

// A Count tells how much of the log each principal's completions take. It counts what this
// replica has stored, by slices of time, and drops what is retained no longer. What the others
// have stored they tell; what was stored before a restart is kept beside the log. So it is
// near the truth: a replica that dies takes the last seconds with it, several may let through
// as much at once, and what was deleted counts on until it would have expired. It is safe for
// concurrent use.
type Count struct {
	slice time.Duration
	short int64  // slices of what is deleted sooner
	most  int64  // bytes of the log
	share int64  // bytes of one principal; 0: no bound
	all   string // the principal that may be anybody: it has no share

	clock func() time.Time

	mu      sync.Mutex
	newest  int64 // the slice that was the last one so far
	own     book
	others  map[string]told // by replica
	changed bool
	full    bool      // the reserve alone is left
	created time.Time // of the log
}

// A book has the bytes of principals, by their digests, in slices of time, by number.
type book map[string]map[int64]int64

// endAt moves what lies behind a slice into that.
func (b book) endAt(last int64) {
	for _, parts := range b {
		later := int64(0)
		maps.DeleteFunc(parts, func(slice, n int64) bool {
			if slice > last {
				later += n
			}
			return slice > last
		})
		if later > 0 {
			parts[last] += later
		}
	}
}

// A Share is how much of the log one principal may hold.
type Share struct {
	Percent int    // of its bytes; 0 or 100: there is no bound
	Anybody string // the principal that has no share, as it may be anybody
}

// Config is how a [Count] bounds what principals hold.
type Config struct {
	MaxBytes int64 // of the log
	Share
	Retention time.Duration // of what is stored
	Short     time.Duration // of what is deleted sooner, see [Count.Shorten]
}

// New returns a count of nothing.
func New(cfg Config) *Count {
	slice := max(cfg.Retention/sliceCount, time.Millisecond)
	g := &Count{slice: slice, short: int64((cfg.Short + slice - 1) / slice), most: cfg.MaxBytes, all: cfg.Anybody, clock: time.Now, own: book{}, others: map[string]told{}}
	if cfg.Percent > 0 && cfg.Percent < 100 {
		g.share = cfg.MaxBytes / 100 * int64(cfg.Percent)
	}
	return g
}

// Bounds reports whether there is a bound at all. Where there is none, nothing is counted.
func (g *Count) Bounds() bool { return g.share > 0 }

// now returns the number of the slice that it is. Where the system's clock was set back, what lies in
// the future since then counts as of now: it is forgotten a retention from here on, and not when its slice
// comes round. The caller holds the lock.
func (g *Count) now() int64 {
	now := g.clock().UnixNano() / int64(g.slice)
	if now < g.newest {
		g.own.endAt(now)
		for _, other := range g.others {
			other.Book.endAt(now)
		}
	}
	g.newest = now
	return now
}

// Note counts bytes that were stored for a principal.
func (g *Count) Note(principal string, bytes int) {
	if g.share == 0 || principal == g.all {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	id := digest(principal)
	if g.own[id] == nil {
		g.own[id] = map[int64]int64{}
	}
	g.own[id][g.now()] += int64(bytes)
	g.changed = true
}

// Shorten says that bytes which were noted for a principal are deleted when the shorter retention is over, which begins
// now. They are taken from those that were noted last.
func (g *Count) Shorten(principal string, bytes int) {
	if g.share == 0 || principal == g.all || g.short >= sliceCount {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	parts := g.own[digest(principal)]
	until := now - sliceCount + g.short
	left := int64(bytes)
	for _, slice := range slices.Backward(slices.Sorted(maps.Keys(parts))) {
		if slice <= until || left == 0 {
			break
		}
		n := min(left, parts[slice])
		if left -= n; parts[slice] == n {
			delete(parts, slice)
		} else {
			parts[slice] -= n
		}
		parts[until] += n
		g.changed = true
	}
}

// Admit returns an error if a principal may not have so many bytes more: [*chat.ShareError], or
// [chat.ErrLogFull] where only the reserve is left.
func (g *Count) Admit(principal string, bytes int) error {
	if g.share == 0 || principal == g.all {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	held, oldest := g.held(digest(principal))
	limit := g.share
	if g.full && held >= g.most/smallPart {
		limit = g.most / smallPart
	}
	if held+int64(bytes)+CompletionOverhead <= limit {
		return nil
	}
	end := time.Unix(0, (oldest+1+sliceCount)*int64(g.slice))
	return &chat.ShareError{Held: held, Limit: limit, Frees: max(end.Sub(g.clock()), 0)}
}

// held returns what a principal holds, and the number of the oldest slice of that. The caller
// holds the lock.
func (g *Count) held(id string) (bytes, oldest int64) {
	now := g.now()
	oldest = now
	add := func(b book) {
		for slice, n := range b[id] {
			if slice+sliceCount >= now {
				bytes += n
				oldest = min(oldest, slice)
			}
		}
	}
	add(g.own)
	for _, other := range g.others {
		if other.Created.Equal(g.created) {
			add(other.Book)
		}
	}
	return bytes, oldest
}

// told is how a ledger is kept and told.
type told struct {
	Slice   time.Duration `json:"slice"`
	Created time.Time     `json:"created"` // of the log
	Book    book          `json:"book"`
}

// Tell returns what is to be told, nil where nothing is new. It drops what has expired.
func (g *Count) Tell() []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	oldest := g.now() - sliceCount
	large := book{}
	for id, parts := range g.own {
		sum := int64(0)
		maps.DeleteFunc(parts, func(slice, n int64) bool {
			if slice < oldest {
				return true
			}
			sum += n
			return false
		})
		if len(parts) == 0 {
			delete(g.own, id)
		} else if sum >= g.most/toldPart {
			large[id] = parts
		}
	}
	if !g.changed {
		return nil
	}
	g.changed = false
	data, err := json.Marshal(told{g.slice, g.created, large})
	if err != nil {
		return nil // numbers always marshal
	}
	return data
}

// Hear takes what another replica tells.
func (g *Count) Hear(replica string, data []byte) {
	var t told
	if err := json.Unmarshal(data, &t); err != nil || t.Slice != g.slice {
		return // of another retention: its slices are not ours
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	t.Book.endAt(g.now() + 1) // another machine's clock may be a little ahead
	g.others[replica] = t
}

// Look takes how the log is: when it was made, and the bytes that it holds. One that begins anew holds
// nothing of before.
func (g *Count) Look(created time.Time, bytes uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.created.IsZero() && !g.created.Equal(created) {
		g.own = book{}
	}
	g.created = created
	g.full = int64(bytes) >= g.most-g.most/reservePart //nolint:gosec // bytes on a disk
}

// digest names a principal in what is told and kept.
func digest(principal string) string {
	sum := sha256.Sum256([]byte(principal))
	return hex.EncodeToString(sum[:16])
}
