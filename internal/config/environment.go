package config

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/pawstream/pawstream/internal/spelling"
)

// prefix is what the name of a setting has before it in the environment.
const prefix = "PAWSTREAM"

// A Misspelling is a variable of the environment that is none of the program's, and resembles one of them.
type Misspelling struct{ Name, Meant string }

// Misspelt returns the variables of environ, a list of NAME=value, that are probably misspelt. Others that the
// program does not know are not among them: programs may share one environment. target is that of [Parse].
func Misspelt(target any, environ []string) ([]Misspelling, error) {
	parser, err := kong.New(target, kong.DefaultEnvars(prefix), kong.Vars(variables(Program{})))
	if err != nil {
		return nil, err
	}
	var known, lower []string
	for _, f := range parser.Model.Flags {
		for _, name := range f.Envs {
			known, lower = append(known, name), append(lower, strings.ToLower(name))
		}
	}
	var found []Misspelling
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, prefix+"_") || slices.Contains(known, name) {
			continue
		}
		if meant := spelling.Meant(name, lower); meant != "" {
			found = append(found, Misspelling{Name: name, Meant: strings.ToUpper(meant)})
		}
	}
	return found, nil
}
