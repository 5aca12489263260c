package catalogue

import (
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// TestClaim asks in sentences for which no claim was written.
func TestClaim(t *testing.T) {
	c := shop(t)
	for _, test := range []struct {
		question string
		species  Species
		guide    string // "": no claim
		verdict  string
	}{
		{"is it OK if I share a bit of watermelon with my beagle?", Dog, "dog-forbidden-foods", "Yes"},
		{"are tulips bad for my cat?", Cat, "plant-poisoning", "Yes"},
		{"Is a spider plant toxic to cats?", Cat, "safe-plants", "No"},
		{"My dog eats grass, should I be worried?", Dog, "dog-everyday-worries", "No"},
		{"what temperature does a crested gecko like?", Reptile, "reptile-housing-heat-and-uvb", ""},
		{"How often must a long haired dog be brushed?", Dog, "dog-grooming", ""},
		{"would two gallons be enough for a betta's tank?", Fish, "fish-choosing-tank-mates", "No"},
		{"dry food or wet food?", Cat, "cat-feeding", ""},
		{"at what age may a puppy leave its mom?", Dog, "puppy-first-week", ""},
		{"is it bad not to brush a dog's teeth?", Dog, "dog-teeth", ""}, // yes or no would be a guess
		{"how long do cockatiels live?", Bird, "bird-everyday-care", ""},
		{"do tortoises need a heat lamp?", Reptile, "tortoises-and-turtles", "Yes"},
		{"do pythons need a heat lamp?", Reptile, "", ""}, // the claim is in a guide for tortoises
		{"how long do lovebirds live?", Bird, "", ""},     // the figure is of another bird
		{"can a dog eat durian?", Dog, "", ""},
		{"why do dogs eat grass?", Dog, "", ""},
		{"is the sink broken?", "", "", ""},
	} {
		var species []Species
		if test.species != "" {
			species = []Species{test.species}
		}
		question := words.Split(test.question)
		reply := c.claims.find(FormOf(question), question, kindsIn(question), species)
		switch {
		case reply == nil && test.guide != "":
			t.Errorf("%s: no claim", test.question)
		case reply != nil && (reply.Guide.ID != test.guide || reply.Verdict != test.verdict):
			t.Errorf("%s: %q of %s, like it by %.2f", test.question, reply.Lead(), reply.Guide.ID, reply.Likeness)
		}
	}
	before, question := words.Split("My dog scoots over the carpet."), words.Split("Is that bad?")
	if reply := AnswerAfter(c, before, question, []Species{Dog}); reply == nil || reply.Verdict != "It depends" {
		t.Errorf("a question that points to the sentence before it: %v", reply)
	}
}

// TestClaimOfSeveral asks to feed several things at once.
func TestClaimOfSeveral(t *testing.T) {
	c := shop(t)
	question := words.Split("can my dog eat blueberries, watermelon, raisins and rice?")
	reply := c.Answer(question, []Species{Dog})
	if reply == nil {
		t.Fatal("no claim")
	}
	for _, want := range []string{"**blueberries, watermelon**: yes.", "**raisins**: no.", "**rice**: yes."} {
		if !strings.Contains(reply.Lead(), want) {
			t.Errorf("no %q: %s", want, reply.Lead())
		}
	}
}

// TestClaimsAgree asks for each thing of each claim in the claim's form. Another guide's claim may answer, but must
// not contradict.
func TestClaimsAgree(t *testing.T) {
	c := shop(t)
	ask := map[Form]string{FormMay: "can I ", FormNeed: "need ", FormNormal: "is it normal ", FormVet: "should a vet see ", FormIs: "is "}
	for _, claim := range c.claims.list {
		begin, polar := ask[claim.Form]
		if !polar || claim.Verdict == "" {
			continue
		}
		for _, name := range claim.Questions {
			question := words.Split(name)
			asked := FormOf(words.Split(begin + name))
			asked.Turned, asked.Negated = false, false
			species := claim.Guide.Species
			if len(species) == 0 {
				species = AllSpecies()
			}
			for _, s := range species {
				reply := c.claims.find(asked, question, kindsIn(question), []Species{s})
				if reply != nil && contraryOf[claim.Verdict] != "" && reply.Answer.Verdict == contraryOf[claim.Verdict] && reply.Form == claim.Form {
					t.Errorf("%s, %s %s of %ss: %s says %s: %s", claim.Guide.ID, claim.Form, name, s, reply.Guide.ID, reply.Answer.Verdict, reply.Text)
				}
			}
		}
	}
}
