package jetlog

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
	"time"
)

// formatFile tells which version wrote a data directory.
const formatFile = "FORMAT"

// A dirLock keeps a data directory to one process. The kernel lets go of it however
// the process ends.
type dirLock struct{ file *os.File }

// lockDir makes the directory if need be, checks that its format is ours, and takes it.
func lockDir(dir string) (*dirLock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	path := filepath.Join(dir, formatFile)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names the directory
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	lock := &dirLock{file: file}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.release()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("data directory %s is in use by another process", dir)
		}
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	if err := checkFormat(file, dir); err != nil {
		lock.release()
		return nil, err
	}
	return lock, nil
}

// checkFormat reads the format, or writes it into a new directory.
func checkFormat(file *os.File, dir string) error {
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

// markFile holds the sequence of a record that was acknowledged lately: a server that finds
// a damaged file takes what it can read of it, and does not say so.
const markFile = "LAST"

// markEvery is how old a mark may be.
const markEvery = time.Second

// readMark returns the mark of a directory; 0: there is none.
func readMark(dir string) (uint64, error) {
	text, err := os.ReadFile(filepath.Join(dir, markFile)) //nolint:gosec // the operator names the directory
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	mark, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, nil //nolint:nilerr // written in the moment of a crash: no mark
	}
	return mark, nil
}

// writeMark replaces the mark of a directory.
func writeMark(dir string, mark uint64) error {
	path := filepath.Join(dir, markFile)
	if err := os.WriteFile(path+".new", strconv.AppendUint(nil, mark, 10), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// holds reports whether the directory is still the one that was locked. Where that cannot be
// told, it is.
func (l *dirLock) holds(dir string) bool {
	locked, err := l.file.Stat()
	if err != nil {
		return true
	}
	there, err := os.Stat(filepath.Join(dir, formatFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	return err != nil || os.SameFile(locked, there)
}

func (l *dirLock) release() { _ = l.file.Close() }
