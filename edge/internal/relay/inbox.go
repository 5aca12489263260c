package relay

import (
	"context"
	"sync"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// queued is how many messages may wait for the writer. What waits there goes out in
// one write; beyond it, gRPC's flow control holds the sender back.
const queued = 32

// An item is what the receiving goroutine hands to the writing one: the id of the
// completion once it is known, then its events, then the error that ended it, if any.
type item struct {
	id    string
	event *completionv1.CompletionEvent
	err   error
	plain plainText // where event is nil and there is text
}

// terminal reports whether nothing more is to be waited for.
func (i *item) terminal() bool {
	return i.err != nil || i.event.GetDone() != nil || i.event.GetError() != nil
}

// An inbox is between the goroutine that receives and the one that writes. Unlike a
// channel it wakes the writer only when there is something for it to do: a writer that
// waits for its beat is left alone, because a wake-up costs more than all else that an
// event needs.
type inbox struct {
	ready chan struct{} // has room for one: the writer is to look
	space chan struct{} // has room for one: the receiver may go on

	mu     sync.Mutex
	items  []item
	text   []byte // of the plain items
	closed bool
	quiet  bool // the writer comes by itself
}

func newInbox() *inbox {
	return &inbox{ready: make(chan struct{}, 1), space: make(chan struct{}, 1)}
}

// put hands an item over, and waits while there are too many: false where ctx ended
// first. It copies plain text.
func (b *inbox) put(ctx context.Context, i item) bool {
	for {
		b.mu.Lock()
		if len(b.items) < queued {
			break
		}
		b.mu.Unlock()
		select {
		case <-b.space:
		case <-ctx.Done():
			return false
		}
	}
	if i.plain.text != nil {
		b.text = append(b.text, i.plain.text...)
		i.plain.text, i.plain.end = nil, len(b.text)
	}
	b.items = append(b.items, i)
	wake := !b.quiet || len(b.items) == queued || i.terminal()
	b.mu.Unlock()
	if wake {
		signal(b.ready)
	}
	return ctx.Err() == nil
}

// close says that nothing more will come.
func (b *inbox) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	signal(b.ready)
}

// take returns all items, in exchange for room for others, and whether more may come.
func (b *inbox) take(items []item, text []byte) (taken []item, texts []byte, open bool) {
	b.mu.Lock()
	taken, texts, open = b.items, b.text, !b.closed
	b.items, b.text = items[:0], text[:0]
	b.mu.Unlock()
	signal(b.space)
	return taken, texts, open
}

// shrink lets go of the room for items, if there are none.
func (b *inbox) shrink() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.items) == 0 {
		b.items, b.text = nil, nil
	}
}

// rest says whether the writer comes by itself, and need not be woken for every item.
func (b *inbox) rest(quiet bool) {
	b.mu.Lock()
	b.quiet = quiet
	missed := !quiet && len(b.items) > 0
	b.mu.Unlock()
	if missed {
		signal(b.ready)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
