package load

import (
	"strings"
	"testing"

	"github.com/pawstream/pawstream/internal/sse"
)

const id = "chatcmpl-AAAAAAAAAAAAAAAAAAAAAAAAAA"

func chunk(completion, content string) string {
	return `{"id":"` + completion + `","created":1700000000,"choices":[{"delta":{"content":"` + content + `"}}]}`
}

func frames(completion string, data ...string) []sse.Event {
	list := make([]sse.Event, len(data))
	for k, one := range data {
		list[k] = sse.Event{ID: sse.Must(sse.NewID(completion + "." + string(rune('0'+k)))), Data: one}
	}
	return list
}

// TestCheck checks streams with one mistake each.
func TestCheck(t *testing.T) {
	learned, err := Learn(frames(id, chunk(id, "a"), chunk(id, "b"), "[DONE]"), "ab")
	if err != nil {
		t.Fatal(err)
	}
	other := strings.ReplaceAll(id, "A", "B")
	later := strings.Replace(chunk(other, "b"), "1700000000", "1800000001", 1)
	for _, tt := range []struct {
		name   string
		frames []sse.Event
		want   string // of the error
	}{
		{"another completion at another time", frames(other, chunk(other, "a"), later, "[DONE]"), ""},
		{"a letter", frames(id, chunk(id, "a"), chunk(id, "x")), `frame 1: at byte`},
		{"a frame is missing", frames(id, chunk(id, "b")), `frame 0: at byte`},
		{"a frame twice", frames(id, chunk(id, "a"), chunk(id, "a")), `frame 1: at byte`},
		{"one too many", frames(id, chunk(id, "a"), chunk(id, "b"), "[DONE]", "[DONE]"), "frame 3 is one too many"},
		{"of another stream", frames(id, chunk(id, "a"), chunk(other, "b")), "frame 1 is of " + other},
		{"a wrong event id", frames(other, chunk(id, "a")), "frame 0 has id"},
		{"a longer one", frames(id, chunk(id, "a")+" "), "frame 0: at byte"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var completion string
			var err error
			for k := range tt.frames {
				if err = learned.check(k, &tt.frames[k], &completion); err != nil {
					break
				}
			}
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestLearnRefuses(t *testing.T) {
	for name, list := range map[string][]sse.Event{
		"another text": frames(id, chunk(id, "a"), "[DONE]"),
		"no text":      frames(id, "[DONE]"),
		"an error":     frames(id, `{"error":{"message":"no"}}`),
		"not JSON":     frames(id, `{`),
	} {
		if _, err := Learn(list, "ab"); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
