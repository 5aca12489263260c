// Package unknown says that there is no such model or completion. The edge and the completion
// service say the same, so that nobody can tell what is not there from what is not for them.
package unknown

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pawstream/pawstream/internal/spelling"
)

// maxName is the longest name that is repeated, in bytes: a request may hold anything.
const maxName = 128

// markup is what no model's name has. A name with any of it is not repeated, because somebody may show a message as a
// page.
const markup = "<>&\"'`"

// list is the way to the names that there are, for callers of the HTTP API.
const list = " GET /v1/models lists those that you may"

// Unlisted returns what [Model] has told, for somebody who may not list the models.
func Unlisted(told string) string {
	return strings.Replace(strings.Replace(told, "."+list+";", ";", 1), list+".", "", 1)
}

// Completion is what to tell of the id of a completion that there is not.
const Completion = "There is no such completion."

// Model returns what to tell of the name of a model that is none of names, which are those that may be told.
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

// nearest returns which of names the name is a part of, or takes the fewest changes to become, the first of
// several; empty: there are none.
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
