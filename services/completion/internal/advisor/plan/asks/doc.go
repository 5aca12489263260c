// Package asks finds what a turn asks for: which facts about pets, in which order, and which of its clauses no answer
// covers yet. It does not choose answers.
package asks
