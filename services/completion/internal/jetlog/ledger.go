package jetlog

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

const (
	// sliceCount is how many parts the retention has in a ledger.
	sliceCount = 12
	// completionOverhead is about what a completion takes beside its records, and
	// recordOverhead a record beside its data.
	completionOverhead = 1024
	recordOverhead     = 128
	// tellEvery is how often a ledger is told to the other replicas, and kept.
	tellEvery = 2 * time.Second
	// The last tenth of the log is for principals who hold less than a hundredth of it.
	reservePart = 10
	smallPart   = 100
	// toldPart is the part of the log that a principal has to hold for others to be told.
	toldPart = 10_000
)

// A ledger tells how much of the stream each principal's completions take. It counts what this
// replica has stored, by slices of time, and drops what is retained no longer. What the others
// have stored they tell; what was stored before a restart is kept beside the stream. So it is
// near the truth: a replica that dies takes the last seconds with it, several may let through
// as much at once, and what was deleted counts on until it would have expired.
type ledger struct {
	slice time.Duration
	most  int64  // bytes of the log
	share int64  // bytes of one principal; 0: no bound
	all   string // the principal that may be anybody: it has no share

	mu      sync.Mutex
	own     book
	others  map[string]told // by replica
	changed bool
	full    bool      // the reserve alone is left
	created time.Time // of the stream
}

// A book has the bytes of principals, by their digests, in slices of time, by number.
type book map[string]map[int64]int64

func newLedger(cfg *Config) *ledger {
	g := &ledger{slice: max(cfg.Retention/sliceCount, time.Millisecond), most: cfg.MaxBytes, all: cfg.Anybody, own: book{}, others: map[string]told{}}
	if cfg.Share > 0 && cfg.Share < 100 {
		g.share = cfg.MaxBytes / 100 * int64(cfg.Share)
	}
	return g
}

func (g *ledger) now() int64 { return time.Now().UnixNano() / int64(g.slice) }

// note counts bytes that were stored for a principal.
func (g *ledger) note(principal string, bytes int) {
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

// admit returns an error if a principal may not have so many bytes more: [*chat.ShareError], or
// [chat.ErrLogFull] where only the reserve is left.
func (g *ledger) admit(principal string, bytes int) error {
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
	if held+int64(bytes)+completionOverhead <= limit {
		return nil
	}
	end := time.Unix(0, (oldest+1+sliceCount)*int64(g.slice))
	return &chat.ShareError{Held: held, Limit: limit, Frees: max(time.Until(end), 0)}
}

// held returns what a principal holds, and the number of the oldest slice of that. The caller
// holds the lock.
func (g *ledger) held(id string) (bytes, oldest int64) {
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
	Created time.Time     `json:"created"` // of the stream
	Book    book          `json:"book"`
}

// tell returns what is to be told, nil where nothing is new. It drops what has expired.
func (g *ledger) tell() []byte {
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

// hear takes what another replica tells.
func (g *ledger) hear(replica string, data []byte) {
	var t told
	if err := json.Unmarshal(data, &t); err != nil || t.Slice != g.slice {
		return // of another retention: its slices are not ours
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.others[replica] = t
}

// look takes how the stream is. One that begins anew holds nothing.
func (g *ledger) look(info *jetstream.StreamInfo) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.created.IsZero() && !g.created.Equal(info.Created) {
		g.own = book{}
	}
	g.created = info.Created
	g.full = int64(info.State.Bytes) >= g.most-g.most/reservePart //nolint:gosec // bytes on a disk
}

// hearUsage is how what another replica has stored comes to be known.
func (l *Log) hearUsage(m *nats.Msg) {
	if replica := strings.TrimPrefix(m.Subject, usagePrefix); replica != l.replica {
		l.ledger.hear(replica, m.Data)
	}
}

// loadUsage reads what was kept of what replicas have stored, this one's former lives too.
func (l *Log) loadUsage(ctx context.Context) error {
	info, err := l.past.Info(ctx, jetstream.WithSubjectFilter(usagePrefix+"*"))
	if err != nil {
		return failure(err)
	}
	for subject := range info.State.Subjects {
		msg, err := l.past.GetLastMsgForSubject(ctx, subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return failure(err)
		}
		l.ledger.hear(strings.TrimPrefix(subject, usagePrefix), msg.Data)
	}
	return nil
}

// keepUsage tells and keeps the ledger until the log is closed.
func (l *Log) keepUsage() {
	for {
		if stream, err := l.js.Stream(l.ctx, streamName); err == nil {
			l.ledger.look(stream.CachedInfo())
		}
		if data := l.ledger.tell(); data != nil {
			if err := l.conn.Publish(usagePrefix+l.replica, data); err != nil {
				l.cfg.Logger.Debug("cannot tell what was stored", slog.Any("error", err))
			}
		}
		if !wait(l.ctx, tellEvery) {
			break
		}
	}
	if data := l.ledger.tell(); data != nil {
		_ = l.conn.Publish(usagePrefix+l.replica, data) // what was stored in the last seconds counts for nobody else
	}
}
