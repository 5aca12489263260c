package server

import (
	"context"
	"fmt"
	"io"

	"github.com/pawstream/pawstream/edge/internal/auth"
)

// KeysCommand has what is done about API keys from a command line.
type KeysCommand struct {
	New NewKey `cmd:"" help:"Make a key, and the line of the key file that lets it in."`
}

// NewKey is the command that makes a key. It implements config.Command.
type NewKey struct {
	Name string `arg:"" help:"Name of the key; its principal too, unless the file says otherwise."`
}

// Run prints the key, which is nowhere else, and its line.
func (k *NewKey) Run(_ context.Context, stdout io.Writer) error {
	secret, line, err := auth.NewKey(k.Name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "key, to be kept by who uses it:\n%s\n\nline for the file of --auth-keys:\n%s\n", secret, line)
	return err
}
