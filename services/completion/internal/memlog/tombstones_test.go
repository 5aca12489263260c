package memlog

import (
	"errors"
	"fmt"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

func TestTombstonesAreBoundedAndTheOldestIsForgotten(t *testing.T) {
	tombs := New(Config{}).tombs
	for i := range maxTombstones + 10 {
		tombs.add(&chat.Meta{ID: fmt.Sprint(i), Principal: "anna", Request: &chat.Request{}})
	}
	if len(tombs.byID) != maxTombstones || tombs.order.Len() != maxTombstones {
		t.Errorf("%d and %d tombstones, want %d", len(tombs.byID), tombs.order.Len(), maxTombstones)
	}
	for id, want := range map[int]error{
		0: chat.ErrNotFound, 9: chat.ErrNotFound, 10: chat.ErrTrimmed, maxTombstones + 9: chat.ErrTrimmed,
	} {
		head, err := tombs.head(fmt.Sprint(id))
		if !errors.Is(err, want) {
			t.Errorf("completion %d: error %v, want %v", id, err, want)
		}
		if head.Meta != nil && head.Meta.Request != nil {
			t.Errorf("completion %d: its tombstone holds its request", id)
		}
	}
}
