package demo

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAddresses(t *testing.T) {
	got := addresses("ready http=127.0.0.1:1 grpc=127.0.0.1:2 admin=[::1]:3\n")
	want := map[string]string{"http": "127.0.0.1:1", "grpc": "127.0.0.1:2", "admin": "[::1]:3"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("addresses (-want +got)\n%s", diff)
	}
}

func TestRunningOf(t *testing.T) {
	for _, test := range []struct {
		name, metrics string
		want          int
		wantErr       bool
	}{
		{"some", "# HELP pawstream_completions_running x\npawstream_completions_running 3\nother 4\n", 3, false},
		{"none", "pawstream_completions_running 0\n", 0, false},
		{"another metric", "pawstream_completions_running_total 3\n", 0, true},
		{"no metrics", "", 0, true},
		{"broken", "pawstream_completions_running x\n", 0, true},
	} {
		got, err := runningOf(strings.NewReader(test.metrics))
		if got != test.want || (err != nil) != test.wantErr {
			t.Errorf("%s: %d, %v", test.name, got, err)
		}
	}
}
