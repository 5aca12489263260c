package catalogue

import (
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// TestBound asks whether an amount is right in several units and ways.
func TestBound(t *testing.T) {
	alone, warm, tank, leave := bounded(t, "long", "most 6 hours"), bounded(t, "warm", "78 to 80 degrees"), bounded(t, "size", "least 5 gallons"), bounded(t, FormAge, "least 8 weeks")
	for _, test := range []struct {
		bound    *bound
		question string
		want     string
	}{
		{alone, "can my dog be alone for 8.5 hours?", "No"},
		{alone, "is 8 hours too long to leave a dog alone?", "Yes"},
		{alone, "is 4 hours too long to leave a dog alone?", "No"},
		{alone, "can I leave her alone all day?", "No"},
		{alone, "she is 2 years old, can I leave her alone for 5hrs?", "Yes"},
		{alone, "I work nine hours. Is that too long?", "Yes"},
		{alone, "can I leave my dog alone?", ""},
		{warm, "is 70 degrees too cold for a betta?", "Yes"},
		{warm, "is 90 f too cold for a betta?", "No"},
		{warm, "is 26 c ok?", "Yes"},
		{tank, "is a two gallon tank enough?", "No"},
		{tank, "is a 20 liter tank ok?", "Yes"},
		{tank, "does it need 10 gallons?", ""},
		{leave, "is 6 weeks too early to leave the mother?", "Yes"},
		{leave, "can it leave at three months?", "Yes"},
	} {
		question := words.Split(test.question)
		asked := FormOf(question)
		if got := test.bound.verdict(&asked, question); got != test.want {
			t.Errorf("%s: %q, want %q", test.question, got, test.want)
		}
	}
	if b, rest := boundOf(FormMay, "most 6 hours"); b != nil || rest == "" {
		t.Error("a bound of what is no figure")
	}
}

func bounded(t *testing.T, form Form, text string) *bound {
	t.Helper()
	b, rest := boundOf(form, text)
	if b == nil || rest != "" {
		t.Fatalf("%q is no bound", text)
	}
	return b
}
