package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMisspelt has variables that are probably misspelt, beside those of other programs.
func TestMisspelt(t *testing.T) {
	t.Parallel()
	got, err := Misspelt(new(flags), []string{
		"PAWSTREAM_WAIT=1s", "PAWSTREAM_WAITT=1s", "PAWSTREAM_Loud=1", "PAWSTREAM_GIVEN_NAMES=a=b",
		"PAWSTREAM_COMPLETION_ADDR=host:1", "PAWSTREAM_EDGE_PORT_8080_TCP=tcp://10.0.0.1:8080", "WAITT=1", "=", "",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Misspelling{
		{"PAWSTREAM_WAITT", "PAWSTREAM_WAIT"},
		{"PAWSTREAM_Loud", "PAWSTREAM_LOUD"},
		{"PAWSTREAM_GIVEN_NAMES", "PAWSTREAM_GIVEN_NAME"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
