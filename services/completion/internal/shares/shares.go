// Package shares counts how many bytes of the log each principal's completions take, so that no single caller
// fills the log.
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
	// sliceCount is the number of slices of the retention in a book.
	sliceCount = 12
	// The last tenth of the log is reserved for principals that hold less than a hundredth of it.
	reservePart = 10
	smallPart   = 100
	// toldPart is the fraction of the log from which a principal is reported to other replicas.
	toldPart = 10_000
)

// CompletionOverhead is the approximate size of a completion without its records, in bytes.
const CompletionOverhead = 1024

// A Count knows how many bytes of the log each principal's completions take. It counts what this replica has
// stored, by slices of time, and drops expired slices. Other replicas report their counts; those from before a
// restart are stored beside the log. The counts are approximate: a replica that dies loses its last seconds,
// several replicas may admit at once, and deleted completions count until they would have expired. It is safe
// for concurrent use.
type Count struct {
	slice time.Duration
	short int64  // the shorter retention, in slices
	most  int64  // bytes of the log
	share int64  // maximum bytes of one principal; 0: no bound
	all   string // the principal of unknown callers: it has no bound

	clock func() time.Time

	mu      sync.Mutex
	newest  int64 // the latest slice so far
	own     book
	others  map[string]told // by replica
	changed bool
	full    bool      // only the reserve is left
	created time.Time // of the log
}

// A book has the bytes of each principal, by its digest, in each slice of time, by its number.
type book map[string]map[int64]int64

// endAt moves the bytes of later slices into the slice last.
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

// A Share bounds how much of the log one principal may hold.
type Share struct {
	Percent int    // of the log's bytes; 0 or 100: no bound
	Anybody string // the principal of unknown callers, which has no bound
}

// Config is the configuration of a [Count].
type Config struct {
	MaxBytes int64 // of the log
	Share
	Retention time.Duration // of stored completions
	Short     time.Duration // of completions that are deleted sooner, see [Count.Shorten]
}

// New returns an empty count.
func New(cfg Config) *Count {
	slice := max(cfg.Retention/sliceCount, time.Millisecond)
	g := &Count{slice: slice, short: int64((cfg.Short + slice - 1) / slice), most: cfg.MaxBytes, all: cfg.Anybody, clock: time.Now, own: book{}, others: map[string]told{}}
	if cfg.Percent > 0 && cfg.Percent < 100 {
		g.share = cfg.MaxBytes / 100 * int64(cfg.Percent)
	}
	return g
}

// Bounds reports whether there is a bound. Without one, nothing is counted.
func (g *Count) Bounds() bool { return g.share > 0 }

// now returns the number of the current slice. If the system's clock was set back, it moves the bytes of future
// slices into the current one, so that they expire one retention from now. The caller holds the lock.
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

// Note counts bytes stored for a principal.
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

// Shorten records that bytes already noted for a principal will be deleted after the shorter retention from
// now. It takes them from the latest slices.
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

// Admit returns a [*chat.ShareError] if a principal may not store that many more bytes. If only the reserve is
// left, the limit is a hundredth of the log for principals that hold as much.
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

// held returns how many bytes a principal holds, and the number of their oldest slice. The caller holds the
// lock.
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

// told is the encoding of a book, for storage and other replicas.
type told struct {
	Slice   time.Duration `json:"slice"`
	Created time.Time     `json:"created"` // of the log
	Book    book          `json:"book"`
}

// Tell returns the report for other replicas, or nil if nothing is new. It drops expired slices.
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

// Hear applies the report of another replica.
func (g *Count) Hear(replica string, data []byte) {
	var t told
	if err := json.Unmarshal(data, &t); err != nil || t.Slice != g.slice {
		return // a different retention: its slices do not match ours
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	t.Book.endAt(g.now() + 1) // another machine's clock may be a little ahead
	g.others[replica] = t
}

// Look takes the state of the log: its creation time, and its size in bytes. If the log was created anew, it
// resets this replica's count.
func (g *Count) Look(created time.Time, bytes uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.created.IsZero() && !g.created.Equal(created) {
		g.own = book{}
	}
	g.created = created
	g.full = int64(bytes) >= g.most-g.most/reservePart //nolint:gosec // bytes on a disk
}

// digest identifies a principal in reports and in storage.
func digest(principal string) string {
	sum := sha256.Sum256([]byte(principal))
	return hex.EncodeToString(sum[:16])
}
