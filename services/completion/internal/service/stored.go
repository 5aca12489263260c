package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Get returns a completion as it stands.
func (s *Service) Get(ctx context.Context, principal, id string) (*chat.Completion, error) {
	head, err := s.latest(ctx, principal, id)
	if err != nil {
		return nil, err
	}
	return s.sum(ctx, head, head.Meta.Request.Choices())
}

// sum adds up the events of a completion, of that many choices, as far as head says. It needs no request.
func (s *Service) sum(ctx context.Context, head chat.Head, choices int) (*chat.Completion, error) {
	sum := chat.NewTally(choices)
	if head.Last >= 0 {
		for entry, err := range s.log.Follow(ctx, head.Meta.ID, chat.FromStart, false) {
			if err != nil {
				return nil, s.failure(err)
			}
			sum.Add(&entry.Event)
			if entry.Sequence == head.Last {
				break
			}
		}
	}
	return sum.Completion(head.Meta), nil
}

// pageBytes bounds what is read for a page, in bytes of requests and answers: a page may end early, but not
// without a completion. The caller receives it as one message.
const pageBytes = 8 << 20

// pageLooks bounds how many completions are examined for a page. A page ends early if the filter excludes most
// of them, but never without a completion: OpenAI's clients continue after the last one of a page, and take an
// empty page for the end. If all are excluded, the error says where to continue.
const pageLooks = 1000

// List returns a page of the principal's stored completions, and whether more follow. It may hold fewer than
// were asked for if they are large, or few match. Their requests are left out.
func (s *Service) List(ctx context.Context, principal string, f chat.Filter, p chat.Page) ([]*chat.Completion, bool, error) {
	if err := p.Check(); err != nil {
		return nil, false, err
	}
	if model, err := s.Model(f.Model); err == nil {
		f.Model = model.ID
	}
	var page []*chat.Completion
	size, looked, last := 0, 0, ""
	for head, err := range s.log.List(ctx, principal, p.After, p.Descending) {
		switch {
		case errors.Is(err, chat.ErrNotFound):
			return nil, false, errAfter
		case err != nil:
			return nil, false, s.failure(err)
		case looked == pageLooks && len(page) == 0:
			return nil, false, inVain(last)
		case looked == pageLooks:
			return page, true, nil
		}
		looked, last = looked+1, head.Meta.ID
		switch {
		case !f.Matches(head.Meta):
			continue
		case len(page) == p.Limit || size >= pageBytes:
			return page, true, nil
		}
		c, err := s.sum(ctx, head, head.Meta.Request.Choices())
		switch {
		case errors.Is(err, errExpired), errors.Is(err, errNotFound):
			continue // gone since it was listed
		case err != nil:
			return nil, false, err
		}
		took := head.Meta.RequestSize + c.Size()
		if size += took; size > pageBytes && len(page) > 0 {
			return page, true, nil
		}
		c.Meta = c.Meta.WithoutRequest()
		page = append(page, c)
	}
	return page, false, nil
}

// inVain returns the error for a filter that matches none of the examined completions.
func inVain(last string) *chat.Error {
	return &chat.Error{
		Code: chat.CodeInvalidValue, Param: "after",
		Message: fmt.Sprintf("None of the next %d completions matches the filter. Please continue after them, with after=%s, or omit the filter.", pageLooks, last),
	}
}

// Messages returns a page of the messages that a completion answers.
func (s *Service) Messages(ctx context.Context, principal, id string, p chat.Page) ([]chat.StoredMessage, bool, error) {
	head, err := s.latest(ctx, principal, id)
	if err != nil {
		return nil, false, err
	}
	conversation := head.Meta.Request.Messages
	messages := make([]chat.StoredMessage, len(conversation))
	for i := range conversation {
		messages[i] = chat.StoredMessage{ID: fmt.Sprintf("%s-%d", id, i), Message: &conversation[i]}
	}
	return paginate(messages, p, func(m chat.StoredMessage) string { return m.ID })
}

// Update replaces the completion's metadata and returns the completion.
func (s *Service) Update(ctx context.Context, principal, id string, metadata map[string]string) (*chat.Completion, error) {
	if err := chat.CheckMetadata(metadata); err != nil {
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

var errAfter = chat.FieldErrorf(chat.CodeInvalidValue, "after", "does not name an item of this list")

// paginate cuts a page out of items, which are oldest first.
func paginate[T any](items []T, p chat.Page, id func(T) string) ([]T, bool, error) {
	if err := p.Check(); err != nil {
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
