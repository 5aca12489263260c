package body

import (
	"maps"
	"slices"
)

// A Member is a member of a request, as a table has it by its name. F is the function that reads it.
type Member[F any] struct {
	Read F
	// Rare members are not suggested for misspelt names.
	Rare bool
}

// Meant returns, in order, the names of a table's members that may be suggested for a misspelt name.
func Meant[F any](table map[string]Member[F]) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(table)), func(name string) bool { return table[name].Rare })
}
