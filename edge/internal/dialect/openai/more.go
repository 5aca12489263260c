package openai

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/internal/oneline"
)

// AppendMore appends the members of a JSON object to an object that has begun, but for those named.
// What is no JSON object is left out: the stream is to stay readable.
func AppendMore(dst []byte, object string, but []string) []byte {
	for name, value := range Members(object) {
		if !slices.Contains(but, name) {
			dst = append(AppendString(AppendComma(dst), name), ':')
			start := len(dst)
			dst = oneline.Escape(append(dst, value...), start)
		}
	}
	return dst
}

// Members iterates over the members of a JSON object, without any if it is none. A value holds no line ending.
func Members(object string) func(func(string, jsontext.Value) bool) {
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
