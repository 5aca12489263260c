package body

import (
	"maps"
	"slices"
)

// A Member is a member of a request, as a table has it by its name. F is the function that reads it.
type Member[F any] struct {
	Read F
	// Rare members are none that somebody may have meant who misspells one.
	Rare bool
}

// Meant returns the names of those members of a table that somebody may have meant who misspells one, in order.
func Meant[F any](table map[string]Member[F]) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(table)), func(name string) bool { return table[name].Rare })
}
