package door

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
)

// A badInput is a body of POST /v1/chat/completions, and its refusal.
type badInput struct {
	name string
	body string
	want api.Refusal
}

// TestBadInput sends bodies that no client should send. A line at level error in a program's log would fail the test.
func TestBadInput(t *testing.T) {
	t.Parallel()
	for _, group := range []struct {
		name  string
		table []badInput
	}{
		{"not JSON", notJSON()},
		{"wrong type", wrongTypes()},
		{"unknown", unknownArguments()},
		{"unsupported", unsupportedFeatures()},
		{"out of range", outOfRange()},
		{"wrong value", wrongValues()},
		{"too much", tooMuch()},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, test := range group.table {
				t.Run(test.name, func(t *testing.T) {
					if diff := cmp.Diff(test.want, api.Refused(t, api.Post(t, rig.Fast(t).URL(), test.body))); diff != "" {
						t.Errorf("(-want +got)\n%s", diff)
					}
				})
			}
			if err := rig.Fast(t).Fault(); err != nil {
				t.Error(err)
			}
		})
	}
}

// with returns the usual body with one more member, written as name and value.
func with(member string) string { return strings.TrimSuffix(api.Body(nil), "}") + "," + member + "}" }

// asked returns a body with these messages.
func asked(messages string) string {
	return `{"model":"` + api.Model + `","messages":` + messages + `}`
}

func notJSON() []badInput {
	want := api.Bad(http.StatusBadRequest, "invalid_json", "")
	whole := api.Body(nil)
	return []badInput{
		{"one byte", "x", want},
		{"blank", " \n\t", want},
		{"a word", "hello", want},
		{"truncated", whole[:len(whole)-1], want},
		{"truncated in a string", whole[:30], want},
		{"trailing garbage", whole + "x", want},
		{"two bodies", whole + whole, want},
		{"trailing comma", with(`"n":1,`), want},
		{"comment", "/* */" + whole, want},
		{"single quotes", `{'model':'x'}`, want},
		{"NaN", with(`"temperature":NaN`), want},
		{"Infinity", with(`"temperature":-Infinity`), want},
		{"leading zero", with(`"n":01`), want},
		{"hexadecimal", with(`"n":0x1`), want},
		{"invalid UTF-8", asked("[{\"role\":\"user\",\"content\":\"\xff\xfe\"}]"), want},
		{"overlong UTF-8", asked("[{\"role\":\"user\",\"content\":\"\xc0\xaf\"}]"), want},
		{"UTF-8 of a surrogate", asked("[{\"role\":\"user\",\"content\":\"\xed\xa0\x80\"}]"), want},
		{"unknown escape", asked(`[{"role":"user","content":"\x41"}]`), want},
		{"raw control character", asked("[{\"role\":\"user\",\"content\":\"a\x01b\"}]"), want},
		{"raw line ending", asked("[{\"role\":\"user\",\"content\":\"a\nb\"}]"), want},
		{"raw NUL", asked("[{\"role\":\"user\",\"content\":\"a\x00b\"}]"), want},
		{"too deep", with(`"tools":[{"type":"function","function":{"name":"f","parameters":` + strings.Repeat(`{"a":`, 1000)), api.Bad(http.StatusBadRequest, "invalid_json", "tools[0].function.parameters")},
		{"too deep where nobody looks", asked(`[{"annotations":` + strings.Repeat("[", 100_000)), api.Bad(http.StatusBadRequest, "invalid_json", "messages[0].annotations[0]")},
	}
}

func wrongTypes() []badInput {
	want := func(param string) api.Refusal { return api.Bad(http.StatusBadRequest, "invalid_type", param) }
	user := func(content string) string { return asked(`[{"role":"user","content":` + content + `}]`) }
	return []badInput{
		{"the body", `[]`, want("")},
		{"the body, null", `null`, want("")},
		{"the body, a string", `"x"`, want("")},
		{"model", `{"model":7}`, want("model")},
		{"model, an array", `{"model":["x"]}`, want("model")},
		{"messages", `{"model":"x","messages":"hi"}`, want("messages")},
		{"messages, an object", `{"model":"x","messages":{}}`, want("messages")},
		{"a message", asked(`["hi"]`), want("messages[0]")},
		{"a message, null", asked(`[{"role":"user","content":"x"},null]`), want("messages[1]")},
		{"role", asked(`[{"role":1}]`), want("messages[0].role")},
		{"content", user("1"), want("messages[0].content")},
		{"content, an object", user("{}"), want("messages[0].content")},
		{"a part", user(`["x"]`), want("messages[0].content[0]")},
		{"a part's text", user(`[{"type":"text","text":"a"},{"type":"text","text":{}}]`), want("messages[0].content[1].text")},
		{"an image", user(`[{"type":"image_url","image_url":7}]`), want("messages[0].content[0].image_url")},
		{"name", asked(`[{"role":"user","content":"x","name":{}}]`), want("messages[0].name")},
		{"stream", with(`"stream":"true"`), want("stream")},
		{"stream, a number", with(`"stream":1`), want("stream")},
		{"stream_options", with(`"stream":true,"stream_options":[]`), want("stream_options")},
		{"include_usage", with(`"stream":true,"stream_options":{"include_usage":"yes"}`), want("stream_options.include_usage")},
		{"temperature", with(`"temperature":"1"`), want("temperature")},
		{"n", with(`"n":true`), want("n")},
		{"n with a fraction", with(`"n":1.5`), want("n")},
		{"max_tokens", with(`"max_tokens":"10"`), want("max_tokens")},
		{"max_tokens with a fraction", with(`"max_tokens":1e-3`), want("max_tokens")},
		{"stop", with(`"stop":1`), want("stop")},
		{"a stop", with(`"stop":["a",1]`), want("stop[1]")},
		{"a stop, null", with(`"stop":[null]`), want("stop[0]")},
		{"metadata", with(`"metadata":"x"`), want("metadata")},
		{"a pair", with(`"metadata":{"a":1}`), want("metadata.a")},
		{"a pair, deep", with(`"metadata":{"a":{"b":{}}}`), want("metadata.a")},
		{"store", with(`"store":"yes"`), want("store")},
		{"user", with(`"user":1`), want("user")},
		{"on_disconnect", with(`"on_disconnect":true`), want("on_disconnect")},
		{"tools", with(`"tools":{}`), want("tools")},
		{"a schema", with(`"tools":[{"type":"function","function":{"name":"f","parameters":"x"}}]`), want("tools[0].function.parameters")},
		{"logit_bias", with(`"logit_bias":{"1":"x"}`), want("logit_bias.1")},
		{"seed", with(`"seed":"x"`), want("seed")},
		{"response_format", with(`"response_format":"json"`), want("response_format")},
	}
}

func unknownArguments() []badInput {
	want := func(param string) api.Refusal { return api.Bad(http.StatusBadRequest, "unknown_parameter", param) }
	return []badInput{
		{"a parameter", with(`"foo":1`), want("foo")},
		{"a parameter, null", with(`"foo":null`), want("foo")},
		{"in capitals", with(`"Temperature":1`), want("Temperature")},
		{"that is markup", with(`"<img src=x>":1`), want("")},
		{"that is empty", with(`"":1`), want("")},
		{"of 100 kB", with(`"` + strings.Repeat("a", 100_000) + `":1`), want("")},
	}
}
