package jetlog

import "sync"

// health is whether the log takes records.
type health struct {
	mu      sync.Mutex
	trouble error
	changed chan struct{} // closed with the next change
}

func newHealth() *health { return &health{changed: make(chan struct{})} }

// Health returns why the log takes no records now, nil if it does, and a channel that is closed
// when that has changed. With a [*natsserver.HopelessError] trouble the log is not to be used any more. A log
// that is full to its configured limit has none: it can be read and deleted from, and its room
// comes back by itself.
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

// words returns what a trouble says, and nothing for none.
func words(trouble error) string {
	if trouble == nil {
		return ""
	}
	return trouble.Error()
}
