package chat

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
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

// moreMembers returns a JSON object without the named members, or nil if there are no others.
func moreMembers(object string, but []string) jsontext.Value {
	out := openai.AppendMore([]byte{'{'}, object, but)
	if len(out) == 1 {
		return nil
	}
	return append(out, '}')
}

// memberOf returns the text of one member of a JSON object, or "" if there is none.
func memberOf(object, name string) string {
	for own, value := range openai.Members(object) {
		if own == name {
			return string(value)
		}
	}
	return ""
}
