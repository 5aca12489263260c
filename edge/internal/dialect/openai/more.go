package openai

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/internal/oneline"
)

// AppendMore appends the members of a JSON object to the object that dst has begun, except those named in but.
// It ignores anything that is no JSON object, so that the stream stays readable.
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

// Members iterates over the members of a JSON object. It yields none if the text is no JSON object. Values
// contain no line ending.
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
