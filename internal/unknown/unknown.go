// Package unknown has the errors for models and completions that do not exist. The edge and the completion
// service use the same ones, so that no caller can distinguish a missing object from another principal's.
package unknown

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pawstream/pawstream/internal/spelling"
)

// maxName is the longest name that a message repeats, in bytes.
const maxName = 128

// markup are characters that no model's name has. A message does not repeat a name with any of them, because a
// client may show a message as HTML.
const markup = "<>&\"'`"

// list tells callers of the HTTP API where to find the existing names.
const list = " GET /v1/models lists those that you may"

// Unlisted returns a message of [Model] without the hint to list the models, for a caller that may not list
// them.
func Unlisted(told string) string {
	return strings.Replace(strings.Replace(told, "."+list+";", ";", 1), list+".", "", 1)
}

// Completion is the message for the id of a completion that does not exist.
const Completion = "There is no such completion. Perhaps it was deleted: answers that are not stored are kept for minutes."

// Model returns the message for an unknown model. names are the models that it may mention.
func Model(name string, names []string) string {
	if name == "" || len(name) > maxName || !utf8.ValidString(name) || strings.ContainsAny(name, markup) {
		return "The model does not exist, or you may not use it." + list + "."
	}
	told := fmt.Sprintf("The model '%s' does not exist, or you may not use it.%s", name, list)
	if meant := nearest(name, names); meant != "" {
		told += fmt.Sprintf("; the nearest name is '%s'", meant)
	}
	return told + "."
}

// nearest returns the name that is the most similar, or "" if names is empty. A name that contains the given
// one counts as at most one change.
func nearest(name string, names []string) (meant string) {
	least := 0
	for _, candidate := range names {
		if len(candidate) > maxName {
			continue
		}
		n := spelling.Changes(strings.ToLower(name), strings.ToLower(candidate))
		if strings.Contains(strings.ToLower(candidate), strings.ToLower(name)) {
			n = min(n, 1)
		}
		if meant == "" || n < least {
			meant, least = candidate, n
		}
	}
	return meant
}
