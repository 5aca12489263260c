package accent

import (
	"os"
	"strings"
	"testing"
)

// TestTheTableIsDocumented checks that the page about models describes every accent.
func TestTheTableIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../../../docs/models.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range Table {
		line := "| " + row.Name + " | " + row.From + " | " + row.Made + " |\n"
		if !strings.Contains(string(page), line) {
			t.Errorf("docs/models.md lacks\n%s", line)
		}
	}
}
