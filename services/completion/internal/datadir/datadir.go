// Package datadir manages the directory in which a log keeps its files. It records which version wrote it
// and what was stored last, and lets only one process use it at a time.
package datadir

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// formatFile says which version wrote a data directory.
const formatFile = "FORMAT"

// A Lock reserves a data directory for one process. The kernel releases it at the end of the process.
type Lock struct {
	dir  string
	file *os.File
}

// Take creates the directory if necessary, checks its format, and locks it. It returns an error if another
// process holds the lock.
func Take(dir, format string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	path := filepath.Join(dir, formatFile)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names the directory
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	lock := &Lock{dir: dir, file: file}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Release()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("data directory %s is in use by another process; --data-dir names another", dir)
		}
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	if err := checkFormat(file, dir, format); err != nil {
		lock.Release()
		return nil, err
	}
	return lock, nil
}

// checkFormat reads the format, or writes it into a new directory.
func checkFormat(file *os.File, dir, format string) error {
	text := make([]byte, 64)
	n, err := file.Read(text)
	if err != nil && !errors.Is(err, io.EOF) { // empty: a new directory
		return fmt.Errorf("data directory: %w", err)
	}
	switch got := strings.TrimSpace(string(text[:n])); got {
	case format:
		return nil
	case "":
		if _, err := file.WriteString(format + "\n"); err != nil {
			return fmt.Errorf("data directory: %w", err)
		}
		return nil
	default:
		return fmt.Errorf("data directory %s has format %q, and this version reads %q only", dir, got, format)
	}
}

// markFile holds the sequence of a recently acknowledged record. It reveals a loss: a server that finds a
// damaged file uses the readable part of it without a message.
const markFile = "LAST"

// ReadMark returns the mark of a directory, or 0 if there is none.
func ReadMark(dir string) (uint64, error) {
	text, err := os.ReadFile(filepath.Join(dir, markFile)) //nolint:gosec // the operator names the directory
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	mark, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, nil //nolint:nilerr // a crash interrupted the write: no mark
	}
	return mark, nil
}

// WriteMark atomically replaces the mark of a directory.
func WriteMark(dir string, mark uint64) error {
	path := filepath.Join(dir, markFile)
	if err := os.WriteFile(path+".new", strconv.AppendUint(nil, mark, 10), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// Holds reports whether the directory is still the locked one. If it cannot find out, it returns true.
func (l *Lock) Holds() bool {
	locked, err := l.file.Stat()
	if err != nil {
		return true
	}
	there, err := os.Stat(filepath.Join(l.dir, formatFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	return err != nil || os.SameFile(locked, there)
}

// Release unlocks the directory.
func (l *Lock) Release() { _ = l.file.Close() }
