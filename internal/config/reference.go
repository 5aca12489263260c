package config

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

// A Setting is one setting of a program, as its table defines it.
type Setting struct {
	Flag        string `json:"flag"`                  // --some-name
	Group       string `json:"group"`                 // what it is about
	Environment string `json:"environment,omitempty"` // the variable that stands in for it
	Default     string `json:"default,omitempty"`
	Value       string `json:"value,omitempty"` // what is to be given: a placeholder, or what there is to choose from
	Help        string `json:"help"`
}

// Reference is the command that prints all settings. It is hidden: it serves the documentation, and checks of
// settings that are written down elsewhere. It implements [Command].
type Reference struct {
	Format string `default:"markdown" enum:"markdown,json" help:"Format: ${enum}."`

	model *kong.Application
}

// Run prints the table of the program.
func (r *Reference) Run(_ context.Context, stdout io.Writer) error {
	if r.Format == "json" {
		settings := []Setting{}
		for _, s := range sections(r.model) {
			settings = append(settings, settingsOf(s)...)
		}
		return json.NewEncoder(stdout).Encode(settings)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n%s\n", r.model.Name, r.model.Help)
	for _, s := range sections(r.model) {
		fmt.Fprintf(&b, "\n### %s: %s\n\n| flag | default | what for |\n| --- | --- | --- |\n", r.model.Name, s.title)
		for _, s := range settingsOf(s) {
			shown := s.Flag
			if s.Value != "" {
				shown += " " + s.Value
			}
			initial := ""
			if s.Default != "" {
				initial = "`" + s.Default + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", cell(shown), initial, cell(s.Help))
		}
	}
	_, err := fmt.Fprintln(stdout, b.String())
	return err
}

// cell is text within a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// settingsOf returns the settings of a section, in its order.
func settingsOf(of section) []Setting {
	settings := make([]Setting, 0, len(of.flags))
	for _, f := range of.flags {
		s := Setting{Flag: "--" + f.Name, Group: of.title, Default: f.Default, Value: valueOf(f), Help: f.Help}
		if len(f.Envs) > 0 {
			s.Environment = f.Envs[0]
		}
		settings = append(settings, s)
	}
	return settings
}

func valueOf(f *kong.Flag) string {
	switch {
	case f.IsBool():
		return ""
	case f.Enum != "":
		return strings.ReplaceAll(f.Enum, ",", "|")
	case f.PlaceHolder != "":
		return f.PlaceHolder
	}
	kind := f.Target.Type()
	if kind.Kind() == reflect.Slice {
		kind = kind.Elem()
	}
	switch {
	case kind == reflect.TypeFor[string]():
		return "TEXT"
	case kind.Name() == "Duration":
		return "DURATION"
	}
	return "NUMBER"
}
