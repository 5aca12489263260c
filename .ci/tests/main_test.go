package main

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestReport reads a run in which a test passes, one is skipped, one fails, and a package does not build.
func TestReport(t *testing.T) {
	const said = `{"Action":"start","Package":"github.com/pawstream/pawstream/e2e/stream"}
{"Action":"run","Package":"github.com/pawstream/pawstream/e2e/stream","Test":"TestGood"}
{"Action":"output","Package":"github.com/pawstream/pawstream/e2e/stream","Test":"TestGood","Output":"=== RUN   TestGood\n"}
{"Action":"output","Package":"github.com/pawstream/pawstream/e2e/stream","Test":"TestGood","Output":"    a_test.go:1: chatter\n"}
{"Action":"pass","Package":"github.com/pawstream/pawstream/e2e/stream","Test":"TestGood","Elapsed":0.1}
{"Action":"output","Package":"github.com/pawstream/pawstream/e2e/stream","Test":"TestNode","Output":"    node_test.go:7: it needs Node: not found\n"}
{"Action":"skip","Package":"github.com/pawstream/pawstream/e2e/stream","Test":"TestNode","Elapsed":0}
{"Action":"output","Package":"github.com/pawstream/pawstream/e2e/stream","Test":"TestEverywhere/late","Output":"    e_test.go:3: it needs Node: not found\n"}
{"Action":"skip","Package":"github.com/pawstream/pawstream/e2e/stream","Test":"TestEverywhere/late","Elapsed":0}
{"Action":"output","Package":"github.com/pawstream/pawstream/e2e/faults","Test":"TestHeals/a","Output":"    m_test.go:3: long: it takes minutes\n"}
{"Action":"skip","Package":"github.com/pawstream/pawstream/e2e/faults","Test":"TestHeals/a","Elapsed":0}
{"Action":"output","Package":"github.com/pawstream/pawstream/e2e/faults","Test":"TestHeals/b","Output":"    m_test.go:3: long: it takes minutes\n"}
{"Action":"skip","Package":"github.com/pawstream/pawstream/e2e/faults","Test":"TestHeals/b","Elapsed":0}
{"Action":"output","Package":"github.com/pawstream/pawstream/e2e/door","Test":"TestMemory","Output":"    m_test.go:3: long: it takes minutes\n"}
{"Action":"skip","Package":"github.com/pawstream/pawstream/e2e/door","Test":"TestMemory","Elapsed":0}
{"Action":"output","Package":"github.com/pawstream/pawstream/e2e/door","Test":"TestApp","Output":"    a_test.go:3: it needs Node: not found\n"}
{"Action":"skip","Package":"github.com/pawstream/pawstream/e2e/door","Test":"TestApp","Elapsed":0}
{"Action":"output","Package":"github.com/pawstream/pawstream/e2e/stream","Test":"TestBad","Output":"    b_test.go:2: want 1, got 2\n"}
{"Action":"output","Package":"github.com/pawstream/pawstream/e2e/stream","Test":"TestBad","Output":"        of what it was asked\n"}
{"Action":"output","Package":"github.com/pawstream/pawstream/e2e/stream","Test":"TestBad","Output":"--- FAIL: TestBad (2.00s)\n"}
{"Action":"fail","Package":"github.com/pawstream/pawstream/e2e/stream","Test":"TestBad","Elapsed":2}
{"Action":"output","Package":"github.com/pawstream/pawstream/e2e/stream","Output":"FAIL\n"}
{"Action":"fail","Package":"github.com/pawstream/pawstream/e2e/stream","Elapsed":3.25}
{"Action":"run","Package":"github.com/pawstream/pawstream/e2e/faults","Test":"TestKilled"}
{"Action":"output","Package":"github.com/pawstream/pawstream/e2e/faults","Test":"TestKilled","Output":"    k_test.go:4: the third fault\n"}
{"ImportPath":"x","Action":"build-output","Output":"x.go:1: undefined: y\n"}
{"Action":"skip","Package":"github.com/pawstream/pawstream/gen","Elapsed":0}
not JSON
`
	const want = `run   e2e/stream
FAIL  e2e/stream TestBad  2.0s
    b_test.go:2: want 1, got 2
        of what it was asked
--- FAIL: TestBad (2.00s)
FAIL  e2e/stream   3.2s
FAIL
x.go:1: undefined: y
not JSON

1 passed, 3 failed
FAIL  e2e/stream TestBad
      b_test.go:2: want 1, got 2
FAIL  e2e/stream
FAIL  e2e/faults TestKilled has not ended
      k_test.go:4: the third fault
NOT RUN  it needs Node: not found:
    e2e/door TestApp
    e2e/stream TestEverywhere/late TestNode
NOT RUN  long: it takes minutes:
    e2e/door TestMemory
    e2e/faults TestHeals (2 parts)
`
	var out strings.Builder
	r := newReport(&out)
	if err := r.read(strings.NewReader(said)); err != nil {
		t.Fatal(err)
	}
	if r.sum() {
		t.Error("it passes for good")
	}
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestMessages checks that of a test that said much, the last messages are repeated, and of a long one its beginning.
func TestMessages(t *testing.T) {
	var said strings.Builder
	for i := range maxSaid {
		fmt.Fprintf(&said, "    a_test.go:%d: step\n        of it\n", i)
	}
	said.WriteString("    a_test.go:99: " + strings.Repeat("ä", 1000) + "\npanic: test timed out after 30m0s\n\ngoroutine 1:\n")
	got := messages(said.String())
	if len(got) != maxSaid || got[0] != "a_test.go:2: step" || got[maxSaid-1] != "panic: test timed out after 30m0s" {
		t.Errorf("it repeats %q", got)
	}
	if long := got[maxSaid-2]; len(long) > 510 || !utf8.ValidString(long) || !strings.HasSuffix(long, "…") {
		t.Errorf("it repeats %q", long)
	}
}
