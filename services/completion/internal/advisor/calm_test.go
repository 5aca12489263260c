package advisor

import (
	_ "embed"
	"regexp"
	"strings"
	"testing"
)

//go:embed testdata/calm.txt
var calm string

// TestCalm checks that things that only look like a danger cause no alarm, that dangers that look harmless do, and
// that both answers say what was asked.
func TestCalm(t *testing.T) {
	a := advisor(t)
	escaped := strings.NewReplacer(`\|`, "\x00")
	for line := range strings.Lines(calm) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.SplitN(escaped.Replace(strings.TrimSpace(line)), " | ", 3)
		if len(f) != 3 {
			t.Fatalf("%q has not three fields", line)
		}
		req := request(f[2])
		said, err := a.write(req, a.listen(req.Messages), 0)
		if err != nil {
			t.Fatal(err)
		}
		if !begins(f[0], said) {
			t.Errorf("%s: %s\n\t%.200q", f[0], f[2], opening(said.Text))
		}
		for want := range strings.SplitSeq(f[1], " ; ") {
			pattern, not := strings.CutPrefix(strings.ReplaceAll(want, "\x00", "|"), "!")
			if regexp.MustCompile(pattern).MatchString(said.Text) == not {
				t.Errorf("%s: %s\n\t%q", want, f[2], said.Text)
			}
		}
	}
}
