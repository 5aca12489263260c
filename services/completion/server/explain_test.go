package server

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/internal/config"
)

var _ config.Command = (*Explain)(nil)

func TestExplainHandsOnTheTurns(t *testing.T) {
	failure := errors.New("broken")
	e := &Explain{Turns: []string{"Which dogs?", "The second one"}}
	var out bytes.Buffer
	err := e.run(&out, func(w io.Writer, turns []string) error {
		if diff := cmp.Diff(e.Turns, turns); diff != "" {
			t.Errorf("turns (-want +got)\n%s", diff)
		}
		_, _ = io.WriteString(w, "explained")
		return failure
	})
	if !errors.Is(err, failure) || out.String() != "explained" {
		t.Errorf("%q, %v", &out, err)
	}
	e.Turns = []string{"Which dogs?", "  "}
	err = e.run(&out, func(io.Writer, []string) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "turn 2 says nothing") {
		t.Errorf("a turn without words: %v", err)
	}
}

func TestExplainShowsTheLastAnswer(t *testing.T) {
	explain := func(turns ...string) string {
		var out bytes.Buffer
		if err := (&Explain{Turns: turns}).Run(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	first := explain("Tell me about Luna")
	if !strings.Contains(first, "Luna") || !strings.HasSuffix(first, "\n") {
		t.Errorf("%q", first)
	}
	second := explain("Tell me about Luna", "How old is she?")
	if second == first || !strings.Contains(second, "Luna") {
		t.Errorf("the second turn is not understood by the first: %q", second)
	}
}
