package logtest

import (
	"sync"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A Purse is a [chat.Memory] of Size bytes, which Force may exceed. It is safe for concurrent use.
type Purse struct {
	Size int

	mu         sync.Mutex
	held, most int
}

// Share implements [chat.Memory].
func (p *Purse) Share(string) chat.Share { return &portion{purse: p} }

// Held returns how many bytes are in use now, and the maximum so far.
func (p *Purse) Held() (now, most int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held, p.most
}

type portion struct {
	purse *Purse
	held  int
}

// Grow implements [chat.Share].
func (s *portion) Grow(n int) error {
	s.purse.mu.Lock()
	defer s.purse.mu.Unlock()
	if s.purse.held+n > s.purse.Size {
		return chat.NoRoom(nil)
	}
	s.take(n)
	return nil
}

// Force implements [chat.Share].
func (s *portion) Force(n int) {
	s.purse.mu.Lock()
	defer s.purse.mu.Unlock()
	s.take(n)
}

// Release implements [chat.Share].
func (s *portion) Release() {
	s.purse.mu.Lock()
	defer s.purse.mu.Unlock()
	s.take(-s.held)
}

// take counts bytes. The caller holds the lock.
func (s *portion) take(n int) {
	s.held += n
	s.purse.held += n
	s.purse.most = max(s.purse.most, s.purse.held)
}
