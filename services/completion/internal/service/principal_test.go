package service_test

import (
	"testing"
	"testing/synctest"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// requests returns the errors of all calls about one completion.
func requests(t *testing.T, s *service.Service, principal, id string) map[string]error {
	t.Helper()
	ctx := t.Context()
	errs := map[string]error{}
	_, errs["Get"] = s.Get(ctx, principal, id)
	_, errs["Resume"] = s.Resume(ctx, principal, id, chat.FromStart, true)
	_, errs["Resume ahead"] = s.Resume(ctx, principal, id, 1000, true)
	_, errs["Cancel"] = s.Cancel(ctx, principal, id)
	_, errs["Update"] = s.Update(ctx, principal, id, map[string]string{"a": "b"})
	_, _, errs["Messages"] = s.Messages(ctx, principal, id, chat.Page{})
	errs["Delete"] = s.Delete(ctx, principal, id)
	return errs
}

// wantHidden fails the test if Mallory can distinguish a completion from a missing one.
func wantHidden(t *testing.T, s *service.Service, id string) {
	t.Helper()
	for what, err := range requests(t, s, mallo, id) {
		wantCode(t, what, err, chat.CodeCompletionNotFound)
	}
	for what, err := range requests(t, s, mallo, "chatcmpl-unknown") {
		wantCode(t, what+" of what never was", err, chat.CodeCompletionNotFound)
	}
	if listed, _, err := s.List(t.Context(), mallo, chat.Filter{}, chat.Page{}); err != nil || len(listed) != 0 {
		t.Errorf("List: %d, %v, want nothing", len(listed), err)
	}
	if c := get(t, s, id); c.Meta.Metadata != nil || c.Err != nil {
		t.Errorf("it was changed: %+v", c)
	}
}

func TestSomebodyElsesCompletionDoesNotExist(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{})
		st := stream(t, s, "key", ask(stored))
		p.say(chat.Opening(0))
		synctest.Wait()
		wantHidden(t, s, st.Meta().ID)
		wantStatus(t, get(t, s, st.Meta().ID), chat.StatusInProgress, "")
		p.finish()
		synctest.Wait()
		wantHidden(t, s, st.Meta().ID)
		wantStatus(t, get(t, s, st.Meta().ID), chat.StatusCompleted, "")
	})
}

func TestSomebodyElsesKeyDoesNotAttach(t *testing.T) {
	s := newService(t, says("secret"), service.Config{})
	hers, err := s.Create(t.Context(), anna, "key", ask())
	if err != nil {
		t.Fatal(err)
	}
	for principal, request := range map[string]*chat.Request{mallo: ask(), "eve": ask(withUsage)} { // neither attached nor a conflict
		theirs, err := s.Create(t.Context(), principal, "key", request)
		if err != nil || theirs.Meta.ID == hers.Meta.ID {
			t.Errorf("Create: %v, %v", theirs, err)
		}
	}
}
