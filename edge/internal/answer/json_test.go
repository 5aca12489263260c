package answer_test

import (
	"testing"

	"github.com/pawstream/pawstream/edge/internal/answer"
)

func TestAppendJSONFails(t *testing.T) {
	if got, err := answer.AppendJSON([]byte("x"), func() {}); err == nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAppendJSONIsOneLine(t *testing.T) {
	got, err := answer.AppendJSON([]byte("\u2028"), map[string]string{"a\u2028": "b\u2029c\u0085"})
	if want := "\u2028" + `{"a\u2028":"b\u2029c\u0085"}`; err != nil || string(got) != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}
