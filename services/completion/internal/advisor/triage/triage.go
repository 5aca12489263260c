package triage

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// Level is how soon somebody has to act.
type Level uint8

// The levels, from the least to the most urgent.
const (
	None    Level = iota // no danger to an animal
	Caution              // a bodily sign that is not understood, or can wait
	Today                // a vet must see the animal on the same day
	Now                  // call now
)

// String returns the level as the data spells it.
func (l Level) String() string { return levelNames[l] }

var levelNames = [...]string{None: "none", Caution: "caution", Today: "today", Now: "now"} //nolint:gochecknoglobals // a table

// The harms of people that have their own answers.
const (
	Crisis    = "crisis"          // somebody in despair
	IllPerson = "ill-person"      // somebody is ill or hurt
	Poisoned  = "person-poisoned" // somebody took something meant for animals
	Infected  = "person-infected" // somebody's bite or scratch is infected
	Allergic  = "person-allergic" // somebody swells or can hardly breathe after contact with an animal
	Shocked   = "person-shock"    // somebody got an electric shock from an animal's equipment
)

// Wasting is the harm of an animal that drinks much and gets thin. Only it may wait for days, but not for other food.
const Wasting = "wasting"

// The refusals in a verdict.
const (
	Cruelty = "cruelty" // how to hurt, poison, abandon or fight an animal, or put one down at home
	Dose    = "dose"    // how much of a medicine to give
)

// A Span is a range of bytes in a text.
type Span struct{ Start, End int }

// A Verdict is the result of [Triage.Assess].
type Verdict struct {
	Level Level
	// Harm is the id of a harm in the data, such as "poison". If there is only a refusal, Harm is that, and Level is
	// None.
	Harm string
	// Refusal is "", [Cruelty] or [Dose]. It may accompany a danger: a question for a dose may be about an animal in
	// pain.
	Refusal string
	// Guides are ids of guides whose first passage is first aid for this harm and animal, best first, or of single
	// passages ("seizures/4"). It is empty if no guide fits.
	Guides []string
	// Look is what to search for in these guides: the words of the sign or the substance.
	Look string
	// Species are the animals that the text names, beginning with the one that is probably in danger. It is empty if
	// the text names none.
	Species []catalogue.Species
	// Normal says that the text describes normal behavior, and nothing contradicts that. Then Level is None, and
	// Guides has the passage about it.
	Normal bool
	// Present says that the danger is described as one of today, or by a statement about an animal.
	Present bool
	// Waits says that the text asks whether it can wait, Handles whether to do something by hand that mostly harms:
	// to pull, push back, glue, or give something.
	Waits, Handles bool
	// Person says that a person is hurt.
	Person bool
	// Words are the parts of the turn on which the verdict rests, in order.
	Words []Span
	// Why explains the verdict in one line.
	Why string
	Besides
}

// Besides is what else was found, besides a danger or something normal.
type Besides struct {
	// Well says that the animal is otherwise well, without a red flag.
	Well bool
	// Known is set beside Normal for something that is neither normal nor an emergency: a guide says what to do, or
	// the question is answered like any other.
	Known bool
	// Says is what to say to other statements and questions in a danger: no oil, no ice bath, it already shows signs.
	Says []string
	// Grief is what to say first about an animal's death, or about a tearful parting from it, and Solace the passage
	// about that. Both are empty otherwise.
	Grief, Solace string
	// NoOther says that the person wants no other animal instead of the lost one.
	NoOther bool
	// Sole says that no other harm as urgent was found.
	Sole bool
	// Ahead says that the question is for later, to be prepared.
	Ahead bool

	says []*harm // possible Says, for any danger
}

// A Triage assesses turns. It never changes, so goroutines may share it.
type Triage struct{ *lexicon }

// New returns a Triage with the embedded data.
func New() (*Triage, error) {
	l, err := load()
	if err != nil {
		return nil, err
	}
	return &Triage{l}, nil
}

// Calming returns the passages about normal things, such as "normal-dog-and-cat-signs/1": none suits a danger.
func (t *Triage) Calming() []string {
	var list []string
	for _, r := range t.normals {
		if !r.harm.knownHelp {
			list = append(list, r.harm.guides["any"]...)
		}
	}
	return list
}

// Assess decides whether a turn describes a danger. before are the person's earlier turns, the latest last: a turn
// may continue or end what they described. Assess reads the first 2 KiB and the last 4 KiB of each turn, and the last
// four earlier turns.
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
	open    Verdict             // the danger that later turns may continue; level None: there is none
	species []catalogue.Species // the last named ones
	text    []string            // of earlier turns
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

// vague reports whether a verdict only says that something is wrong.
func vague(v Verdict) bool { return v.Level <= Caution }

// continues reports whether a turn is about an open danger: it names the same or a vague one, or is short, or sounds
// like a phone call with a vet.
func continues(r *reading, own, open Verdict) bool {
	if r.has("thanks") && own.Level == None {
		return false
	}
	if own.Level > None {
		return own.Harm == open.Harm || vague(own)
	}
	return open.Level > Caution && (len(r.tokens) <= shortTurn || r.has("goes-on"))
}

// shortTurn is the most words of a turn that counts as a reply.
const shortTurn = 8

// inherit returns the open danger, with the turn's additions.
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
