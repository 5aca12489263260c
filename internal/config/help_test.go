package config

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHelp reads the help of a program: commands first, and the flags in groups.
func TestHelp(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if _, err := Parse(Program{Name: "program", Description: "Does."}, new(flags), []string{"--help"}, &out, &out); !errors.Is(err, ErrHelp) {
		t.Fatal(err)
	}
	var headings []string
	for line := range strings.Lines(out.String()) {
		if heading, ok := strings.CutSuffix(line, ":\n"); ok && !strings.HasPrefix(line, " ") {
			headings = append(headings, heading)
		}
		if len(strings.TrimSuffix(line, "\n")) > width {
			t.Errorf("a line of %d letters: %s", len(line)-1, line)
		}
	}
	if diff := cmp.Diff([]string{"Commands", "HTTP", "Models", "Process"}, headings); diff != "" {
		t.Errorf("headings (-want +got)\n%s\n%s", diff, &out)
	}
	for _, want := range []string{"  healthcheck ", "--port=1 ", "--mode=a ", "--given-name=TEXT ", "--version "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "--hide") || strings.Contains(out.String(), "reference") {
		t.Errorf("what is hidden is in\n%s", &out)
	}
}

// TestPort tries the flag that other servers have: the error names ours.
func TestPort(t *testing.T) {
	t.Parallel()
	type others struct {
		Host   string
		Listen string
	}
	for _, args := range [][]string{{"--port", "8081"}, {"--port=8081"}} {
		_, err := Parse(Program{Name: "program"}, new(others), args, io.Discard, io.Discard)
		if want := "there is no --port: --listen takes host:port, such as 127.0.0.1:8081"; err == nil || err.Error() != want {
			t.Errorf("%v: %v, want %s", args, err, want)
		}
	}
	for _, args := range [][]string{{"--port=x"}, {"--port=1", "--nothing"}} { // it has one
		if _, err := Parse(Program{Name: "program"}, new(flags), args, io.Discard, io.Discard); err == nil || strings.Contains(err.Error(), "there is no") {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	_, err := Parse(Program{Name: "program", Version: "v1.2.3"}, new(flags), []string{"--version"}, &out, &out)
	if !errors.Is(err, ErrHelp) || out.String() != "program v1.2.3\n" {
		t.Errorf("%v: %q", err, &out)
	}
	var settings []string
	for line := range strings.Lines(reference(t)) {
		settings = append(settings, line)
	}
	if slices.ContainsFunc(settings, func(line string) bool { return strings.Contains(line, "--version") }) {
		t.Error("--version is a setting")
	}
}
