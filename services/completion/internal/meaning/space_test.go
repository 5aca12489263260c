package meaning

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// shop returns the training data of the tests: four documents, and questions that mostly share no word with
// them.
func shop() ([]Document, []Question) {
	document := func(heading, text string) Document {
		return Document{Heading: words.Split(heading), Text: words.Split(text)}
	}
	documents := []Document{
		document("How to trim claws", "Clip a little of each nail with sharp scissors and stop before the quick."),
		document("Feeding kittens", "Small meals of wet food four times a day."),
		document("A loud parrot", "Screaming at dawn is natural, so reward quiet chatter."),
		document("Filling a tank", "Water has to be treated and to cycle for weeks before fish move in."),
	}
	var questions []Question
	for answer, asked := range []string{
		"her toenails are too long|afraid to cut the talons|he scratches, his paws need a manicure|black nails and no idea where to clip",
		"how much should a baby cat eat|is milk good for a young cat|what do I put in the bowl of my little one|diet for an eight week old",
		"my cockatoo shrieks each morning|neighbours complain about the noise of the bird|he yells all day|how do I teach a macaw to be silent",
		"when can I put goldfish into the new aquarium|is tap water safe for them|ammonia and nitrite are high|do I need a filter before adding guppies",
	} {
		for text := range strings.SplitSeq(asked, "|") {
			questions = append(questions, Question{Text: words.Split(text), Answer: answer})
		}
	}
	return documents, questions
}

func learned(t *testing.T) *Space {
	t.Helper()
	documents, questions := shop()
	data, err := Train(documents, questions)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if s.Digest() != Digest(documents, questions) {
		t.Error("the space does not say what it was learned from")
	}
	return s
}

// TestNear checks that a question is near the document that answers it, although training has seen none of its
// significant words.
func TestNear(t *testing.T) {
	s := learned(t)
	documents, _ := shop()
	for question, want := range map[string]int{
		"his claw is splitting, may I trim it with clippers": 0,
		"how many portions of food for a hungry tomcat":      1,
		"the parakeet screeches at sunrise":                  2,
		"water change schedule for tropical fish":            3,
	} {
		place := s.Point(words.Split(question))
		best, near := -1, float32(-1)
		for i := range documents {
			at := documents[i].Place(s)
			if n := place.Near(&at); n > near {
				best, near = i, n
			}
		}
		if best != want {
			t.Errorf("%q is nearest to document %d, want %d", question, best, want)
		}
	}
}

// TestTrainIsRepeatable checks that training gives equal bytes, because the file is checked in.
func TestTrainIsRepeatable(t *testing.T) {
	documents, questions := shop()
	first, err := Train(documents, questions)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Train(documents, questions)
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("other bytes from the same examples: %v", err)
	}
	questions[0].Answer = 1
	if Digest(documents, questions) == strings.SplitN(string(first), "\n", 2)[0] {
		t.Error("other examples have the same digest")
	}
}

func TestPoints(t *testing.T) {
	s := learned(t)
	var nowhere Point
	if got := s.Point(words.Split("xqzzt 🐶 12345678901")); got != nowhere {
		t.Errorf("a text without a known word stands at %v", got)
	}
	a, b := s.Point(words.Split("claws")), s.Point(words.Split("kittens"))
	if n := a.Near(&a); n < 0.999 || n > 1.001 {
		t.Errorf("a point is %v from itself", n)
	}
	if middle := a.Between(&b); middle.Near(&a) < a.Near(&b) {
		t.Error("the point between two is farther than they are")
	}
	long := strings.Repeat("claws ", maxWords) + "kittens"
	if c := s.Point(words.Split(long)); c.Near(&a) < 0.999 {
		t.Error("words beyond the bound count")
	}
}

func TestDecode(t *testing.T) {
	empty, err := Decode(nil)
	if err != nil {
		t.Fatal(err)
	}
	if p := empty.Point(words.Split("claws")); p != (Point{}) {
		t.Errorf("a space without a word has %v", p)
	}
	whole, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if p := whole.Point(words.Split("claws")); p == (Point{}) {
		t.Error("the embedded space knows no claws")
	}
	for name, data := range map[string][]byte{
		"half":           spaceData[:len(spaceData)/2],
		"more":           append(bytes.Clone(spaceData), 0),
		"a line":         []byte("digest\nword word\n"),
		"a word twice":   append([]byte("digest\na a\n"), make([]byte, 4*(Dims*base+1)+2*(4+Dims))...),
		"another format": []byte("{}"),
	} {
		if _, err := Decode(data); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := decodeVectors([]byte("one two\nshort")); err == nil {
		t.Error("vectors that are cut off: no error")
	}
}

func FuzzPoint(f *testing.F) {
	s, err := Load()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", "my rabbit stopped eating", "\xff\xfe", strings.Repeat("a ", 1000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p := s.Point(words.Split(text))
		if n := p.Near(&p); n != n || n > 1.001 {
			t.Errorf("length %v", n)
		}
	})
}

func BenchmarkPoint(b *testing.B) {
	s, err := Load()
	if err != nil {
		b.Fatal(err)
	}
	text := words.Split("my rabbit has not eaten since yesterday and sits hunched in the corner of the pen")
	b.ReportAllocs()
	for b.Loop() {
		s.Point(text)
	}
}
