// Package reload keeps values that come from files and change with them: keys,
// certificates, tables.
package reload

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"time"
)

// Interval is how often [Value.Watch] looks at the files.
const Interval = 2 * time.Second

// A Value is the last value that was read without an error. It is safe for concurrent use.
type Value[T any] struct {
	read    func() (T, []string, error)
	current atomic.Pointer[T]

	// Used by Watch once it runs.
	paths, named []string
	seen         []os.FileInfo // of paths, then of named, as they were before the read
}

// Load reads a value with a function that reads the files at paths. It returns the function's
// error.
func Load[T any](read func() (T, error), paths ...string) (*Value[T], error) {
	return LoadNamed(func() (T, []string, error) {
		value, err := read()
		return value, nil, err
	}, paths...)
}

// LoadNamed is [Load] for files that name other files: read returns their paths too.
// These files are watched as long as read returns them.
func LoadNamed[T any](read func() (T, []string, error), paths ...string) (*Value[T], error) {
	v := &Value[T]{read: read, paths: paths}
	err := v.load()
	for n := 1; errors.Is(err, errUnsettled) && n < maxReads; n++ {
		err = v.load()
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// errUnsettled says that a file changed while it was read: half of what was read may be old.
var errUnsettled = errors.New("it changes while it is read")

// maxReads bounds how often one change is read in a row.
const maxReads = 3

// load reads the value, and reads it again if it names other files than before: a change during the read is
// noticed only if the files were examined before it.
func (v *Value[T]) load() error {
	for n := 1; ; n++ {
		seen := v.look()
		value, named, err := v.read()
		if err != nil {
			return err
		}
		if !slices.EqualFunc(seen, v.look(), same) {
			return errUnsettled
		}
		if slices.Equal(named, v.named) || n == maxReads {
			v.seen = seen
			v.current.Store(&value)
			return nil
		}
		v.named = named
	}
}

// look returns the files' metadata.
func (v *Value[T]) look() []os.FileInfo { return append(stat(v.paths), stat(v.named)...) }

// Get returns the value. It costs no more than an atomic load.
func (v *Value[T]) Get() T { return *v.current.Load() }

// Watch rereads the value whenever one of its files has changed, until ctx ends. It waits until they have
// stayed the same for an [Interval], because a file that is written in place may look complete in every state.
// As long as their content is invalid, the old value stays, and a warning says why. Do not run it twice at
// once.
func (v *Value[T]) Watch(ctx context.Context, logger *slog.Logger) {
	ticker := time.NewTicker(Interval)
	defer ticker.Stop()
	var complaint string
	var before []os.FileInfo // at the last look
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := v.look()
		settled := slices.EqualFunc(before, now, same)
		before = now
		if !settled || slices.EqualFunc(v.seen, now, same) {
			continue
		}
		if err := v.load(); err != nil { // try again: the writer may not be done
			if errors.Is(err, errUnsettled) {
				continue // the next look will see it
			}
			if text := err.Error(); text != complaint {
				complaint = text
				logger.WarnContext(ctx, "a changed file has an error: its previous content stays in force", slog.Any("error", err))
			}
			continue
		}
		complaint = ""
		logger.InfoContext(ctx, "read a changed file", slog.Any("files", append(slices.Clone(v.paths), v.named...)))
	}
}

// stat returns the metadata of each file, nil if it does not exist.
func stat(paths []string) []os.FileInfo {
	infos := make([]os.FileInfo, len(paths))
	for i, path := range paths {
		if info, err := os.Stat(path); err == nil {
			infos[i] = info
		}
	}
	return infos
}

func same(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == b
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
