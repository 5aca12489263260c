package responses_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/responses"
)

// FuzzDecode checks that no body makes the decoder panic. What it accepts is JSON to encoding/json too, can
// travel to the service and be streamed; a refusal is complete.
func FuzzDecode(f *testing.F) {
	bodies, err := filepath.Glob("testdata/requests/*.in.json")
	if err != nil || len(bodies) == 0 {
		f.Fatalf("%d bodies, %v", len(bodies), err)
	}
	for _, name := range bodies {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{}","extra_content":{"a":[1.0]}}],"tool_choice":{"type":"allowed_tools","tools":[{}]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		d := responses.New()
		d.Unknown = dialect.ForwardUnknown
		got, refused := d.Decode(body, nil)
		if !bytes.Equal(before, body) {
			t.Fatal("the body was changed")
		}
		if refused != nil {
			if refused.Status < 400 || refused.Code == "" || refused.Message == "" {
				t.Fatalf("%q: %+v", body, refused)
			}
			return
		}
		if !json.Valid(body) || !utf8.Valid(body) {
			t.Fatalf("accepted %q", body)
		}
		if _, err := proto.Marshal(got.Params); err != nil {
			t.Fatalf("accepted %q: %v", body, err)
		}
		if got.Params.GetN() > 1 {
			t.Fatalf("several choices: %q", body)
		}
		for _, frame := range project(t, metadata(got.Params), answerTo(got.Params), dialect.Reader{}) {
			dataOf(t, frame)
		}
	})
}
