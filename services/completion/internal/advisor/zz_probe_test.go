package advisor

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestZZProbe(t *testing.T) {
	text, err := os.ReadFile("/tmp/advprobe.txt")
	if err != nil {
		t.Skip()
	}
	a := advisor(t)
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		fmt.Printf("##### %s\n%s\n\n", line, converse(t, a, strings.Split(line, "|")...))
	}
}
