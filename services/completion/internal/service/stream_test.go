package service_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

func TestThereIsOneGenerationHoweverManyReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{})
		first := stream(t, s, "", ask())
		id := first.Meta().ID
		results := make(chan []chat.Entry, 20)
		go func() { results <- all(t, first) }()
		for range 9 {
			go func() { results <- resume(t, s, id, chat.FromStart) }()
		}
		synctest.Wait()
		p.say(chat.Opening(0), chat.Text(0, "Labradors"))
		synctest.Wait()
		for range 10 {
			go func() { results <- resume(t, s, id, chat.FromStart) }()
		}
		p.say(chat.Text(0, " are."))
		p.finish()

		want := numbered(0, append(spoken(1, "Labradors", " are."), done())...)
		for range 20 {
			if diff := cmp.Diff(want, <-results); diff != "" {
				t.Errorf("a reader (-want +got):\n%s", diff)
			}
		}
		if n := p.runs.Load(); n != 1 {
			t.Errorf("the engine ran %d times", n)
		}
	})
}

func TestResumeYieldsWhatComesAfterEachCursor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, says("Lab", "ra", "dor"), service.Config{})
		st := stream(t, s, "", ask(choices(2), withUsage))
		entries := all(t, st)
		last := int64(len(entries)) - 1
		for cursor := chat.FromStart; cursor <= last; cursor++ {
			if diff := cmp.Diff(after(entries, cursor), resume(t, s, st.Meta().ID, cursor)); diff != "" {
				t.Errorf("after %d (-want +got):\n%s", cursor, diff)
			}
		}
		for _, cursor := range []int64{last + 1, last + 1000, -2} {
			_, err := s.Resume(t.Context(), anna, st.Meta().ID, cursor, false)
			told := wantCode(t, "Resume", err, chat.CodeInvalidCursor).Message
			if want := fmt.Sprintf("the last one is %d.", last); cursor > last && !strings.HasSuffix(told, want) {
				t.Errorf("after %d it says %q, want %q", cursor, told, want)
			}
		}
	})
}

func TestResumeOfARunningCompletionGoesOnLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{})
		st := stream(t, s, "", ask())
		p.say(chat.Opening(0), chat.Text(0, "a"), chat.Text(0, "b"))
		synctest.Wait()
		id := st.Meta().ID
		_, err := s.Resume(t.Context(), anna, id, 3, false)
		wantCode(t, "Resume ahead", err, chat.CodeInvalidCursor)

		results := make([]chan []chat.Entry, 4)
		for i := range results {
			results[i] = make(chan []chat.Entry, 1)
			go func() { results[i] <- resume(t, s, id, int64(i)-1) }()
		}
		synctest.Wait()
		p.finish()
		entries := all(t, st)
		for i := range results {
			if diff := cmp.Diff(after(entries, int64(i)-1), <-results[i]); diff != "" {
				t.Errorf("after %d (-want +got):\n%s", i-1, diff)
			}
		}
	})
}

func TestResumeOfWhatIsRetainedNoLongerTellsSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, says("yes"), service.Config{Log: newLog(t, memlog.Config{Retention: time.Minute})})
		st := stream(t, s, "", ask())
		all(t, st)
		pass(time.Minute)
		_, err := s.Resume(t.Context(), anna, st.Meta().ID, chat.FromStart, false)
		wantCode(t, "Resume", err, chat.CodeCompletionExpired)
		_, err = s.Get(t.Context(), anna, st.Meta().ID)
		wantCode(t, "Get", err, chat.CodeCompletionExpired)
		_, err = s.Resume(t.Context(), mallo, st.Meta().ID, chat.FromStart, false)
		wantCode(t, "Resume of somebody else", err, chat.CodeCompletionNotFound)
	})
}

func TestAStreamTellsWhatHoldsForTheWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, says("yes"), service.Config{})
		request := ask(stored, metadata(map[string]string{"species": "dog"}), func(r *chat.Request) { r.Stream.IncludeObfuscation = true })
		m := stream(t, s, "", request).Meta()
		want := &chat.Meta{
			ID: m.ID, Principal: anna, Created: time.Now().Truncate(time.Second), Model: "model", Fingerprint: "fp_1",
			ServiceTier: "default", Request: request, Metadata: map[string]string{"species": "dog"},
			RequestHash: m.RequestHash, RequestSize: m.RequestSize, ObfuscationKey: m.ObfuscationKey, OnDisconnect: chat.OnDisconnectContinue,
		}
		if diff := cmp.Diff(want, m); diff != "" {
			t.Errorf("Meta (-want +got):\n%s", diff)
		}
		if len(m.ObfuscationKey) != 16 || m.RequestHash == [32]byte{} || m.RequestSize == 0 {
			t.Errorf("obfuscation key %x, request hash %x", m.ObfuscationKey, m.RequestHash)
		}
		if m := stream(t, s, "", ask()).Meta(); m.ObfuscationKey != nil {
			t.Errorf("obfuscation key %x of who did not ask for one", m.ObfuscationKey)
		}
	})
}

func TestTheEndOfAReadersContextEndsItsStreamOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPuppet()
		s := newService(t, p, service.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		st, err := s.Stream(ctx, anna, "", ask())
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err := collect(st); !errors.Is(err, context.Canceled) {
			t.Errorf("the stream ends with %v, want %v", err, context.Canceled)
		}
		p.say(chat.Opening(0))
		p.finish()
		synctest.Wait()
		wantStatus(t, get(t, s, st.Meta().ID), chat.StatusCompleted, "")
	})
}

func TestProgressIsShownToThoseWhoAskedAndStoredNowhere(t *testing.T) {
	at := func(s chat.Stage) chat.Event {
		return chat.Event{Kind: chat.KindProgress, Progress: &chat.Progress{Stage: s, Fraction: new(0.5)}}
	}
	for _, asked := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			p := newPuppet()
			s := newService(t, p, service.Config{})
			st := stream(t, s, "", ask(func(r *chat.Request) { r.Stream.IncludeEvents = asked }))
			other, err := s.Resume(t.Context(), anna, st.Meta().ID, chat.FromStart, false) // the request's options apply to all readers
			if err != nil {
				t.Fatal(err)
			}
			result := make(chan []chat.Entry, 2)
			for _, st := range []*service.Stream{st, other} {
				go func() { result <- all(t, st) }()
			}
			synctest.Wait()
			p.say(at(chat.StageRetrieval))
			synctest.Wait()
			p.say(chat.Opening(0))
			synctest.Wait()
			p.say(at(chat.StageGenerating))
			synctest.Wait()
			p.finish()

			plain := numbered(0, chat.Opening(0), chat.Finish(0, chat.FinishStop), done())
			want := plain
			if asked {
				want = []chat.Entry{
					{Sequence: -1, Event: at(chat.StageRetrieval)},
					plain[0],
					{Sequence: -1, Event: at(chat.StageGenerating)},
					plain[1], plain[2],
				}
			}
			for range 2 {
				if diff := cmp.Diff(want, <-result); diff != "" {
					t.Errorf("asked %t (-want +got):\n%s", asked, diff)
				}
			}
			if diff := cmp.Diff(plain, resume(t, s, st.Meta().ID, chat.FromStart)); diff != "" {
				t.Errorf("asked %t, a replay (-want +got):\n%s", asked, diff)
			}
		})
	}
}
