package advisor

import (
	_ "embed"
	"strings"
	"testing"
)

//go:embed testdata/emergencies.txt
var emergencies string

// TestEmergenciesAreSeen checks that the first lines send people with an emergency, and nobody else, to a vet.
func TestEmergenciesAreSeen(t *testing.T) {
	a := advisor(t)
	for line := range strings.Lines(emergencies) {
		kind, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		if kind == "#" {
			continue
		}
		req := request(text)
		got, err := a.write(req, a.listen(req.Messages), 0)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(got.Text, "\n")
		sent := strings.HasPrefix(first, "**") && strings.Contains(first, "Call a vet") || strings.Contains(first, "a vet see your animal today")
		if sent != (kind == "!") {
			t.Errorf("%s: %s", line, first)
		}
	}
}

// TestAChildIsToldToRingAGrownUp is a child alone with an animal in danger.
func TestAChildIsToldToRingAGrownUp(t *testing.T) {
	a := advisor(t)
	req := request("my hamster isnt moving and breathes weird, im 11 and mom is at work")
	got, err := a.write(req, a.listen(req.Messages), 0)
	if err != nil || !strings.Contains(got.Text, "another grown-up") {
		t.Errorf("%v: %s", err, got.Text)
	}
}
