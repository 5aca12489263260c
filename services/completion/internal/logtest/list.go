package logtest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

//nolint:gochecknoglobals // a table
var listRules = []rule{
	{"it yields the principal's stored completions, oldest first", listStored},
	{"it tells how far each is", listHeads},
	{"a caller may stop it", listStops},
	{"it begins behind the one that is named, either way", listBehind},
	{"behind what is not listed there is nothing", listBehindUnknown},
	{"metadata is replaced whole, for the head and the list", metadataReplaced},
	{"metadata that was handed out stays as it was", metadataKept},
	{"metadata is the caller's own after it was set", metadataCopied},
}

// wantListed fails the test unless the list has exactly these, in this order.
func wantListed(t *testing.T, log chat.Log, principal string, want ...*chat.Meta) {
	t.Helper()
	var got []*chat.Meta
	for head, err := range log.List(within(t), principal, "", false) {
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		got = append(got, head.Meta)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
}

func listStored(t *testing.T, log chat.Log) {
	principal := newMeta().Principal
	var want []*chat.Meta
	for i := range 30 {
		m := newMeta()
		m.Created = created.Add(time.Duration(i) * time.Second)
		m.Request.Store = i%3 != 0
		if i%5 != 0 {
			m.Principal = principal
		}
		s := createWith(t, log, m)
		if m.Request.Store && m.Principal == principal {
			want = append(want, m)
		}
		if i%2 == 0 {
			s.append(words(2)...)
			s.seal(done())
		}
	}
	wantListed(t, log, principal, want...)
}

func listHeads(t *testing.T, log chat.Log) {
	running := create(t, log)
	running.append(words(4)...)
	running.await()
	m := newMeta()
	m.Principal = running.meta.Principal
	m.Created = created.Add(time.Second)
	ended := createWith(t, log, m)
	ended.append(words(2)...)
	ended.seal(failed("failed"))

	var got []chat.Head
	for head, err := range log.List(within(t), m.Principal, "", false) {
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		got = append(got, head)
	}
	if diff := cmp.Diff([]chat.Head{running.head(), ended.head()}, got, withoutCause); diff != "" {
		t.Errorf("List (-head +list):\n%s", diff)
	}
}

func listStops(t *testing.T, log chat.Log) {
	m := newMeta()
	createWith(t, log, m)
	createWith(t, log, again(m))
	n := 0
	for _, err := range log.List(within(t), m.Principal, "", false) {
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		n++
		break
	}
	if n != 1 {
		t.Errorf("List yielded %d, want 1", n)
	}
}

func listBehind(t *testing.T, log chat.Log) {
	first := newMeta()
	var all []string
	for i := range 40 {
		m := first
		if i > 0 {
			m = newMeta()
			m.Principal = first.Principal
		}
		s := createWith(t, log, m)
		s.append(words(3)...) // so that the listed completions are spread over the log
		s.seal(done())
		all = append(all, m.ID)
		other := newMeta()
		createWith(t, log, other).seal(done())
	}
	backwards := slices.Clone(all)
	slices.Reverse(backwards)
	for _, test := range []struct {
		after      string
		descending bool
		want       []string
	}{
		{"", false, all},
		{"", true, backwards},
		{all[0], false, all[1:]},
		{all[20], false, all[21:]},
		{all[39], false, nil},
		{all[39], true, backwards[1:]},
		{all[20], true, backwards[20:]},
		{all[0], true, nil},
	} {
		var got []string
		for head, err := range log.List(within(t), first.Principal, test.after, test.descending) {
			if err != nil {
				t.Fatalf("List: %v", err)
			}
			got = append(got, head.Meta.ID)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("List after %q, descending %t (-want +got):\n%s", test.after, test.descending, diff)
		}
	}
}

func listBehindUnknown(t *testing.T, log chat.Log) {
	mine, other, unlisted := newMeta(), newMeta(), newMeta()
	createWith(t, log, mine)
	createWith(t, log, other)
	unlisted.Principal = mine.Principal
	unlisted.Request.Store = false
	createWith(t, log, unlisted)
	for _, after := range []string{other.ID, unlisted.ID, "unknown", "not an id.*"} {
		for _, descending := range []bool{false, true} {
			n := 0
			for head, err := range log.List(within(t), mine.Principal, after, descending) {
				n++
				if !errors.Is(err, chat.ErrNotFound) {
					t.Errorf("List after %q: %v, %v, want %v", after, head, err, chat.ErrNotFound)
				}
			}
			if n != 1 {
				t.Errorf("List after %q yielded %d, want the error", after, n)
			}
		}
	}
}

func (s *subject) setMetadata(metadata map[string]string) {
	s.t.Helper()
	if err := s.log.SetMetadata(within(s.t), s.meta.ID, metadata); err != nil {
		s.t.Fatalf("SetMetadata: %v", err)
	}
}

func metadataReplaced(t *testing.T, log chat.Log) {
	m := newMeta()
	m.Metadata = map[string]string{"species": "dog", "city": "Oslo"}
	s := createWith(t, log, m)
	s.append(words(2)...)
	for _, metadata := range []map[string]string{{"species": "cat"}, {"größe": "großes 🐕"}, nil, {"species": "fish"}} {
		s.setMetadata(metadata)
		want := *m
		want.Metadata = metadata
		if diff := cmp.Diff(&want, s.latest().Meta); diff != "" {
			t.Errorf("Latest's meta (-want +got):\n%s", diff)
		}
		wantListed(t, log, m.Principal, &want)
	}
	s.seal(done())
	s.setMetadata(map[string]string{"after": "the end"})
	if got := s.latest(); got.Meta.Metadata["after"] != "the end" || got.Last != 2 || got.Terminal == nil {
		t.Errorf("Latest after an update of what has ended: %+v", got)
	}
	s.check(s.read(within(t), chat.FromStart, false), chat.FromStart)
}

func metadataKept(t *testing.T, log chat.Log) {
	m := newMeta()
	m.Metadata = map[string]string{"species": "dog"}
	s := createWith(t, log, m)
	before := s.latest().Meta
	s.setMetadata(map[string]string{"species": "cat"})
	if got := before.Metadata["species"]; got != "dog" {
		t.Errorf("the meta of an earlier head says %q, want dog", got)
	}
}

func metadataCopied(t *testing.T, log chat.Log) {
	s := create(t, log)
	metadata := map[string]string{"species": "dog"}
	s.setMetadata(metadata)
	metadata["species"] = "cat"
	if got := s.latest().Meta.Metadata["species"]; got != "dog" {
		t.Errorf("Latest's metadata says %q, want dog", got)
	}
}
