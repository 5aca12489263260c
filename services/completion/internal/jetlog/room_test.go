package jetlog

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pawstream/pawstream/internal/skip"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/natsserver"
)

// smallDisk mounts a disk of 64 MiB in memory, and returns its directory. That takes root.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"); err != nil {
		skip.Missing(t, "root, to mount a disk", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fillDisk fills a disk, and returns a function that frees it.
func fillDisk(t *testing.T, dir string) (empty func()) {
	t.Helper()
	path := filepath.Join(dir, "others")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for chunk := make([]byte, 1<<20); len(chunk) > 0; {
		if _, err := file.Write(chunk); err != nil {
			chunk = chunk[:len(chunk)/2]
		}
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

// TestASmallDiskIsEnough opens a log on a disk that is smaller than the log's limit.
func TestASmallDiskIsEnough(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		most int64
		warn bool
	}{"the default size": {0, true}, "a size that fits": {16 << 20, false}} {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			l := open(t, Config{
				DataDir: filepath.Join(smallDisk(t), "data"), MaxBytes: test.most,
				Logger: slog.New(slog.NewTextHandler(&said, nil)),
			})
			finish(t, l, "one", "x")
			l.Close()
			if got := strings.Contains(said.String(), "less room than the log may take"); got != test.warn {
				t.Errorf("warned: %t, want %t: %s", got, test.warn, &said)
			}
		})
	}
}

// TestRoomThatComesBackIsUsed fills the disk under the server inside this process, and frees it.
func TestRoomThatComesBackIsUsed(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	l := open(t, Config{DataDir: filepath.Join(disk, "data"), MaxBytes: 16 << 20, Patience: 3 * time.Second})
	changes := troubles(t, l)
	finish(t, l, "before", "x", "y", "z")
	w, err := l.Create(within(t), meta("running"))
	if err != nil {
		t.Fatal(err)
	}
	empty := fillDisk(t, disk)
	for err == nil {
		err = w.Append(within(t), chat.Text(0, strings.Repeat("x", 1000)))
		pause(t.Context(), time.Millisecond)
	}
	if !errors.Is(err, chat.ErrLogFull) {
		t.Errorf("Append: %v, want ErrLogFull", err)
	}
	awaitTrouble(t, l, "has no room")
	if _, err := l.Create(within(t), meta("refused")); !errors.Is(err, chat.ErrLogFull) {
		t.Errorf("Create: %v, want ErrLogFull", err)
	}
	if got, kind := text(t, l, "before"); got != "xyz" || kind != chat.KindDone {
		t.Errorf("what was there before is %q, %v", got, kind)
	}
	empty()
	begun := time.Now()
	awaitTrouble(t, l, "")
	id := createSoon(t, l, "after")
	if took := time.Since(begun); took > bound {
		t.Errorf("works after %v", took)
	} else {
		t.Logf("works after %v", took)
	}
	for _, id := range []string{"before", id} {
		if got, kind := text(t, l, id); got != "xyz" || kind != chat.KindDone {
			t.Errorf("%s is %q, %v", id, got, kind)
		}
	}
	if n := changes(); n != 2 {
		t.Errorf("%d changes of health, want 2", n)
	}
}

// TestAFullDiskIsNoReasonNotToStart starts on existing data when others have filled the disk.
func TestAFullDiskIsNoReasonNotToStart(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	cfg := Config{DataDir: filepath.Join(disk, "data"), MaxBytes: 32 << 20}
	l, err := Open(within(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	finish(t, l, "before", "x", "y", "z")
	l.Close()
	empty := fillDisk(t, disk)
	cfg.Patience = time.Second
	l = open(t, cfg)
	m := meta("large")
	m.Request.Messages[0].Parts[0].Text = strings.Repeat("x", 64<<10) // a pulse may still fit
	if _, err := l.Create(within(t), m); !errors.Is(err, chat.ErrLogFull) {
		t.Errorf("Create: %v, want ErrLogFull", err)
	}
	awaitTrouble(t, l, "has no room")
	if got, kind := text(t, l, "before"); got != "xyz" || kind != chat.KindDone {
		t.Errorf("what was there before is %q, %v", got, kind)
	}
	empty()
	begun := time.Now()
	awaitTrouble(t, l, "")
	t.Logf("well after %v", time.Since(begun))
	createSoon(t, l, "after")
}

// TestAFullDiskThatHasNoPastIsNoReasonNotToStart is the same without the stream of expired completions, which is
// created once there is room.
func TestAFullDiskThatHasNoPastIsNoReasonNotToStart(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	cfg := Config{DataDir: filepath.Join(disk, "data"), MaxBytes: 32 << 20}
	l, err := Open(within(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	finish(t, l, "before", "x", "y", "z")
	if err := l.js.DeleteStream(within(t), pastName); err != nil {
		t.Fatal(err)
	}
	l.Close()
	empty := fillDisk(t, disk)
	cfg.Patience = time.Second
	l = open(t, cfg)
	if got, kind := text(t, l, "before"); got != "xyz" || kind != chat.KindDone {
		t.Errorf("what was there before is %q, %v", got, kind)
	}
	if _, err := l.Head(within(t), "unknown"); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("a completion that never was: %v", err)
	}
	empty()
	for ctx := within(t); ; {
		if _, err := l.js.Stream(ctx, pastName); err == nil {
			break
		}
		if !pause(ctx, checkEvery) {
			t.Fatal("the stream of what has expired is not made")
		}
	}
	createSoon(t, l, "after")
	if err := l.Delete(within(t), "before"); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if _, err := l.archive.pastMeta(within(t), "before"); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("what was deleted: %v", err)
	}
}

// TestADataDirectoryThatIsTakenAwayIsHopeless removes the directory under the server.
func TestADataDirectoryThatIsTakenAwayIsHopeless(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string]func(dir string) error{
		"gone":     func(string) error { return nil },
		"replaced": func(dir string) error { return os.CopyFS(dir, os.DirFS(dir+".old")) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			l := open(t, Config{DataDir: dir})
			finish(t, l, "before", "x")
			if err := os.Rename(dir, dir+".old"); err != nil {
				t.Fatal(err)
			}
			if err := replace(dir); err != nil {
				t.Fatal(err)
			}
			awaitTrouble(t, l, "was taken away or replaced")
			var hopeless *natsserver.HopelessError
			if _, err := l.Health(); !errors.As(err, &hopeless) {
				t.Errorf("health: %v, want it hopeless", err)
			}
		})
	}
}
