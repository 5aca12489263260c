package advisor

import (
	"strings"
	"testing"
)

// talk holds a conversation whose turns are separated by a dot, and returns the last answer.
func talk(t *testing.T, a *Advisor, turns string) string {
	t.Helper()
	return converse(t, a, strings.Split(strings.ReplaceAll(turns, " · ", " · ... · "), " · ")...)
}

// TestThread has turns that say too little by themselves, and are read together with earlier ones.
func TestThread(t *testing.T) {
	a := advisor(t)
	for _, row := range []struct{ turns, want, not string }{
		{"tell me about Salt and Pepper · is that 310 each or for both??", "$310", "nothing"},
		{"tell me all about Thor · and does he shed, whats his fee, can a dog live w him", "$190", "nothing"},
		{"theres a cat with 3 legs on ur site · how much. and boy or girl. and how old is it", "$60", "nothing"},
		{"I want a dog for long runs, house with a big yard · plot twist, my girlfriend moves in with her tomcat. still want a runner dog", "a cat at home", "male active"},
		{"looking for a cat, has to be fine with our beagle · short hair only · not black, and nothing with medical stuff. who's left?", "Alfie", "Labrador"},
		{"my two guinea pigs ignore each other, what can I do · and when I'm at work?", "uinea pig", "adoption fee"},
	} {
		got := talk(t, a, row.turns)
		if !strings.Contains(got, row.want) || strings.Contains(got, row.not) {
			t.Errorf("%s: want %q and no %q:\n%s", row.turns, row.want, row.not, got)
		}
	}
}

// TestNothingIsSold has turns that ask for advice, complain or grieve, and want no animal.
func TestNothingIsSold(t *testing.T) {
	a := advisor(t)
	for _, turns := range []string{
		"We put Samson down this morning. Sixteen. I don't want to buy something, I just don't know what to do with my hands.",
		"I can't keep my dog anymore. He's 6, best boy. · please, I just need to know he's not gonna be put down",
		"can i add 8 neons to my new tank today · ok so no neons. but then why do i need to wait if i put the bacteria bottle stuff in",
		"u open christmas eve?? and until what time do i have to be there to still take one home",
		"You sold my neighbor a rooster-loud bird and now I get no sleep. Anything you'd like to say for yourselves?",
		"my beagle mix steals socks then runs under the table and growls if i come near. whats smarter",
		"roborovski or winter white for a kid who wants to pet it. don't sell me, just answer",
	} {
		if got := talk(t, a, turns); strings.Contains(got, "adoption fee $") {
			t.Errorf("%s:\n%s", turns, got)
		}
	}
}

// TestPlansAreSpokenAgainst has plans that would harm an animal, and what the answer must say first.
func TestPlansAreSpokenAgainst(t *testing.T) {
	a := advisor(t)
	for _, row := range []struct{ turns, want string }{
		{"I want to breed my merle aussie girl with my friend's merle boy. how do we do it", "Never pair merle with merle"},
		{"got him a hot rock off craigslist, he sleeps on it all day, my leopard gecko. good?", "Take the hot rock out"},
		{"can I feed my gecko crickets that I catch in the backyard?", "caught outside"},
		{"scrub the aquarium sponge with soap?", "Never use soap"},
		{"my fish: can I wash the filter with dish soap", "Never use soap"},
		{"my budgie's cage stands in the kitchen, ok?", "Fumes"},
	} {
		if got := talk(t, a, row.turns); !strings.Contains(got, row.want) {
			t.Errorf("%s: want %q:\n%s", row.turns, row.want, got)
		}
	}
}
