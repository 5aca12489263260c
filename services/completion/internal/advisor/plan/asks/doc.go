// Package asks tells what a turn asks for: which facts of pets, in which order, and which of its
// clauses ask for something that no answer tells yet. It chooses no answer.
package asks
