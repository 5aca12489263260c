package service_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// A watchedLog counts the completions that lists examine.
type watchedLog struct {
	chat.Log
	looked int
}

// List implements chat.Log.
func (l *watchedLog) List(ctx context.Context, principal, after string, descending bool) iter.Seq2[chat.Head, error] {
	return func(yield func(chat.Head, error) bool) {
		for head, err := range l.Log.List(ctx, principal, after, descending) {
			l.looked++
			if !yield(head, err) {
				return
			}
		}
	}
}

// goneOn matches the cursor in the error of a list that found nothing.
var goneOn = regexp.MustCompile(`after=(chatcmpl-\w+)`)

// paged returns the names on all pages, and how many pages failed because they found nothing.
func paged(t *testing.T, s *service.Service, log *watchedLog, f chat.Filter, p chat.Page) (got []string, vain int) {
	t.Helper()
	for {
		log.looked = 0
		page, more, err := s.List(t.Context(), anna, f, p)
		if log.looked > 1001 {
			t.Fatalf("%d are looked at for a page", log.looked)
		}
		if err != nil {
			var told *chat.Error
			if !errors.As(err, &told) || told.Code != chat.CodeInvalidValue || told.Param != "after" {
				t.Fatal(err)
			}
			next := goneOn.FindStringSubmatch(told.Message)
			if next == nil {
				t.Fatalf("it does not say how to go on: %s", told.Message)
			}
			p.After = next[1]
			vain++
			continue
		}
		got = append(got, strings.Fields(names(page))...)
		switch {
		case !more:
			return got, vain
		case len(page) == 0:
			t.Fatal("an empty page that is not the last")
		}
		p.After = page[len(page)-1].Meta.ID
	}
}

// TestListLooksAtFew uses filters that match few or none of many completions. A page must examine at most a
// thousand, and clients that page as OpenAI's SDKs do must miss nothing. These continue after the last item of
// a page, and take an empty page as the end, so no page before the end may be empty.
func TestListLooksAtFew(t *testing.T) {
	log := &watchedLog{Log: newLog(t, memlog.Config{})}
	s := newService(t, says("a"), service.Config{Log: log})
	const many = 2500
	some := []int{0, 3, 900, 2200, 2201}
	for i := range many {
		m := map[string]string{"name": fmt.Sprint(i)}
		if slices.Contains(some, i) {
			m["some"] = "yes"
		}
		if _, err := s.Create(t.Context(), anna, "", ask(stored, metadata(m))); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name   string
		filter chat.Filter
		page   chat.Page
		want   []string // names
		vain   int      // pages that found nothing
	}{
		{"none", chat.Filter{Metadata: map[string]string{"some": "no"}}, chat.Page{}, nil, 2},
		{"none, newest first", chat.Filter{Metadata: map[string]string{"some": "no"}}, chat.Page{Descending: true, Limit: 1}, nil, 2},
		{"none of that model", chat.Filter{Model: "other"}, chat.Page{Limit: 100}, nil, 2},
		{"some", chat.Filter{Metadata: map[string]string{"some": "yes"}}, chat.Page{}, []string{"0", "3", "900", "2200", "2201"}, 1},
		{"some, one by one", chat.Filter{Metadata: map[string]string{"some": "yes"}}, chat.Page{Limit: 1}, []string{"0", "3", "900", "2200", "2201"}, 1},
		{"some, newest first", chat.Filter{Metadata: map[string]string{"some": "yes"}}, chat.Page{Descending: true}, []string{"2201", "2200", "900", "3", "0"}, 1},
		{"one", chat.Filter{Metadata: map[string]string{"name": "3"}}, chat.Page{}, []string{"3"}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, vain := paged(t, s, log, test.filter, test.page)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if vain != test.vain {
				t.Errorf("%d pages in vain, want %d", vain, test.vain)
			}
		})
	}
	log.looked = 0
	if page, more, err := s.List(t.Context(), anna, chat.Filter{}, chat.Page{}); err != nil || len(page) != 20 || !more || log.looked != 21 {
		t.Errorf("without a filter: %d, more %t, %v; %d are looked at", len(page), more, err, log.looked)
	}
}
