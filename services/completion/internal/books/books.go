// Package books ensures that only one goroutine of a process at a time enters the end of a completion into
// the books.
package books

import "sync"

// A Mark says how far a process has come with entering an end.
type Mark int

// The marks of an end.
const (
	None    Mark = iota
	Pending      // a goroutine of this process handles it
	Entered      // it is in the books, but the log does not know yet
)

// Books has the ends that a process handles, by completion id. The zero value is empty. It is safe for
// concurrent use.
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

// Begin reports whether the caller may enter an end. If so, no other caller of this process may, until
// [Books.Done] or [Books.GiveBack]. The log cannot distinguish two goroutines of one process.
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

// GiveBack releases an end that was not entered. It does nothing for an entered one.
func (b *Books) GiveBack(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.marks[id] == Pending {
		delete(b.marks, id)
	}
}

// Enter marks a pending end as entered into the books, while the log does not know that yet.
func (b *Books) Enter(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.marks[id] == Pending {
		b.marks[id] = Entered
	}
}

// Done forgets an end, because the log knows that it is in the books.
func (b *Books) Done(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.marks, id)
}
