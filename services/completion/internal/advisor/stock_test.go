package advisor

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

//go:embed testdata/stock.txt
var stockQuestions string

// TestStockQuestions asks all kinds of questions about the store's pets, and compares the answers with the data.
func TestStockQuestions(t *testing.T) {
	const least = 0.88 // share of the answers that must be exact
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(Config{Catalogue: cat})
	if err != nil {
		t.Fatal(err)
	}
	exact, all := 0, 0
	for line := range strings.Lines(stockQuestions) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		question, want, _ := strings.Cut(strings.TrimSpace(line), " | ")
		messages := []chat.Message{{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartText, Text: question}}}}
		answer, err := a.write(&chat.Request{Model: ModelAdvisor, Messages: messages}, a.listen(messages), 0)
		if err != nil {
			t.Fatal(err)
		}
		all++
		if wrong := judgeStock(cat, want, answer.Text); wrong != "" {
			t.Logf("%s\n  want %s, but %s: %.150q", question, want, wrong, answer.Text)
			continue
		}
		exact++
	}
	t.Logf("%d of %d answers are exact", exact, all)
	if float64(exact) < least*float64(all) {
		t.Errorf("%d of %d answers are exact, want %.0f %%", exact, all, 100*least)
	}
}

var (
	shownOf   = regexp.MustCompile(`^(?:Yes, )?\**([\w-]+)\**[^\n]*here are \d+ of them`)
	firstWord = regexp.MustCompile(`\w+`)
)

// judgeStock returns what is wrong with an answer, or "".
func judgeStock(cat *catalogue.Catalogue, want, answer string) string {
	body, _, _ := strings.Cut(answer, "*Sources")
	switch {
	case strings.HasPrefix(want, "# "):
		if n := numberOf(firstWord.FindString(body)); strconv.Itoa(n) != want[2:] {
			return fmt.Sprintf("the number is %d", n)
		}
	case strings.HasPrefix(want, "= "):
		names := strings.Split(want[2:], ", ")
		var named []string
		for _, p := range cat.Pets() {
			if regexp.MustCompile(`\b` + p.Name + `\b`).MatchString(body) {
				named = append(named, p.Name)
			}
		}
		slices.Sort(named)
		some := shownOf.FindStringSubmatch(body)
		part := some != nil && numberOf(some[1]) == len(names) && !slices.ContainsFunc(named, func(n string) bool { return !slices.Contains(names, n) })
		if !part && !slices.Equal(names, named) || strings.Contains(body, "The nearest") {
			return fmt.Sprintf("named are %q", named)
		}
	default:
		says, never, _ := strings.Cut(strings.TrimPrefix(want, "says "), " ! ")
		for s := range strings.SplitSeq(says, "; ") {
			if !strings.Contains(strings.ToLower(body), strings.ToLower(s)) {
				return fmt.Sprintf("%q is not said", s)
			}
		}
		if never != "" && strings.Contains(body, never) {
			return fmt.Sprintf("%q is said", never)
		}
	}
	return ""
}

func numberOf(word string) int {
	if n, err := strconv.Atoi(word); err == nil {
		return n
	}
	return slices.Index([]string{"none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}, strings.ToLower(word))
}
