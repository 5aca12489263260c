package triage

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// harmLine parses a line of a harm's section.
func (l *lexicon) harmLine(line string) error {
	if head, ok := strings.CutPrefix(line, "[harm "); ok {
		id, why, _ := strings.Cut(head, "]")
		l.harms = append(l.harms, &harm{id: id, why: strings.TrimSpace(why), order: len(l.harms), guides: map[string][]string{}})
		return nil
	}
	h := l.harms[len(l.harms)-1]
	key, rest, ok := strings.Cut(line, ":")
	if !ok {
		return fmt.Errorf("%q has no colon", line)
	}
	fields := strings.Fields(key)
	switch fields[0] {
	case "guides":
		for _, species := range fields[1:] {
			h.guides[species] = strings.Fields(rest)
		}
	case "look":
		sets, err := l.setList(strings.Fields(rest))
		h.look = sets
		return err
	case "first":
		h.first = speciesList(strings.Fields(rest))
	case "over":
		h.over = strings.Fields(rest)
	case "is":
		flags := strings.Fields(rest)
		h.person, h.agent = slices.Contains(flags, "person"), slices.Contains(flags, "agent")
		h.always, h.theirs = slices.Contains(flags, "always"), slices.Contains(flags, "of-person")
		h.knownHelp = slices.Contains(flags, "known")
	default:
		return l.rule(h, fields, rest)
	}
	return nil
}

// rule parses a line such as "now dog cat: ingest & toxin - past".
func (l *lexicon) rule(h *harm, head []string, body string) error {
	levels := [...]Level{None, Caution, Today, Now}
	level := slices.Index(levelNames[:], head[0])
	normal, says, grieves := head[0] == normalRule, head[0] == saysRule, head[0] == grievesRule
	if level < 0 && !normal && !says && !grieves {
		return fmt.Errorf("%q is no level", head[0])
	}
	r := &rule{harm: h, level: levels[max(level, 0)], species: speciesList(head[1:])}
	fields := strings.Fields(body)
	if i := slices.Index(fields, "-"); i >= 0 {
		unless, err := l.setList(fields[i+1:])
		if err != nil {
			return err
		}
		r.unless, fields = unless, fields[:i]
	}
	joiner := ""
	for i, f := range fields {
		if i%2 == 1 {
			joiner = f
			continue
		}
		a, err := l.atom(joiner, f)
		if err != nil {
			return err
		}
		r.atoms = append(r.atoms, a)
	}
	if len(r.atoms) == 0 {
		return fmt.Errorf("%q has no condition", body)
	}
	switch {
	case normal:
		l.normals = append(l.normals, r)
	case says:
		l.answers = append(l.answers, r)
	case grieves:
		l.griefs = append(l.griefs, r)
	default:
		l.rules = append(l.rules, r)
		return nil
	}
	h.always, h.agent = true, true // hypothetical questions get the same answer
	return nil
}

// The words that begin a rule instead of a level: for something normal, for what else to say in a danger, and for a
// loss.
const (
	normalRule  = "normal"
	saysRule    = "says"
	grievesRule = "grieves"
)

// atom parses a condition and its connection to the previous one: "+" for the same or a neighboring sentence, "*" for
// any sentence, "&" for the same one, "&4" for at most four words between, and ">4" for that in this order.
func (l *lexicon) atom(joiner, text string) (atom, error) {
	var a atom
	switch {
	case joiner == "" || joiner == "+":
	case joiner == "*":
		a.far = true
	case joiner[0] == '&' || joiner[0] == '>':
		a.same, a.after = true, joiner[0] == '>'
		if len(joiner) > 1 {
			n, err := strconv.Atoi(joiner[1:])
			if err != nil {
				return a, fmt.Errorf("%q joins nothing", joiner)
			}
			a.gap = n + 1
		}
	default:
		return a, fmt.Errorf("%q joins nothing", joiner)
	}
	text, a.negated = strings.CutPrefix(text, "!")
	text, a.either = strings.CutPrefix(text, "?")
	text, a.plain = strings.CutPrefix(text, "~")
	sets, err := l.setList(strings.Split(text, "|"))
	a.sets = sets
	return a, err
}

// setList returns the numbers of sets.
func (l *lexicon) setList(names []string) ([]int, error) {
	var list []int
	for _, n := range names {
		i, ok := l.sets[n]
		if !ok {
			return nil, fmt.Errorf("there is no set %q", n)
		}
		list = append(list, i)
	}
	return list, nil
}

func speciesList(names []string) []catalogue.Species {
	var list []catalogue.Species
	for _, n := range names {
		list = append(list, catalogue.Species(n))
	}
	return list
}
