package openaibackend

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// TestAKeyIsInNoPartOfAFailure makes a server repeat its key in the cause of a failure. The cause goes into another message once
// something has been shown.
func TestAKeyIsInNoPartOfAFailure(t *testing.T) {
	t.Parallel()
	const key = "sk-of-the-server"
	told := secrets{key}.withhold(route.Malformed(errors.New(`malformed chunk at "/` + key + `"`)))
	var f *route.Failure
	if !errors.As(told, &f) {
		t.Fatalf("%v", told)
	}
	if text := fmt.Sprintf("%#v %#v %v", *f, *f.Shown, f.Shown.Err); strings.Contains(text, key) {
		t.Errorf("it is in %s", text)
	}
}
