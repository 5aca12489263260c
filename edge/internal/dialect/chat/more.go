package chat

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
	"github.com/pawstream/pawstream/internal/oneline"
)

// The members that are written from the contract's fields, of each object that may have more. A model's
// server has no say in them.
var (
	deltaMembers    = []string{"role", "content", "refusal", "reasoning_content", "tool_calls", "pets", "related_questions"} //nolint:gochecknoglobals // a table
	callMembers     = []string{"index", "id", "type", "function"}                                                            //nolint:gochecknoglobals // a table
	functionMembers = []string{"name", "arguments"}                                                                          //nolint:gochecknoglobals // a table
	messageMembers  = append(slices.Clone(deltaMembers), "annotations")                                                      //nolint:gochecknoglobals // a table
	storedMembers   = append(slices.Clone(deltaMembers), "id", "content_parts", "name", "tool_call_id")                      //nolint:gochecknoglobals // a table
)

// appendMore appends the members of a JSON object to an object that has begun, but for those named.
// What is no JSON object is left out: the stream is to stay readable.
func appendMore(dst []byte, object string, but []string) []byte {
	for name, value := range members(object) {
		if !slices.Contains(but, name) {
			dst = append(openai.AppendString(openai.AppendComma(dst), name), ':')
			start := len(dst)
			dst = oneline.Escape(append(dst, value...), start)
		}
	}
	return dst
}

// moreMembers returns the members of a JSON object as one, but for those named; nil: there are none.
func moreMembers(object string, but []string) jsontext.Value {
	out := appendMore([]byte{'{'}, object, but)
	if len(out) == 1 {
		return nil
	}
	return append(out, '}')
}

// memberOf returns the text of one member of a JSON object, "" where there is none.
func memberOf(object, name string) string {
	for own, value := range members(object) {
		if own == name {
			return string(value)
		}
	}
	return ""
}

// members iterates over the members of a JSON object, without any if it is none. A value holds no line ending.
func members(object string) func(func(string, jsontext.Value) bool) {
	return func(yield func(string, jsontext.Value) bool) {
		if object == "" || !jsontext.Value(object).IsValid() {
			return
		}
		from := jsontext.NewDecoder(strings.NewReader(object))
		if open, err := from.ReadToken(); err != nil || open.Kind() != jsontext.KindBeginObject {
			return
		}
		for from.PeekKind() == jsontext.KindString {
			var name string
			if err := json.UnmarshalDecode(from, &name); err != nil {
				return
			}
			value, err := from.ReadValue()
			if err != nil {
				return
			}
			value = value.Clone()
			if err := value.Compact(); err != nil || !yield(name, value) {
				return
			}
		}
	}
}
