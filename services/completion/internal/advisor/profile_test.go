package advisor

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// profileOf returns what is known after turns that only the user takes.
func profileOf(t *testing.T, turns ...string) profile {
	t.Helper()
	var messages []chat.Message
	for _, turn := range turns {
		messages = append(messages, message(chat.RoleUser, turn))
	}
	talk := advisor(t).listen(messages)
	return talk.moments[len(talk.moments)-1].profile
}

func TestProfile(t *testing.T) {
	dog, cat := catalogue.Dog, catalogue.Cat
	for _, test := range []struct {
		name  string
		turns []string
		want  func(p *profile)
	}{
		{"nothing", []string{"hello there"}, func(*profile) {}},
		{"species", []string{"I want a dog"}, func(p *profile) { p.species = []catalogue.Species{dog} }},
		{"either of two", []string{"we'd like a dog or a cat"}, func(p *profile) { p.species = []catalogue.Species{dog, cat} }},
		{"a later species overrides", []string{"I want a dog", "I think I want a cat instead"}, func(p *profile) { p.species = []catalogue.Species{cat} }},
		{"no dogs", []string{"Which pet? No dogs."}, func(p *profile) { p.excluded = []catalogue.Species{dog} }},
		{"a list of exclusions", []string{"no dogs, cats or birds please"}, func(p *profile) {
			p.excluded = []catalogue.Species{dog, cat, catalogue.Bird}
		}},
		{"other than", []string{"anything other than a cat"}, func(p *profile) { p.excluded = []catalogue.Species{cat} }},
		{"an exclusion taken back", []string{"no dogs", "ok, a dog would be fine"}, func(p *profile) { p.species = []catalogue.Species{dog} }},
		{"not a big dog", []string{"I'd like a dog, but not a big dog"}, func(p *profile) {
			p.species, p.notSize = []catalogue.Species{dog}, []catalogue.Size{catalogue.Large, catalogue.Giant}
		}},
		{"not too small", []string{"a dog, not too small"}, func(p *profile) {
			p.species, p.notSize = []catalogue.Species{dog}, []catalogue.Size{catalogue.Small, catalogue.Tiny}
		}},
		{"owned, not wanted", []string{"I have a cat"}, func(p *profile) { p.owned = []catalogue.Species{cat} }},
		{"two owned", []string{"We have a dog and a cat"}, func(p *profile) { p.owned = []catalogue.Species{dog, cat} }},
		{"owned and wanted", []string{"I have two cats and want a dog"}, func(p *profile) {
			p.owned, p.species = []catalogue.Species{cat}, []catalogue.Species{dog}
		}},
		{"not owned is not excluded", []string{"I don't have a dog. I want a cat."}, func(p *profile) { p.species = []catalogue.Species{cat} }},
		{"always wanted", []string{"I have always wanted a dog"}, func(p *profile) { p.species = []catalogue.Species{dog} }},
		{"no pets", []string{"I have a dog", "no other pets... I mean I have no pets any more"}, func(p *profile) { p.noPets = true }},
		{"children's wish", []string{"my kids want a dog"}, func(p *profile) { p.species, p.children = []catalogue.Species{dog}, yes }},
		{"ages", []string{"I have two kids aged 4 and 7"}, func(p *profile) { p.children, p.youngest = yes, 4 }},
		{"an age in words", []string{"our daughter is five"}, func(p *profile) { p.children, p.youngest = yes, 5 }},
		{"n-year-old", []string{"a pet for my 6-year-old son"}, func(p *profile) { p.children, p.youngest = yes, 6 }},
		{"his age in another sentence", []string{"a pet for my son. He is 9."}, func(p *profile) { p.children, p.youngest = yes, 9 }},
		{"toddler", []string{"we have a toddler"}, func(p *profile) { p.children, p.youngest = yes, 2 }},
		{"no children", []string{"I don't have children"}, func(p *profile) { p.children = no }},
		{"children, then none", []string{"I have kids", "sorry, no kids in the house"}, func(p *profile) { p.children = no }},
		{"allergy", []string{"my son is allergic to cats"}, func(p *profile) {
			p.children, p.allergy, p.allergicTo = yes, yes, []catalogue.Species{cat}
		}},
		{"no allergies", []string{"we have no allergies"}, func(p *profile) { p.allergy = no }},
		{"apartment", []string{"I live in a small flat"}, func(p *profile) { p.home = catalogue.Apartment }},
		{"no garden", []string{"I don't have a garden"}, func(p *profile) { p.home = catalogue.Apartment }},
		{"home overridden", []string{"I live in an apartment", "actually we have a house with a big yard"}, func(p *profile) { p.home = catalogue.Garden }},
		{"budget", []string{"my budget is $200"}, func(p *profile) { p.fee = 200 }},
		{"budget overridden", []string{"under $200", "ok, up to 350 dollars"}, func(p *profile) { p.fee = 350 }},
		{"thousands", []string{"I can spend $1,200"}, func(p *profile) { p.fee = 1200 }},
		{"a month", []string{"I can afford $50 a month"}, func(p *profile) { p.monthly = 50 }},
		{"a month and a fee", []string{"under 300 dollars, and 80 dollars per month"}, func(p *profile) { p.fee, p.monthly = 300, 80 }},
		{"numbers that are no money", []string{"something under 10 years"}, func(*profile) {}},
		{"weight", []string{"a dog under 25 lbs"}, func(p *profile) {
			p.species, p.sizes = []catalogue.Species{dog}, []catalogue.Size{catalogue.Tiny, catalogue.Small}
		}},
		{"hours", []string{"I'm away 6 hours a day"}, func(p *profile) { p.away = 6 }},
		{"a span of hours", []string{"I work 8 to 10 hours"}, func(p *profile) { p.away = 10 }},
		{"the clock", []string{"nobody is home from 8 to 4"}, func(p *profile) { p.away = 8 }},
		{"full time", []string{"I work full time"}, func(p *profile) { p.away = 9 }},
		{"from home", []string{"I work full time", "from next week I work from home"}, func(p *profile) { p.away = 2 }},
		{"first dog", []string{"this will be my first dog"}, func(p *profile) { p.species, p.experience = []catalogue.Species{dog}, no }},
		{"grew up with", []string{"I grew up with dogs"}, func(p *profile) { p.experience = yes }},
		{"puppy", []string{"we want a puppy"}, func(p *profile) { p.species, p.age = []catalogue.Species{dog}, "young" }},
		{"not a puppy", []string{"a dog but not a puppy"}, func(p *profile) { p.species, p.age = []catalogue.Species{dog}, "adult" }},
		{"senior dog", []string{"a senior dog"}, func(p *profile) { p.species, p.age = []catalogue.Species{dog}, "senior" }},
		{"my old cat is no wish", []string{"my old cat sleeps a lot"}, func(p *profile) { p.owned = []catalogue.Species{cat} }},
		{"calm", []string{"something calm"}, func(p *profile) { p.energy = catalogue.Low }},
		{"not too active", []string{"a dog that is not too active"}, func(p *profile) { p.species, p.energy = []catalogue.Species{dog}, catalogue.Low }},
		{"quiet and no hair", []string{"it must be quiet and must not shed"}, func(p *profile) { p.quiet, p.shedsNo = true, true }},
		{"a question is no wish", []string{"does Biscuit shed a lot?"}, func(*profile) {}},
		{"good with", []string{"I want a dog that is good with cats and children"}, func(p *profile) {
			p.species, p.withCat, p.kidSafe = []catalogue.Species{dog}, true, true
		}},
		{"a statement after a denial", []string{"I have no kids and I hate noise"}, func(p *profile) { p.children, p.quiet = no, true }},
		{"sex", []string{"a female cat"}, func(p *profile) { p.species, p.sex = []catalogue.Species{cat}, catalogue.Female }},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := newProfile()
			test.want(&want)
			got := profileOf(t, test.turns...)
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(profile{})); diff != "" {
				t.Errorf("%q: (-want +got)\n%s", test.turns, diff)
			}
		})
	}
}

func TestBriefing(t *testing.T) {
	a := advisor(t)
	talk := a.listen([]chat.Message{
		message(chat.RoleSystem, "You help customers of a store to adopt dogs and cats. The customer has two cats and lives in an apartment."),
		message(chat.RoleUser, "Which dog would you recommend?"),
	})
	p := talk.moments[0].profile
	if p.home != catalogue.Apartment || len(p.owned) != 1 || p.owned[0] != catalogue.Cat || len(p.species) != 1 {
		t.Errorf("profile %+v", p)
	}
}

func TestLongConversation(t *testing.T) {
	a := advisor(t)
	messages := []chat.Message{message(chat.RoleSystem, "The customer has a dog.")}
	for range 2000 {
		messages = append(messages, message(chat.RoleUser, "I live in an apartment and want a cat. Something something."), message(chat.RoleAssistant, "Fine."))
	}
	messages = append(messages, message(chat.RoleUser, "which one?"))
	talk := a.listen(messages)
	if n := len(talk.moments); n > 1000 {
		t.Errorf("%d turns are read", n)
	}
	if p := talk.moments[len(talk.moments)-1].profile; p.home != catalogue.Apartment || len(p.owned) != 1 {
		t.Errorf("profile %+v", p)
	}
}
