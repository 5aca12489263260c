package words

import (
	"maps"
	"strings"
	"testing"
)

func featuresOf(stems ...string) map[Feature]float32 {
	found := map[Feature]float32{}
	Features(stems, 0.5, func(f Feature, weight float32) { found[f] += weight })
	return found
}

// shared returns the number of features that two words have in common.
func shared(a, b string) int {
	n, of := 0, featuresOf(b)
	for f := range featuresOf(a) {
		if _, ok := of[f]; ok {
			n++
		}
	}
	return n
}

func TestFeatures(t *testing.T) {
	if got := featuresOf(); len(got) != 0 {
		t.Errorf("nothing has %d features", len(got))
	}
	if !maps.Equal(featuresOf("dog", "bark"), featuresOf("dog", "bark")) {
		t.Error("equal texts have different features")
	}
	// A word of three letters has only one feature, itself.
	for word, want := range map[string]int{"dog": 1, "bark": 1 + 3, "hamster": 1 + 6, strings.Repeat("a", longest+1): 1} {
		n := 0
		Features([]string{word}, 1, func(Feature, float32) { n++ })
		if n != want {
			t.Errorf("%q has %d features, want %d", word, n, want)
		}
	}
	single, pair := featuresOf("dog"), featuresOf("dog", "cat")
	if len(pair) != 3 {
		t.Errorf("two words of three letters have %d features, want both and their pair", len(pair))
	}
	for f, weight := range pair {
		if _, alone := single[f]; alone && weight != 1 {
			t.Errorf("a word weighs %g", weight)
		}
	}
	if maps.Equal(featuresOf("dog", "cat"), featuresOf("cat", "dog")) {
		t.Error("the order of two words does not show")
	}
}

// TestFeaturesOfParts checks that a word shares parts with its misspellings, and that the parts do not outweigh
// the word.
func TestFeaturesOfParts(t *testing.T) {
	if near, far := shared("allergenic", "alergenic"), shared("allergenic", "chocolate"); near < 4 || far != 0 {
		t.Errorf("%d features shared with a misspelling, %d with another word", near, far)
	}
	for _, word := range []string{"bark", "hamster", "hypoallergenic"} {
		var parts float32 = -1 // the word itself
		for _, weight := range featuresOf(word) {
			parts += weight
		}
		if parts < 0.7 || parts > 2 {
			t.Errorf("the parts of %q weigh %g", word, parts)
		}
	}
}
