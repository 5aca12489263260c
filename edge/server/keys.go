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

// KeysCommand has the commands about API keys.
type KeysCommand struct {
	New    NewKey    `cmd:"" help:"Create a key, and print it with its line for the key file."`
	Secret NewSecret `cmd:"" help:"Create the file for --ticket-secret-file, unless it exists."`
}

// NewKey is the command that creates a key. It implements config.Command.
type NewKey struct {
	Name string `arg:"" help:"Name of the key, and of its principal unless the file says otherwise."`
}

// Run prints the key and its line. The key is not stored anywhere.
func (k *NewKey) Run(_ context.Context, stdout io.Writer) error {
	secret, line, err := auth.NewKey(k.Name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "The key, for the client (it is not shown again):\n%s\n\nIts line, for the file of --auth-keys:\n%s\n", secret, line)
	return err
}

// NewSecret is the command that creates the secret of stream tickets. It implements config.Command.
type NewSecret struct {
	File string `arg:"" help:"File to write the secret to. Only its owner may read it."`
}

// Run creates the file, completely or not at all. It keeps an existing file, and returns an error if that is
// not a valid secret.
func (n *NewSecret) Run(_ context.Context, stdout io.Writer) error {
	err := n.create()
	if errors.Is(err, os.ErrExist) {
		if _, err := readTicketSecret(n.File); err != nil {
			return err
		}
		_, err = fmt.Fprintf(stdout, "%s exists, and stays as it is\n", n.File)
		return err
	}
	if err == nil {
		_, err = fmt.Fprintf(stdout, "created %s\n", n.File)
	}
	return err
}

// create returns os.ErrExist if the file exists, even if another process has created it in the meantime.
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
