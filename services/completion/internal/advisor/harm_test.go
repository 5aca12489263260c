package advisor

import (
	"strings"
	"testing"
)

// Whoever may have an animal or a person in danger reads first whom to call.
func TestWhomToCallComesFirst(t *testing.T) {
	a := advisor(t)
	for _, text := range []string{
		"a dog bit me", "A stray dog bit my daughter", "my kid was bitten by a stray dog", "my dog got bitten by another dog",
		"a dog bit my cat", "a snake bit my dog", "snake bit my cat", "snake bit me", "cat hit its head",
		"i gave my dog ibuprofen", "I gave my dog 2 aspirin", "I gave my cat a tylenol", "wasp sting in the mouth of my dog",
		"my dog was bitten by a rattlesnake", "my dog licked a toad", "My parrot inhaled teflon fumes", "my dog inhaled smoke",
		"my dog eat choclate", "my dog ate choclate", "my cat drank antifreez", "my bird was exposed to PTFE fumes",
		"parrot inhaled fumes from a pan", "my dog was stung by a bee and his face is swelling", "my dog ate raw bread dough",
		"my cat is peeing blood", "my turtle was bitten by my dog", "hamster stuck in wheel, leg is bent",
		"my rabbit is breathing with its mouth open", "our bunny fell and can't move its back legs", "my dog was bitten",
		"My dog collapsed on our run, it's 38 degrees", "i think my dog is dying", "my kitten is cold and limp",
		"my dog swallowed a battery", "my dog ate my birth control pills", "my dog ate a sock", "my cat bit me and my hand is swelling",
	} {
		for _, model := range []string{ModelAdvisor, ModelTurbo} {
			if got := answerOf(t, a, model, text); !strings.HasPrefix(got, "**This can be an emergency.") {
				t.Errorf("%s: %q does not begin with the emergency:\n%s", model, text, got)
			}
		}
	}
}

func TestHarmed(t *testing.T) {
	a := advisor(t)
	for text, want := range map[string]harm{
		"the dog bit my son's hand":                    harmPerson,
		"my dog has bitten a child":                    harmPerson,
		"my son's hamster bit him":                     harmPerson,
		"I got bitten by a copperhead":                 harmVenomous,
		"my dog has been stung by wasps":               harmVenom,
		"my cat was bit by a spider":                   harmVenom,
		"my dog bit his tongue":                        harmBite,
		"a coyote attacked our puppy":                  harmBite,
		"the neighbor fed my dog grapes":               harmPoison,
		"my dog has eaten a battery":                   harmSwallowed,
		"there is blood in my dog's poop":              harmBlood,
		"her breathing is very fast":                   harmBreath,
		"my cat crushed her paw":                       harmInjury,
		"my puppy is a bit my style":                   "",
		"my dog bit into an apple":                     "",
		"my dog was not bitten":                        "",
		"do rattlesnakes bite dogs?":                   "",
		"he was bitten last year":                      "",
		"should I give my dog a blood test?":           "",
		"my vet gave my dog a painkiller":              "",
		"what to do for a dog bite":                    harmPerson,
		"my cat brings in bloody mice":                 "",
		"how much blood does a dog have?":              "",
		"I hurt my back, which dog is calm?":           "",
		"can parrots be exposed to smoke?":             "",
		"he has a flea bite":                           "",
		"my neighbors do not like that my dog barks":   "",
		"my cat loves the bottom of the cage":          "",
		"is it true that a bloodhound smells anything": "",
	} {
		if got, _ := a.read(text).harmed(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestCorrect(t *testing.T) {
	a := advisor(t)
	for text, want := range map[string]string{
		"choclate and antifreez":    "chocolate and antifreeze",
		"my dog was biten":          "my dog was bitten",
		"the topic is visiting":     "the topic is visiting",
		"reaching for the latter":   "reaching for the latter",
		"my dog Chocalo":            "my dog chocalo",
		"stealing and breaking":     "stealing and breaking",
		"différent appartement été": "différent apartment été",
	} {
		if got := a.read(text).lower; got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
	}
}
