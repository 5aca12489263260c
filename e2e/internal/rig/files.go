package rig

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// SecretFile writes a file that only its owner may read, and returns its path.
func SecretFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Keys writes a key file, and returns its path. An entry is "<name>, <other fields in YAML>"; its key is
// "<name>-key".
func Keys(t *testing.T, entries ...string) string {
	t.Helper()
	var text strings.Builder
	for _, entry := range entries {
		name, rest, _ := strings.Cut(entry, ",")
		digest := sha256.Sum256([]byte(name + "-key"))
		fmt.Fprintf(&text, "- {name: %s, sha256: %s, %s}\n", name, hex.EncodeToString(digest[:]), rest)
	}
	return SecretFile(t, text.String())
}

// Bearer returns the Authorization header with the key of that name.
func Bearer(name string) string { return "Authorization: Bearer " + name + "-key" }

// FreeAddress returns a loopback address with a port that was just free.
func FreeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// ModelsFile writes a models file, and returns its path.
func ModelsFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "models.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ReplaceFile atomically replaces the content of a file.
func ReplaceFile(t *testing.T, path, text string) {
	t.Helper()
	next := path + ".new"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
}
