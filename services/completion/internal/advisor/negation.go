package advisor

// negated reports whether a mention is denied: "no dogs", "not a big one", "I don't
// want a puppy". A denial reaches forward within its clause, up to five words, and
// over a list ("no cats, dogs or birds").
func (r *reading) negated(m mention) bool { return r.deniedAt(m.from, 0) }

const (
	denialReach = 5
	listReach   = 4 // elements of a list that one denial covers
)

func (r *reading) deniedAt(at, depth int) bool {
	if at >= len(r.tokens) {
		return false
	}
	clause := r.tokens[at].clause
	for i := at - 1; i >= 0 && i >= at-denialReach && r.tokens[i].clause == clause; i-- {
		if !r.denies(i) {
			continue
		}
		return true
	}
	if depth < listReach && at > 0 {
		return r.deniedByList(at, depth)
	}
	return false
}

// deniedByList looks whether the element of the list before this one is denied.
func (r *reading) deniedByList(at, depth int) bool {
	before := at - 1
	if oneOf(r.word(before), "or", "nor") {
		return r.deniedAt(before-1, depth+1) && !r.denies(before-1)
	}
	comma := r.tokens[before].clause != r.tokens[at].clause && r.tokens[before].sentence == r.tokens[at].sentence
	listed := at+1 < len(r.tokens) && (oneOf(r.word(at+1), "or", "nor", "and") || r.tokens[at+1].clause != r.tokens[at].clause)
	return comma && listed && r.deniedAt(before, depth+1)
}

func (r *reading) denies(i int) bool {
	switch w := r.word(i); w {
	case "not":
		return !oneOf(r.word(i+1), "only", "just", "sure", "mind", "matter", "know")
	case "no":
		return !oneOf(r.word(i+1), "problem", "idea", "matter", "more", "less", "worries", "preference", "later") && r.tokens[i].clause == r.clauseOf(i+1)
	case "dont", "doesnt", "didnt":
		return !oneOf(r.word(i+1), "mind", "care", "know", "matter", "worry")
	case "isnt", "arent", "without", "never", "cant", "cannot", "wont", "nor", "neither", "except", "avoid", "hate",
		"dislike", "nothing", "wouldnt", "shouldnt", "none":
		// "Isn't it better with a dog?" and "Can't I have a dog?" deny nothing.
		return i > 0 || !oneOf(w, "isnt", "arent", "cant", "wouldnt", "shouldnt")
	case "than":
		return oneOf(r.word(i-1), "rather", "other")
	case "of":
		return oneOf(r.word(i-1), "instead")
	case "from":
		return oneOf(r.word(i-1), "apart", "aside")
	}
	return false
}

func (r *reading) clauseOf(i int) int {
	if i < 0 || i >= len(r.tokens) {
		return -1
	}
	return r.tokens[i].clause
}
