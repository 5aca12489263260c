package beside_test

import (
	"strings"
	"testing"

	"github.com/pawstream/pawstream/internal/beside"
)

func TestMembersAddUp(t *testing.T) {
	for name, test := range map[string]struct {
		pieces []string
		want   string
	}{
		"none":          {nil, ""},
		"empty":         {[]string{"", ""}, ""},
		"no object":     {[]string{`[1]`, `"a"`, `{"a"`, `{`}, ""},
		"one":           {[]string{`{"b":{"c":[1,{}]},"a":1e400}`}, `{"b":{"c":[1,{}]},"a":1e400}`},
		"the last":      {[]string{`{"a":1,"s":"x"}`, `{"a":2,"s":"y"}`, `{"a":null}`}, `{"a":2,"s":"y"}`},
		"arrays":        {[]string{`{"a":[1]}`, `{"a":[]}`, `{"a":[{"b":2},"3"]}`}, `{"a":[1,{"b":2},"3"]}`},
		"objects":       {[]string{`{"google":{"a":1}}`, `{"google":{"b":[2]}}`}, `{"google":{"a":1,"b":[2]}}`},
		"another kind":  {[]string{`{"a":[1]}`, `{"a":{"b":2}}`}, `{"a":{"b":2}}`},
		"nothing is no": {[]string{`{"a":[]}`, `{"b":{}}`}, `{"a":[],"b":{}}`},
		"text in pieces": {
			[]string{
				`{"reasoning_details":[{"type":"reasoning.text","text":"A <","index":0,"format":"f","signature":null}]}`,
				`{"reasoning_details":[{"type":"reasoning.text","text":"pet>","index":0,"format":"f"}]}`,
				`{"reasoning_details":[{"type":"reasoning.text","signature":"s1","index":0}]}`,
				`{"reasoning_details":[{"type":"reasoning.text","text":"B","index":0}]}`,
			},
			`{"reasoning_details":[{"type":"reasoning.text","text":"A <pet>","index":0,"format":"f","signature":"s1"},` +
				`{"type":"reasoning.text","text":"B","index":0}]}`,
		},
		"texts beside each other": {
			[]string{
				`{"r":[{"type":"t","text":"a","index":0},{"type":"t","text":"b","index":1}]}`,
				`{"r":[{"type":"s","summary":"c","index":1},{"type":"e","data":"d","id":"1"},{"type":"e","data":"e","id":"2"}]}`,
				`{"r":[{"type":"e","data":"f"}]}`,
			},
			`{"r":[{"type":"t","text":"a","index":0},{"type":"t","text":"b","index":1},{"type":"s","summary":"c","index":1},` +
				`{"type":"e","data":"d","id":"1"},{"type":"e","data":"e","id":"2"},{"type":"e","data":"f"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var x beside.Members
			for _, piece := range test.pieces {
				x.Add(piece)
			}
			if got := x.String(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestMembersOfManyPieces adds as many pieces as a long answer has, which must not take quadratic time.
func TestMembersOfManyPieces(t *testing.T) {
	var x beside.Members
	const n = 200_000
	for range n {
		x.Add(`{"reasoning_details":[{"type":"reasoning.text","text":"word ","index":0}]}`)
	}
	if got := strings.Count(x.String(), "word "); got != n {
		t.Errorf("%d pieces of %d", got, n)
	}
}
