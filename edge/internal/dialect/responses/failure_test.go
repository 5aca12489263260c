package responses_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/responses"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// A toldError is the part of a failure that a client reads.
type toldError struct{ Code, Message string }

// TestEveryReason shows every reason of the contract in this dialect: in place of a stream, as the end of a
// response, in the stored response, and as the end of a connection.
func TestEveryReason(t *testing.T) {
	reasons := 0
	for number, name := range completionv1.Reason_name {
		if number == 0 {
			continue
		}
		reasons++
		event := &completionv1.CompletionEvent{Sequence: 1, FinalUsage: cost(), Event: &completionv1.CompletionEvent_Error{
			Error: &completionv1.Error{Code: 14, Reason: strings.TrimPrefix(name, "REASON_"), Message: "It ended."},
		}}
		failed := failure.FromEvent(event.GetError())
		want := toldError{string(failed.Code), failed.Message}
		if want.Code == "" || want.Message == "" {
			t.Errorf("%s is told as %+v", name, want)
		}
		says := func(where, data string, got func([]byte) (toldError, error)) {
			t.Helper()
			if told, err := got([]byte(data)); err != nil || told != want {
				t.Errorf("%s, %s: %+v, %v, want %+v", name, where, told, err, want)
			}
		}
		within := func(data []byte) (toldError, error) {
			var body struct{ Error toldError }
			err := json.Unmarshal(data, &body)
			return body.Error, err
		}
		d := responses.New()
		status, body := d.Failure(failed)
		if status != failed.Status || status < 400 {
			t.Errorf("%s: status %d, want %d", name, status, failed.Status)
		}
		says("in place of a stream", string(body), within)

		all := project(t, metadata(nil), events{}.text("A")[:1], dialect.Reader{})
		told := project(t, metadata(nil), append(events{}.text("A"), event), dialect.Reader{})[len(all):]
		for _, frame := range told {
			kind, _ := dataOf(t, frame)
			_, data, _ := strings.Cut(frame, "data: ")
			switch kind {
			case "response.failed":
				says(kind, data, func(data []byte) (toldError, error) {
					var e struct{ Response struct{ Error toldError } }
					err := json.Unmarshal(data, &e)
					return e.Response.Error, err
				})
			case "error":
				says(kind, data, within)
			}
		}
		if last, _ := dataOf(t, told[len(told)-1]); last != "response.failed" && last != "error" {
			t.Errorf("%s: the stream ends with %s", name, last)
		}
		f := d.Fold(nil)
		if err := f.Open(metadata(nil)); err != nil {
			t.Fatal(err)
		}
		if err := f.Event(event); err != nil {
			t.Fatal(err)
		}
		says("as it is stored", string(f.Response()), within)
		p := d.Project(dialect.Reader{})
		frame := strings.TrimRight(string(p.Failure(nil, failed)), "\n")
		_, data, _ := strings.Cut(frame, "data: ")
		data, _, _ = strings.Cut(data, "\n")
		says("of a connection", data, within)
	}
	if reasons < 25 {
		t.Errorf("there are %d reasons", reasons)
	}
}
