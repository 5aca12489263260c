package chat

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Bounds of a [Page].
const (
	DefaultPageLimit = 20
	MaxPageLimit     = 100
)

// A Page says which part of a listing is wanted.
type Page struct {
	After      string // id of the last item of the page before; empty: the first page
	Limit      int    // 1 to 100; 0: 20
	Descending bool   // newest first
}

// A Filter selects completions. Zero fields select all.
type Filter struct {
	Model    string
	Metadata map[string]string // pairs that a completion's metadata has to hold
}

// Get returns a completion as it stands.
func (s *Service) Get(ctx context.Context, principal, id string) (*Completion, error) {
	head, err := s.latest(ctx, principal, id)
	if err != nil {
		return nil, err
	}
	return s.sum(ctx, head)
}

// sum adds up a completion's events as far as head tells.
func (s *Service) sum(ctx context.Context, head Head) (*Completion, error) {
	sum := newTally(head.Meta.Request.Choices())
	if head.Last >= 0 {
		for entry, err := range s.log.Follow(ctx, head.Meta.ID, FromStart, false) {
			if err != nil {
				return nil, s.failure(err)
			}
			sum.add(&entry.Event)
			if entry.Sequence == head.Last {
				break
			}
		}
	}
	return sum.completion(head.Meta), nil
}

// pageBytes bounds what is read for a page, in bytes of requests and answers: a page ends
// early, but never without a completion. Whoever asks receives it as one message.
const pageBytes = 8 << 20

// List returns a page of the principal's stored completions, and whether more follow. It may
// hold fewer than were asked for where these are large. Their requests are left out.
func (s *Service) List(ctx context.Context, principal string, f Filter, p Page) ([]*Completion, bool, error) {
	if err := p.check(); err != nil {
		return nil, false, err
	}
	if model, err := s.Model(f.Model); err == nil {
		f.Model = model.ID
	}
	var page []*Completion
	size := 0
	for head, err := range s.log.List(ctx, principal, p.After, p.Descending) {
		switch {
		case errors.Is(err, ErrNotFound):
			return nil, false, errAfter
		case err != nil:
			return nil, false, s.failure(err)
		case !f.matches(head.Meta):
			continue
		case len(page) == p.Limit || size >= pageBytes:
			return page, true, nil
		}
		c, err := s.sum(ctx, head)
		switch {
		case errors.Is(err, errExpired), errors.Is(err, errNotFound):
			continue // gone since it was listed
		case err != nil:
			return nil, false, err
		}
		took := head.Meta.RequestSize + c.size()
		if size += took; size > pageBytes && len(page) > 0 {
			return page, true, nil
		}
		c.Meta = c.Meta.withoutRequest()
		page = append(page, c)
	}
	return page, false, nil
}

func (f *Filter) matches(m *Meta) bool {
	if f.Model != "" && f.Model != m.Model {
		return false
	}
	for key, value := range f.Metadata {
		if got, ok := m.Metadata[key]; !ok || got != value {
			return false
		}
	}
	return true
}

// A StoredMessage is a message of a completion's conversation, with an id of its own.
type StoredMessage struct {
	ID      string
	Message *Message
}

// Messages returns a page of the messages that a completion answers.
func (s *Service) Messages(ctx context.Context, principal, id string, p Page) ([]StoredMessage, bool, error) {
	head, err := s.latest(ctx, principal, id)
	if err != nil {
		return nil, false, err
	}
	conversation := head.Meta.Request.Messages
	messages := make([]StoredMessage, len(conversation))
	for i := range conversation {
		messages[i] = StoredMessage{ID: fmt.Sprintf("%s-%d", id, i), Message: &conversation[i]}
	}
	return paginate(messages, p, func(m StoredMessage) string { return m.ID })
}

// Update replaces the completion's metadata and returns the completion.
func (s *Service) Update(ctx context.Context, principal, id string, metadata map[string]string) (*Completion, error) {
	if err := checkMetadata(metadata); err != nil {
		return nil, err
	}
	if _, err := s.latest(ctx, principal, id); err != nil {
		return nil, err
	}
	if err := s.log.SetMetadata(ctx, id, maps.Clone(metadata)); err != nil {
		return nil, s.failure(err)
	}
	return s.Get(ctx, principal, id)
}

// Delete forgets a completion; one that runs is cancelled first.
func (s *Service) Delete(ctx context.Context, principal, id string) error {
	if _, err := s.Cancel(ctx, principal, id); err != nil {
		return err
	}
	if err := s.log.Delete(ctx, id); err != nil {
		return s.failure(err)
	}
	return nil
}

// check checks the page that is asked for, and sets the usual limit.
func (p *Page) check() error {
	if err := integerIn("limit", &p.Limit, 0, MaxPageLimit); err != nil {
		return err
	}
	if p.Limit == 0 {
		p.Limit = DefaultPageLimit
	}
	return nil
}

var errAfter = fault(CodeInvalidValue, "after", "does not name an item of this list")

// paginate cuts a page out of items, which are oldest first.
func paginate[T any](items []T, p Page, id func(T) string) ([]T, bool, error) {
	if err := p.check(); err != nil {
		return nil, false, err
	}
	if p.Descending {
		slices.Reverse(items)
	}
	if p.After != "" {
		i := slices.IndexFunc(items, func(item T) bool { return id(item) == p.After })
		if i < 0 {
			return nil, false, errAfter
		}
		items = items[i+1:]
	}
	if len(items) > p.Limit {
		return items[:p.Limit], true, nil
	}
	return items, false, nil
}
