package jetlog

import "sync"

// health says whether the log accepts records.
type health struct {
	mu      sync.Mutex
	trouble error
	changed chan struct{} // closed with the next change
}

func newHealth() *health { return &health{changed: make(chan struct{})} }

// Health returns why the log accepts no records now, nil if it does, and a channel that is closed when that
// changes. After a [*natsserver.HopelessError] the log must not be used any more. A log that has reached its
// configured limit is healthy: completions can be read and deleted, and they expire.
func (l *Log) Health() (changed <-chan struct{}, trouble error) {
	h := l.health
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changed, h.trouble
}

// set notes a trouble, or nil for none.
func (h *health) set(trouble error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.trouble
	h.trouble = trouble
	if words(before) != words(trouble) {
		close(h.changed)
		h.changed = make(chan struct{})
	}
}

// words returns the text of a trouble, "" for none.
func words(trouble error) string {
	if trouble == nil {
		return ""
	}
	return trouble.Error()
}
