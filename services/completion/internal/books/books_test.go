package books_test

import (
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/books"
)

// TestOneAtATime lets several callers begin ends, give them back and enter them.
func TestOneAtATime(t *testing.T) {
	const id = "x"
	for name, test := range map[string]struct {
		before func(*books.Books)
		begins bool
		want   books.Mark
	}{
		"nobody sees to it":           {func(*books.Books) {}, true, books.Pending},
		"somebody does":               {func(b *books.Books) { b.Begin(id) }, false, books.Pending},
		"somebody sees to another":    {func(b *books.Books) { b.Begin("y") }, true, books.Pending},
		"it was given back":           {func(b *books.Books) { b.Begin(id); b.GiveBack(id) }, true, books.Pending},
		"it is entered":               {func(b *books.Books) { b.Begin(id); b.Enter(id) }, false, books.Entered},
		"it is entered, and not left": {func(b *books.Books) { b.Begin(id); b.Enter(id); b.GiveBack(id) }, false, books.Entered},
		"nobody saw to it":            {func(b *books.Books) { b.Enter(id) }, true, books.Pending},
		"the log knows":               {func(b *books.Books) { b.Begin(id); b.Enter(id); b.Done(id) }, true, books.Pending},
	} {
		var b books.Books
		test.before(&b)
		if begins := b.Begin(id); begins != test.begins || b.Of(id) != test.want {
			t.Errorf("%s: begins %v, mark %v, want %v, %v", name, begins, b.Of(id), test.begins, test.want)
		}
	}
}
