package service_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// library returns a service with 25 stored completions of Anna's, named in their metadata, and others that must
// not be listed.
func library(t *testing.T) (*service.Service, map[string]string) {
	t.Helper()
	s := newService(t, nil, service.Config{Models: []chat.Model{{ID: "model", Engine: says("a")}, {ID: "other", Engine: says("b")}}})
	ids := map[string]string{}
	for i := range 25 {
		name := fmt.Sprintf("%02d", i)
		m := map[string]string{"name": name, "parity": fmt.Sprint(i % 2)}
		model := func(r *chat.Request) {
			if i%5 == 0 {
				r.Model = "other"
			}
		}
		c, err := s.Create(t.Context(), anna, "", ask(stored, metadata(m), model))
		if err != nil {
			t.Fatal(err)
		}
		ids[name] = c.Meta.ID
		for _, caller := range []struct {
			principal string
			change    func(*chat.Request)
		}{{anna, func(*chat.Request) {}}, {mallo, stored}} {
			if _, err := s.Create(t.Context(), caller.principal, "", ask(metadata(m), caller.change)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s, ids
}

func names(completions []*chat.Completion) string {
	var names []string
	for _, c := range completions {
		names = append(names, c.Meta.Metadata["name"])
	}
	return strings.Join(names, " ")
}

func TestListYieldsThePrincipalsStoredCompletions(t *testing.T) {
	s, ids := library(t)
	odd := map[string]string{"parity": "1"}
	for _, test := range []struct {
		name   string
		filter chat.Filter
		page   chat.Page
		want   string
		more   bool
	}{
		{"twenty, oldest first", chat.Filter{}, chat.Page{}, "00 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19", true},
		{"the rest", chat.Filter{}, chat.Page{After: ids["19"]}, "20 21 22 23 24", false},
		{"newest first", chat.Filter{}, chat.Page{Descending: true, Limit: 3}, "24 23 22", true},
		{"the rest, newest first", chat.Filter{}, chat.Page{Descending: true, After: ids["02"]}, "01 00", false},
		{"after the last", chat.Filter{}, chat.Page{After: ids["24"]}, "", false},
		{"as many as there are", chat.Filter{}, chat.Page{Limit: 5, After: ids["19"]}, "20 21 22 23 24", false},
		{"one less than there are", chat.Filter{}, chat.Page{Limit: 4, After: ids["19"]}, "20 21 22 23", true},
		{"those of a model", chat.Filter{Model: "other"}, chat.Page{}, "00 05 10 15 20", false},
		{"those with metadata", chat.Filter{Metadata: odd}, chat.Page{Limit: 3}, "01 03 05", true},
		{"those with all of the metadata", chat.Filter{Metadata: map[string]string{"parity": "1", "name": "07"}}, chat.Page{}, "07", false},
		{"those of a model with metadata", chat.Filter{Model: "other", Metadata: odd}, chat.Page{After: ids["05"]}, "15", false},
		{"none", chat.Filter{Metadata: map[string]string{"missing": ""}}, chat.Page{}, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, more, err := s.List(t.Context(), anna, test.filter, test.page)
			if err != nil {
				t.Fatal(err)
			}
			if names(got) != test.want || more != test.more {
				t.Errorf("List: %q and more %t, want %q and %t", names(got), more, test.want, test.more)
			}
			for _, c := range got {
				wantStatus(t, c, chat.StatusCompleted, "")
			}
		})
	}
}

func TestListRefusesPagesThatThereAreNot(t *testing.T) {
	s, ids := library(t)
	for _, test := range []struct {
		page  chat.Page
		code  chat.Code
		param string
	}{
		{chat.Page{Limit: 101}, chat.CodeIntegerTooLarge, "limit"},
		{chat.Page{Limit: -1}, chat.CodeIntegerTooSmall, "limit"},
		{chat.Page{After: "chatcmpl-unknown"}, chat.CodeInvalidValue, "after"},
	} {
		_, _, err := s.List(t.Context(), anna, chat.Filter{}, test.page)
		if shown := wantCode(t, "List", err, test.code); shown.Param != test.param {
			t.Errorf("the error is about %q, want %q", shown.Param, test.param)
		}
		_, _, err = s.Messages(t.Context(), anna, ids["00"], test.page)
		wantCode(t, "Messages", err, test.code)
	}
	_, _, err := s.List(t.Context(), mallo, chat.Filter{}, chat.Page{After: ids["00"]})
	wantCode(t, "List after somebody else's", err, chat.CodeInvalidValue)
}

func TestListShowsWhatRunsAsFarAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{})
		stream(t, s, "", ask(stored))
		p.say(chat.Opening(0), chat.Text(0, "Lab"))
		synctest.Wait()
		got, _, err := s.List(t.Context(), anna, chat.Filter{}, chat.Page{})
		if err != nil || len(got) != 1 {
			t.Fatalf("List: %d, %v, want one", len(got), err)
		}
		wantStatus(t, got[0], chat.StatusInProgress, "")
		if got[0].Choices[0].Content != "Lab" {
			t.Errorf("it says %q", got[0].Choices[0].Content)
		}
	})
}

// TestListIsBoundedByBytes checks that a page is bounded by bytes too, so that it fits into one message.
func TestListIsBoundedByBytes(t *testing.T) {
	large := strings.Repeat("x", 1<<20)
	for _, test := range []struct {
		name            string
		request, answer string
	}{
		{"large answers", "Hello", large + large + large},
		{"large requests", large + large + large, "Hello"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newService(t, says(test.answer), service.Config{})
			const many = 10
			for i := range many {
				said := func(r *chat.Request) {
					r.Messages = []chat.Message{{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartText, Text: test.request}}}}
				}
				if _, err := s.Create(t.Context(), anna, "", ask(stored, said, metadata(map[string]string{"name": fmt.Sprint(i)}))); err != nil {
					t.Fatal(err)
				}
			}
			var seen []string
			for page, more := (chat.Page{}), true; more; {
				var got []*chat.Completion
				var err error
				if got, more, err = s.List(t.Context(), anna, chat.Filter{}, page); err != nil {
					t.Fatal(err)
				}
				if len(got) == 0 || len(got) > 3 {
					t.Fatalf("a page of %d", len(got))
				}
				seen = append(seen, names(got))
				page.After = got[len(got)-1].Meta.ID
			}
			if got := strings.Join(seen, " "); got != "0 1 2 3 4 5 6 7 8 9" {
				t.Errorf("the pages hold %q", got)
			}
		})
	}
}
