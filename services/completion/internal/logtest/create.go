package logtest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

//nolint:gochecknoglobals // a table
var createRules = []rule{
	{"a completion begins without events", beginsEmpty},
	{"an unknown id is not found, whatever is asked", unknownNotFound},
	{"a key names one completion of its principal", keyNamesOne},
	{"a key of another principal is another key", keyPerPrincipal},
	{"no key is no name", emptyKeys},
	{"one of many concurrent creates with one key wins", oneCreateWins},
	{"a key still names a completion that has ended", keyAfterEnd},
}

func beginsEmpty(t *testing.T, log chat.Log) {
	s := create(t, log)
	head := s.head()
	if head.Last != -1 || head.Terminal != nil {
		t.Errorf("Head: last %d, terminal %v, want -1 and none", head.Last, head.Terminal)
	}
	if diff := cmp.Diff(s.meta, head.Meta); diff != "" {
		t.Errorf("Head's meta (-want +got):\n%s", diff)
	}
}

func unknownNotFound(t *testing.T, log chat.Log) {
	ctx := within(t)
	unknown := &subject{t: t, log: log, meta: newMeta()}
	id := unknown.meta.ID

	_, err := log.Head(ctx, id)
	wantError(t, "Head", err, chat.ErrNotFound)
	r := unknown.read(ctx, chat.FromStart, true)
	wantError(t, "Follow", r.err, chat.ErrNotFound)
	if len(r.entries) != 0 {
		t.Errorf("Follow yielded %v", r.entries)
	}
	wantError(t, "Seal", outside(log.Seal(ctx, id, done())), chat.ErrNotFound)
	wantError(t, "SetMetadata", log.SetMetadata(ctx, id, nil), chat.ErrNotFound)
	wantError(t, "Delete", log.Delete(ctx, id), chat.ErrNotFound)
	_, err = log.Lookup(ctx, unknown.meta.Principal, "key")
	wantError(t, "Lookup", err, chat.ErrNotFound)
	for head, err := range log.List(ctx, unknown.meta.Principal, "", false) {
		t.Errorf("List yielded %v, %v", head, err)
	}
}

// wantExists fails the test unless Create refuses m's principal and key in favour of first.
func wantExists(t *testing.T, log chat.Log, m, first *chat.Meta) {
	t.Helper()
	named, err := log.Lookup(within(t), m.Principal, m.IdempotencyKey)
	if err != nil || named.ID != first.ID {
		t.Errorf("Lookup: %v, %v, want %s", named, err, first.ID)
	}
	_, err = log.Create(within(t), m)
	var exists *chat.ExistsError
	if !errors.As(err, &exists) {
		t.Fatalf("Create with a key that is taken: error %v, want an ExistsError", err)
	}
	if diff := cmp.Diff(first, exists.Meta); diff != "" {
		t.Errorf("meta of the ExistsError (-want +got):\n%s", diff)
	}
	_, err = log.Head(within(t), m.ID)
	wantError(t, "Head of what was refused", err, chat.ErrNotFound)
}

// again returns the meta of another completion with first's key.
func again(first *chat.Meta) *chat.Meta {
	m := newMeta()
	m.Principal, m.IdempotencyKey, m.RequestHash = first.Principal, first.IdempotencyKey, [32]byte{2}
	return m
}

func keyNamesOne(t *testing.T, log chat.Log) {
	first := newMeta()
	first.IdempotencyKey, first.RequestHash = "key", [32]byte{1, 31: 9}
	s := createWith(t, log, first)
	wantExists(t, log, again(first), s.meta)
	s.append(words(2)...)
	wantExists(t, log, again(first), s.meta)
}

func keyPerPrincipal(t *testing.T, log chat.Log) {
	for range 2 { // each has its own principal
		m := newMeta()
		m.IdempotencyKey = "key"
		createWith(t, log, m)
	}
}

func emptyKeys(t *testing.T, log chat.Log) {
	first := newMeta()
	createWith(t, log, first)
	createWith(t, log, again(first))
}

func oneCreateWins(t *testing.T, log chat.Log) {
	const rivals = 8
	ctx := within(t)
	first := newMeta()
	first.IdempotencyKey = "key"
	type result struct {
		id  string
		err error
	}
	results := make(chan result, rivals)
	for range rivals {
		go func() {
			m := again(first)
			_, err := log.Create(ctx, m)
			results <- result{m.ID, err}
		}()
	}
	var winners, named []string
	for range rivals {
		r := <-results
		var exists *chat.ExistsError
		switch {
		case r.err == nil:
			winners = append(winners, r.id)
		case errors.As(r.err, &exists):
			named = append(named, exists.Meta.ID)
		default:
			t.Errorf("Create: %v", r.err)
		}
	}
	if len(winners) != 1 {
		t.Fatalf("%d creates won, want 1", len(winners))
	}
	for _, id := range named {
		if id != winners[0] {
			t.Errorf("a create was refused in favour of %s, want %s", id, winners[0])
		}
	}
}

func keyAfterEnd(t *testing.T, log chat.Log) {
	m := newMeta()
	m.IdempotencyKey = "key"
	s := createWith(t, log, m)
	s.append(words(2)...)
	s.seal(done())
	wantExists(t, log, again(m), s.meta)
}
