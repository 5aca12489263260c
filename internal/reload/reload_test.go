package reload_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawstream/pawstream/internal/reload"
)

func TestWatch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "value")
	write := func(text string) {
		t.Helper()
		next := path + ".next"
		if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, path); err != nil {
			t.Fatal(err)
		}
	}
	read := func() (string, error) {
		text, err := os.ReadFile(path)
		if strings.HasPrefix(string(text), "bad") {
			err = errors.New(string(text))
		}
		return string(text), err
	}
	write("bad from the start")
	if _, err := reload.Load(read, path); err == nil || err.Error() != "bad from the start" {
		t.Errorf("error %v, want that of the read", err)
	}
	write("one")
	synctest.Test(t, func(t *testing.T) {
		value, err := reload.Load(read, path)
		if err != nil {
			t.Fatal(err)
		}
		var log lines
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			value.Watch(ctx, slog.New(slog.NewTextHandler(&log, nil)))
		}()
		for _, step := range []struct {
			act            func()
			want           string
			reads, warning int // lines in the log so far
		}{
			{func() {}, "one", 0, 0},
			{func() { write("two") }, "two", 1, 0},
			{func() { write("bad") }, "two", 1, 1},
			{func() { write("bad") }, "two", 1, 1}, // said once
			{func() { _ = os.Remove(path) }, "two", 1, 2},
			{func() { write("three") }, "three", 2, 2},
		} {
			step.act()
			<-time.After(3 * reload.Interval)
			synctest.Wait()
			if got := value.Get(); got != step.want {
				t.Errorf("value %q, want %q", got, step.want)
			}
			if got := log.count("level=INFO"); got != step.reads {
				t.Errorf("after %q: %d reads, want %d", step.want, got, step.reads)
			}
			if got := log.count("level=WARN"); got != step.warning {
				t.Errorf("after %q: %d warnings, want %d", step.want, got, step.warning)
			}
		}
		stop()
		<-done
	})
}

// TestNamedFiles makes a file name another one than at the start: the new one is
// watched from then on, and the old one no longer is.
func TestNamedFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path+".next", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".next", path); err != nil {
			t.Fatal(err)
		}
	}
	var reads atomic.Int64 // on Watch's goroutine
	read := func() (string, []string, error) {
		reads.Add(1)
		name, err := os.ReadFile(filepath.Join(dir, "list"))
		if err != nil {
			return "", nil, err
		}
		path := filepath.Join(dir, string(name))
		text, err := os.ReadFile(path)
		return string(text), []string{path}, err
	}
	write("list", "first")
	write("first", "one")
	write("second", "two")
	synctest.Test(t, func(t *testing.T) {
		value, err := reload.LoadNamed(read, filepath.Join(dir, "list"))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			value.Watch(ctx, slog.New(slog.DiscardHandler))
		}()
		for _, step := range []struct {
			name, text, want string
			reads            int64 // of this step
		}{
			{"first", "one, changed", "one, changed", 1},
			{"list", "second", "two", 2},
			{"first", "one, of no interest", "two", 0},
			{"second", "two, changed", "two, changed", 1},
		} {
			before := reads.Load()
			write(step.name, step.text)
			<-time.After(3 * reload.Interval)
			synctest.Wait()
			if got := value.Get(); got != step.want {
				t.Errorf("after %q in %s: %q, want %q", step.text, step.name, got, step.want)
			}
			if got := reads.Load() - before; got != step.reads {
				t.Errorf("after %q in %s: %d reads, want %d", step.text, step.name, got, step.reads)
			}
		}
		stop()
		<-done
	})
}

// TestHalfWritten writes a file in place, piece by piece. Each state would be valid, but only the
// last one is used.
func TestHalfWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "value")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var reads atomic.Int64 // on Watch's goroutine
	read := func() (string, error) {
		reads.Add(1)
		text, err := os.ReadFile(path)
		return string(text), err
	}
	write("old")
	synctest.Test(t, func(t *testing.T) {
		value, err := reload.Load(read, path)
		if err != nil {
			t.Fatal(err)
		}
		reads.Store(0)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			value.Watch(ctx, slog.New(slog.DiscardHandler))
		}()
		var text strings.Builder
		for range 10 {
			text.WriteString("piece ")
			write(text.String())
			<-time.After(reload.Interval - reload.Interval/4)
			synctest.Wait()
			if got := value.Get(); got != "old" {
				t.Fatalf("the value is %q while the file is written", got)
			}
		}
		<-time.After(2 * reload.Interval)
		synctest.Wait()
		if got := value.Get(); got != text.String() || reads.Load() != 1 {
			t.Errorf("the value is %q after %d reads", got, reads.Load())
		}
		stop()
		<-done
	})
}

// TestChangesWhileRead changes a file while it is read: the value that was read is not used.
func TestChangesWhileRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "value")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Error(err)
		}
	}
	reads := 0
	read := func() (string, error) {
		text, err := os.ReadFile(path)
		if reads++; reads == 2 {
			write("new and whole")
		}
		return string(text), err
	}
	write("old")
	synctest.Test(t, func(t *testing.T) {
		value, err := reload.Load(read, path)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			value.Watch(ctx, slog.New(slog.DiscardHandler))
		}()
		write("new")
		for range 6 {
			<-time.After(reload.Interval)
			synctest.Wait()
			if got := value.Get(); got == "new" {
				t.Errorf("the value is %q", got)
			}
		}
		if got := value.Get(); got != "new and whole" {
			t.Errorf("the value is %q", got)
		}
		stop()
		<-done
	})
}

// lines keeps the written lines.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) count(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), part)
}
