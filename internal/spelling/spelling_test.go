package spelling_test

import (
	"testing"

	"github.com/pawstream/pawstream/internal/spelling"
)

func TestMeant(t *testing.T) {
	t.Parallel()
	names := []string{"messages", "model", "stop", "store", "temperature"}
	for name, want := range map[string]string{
		"temprature": "temperature", "Model": "model", "mesages": "messages", "stor": "stop", "storee": "store",
		"top_k": "", "n": "", "": "", "temp": "", "num_ctx": "", "messagesandmore": "",
	} {
		if got := spelling.Meant(name, names); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
