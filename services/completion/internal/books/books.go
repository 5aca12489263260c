// Package books ensures that only one goroutine of a process at a time enters the end of a completion into
// the books.
package books

import "sync"

// A Mark is how far a process has come with an end.
type Mark int

// The marks of an end.
const (
	None    Mark = iota
	Pending      // somebody here sees to it
	Entered      // it is in the books, which the log does not know yet
)

// Books has the ends that a process sees to, by the completion. The zero value has none. It is safe for concurrent use.
type Books struct {
	mu    sync.Mutex
	marks map[string]Mark
}

// Of returns the mark of an end.
func (b *Books) Of(id string) Mark {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.marks[id]
}

// Begin reports whether the caller is the only one here to enter an end, until it is [Books.Done] or [Books.GiveBack]
// gives it back. The log cannot tell two of one process from each other: both have the same word there.
func (b *Books) Begin(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.marks[id] != None {
		return false
	}
	if b.marks == nil {
		b.marks = make(map[string]Mark)
	}
	b.marks[id] = Pending
	return true
}

// GiveBack leaves an end to others that was not entered.
func (b *Books) GiveBack(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.marks[id] == Pending {
		delete(b.marks, id)
	}
}

// Enter says that a pending end is in the books, and that the log does not know.
func (b *Books) Enter(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.marks[id] == Pending {
		b.marks[id] = Entered
	}
}

// Done forgets an end: the log knows.
func (b *Books) Done(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.marks, id)
}
