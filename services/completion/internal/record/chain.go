package record

import "fmt"

// A Chain checks that the records of one completion are in order: its meta, then
// its events without a gap or a repeat, under epochs that never decrease, and nothing
// after the terminal event. A Chain with only ID set is the state before the meta.
type Chain struct {
	// ID is the completion's id. Its meta must have the same one.
	ID string

	choices int // 0 before the meta
	epoch   uint64
	next    int64
	ended   bool
}

// maxChoices bounds how much a meta makes its readers allocate. Requests have a lower limit.
const maxChoices = 1024

// Begun reports whether the meta has been added.
func (c *Chain) Begun() bool { return c.choices > 0 }

// Epoch returns the epoch of the last record.
func (c *Chain) Epoch() uint64 { return c.epoch }

// Add adds the next record. It returns an error that wraps [ErrCorrupt] if the record cannot be next.
func (c *Chain) Add(r *Record) error {
	switch {
	case c.ended:
		return fmt.Errorf("%w: something follows the terminal event", ErrCorrupt)
	case r.Meta != nil:
		return c.begin(r)
	case !c.Begun():
		return fmt.Errorf("%w: the meta is missing", ErrCorrupt)
	case r.First != c.next:
		return fmt.Errorf("%w: event %d follows event %d", ErrCorrupt, r.First, c.next-1)
	case r.Claim && r.Epoch <= c.epoch, !r.Claim && r.Epoch != c.epoch:
		return fmt.Errorf("%w: epoch %d follows epoch %d", ErrCorrupt, r.Epoch, c.epoch)
	}
	for i := range r.Events {
		if e := &r.Events[i]; e.Choice < 0 || e.Choice >= c.choices {
			return fmt.Errorf("%w: choice %d of %d", ErrCorrupt, e.Choice, c.choices)
		}
	}
	c.epoch, c.next, c.ended = r.Epoch, r.Next(), r.Terminal() != nil
	return nil
}

func (c *Chain) begin(r *Record) error {
	switch {
	case c.Begun():
		return fmt.Errorf("%w: second meta", ErrCorrupt)
	case r.Meta.ID != c.ID:
		return fmt.Errorf("%w: meta of another completion", ErrCorrupt)
	case r.Epoch != 0:
		return fmt.Errorf("%w: meta of epoch %d", ErrCorrupt, r.Epoch)
	}
	n := r.Meta.Request.Choices()
	if n < 1 || n > maxChoices {
		return fmt.Errorf("%w: %d choices", ErrCorrupt, n)
	}
	c.choices = n
	return nil
}
