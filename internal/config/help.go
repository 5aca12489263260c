package config

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// groups are the topics of settings, in the order in which help and docs/config.md show them. A flag names its
// group with the tag group; one without concerns the process itself and comes last.
func groups() []kong.Group {
	return []kong.Group{
		{Key: "http", Title: "HTTP"},
		{Key: "grpc", Title: "gRPC"},
		{Key: "log", Title: "Log"},
		{Key: "models", Title: "Models"},
		{Key: "keys", Title: "Keys and limits"},
		{Key: "tls", Title: "TLS"},
		{Key: "telemetry", Title: "Telemetry"},
	}
}

// process is the group of flags without one.
const process = "Process"

// A section is the flags of one group.
type section struct {
	title string
	flags []*kong.Flag
}

// sections returns the flags for serving by group, each sorted by name. The flags that every program in the
// world has, help and version, are not among them.
func sections(model *kong.Application) []section {
	var all []section
	for _, group := range append(groups(), kong.Group{Title: process}) {
		s := section{title: group.Title}
		for _, f := range model.Flags {
			if !usual(f) && !f.Hidden && titleOf(f) == group.Title {
				s.flags = append(s.flags, f)
			}
		}
		if len(s.flags) == 0 {
			continue
		}
		slices.SortFunc(s.flags, func(a, b *kong.Flag) int { return cmp.Compare(a.Name, b.Name) })
		all = append(all, s)
	}
	return all
}

func usual(f *kong.Flag) bool { return f.Name == "help" || f.Name == "version" }

func titleOf(f *kong.Flag) string {
	if f.Group == nil {
		return process
	}
	return f.Group.Title
}

// help prints the flags of a command. The settings for serving do not concern commands that do something else.
func help(options kong.HelpOptions, ctx *kong.Context) error {
	selected := ctx.Selected()
	if selected == nil {
		return overview(ctx.Stdout, ctx.Model)
	}
	if _, ok := selected.Target.Addr().Interface().(Command); ok {
		for _, flag := range ctx.Model.Flags {
			flag.Hidden = flag.Name != "help"
		}
	}
	return kong.DefaultHelpPrinter(options, ctx)
}

const (
	column = 30 // where the right column of help begins
	width  = 100
)

// overview prints the commands, and the settings for serving in their groups.
func overview(w io.Writer, model *kong.Application) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: %s [command] [flags]\n\n%s\n\nCommands:\n", model.Name, model.Help)
	for _, command := range model.Leaves(true) {
		row(&b, strings.TrimPrefix(command.FullPath(), model.Name+" "), command.Help)
	}
	fmt.Fprintf(&b, "\n'%s [command] --help' has the flags of a command. Those of serving follow. --some-name is\nPAWSTREAM_SOME_NAME in the environment.\n\n", model.Name)
	row(&b, "-h, --help", "Show this help, or that of a command.")
	row(&b, "--version", "Print the version.")
	for _, s := range sections(model) {
		fmt.Fprintf(&b, "\n%s:\n", s.title)
		for _, f := range s.flags {
			name := "--" + f.Name
			switch value := valueOf(f); {
			case f.Default != "":
				name += "=" + f.Default
			case value != "":
				name += "=" + value
			}
			row(&b, name, f.Help)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// row adds a line of two columns, the right one wrapped.
func row(b *strings.Builder, left, right string) {
	at := 2 + len(left)
	b.WriteString("  " + left)
	if at >= column-1 {
		b.WriteString("\n")
		at = 0
	}
	b.WriteString(strings.Repeat(" ", column-at))
	at = column
	for word := range strings.FieldsSeq(right) {
		if at > column && at+1+len(word) > width {
			b.WriteString("\n" + strings.Repeat(" ", column))
			at = column
		}
		if at > column {
			b.WriteString(" ")
			at++
		}
		b.WriteString(word)
		at += len(word)
	}
	b.WriteString("\n")
}
