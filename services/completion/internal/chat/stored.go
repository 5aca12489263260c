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

// List returns a page of the principal's stored completions, and whether more follow.
func (s *Service) List(ctx context.Context, principal string, f Filter, p Page) ([]*Completion, bool, error) {
	var heads []Head
	for head, err := range s.log.List(ctx, principal) {
		if err != nil {
			return nil, false, s.failure(err)
		}
		if f.matches(head.Meta) {
			heads = append(heads, head)
		}
	}
	heads, more, err := paginate(heads, p, func(h Head) string { return h.Meta.ID })
	if err != nil {
		return nil, false, err
	}
	completions := make([]*Completion, 0, len(heads))
	for _, head := range heads {
		c, err := s.sum(ctx, head)
		switch {
		case errors.Is(err, errExpired) || errors.Is(err, errNotFound):
			continue // gone since it was listed
		case err != nil:
			return nil, false, err
		}
		completions = append(completions, c)
	}
	return completions, more, nil
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

// paginate cuts a page out of items, which are oldest first.
func paginate[T any](items []T, p Page, id func(T) string) ([]T, bool, error) {
	if err := integerIn("limit", &p.Limit, 0, MaxPageLimit); err != nil {
		return nil, false, err
	}
	if p.Limit == 0 {
		p.Limit = DefaultPageLimit
	}
	if p.Descending {
		slices.Reverse(items)
	}
	if p.After != "" {
		i := slices.IndexFunc(items, func(item T) bool { return id(item) == p.After })
		if i < 0 {
			return nil, false, fault(CodeInvalidValue, "after", "does not name an item of this list")
		}
		items = items[i+1:]
	}
	if len(items) > p.Limit {
		return items[:p.Limit], true, nil
	}
	return items, false, nil
}
