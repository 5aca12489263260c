package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/internal/sse"
)

// JSONOf returns a value as JSON.
func JSONOf(v any) string {
	text, _ := json.Marshal(v) // plain values cannot fail
	return string(text)
}

// A Recording is a received stream.
type Recording struct {
	ID     string // of the completion
	Header http.Header
	Raw    string
	Blocks []string // Raw, cut after each blank line
	Events []sse.Event
}

// Record creates a completion and records its stream.
func Record(t *testing.T, url string, members Object, headers ...string) Recording {
	t.Helper()
	return Recorded(t, Post(t, url, Streamed(members), headers...))
}

// Recorded records a complete stream.
func Recorded(t *testing.T, x Exchange) Recording {
	t.Helper()
	if x.Status != http.StatusOK {
		t.Fatalf("status %d, body %s", x.Status, x.Body)
	}
	raw := string(x.Body)
	blocks := strings.SplitAfter(raw, "\n\n")
	// After a failure, there is a line that is not an event.
	if rest := blocks[len(blocks)-1]; rest != "" && rest != "data: [ERROR]\n" {
		t.Fatalf("the stream ends in the middle of a block: %q", rest)
	}
	return Recording{
		ID: x.Header.Get("X-Completion-Id"), Header: x.Header, Raw: raw,
		Blocks: blocks[:len(blocks)-1], Events: Events(t, bytes.NewReader(x.Body)),
	}
}

// EventID returns the id of a completion's event.
func EventID(completion string, sequence int) string {
	return fmt.Sprintf("%s.%d", completion, sequence)
}

// The forms of ids.
var (
	CompletionID = regexp.MustCompile(`^chatcmpl-[A-Z2-7]{26}$`)
	RequestID    = regexp.MustCompile(`^req_[0-9a-f]{32}$`)
)

// Decode decodes a JSON object.
func Decode(t *testing.T, text string) Object {
	t.Helper()
	var o Object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return o
}
