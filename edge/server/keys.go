package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/pawstream/pawstream/edge/internal/auth"
)

// KeysCommand has what is done about API keys from a command line.
type KeysCommand struct {
	New    NewKey    `cmd:"" help:"Create a key, and print it with its line for the key file."`
	Secret NewSecret `cmd:"" help:"Create the file for --ticket-secret-file, unless it exists."`
}

// NewKey is the command that makes a key. It implements config.Command.
type NewKey struct {
	Name string `arg:"" help:"Name of the key, and of its principal unless the file says otherwise."`
}

// Run prints the key, which is nowhere else, and its line.
func (k *NewKey) Run(_ context.Context, stdout io.Writer) error {
	secret, line, err := auth.NewKey(k.Name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "The key, for the client (it is not shown again):\n%s\n\nIts line, for the file of --auth-keys:\n%s\n", secret, line)
	return err
}

// NewSecret is the command that makes the secret of stream tickets. It implements
// config.Command.
type NewSecret struct {
	File string `arg:"" help:"File to write the secret to. Only its owner may read it."`
}

// Run makes the file, whole or not at all. One that is there stays as it is, if it will do.
func (n *NewSecret) Run(_ context.Context, stdout io.Writer) error {
	err := n.create()
	if errors.Is(err, os.ErrExist) {
		if _, err := readTicketSecret(n.File); err != nil {
			return err
		}
		_, err = fmt.Fprintf(stdout, "%s is there, and stays as it is\n", n.File)
		return err
	}
	if err == nil {
		_, err = fmt.Fprintf(stdout, "made %s\n", n.File)
	}
	return err
}

// create is os.ErrExist if the file exists, even if another process has created it in the meantime.
func (n *NewSecret) create() error {
	file, err := os.CreateTemp(filepath.Dir(n.File), ".secret-")
	if err != nil {
		return err
	}
	_, err = file.WriteString(rand.Text() + rand.Text() + "\n")
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Link(file.Name(), n.File)
	}
	if removed := os.Remove(file.Name()); err == nil {
		err = removed
	}
	return err
}
