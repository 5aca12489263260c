package words

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func texts(ws []Word) []string {
	list := make([]string, 0, len(ws))
	for _, w := range ws {
		list = append(list, w.Text)
	}
	return list
}

func TestSplitIntoWords(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"empty", "", nil},
		{"no word", " … 💔!?\n\t-- ", nil},
		{"plain", "My dog barks", []string{"my", "dog", "barks"}},
		{"hyphen", "a two-year-old half-sister", []string{"a", "two", "year", "old", "half", "sister"}},
		{"possessive", "Luna's bowl", []string{"luna", "bowl"}},
		{"curly possessive", "Luna’s bowl", []string{"luna", "bowl"}},
		{"contraction", "don't, can’t, it`s", []string{"dont", "cant", "it"}},
		{"possessive of a plural", "the cats' bowls", []string{"the", "cats", "bowls"}},
		{"quotes are no apostrophes", "'quiet' 'dog'", []string{"quiet", "dog"}},
		{"amounts", "$99.50 or €20 or £5", []string{"$99.50", "or", "€20", "or", "£5"}},
		{"thousands", "$1,200", []string{"$1200"}},
		{"a sign behind a number begins a word", "20€ each", []string{"20", "€", "each"}},
		{"a number with its unit", "10kg, 2yo", []string{"10kg", "2yo"}},
		{"a list of numbers", "4, 7 and 9", []string{"4", "7", "and", "9"}},
		{"a full stop behind a number", "I paid 20. Really.", []string{"i", "paid", "20", "really"}},
		{"slash", "male/female", []string{"male", "female"}},
		{"accents of Europe", "Café Ñandú Übermut Çelik", []string{"cafe", "nandu", "ubermut", "celik"}},
		{"umlauts and sharp s", "Mäuse, große Flöhe", []string{"mause", "große", "flohe"}},
		{"other scripts", "моя собака 犬", []string{"моя", "собака", "犬"}},
		{"broken UTF-8", "dog\xffcat \xc3(", []string{"dog", "cat"}},
		{"emoji between words", "dog🐶cat", []string{"dog", "cat"}},
		{"capitals", "HELP me", []string{"help", "me"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, texts(Split(test.text)), cmp.Transformer("nil", func(l []string) string { return strings.Join(l, "|") })); diff != "" {
				t.Errorf("Split(%q): (-want +got)\n%s", test.text, diff)
			}
		})
	}
}

// grouped writes words with their sentences and clauses: "a b, c / d".
func grouped(ws []Word) string {
	var b strings.Builder
	for i, w := range ws {
		switch {
		case i == 0:
		case w.Sentence != ws[i-1].Sentence:
			b.WriteString(" / ")
		case w.Clause != ws[i-1].Clause:
			b.WriteString(", ")
		default:
			b.WriteString(" ")
		}
		b.WriteString(w.Text)
	}
	return b.String()
}

func TestSplitIntoSentencesAndClauses(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"A dog. A cat.", "a dog / a cat"},
		{"A dog! A cat? A fish", "a dog / a cat / a fish"},
		{"A dog\nA cat\n\nA fish", "a dog / a cat / a fish"},
		{"A dog… A cat", "a dog / a cat"},
		{"Really?!! Yes...", "really / yes"},
		{"I live alone, but a dog; no: a cat (small)", "i live alone, but a dog, no, a cat, small"},
		{"not a dog – a cat — please", "not a dog, a cat, please"},
		{"St. Bernard or Dr. Dolittle vs. Mr. Ed", "st bernard or dr dolittle vs mr ed"},
		{"toys, e.g. balls", "toys, e g balls"},
		{"approx. 20 dollars max. please", "approx 20 dollars max please"},
		{"1. A dog\n2. A cat", "1 a dog / 2 a cat"},
		{"It costs $9.50. Fine.", "it costs $9.50 / fine"},
		{"He is 4. She is 2.", "he is 4 / she is 2"},
		{"¿Hay perros? ¡Sí!", "hay perros / si"},
	} {
		t.Run(test.text, func(t *testing.T) {
			if got := grouped(Split(test.text)); got != test.want {
				t.Errorf("Split(%q) = %q, want %q", test.text, got, test.want)
			}
		})
	}
}

func TestSplitTellsCapitalsAndOpenings(t *testing.T) {
	var capitals, opens []string
	for _, w := range Split("Is Luna nice? I think so. HELP, says Bob: Come. éclair Élan A") {
		if w.Capital {
			capitals = append(capitals, w.Text)
		}
		if w.Opens {
			opens = append(opens, w.Text)
		}
	}
	if diff := cmp.Diff([]string{"is", "luna", "i", "bob", "come", "elan", "a"}, capitals); diff != "" {
		t.Errorf("capitals: (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"is", "i", "help", "come", "eclair"}, opens); diff != "" {
		t.Errorf("openings: (-want +got)\n%s", diff)
	}
}

func TestFold(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"dog", "dog"},
		{"Dog", "dog"},
		{"DOG", "dog"},
		{"Luna's", "luna"},
		{"LUNA’S", "luna"},
		{"O'Malley", "omalley"},
		{"1,200", "1200"},
		{"naïve", "naive"},
		{"ČIČA", "čiča"},
		{"ß", "ß"},
		{"'s", ""},
		{"", ""},
	} {
		if got := Fold(test.text); got != test.want {
			t.Errorf("Fold(%q) = %q, want %q", test.text, got, test.want)
		}
	}
}

func TestSingulars(t *testing.T) {
	for _, test := range []struct {
		word string
		want []string
	}{
		{"dog", []string{"dog"}},
		{"dogs", []string{"dogs", "dog"}},
		{"bus", []string{"bus"}},
		{"boxes", []string{"boxes", "boxe", "box"}},
		{"puppies", []string{"puppies", "puppy", "puppie", "puppie", "puppi"}},
		{"", []string{""}},
	} {
		if diff := cmp.Diff(test.want, Singulars(test.word)); diff != "" {
			t.Errorf("Singulars(%q): (-want +got)\n%s", test.word, diff)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		"My 2-year-old Café cat's $9.50 toy, e.g. a ball. Okay?", "\xff\xfe\x00", "'''a'b'c''s", "1.2.3.4,5,6,,7..8", "…¿¡—", "🐶a🐱1€$£",
		strings.Repeat("no. ", 40), "İstanbul ǅ ﬀ \u0301\u0301", "ᾳ'σ’S", strings.Repeat("a", 200),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, sentence, clause := 0, 0, 0
		for i, w := range Split(text) {
			switch {
			case w.Start < at || w.End <= w.Start || w.End > len(text):
				t.Fatalf("word %+v of %q begins before %d or ends outside", w, text, at)
			case w.Text == "" || utf8.ValidString(text) && !utf8.ValidString(w.Text):
				t.Fatalf("word %+v of %q", w, text)
			case w.Sentence < sentence || w.Clause < clause || w.Sentence > sentence+1:
				t.Fatalf("word %+v of %q goes back or skips a sentence", w, text)
			case i > 0 && w.Sentence > sentence && !w.Opens:
				t.Fatalf("word %+v of %q begins a sentence and does not open it", w, text)
			case w.Stem == "":
				t.Fatalf("word %+v of %q has no stem", w, text)
			}
			at, sentence, clause = w.End, w.Sentence, w.Clause
			Features([]string{w.Stem, w.Text}, 1, func(_ Feature, weight float32) {
				if !(weight > 0) {
					t.Fatalf("a feature of %q weighs %g", w.Stem, weight)
				}
			})
		}
	})
}

func BenchmarkSplit(b *testing.B) {
	text := strings.Repeat("I live in a small flat with two kids, and my budget is $200. Which dog? ", 10)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Split(text)
	}
}
