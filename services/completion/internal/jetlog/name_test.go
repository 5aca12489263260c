package jetlog

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/pawstream/pawstream/gen/petstore/completion/log/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/record"
)

func keyed(id, key string) *chat.Meta {
	m := meta(id)
	m.IdempotencyKey = key
	return m
}

// TestAKeyNamesOneOfTwoThatRace lets two replicas create completions with the same idempotency key at once. Either
// may give up waiting for the other at any moment.
func TestAKeyNamesOneOfTwoThatRace(t *testing.T) {
	t.Parallel()
	url := startNATS(t)
	var logs [2]*Log
	for i := range logs {
		logs[i] = open(t, Config{NATS: at(url)})
		logs[i].names.admission = 0
	}
	late := open(t, Config{NATS: at(url)})
	late.names.admission = 50 * time.Millisecond
	both := 0
	for round := range 200 {
		key := fmt.Sprint("key", round)
		errs := make([]error, len(logs))
		done := make(chan struct{})
		for i, l := range logs {
			go func() {
				_, errs[i] = l.Create(within(t), keyed(fmt.Sprint("race", round, "-", i), key))
				done <- struct{}{}
			}()
		}
		<-done
		<-done
		var won []string
		for i, err := range errs {
			var exists *chat.ExistsError
			switch {
			case err == nil:
				won = append(won, fmt.Sprint("race", round, "-", i))
			case !errors.As(err, &exists) && !errors.Is(err, chat.ErrLogFull):
				t.Errorf("round %d: %v", round, err)
			}
		}
		var first, second *chat.ExistsError
		switch {
		case len(won) == 2:
			both++
			continue
		case errors.As(errs[0], &first) && errors.As(errs[1], &second):
			t.Errorf("round %d: both were refused: %v, %v", round, errs[0], errs[1])
		}
		named, err := late.Lookup(within(t), "ann", key)
		if len(won) == 1 && (err != nil || named.ID != won[0]) {
			t.Errorf("round %d: the key names %+v, %v, and %s was admitted", round, named, err, won)
		}
		for i := range logs {
			id := fmt.Sprint("race", round, "-", i)
			_, err := late.Latest(within(t), id)
			if lost := len(won) == 1 && id != won[0]; lost && !errors.Is(err, chat.ErrNotFound) && !errors.Is(err, chat.ErrTrimmed) {
				t.Errorf("round %d: %s was refused, and its head is %v", round, id, err)
			}
		}
	}
	if both > 0 {
		t.Errorf("both were admitted in %d rounds", both)
	}
}

// A step is one action of a create.
type step func(t *testing.T, l *Log)

func givesName(id, before string) step {
	return func(t *testing.T, l *Log) {
		t.Helper()
		subject := nameSubject("ann", "key")
		var expect uint64
		if msg, err := l.io.LastOf(within(t), subject); err == nil {
			expect = msg.Sequence
		}
		data, err := proto.Marshal(&logv1.Name{CompletionId: id, RequestHash: make([]byte, 32), PreviousCompletionId: before})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.io.Append(within(t), l.gate.era(), subject, data, expect); err != nil {
			t.Fatal(err)
		}
	}
}

func stores(id string) step {
	return func(t *testing.T, l *Log) {
		t.Helper()
		data := encode(t, &record.Record{Writer: "dead", Meta: keyed(id, "key")})
		for subject, data := range map[string][]byte{ownerSubject("dead", id): nil, eventsPrefix + id: data} {
			if _, err := l.io.Append(within(t), l.gate.era(), subject, data, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestWhoIsAdoptedHasTheName interrupts creates at any moment, and checks what another replica adopts.
func TestWhoIsAdoptedHasTheName(t *testing.T) {
	for _, test := range []struct {
		name  string
		steps []step
		want  string // the completion that is adopted, and that the key names in the end; "": none
	}{
		{"a claim alone", []step{givesName("a", "")}, ""},
		{"one that was stored", []step{givesName("a", ""), stores("a")}, "a"},
		{"one that was stored before its name was given away", []step{givesName("a", ""), stores("a"), givesName("b", "a")}, "a"},
		{"one that was stored after its name was given away", []step{givesName("a", ""), givesName("b", "a"), stores("a"), stores("b")}, "b"},
		{"the same, and nothing of the other one", []step{givesName("a", ""), givesName("b", "a"), stores("a")}, ""},
		{"one whose name was given away twice", []step{givesName("a", ""), givesName("b", "a"), stores("a"), givesName("c", "b"), stores("c")}, "c"},
		{"one that lost its name with the log", []step{stores("a")}, "a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := open(t, Config{})
			l.names.admission = 0
			for _, step := range test.steps {
				step(t, l)
			}
			var adopted []string
			ctx, cancel := context.WithTimeout(t.Context(), 20*checkEvery)
			defer cancel()
			for orphan := range l.Orphans(ctx) {
				adopted = append(adopted, orphan.Meta.ID)
			}
			if got := fmt.Sprint(adopted); test.want == "" && got != "[]" || test.want != "" && got != "["+test.want+"]" {
				t.Errorf("adopted are %s", got)
			}
			named, err := l.Lookup(within(t), "ann", "key")
			if test.want == "" && !errors.Is(err, chat.ErrNotFound) || test.want != "" && (err != nil || named.ID != test.want) {
				t.Errorf("the key names %+v, %v", named, err)
			}
			for _, id := range []string{"a", "b", "c"} {
				if _, err := l.Latest(within(t), id); id != test.want && err == nil {
					t.Errorf("%s is there too", id)
				}
			}
			_, err = l.Create(within(t), keyed("next", "key"))
			var exists *chat.ExistsError
			if test.want == "" && err != nil || test.want != "" && (!errors.As(err, &exists) || exists.Meta.ID != test.want) {
				t.Errorf("another create: %v", err)
			}
		})
	}
}

// TestADeleteFreesItsOwnNameOnly deletes one of two completions that claimed the same key.
func TestADeleteFreesItsOwnNameOnly(t *testing.T) {
	for _, test := range []struct {
		name    string
		steps   []step
		deleted string
		want    string // the completion that the key names afterwards
	}{
		{"its own", []step{givesName("a", ""), stores("a")}, "a", ""},
		{"its own, which was given away in vain", []step{givesName("a", ""), stores("a"), givesName("b", "a")}, "a", ""},
		{"one that was given away", []step{givesName("a", ""), givesName("b", "a"), stores("a"), stores("b")}, "a", "b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := open(t, Config{})
			l.names.admission = 0
			for _, step := range test.steps {
				step(t, l)
			}
			if err := l.Delete(within(t), test.deleted); err != nil {
				t.Fatal(err)
			}
			named, err := l.Lookup(within(t), "ann", "key")
			if test.want == "" && !errors.Is(err, chat.ErrNotFound) || test.want != "" && (err != nil || named.ID != test.want) {
				t.Errorf("the key names %+v, %v, want %q", named, err, test.want)
			}
		})
	}
}
