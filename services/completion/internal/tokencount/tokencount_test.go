package tokencount_test

import (
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
)

// TestCountIsExact checks that counting in blocks gives the same as counting at once.
func TestCountIsExact(t *testing.T) {
	c, err := tokencount.New()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"English":  "How much does a small dog cost per month, and what's the cheapest one? It's $20.\n",
		"German":   "Die Größe des Hundes ist für Straßenbahnfahrten unerheblich; 3,5 kg wären's.\n\n",
		"Chinese":  "小狗每个月要花多少钱？最便宜的是哪一只，它多大了？我们住在三楼，没有电梯。",
		"Arabic":   "كم يكلف الكلب الصغير في الشهر، وما هو أرخص واحد؟ ",
		"Hindi":    "एक छोटे कुत्ते का खर्च हर महीने कितना होता है, और सबसे सस्ता कौन है? ",
		"code":     "func (c *Counter) Count(ctx context.Context) (n int, err error) {\n\t\tif x := c.y[0]; x != nil { return x.z(), nil }\n}\n",
		"numbers":  "1,2.5,33,444,5555,-6e7,0x1f\n",
		"table":    "| a | b  |\n| --- | ----- |\n| 12 | 'x' |\n",
		"base64":   "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==",
		"JSON":     `{"id": "a-1", "tags": ["x", "y"], "it's": null, "n": [1, 2, 30.5e10]},`,
		"emoji":    "A dog 🐕‍🦺 and a cat 🐈, it's fun!! ",
		"accents":  "cafe\u0301 nai\u0308ve ",
		"list":     "- one\n  - two\n\n    - three's\r\n",
		"capitals": "DON'T SHOUT, IT'S LATE; WE'LL GO 2DAY. ",
	} {
		t.Run(name, func(t *testing.T) {
			text = strings.Repeat(text, 20_000/len(text))
			want, err := c.Codec().Count(text)
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Count(t.Context(), text, 1<<20)
			if err != nil || got != want {
				t.Errorf("count = %d, %v; want %d", got, err, want)
			}
		})
	}
}

// TestLongTextsAreEstimated checks that the rest of a long text is estimated from the counted part.
func TestLongTextsAreEstimated(t *testing.T) {
	c, err := tokencount.New()
	if err != nil {
		t.Fatal(err)
	}
	const words = 1 << 20
	text := strings.Repeat("dog ", words)
	for name, count := range map[string]func() (int, error){
		"a text":    func() (int, error) { return c.Count(t.Context(), text, 1<<30) },
		"a message": func() (int, error) { return c.Prompt(t.Context(), said(text), 1<<30) },
		"a dialogue": func() (int, error) {
			return c.Prompt(t.Context(), said(strings.SplitAfter(text, strings.Repeat("dog ", 1000))...), 1<<30)
		},
	} {
		got, err := count()
		if low, high := words*99/100, words*102/100; err != nil || got < low || got > high {
			t.Errorf("%s: %d tokens, %v; want %d to %d", name, got, err, low, high)
		}
	}
}

func said(texts ...string) []chat.Message {
	var messages []chat.Message
	for _, text := range texts {
		messages = append(messages, chat.Message{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartText, Text: text}}})
	}
	return messages
}

// TestLongestToken checks the bound by which a long prompt is refused without counting.
func TestLongestToken(t *testing.T) {
	c, err := tokencount.New()
	if err != nil {
		t.Fatal(err)
	}
	for id := range uint(199998) {
		s, err := c.Codec().Decode([]uint{id})
		if err == nil && len(s) > 128 {
			t.Fatalf("token %d has %d bytes", id, len(s))
		}
	}
}
