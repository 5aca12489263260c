package triage

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// Level says how soon somebody has to act.
type Level uint8

// The levels, from the least to the most urgent.
const (
	None    Level = iota // nothing that endangers an animal
	Caution              // a bodily sign that is not understood, or that can wait
	Today                // a vet has to see the animal the same day
	Now                  // call now
)

// String returns the level as the data spells it.
func (l Level) String() string { return levelNames[l] }

var levelNames = [...]string{None: "none", Caution: "caution", Today: "today", Now: "now"} //nolint:gochecknoglobals // a table

// The harms of people that an answer is made for by themselves.
const (
	Crisis    = "crisis"          // somebody in despair
	IllPerson = "ill-person"      // somebody who is ill or hurt
	Poisoned  = "person-poisoned" // somebody who took what is for animals
	Infected  = "person-infected" // somebody whose bite or scratch festers
	Allergic  = "person-allergic" // somebody who swells or can hardly breathe after contact with an animal
	Shocked   = "person-shock"    // somebody who got an electric shock from what an animal lives in
)

// Wasting is the harm of an animal that drinks much and gets thin. It is the one that can wait for days, but not for another food.
const Wasting = "wasting"

// The refusals that a verdict may ask for.
const (
	Cruelty = "cruelty" // how to hurt, poison, abandon or fight an animal, or to put one down at home
	Dose    = "dose"    // how much of a medicine to give
)

// A Span is a range of bytes in a text.
type Span struct{ Start, End int }

// A Verdict is what [Triage.Assess] found.
type Verdict struct {
	Level Level
	// Harm is the id of a harm in the data, such as "poison". Where nothing but a
	// refusal was found, it is that refusal and Level is None.
	Harm string
	// Refusal is "", [Cruelty] or [Dose]. It may accompany a danger: whoever asks for a
	// dose may have an animal in pain.
	Refusal string
	// Guides are ids of guides whose first passage is first aid for this harm and this
	// animal, best first, or of single passages that are ("seizures/4"). It is empty where
	// no guide fits.
	Guides []string
	// Look is what to search these guides for: the words of the sign or the substance.
	Look string
	// Species are the animals that the text names, the one that is likely in danger
	// first. It is empty where the text names none.
	Species []catalogue.Species
	// Normal says that what is told is normal behavior, and nothing told besides speaks against
	// it. Level is None then, and Guides has the passage on it.
	Normal bool
	// Present says that the danger is told of as one of today, or by a statement about an animal at
	// hand.
	Present bool
	// Waits says that it is asked whether it can wait, Handles whether to do by hand what mostly
	// does harm: to pull, to push back, to glue, to give something.
	Waits, Handles bool
	// Person says that a person is hurt.
	Person bool
	// Words are what the verdict rests on in the turn, in order.
	Words []Span
	// Why is one line on how the verdict came about.
	Why string
	Besides
}

// Besides is what else was found beside a danger, or beside what is normal.
type Besides struct {
	// Well says that the animal is told to be well otherwise, and no red flag stands beside it.
	Well bool
	// Known is set beside Normal where it is not normal but no emergency either: a guide tells what to do, or what is asked is
	// answered as any question.
	Known bool
	// Says is what to say of what is asked or told besides in a danger: no oil, no ice bath, it shows signs already.
	Says []string
	// Grief is what to say first to somebody who tells of an animal's death, or in tears of parting from it, and Solace
	// the passage for them. They are empty where nobody does.
	Grief, Solace string
	// NoOther says that no other animal is wanted in the place of the one that is lost.
	NoOther bool
	// Sole says that no other harm as urgent was found.
	Sole bool
	// Ahead says that it is asked for later, to know it before.
	Ahead bool

	says []*harm // what may be said, whatever the danger is
}

// A Triage assesses turns. It never changes, so goroutines may share it.
type Triage struct{ *lexicon }

// New parses the embedded data.
func New() (*Triage, error) {
	l, err := load()
	if err != nil {
		return nil, err
	}
	return &Triage{l}, nil
}

// Calming returns the passages on what is normal, such as "normal-dog-and-cat-signs/1": none of them goes with a danger.
func (t *Triage) Calming() []string {
	var list []string
	for _, r := range t.normals {
		if !r.harm.knownHelp {
			list = append(list, r.harm.guides["any"]...)
		}
	}
	return list
}

// Assess says whether a turn tells of a danger. before are the earlier turns of the
// same person, the latest last: a turn may continue or end what they told.
// It reads the first 2 KiB and the last 4 KiB of a turn, and the last four turns.
func (t *Triage) Assess(turn string, before []string) Verdict {
	var s state
	for _, earlier := range before[max(0, len(before)-memory):] {
		s = t.follow(s, earlier)
	}
	return t.follow(s, turn).verdict
}

// memory is how many earlier turns count.
const memory = 4

// A state is where a conversation stands after a turn.
type state struct {
	verdict Verdict             // of the last turn
	open    Verdict             // the danger that later turns may continue, of level None if there is none
	species []catalogue.Species // that were named last
	text    []string            // of the turns before
}

// follow returns the state after another turn.
func (t *Triage) follow(s state, turn string) state {
	r := t.read(turn, nil, s.species)
	own := t.judge(r)
	next := state{verdict: own, open: own, species: own.Species, text: append(slices.Clone(s.text[max(0, len(s.text)-1):]), turn)}
	ended := r.has("ends") || own.Level == None && r.has("topic")
	switch {
	case own.Level == None && own.Refusal != "":
		next.open = s.open
		return next
	case ended, len(s.text) == 0:
		return next
	}
	joint := own
	if !own.Normal && (own.Level < Now || !r.namesSpecies()) {
		joint = t.judge(t.read(turn, s.text, s.species))
	}
	if joint.Normal && own.Level < Now {
		own = joint
	}
	if !own.Normal && (joint.Level > own.Level || joint.Level == own.Level && (vague(own) || !r.namesSpecies())) {
		own = joint
	}
	if own.Normal {
		next.verdict, next.open = own, own
		return next
	}
	if s.open.Level > None && continues(r, own, s.open) {
		own = inherit(own, s.open)
	}
	next.verdict, next.open = own, own
	if own.Level == None {
		next.open = s.open
	}
	return next
}

// vague reports whether a verdict says no more than that something is wrong.
func vague(v Verdict) bool { return v.Level <= Caution }

// continues reports whether a turn goes on about an open danger: it names the same or
// a vague one, or it is short, or it says what one says on the phone to a vet.
func continues(r *reading, own, open Verdict) bool {
	if r.has("thanks") && own.Level == None {
		return false
	}
	if own.Level > None {
		return own.Harm == open.Harm || vague(own)
	}
	return open.Level > Caution && (len(r.tokens) <= shortTurn || r.has("goes-on"))
}

// shortTurn is the number of words up to which a turn counts as a reply.
const shortTurn = 8

// inherit returns the open danger, with what the turn adds.
func inherit(own, open Verdict) Verdict {
	v := open
	v.Words, v.Waits, v.Handles, v.Says = own.Words, own.Waits, own.Handles, saidOf(own.says, open.Harm)
	v.Level = max(own.Level, open.Level)
	v.Refusal = own.Refusal
	if own.Harm != "" && own.Harm == open.Harm {
		v.Guides = own.Guides
		if len(own.Species) == 0 || len(v.Guides) == 0 {
			v.Guides = open.Guides
		}
	}
	if own.Look != "" && !strings.Contains(open.Look, own.Look) {
		v.Look = strings.TrimSpace(open.Look + " " + own.Look)
	}
	for _, s := range own.Species {
		if !slices.Contains(v.Species, s) {
			v.Species = append(slices.Clip(v.Species), s)
		}
	}
	if !strings.HasPrefix(v.Why, continued) {
		v.Why = continued + v.Why
	}
	return v
}

const continued = "goes on about "
