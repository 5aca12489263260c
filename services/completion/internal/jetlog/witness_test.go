package jetlog

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/pawstream/pawstream/internal/skip"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// TestWhoWasNotThereWhenABackupWasPutBack stops every replica, restores a backup, and starts one. Its witness knows
// that readers saw more than the log holds.
func TestWhoWasNotThereWhenABackupWasPutBack(t *testing.T) {
	skip.Long(t, "seconds of outages and elections")
	for _, test := range []struct {
		name    string
		putBack bool // a backup is restored
		byTool  bool // with NATS's own tool, so the stream counts as new
		between bool // another replica without a witness has continued before this one starts
		again   bool // this one is started twice
		lost    bool // want
	}{
		{name: "nothing was put back"},
		{name: "a backup was put back", putBack: true, lost: true},
		{name: "a backup was put back by NATS's tool", putBack: true, byTool: true, lost: true},
		{name: "another one has gone on since", putBack: true, between: true, lost: true},
		{name: "it died again at once", putBack: true, again: true, lost: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFarm(t)
			cfg := Config{NATS: at(f.url()), Witness: filepath.Join(t.TempDir(), "witness")}
			l, err := Open(within(t), cfg)
			if err != nil {
				t.Fatal(err)
			}
			w, err := l.Create(within(t), meta("running"))
			if err != nil {
				t.Fatal(err)
			}
			appendAll(t, w, "a")
			awaitLast(t, l, "running", 0)
			restore := f.backup
			if test.byTool {
				restore = f.snapshot
			}
			putBack := restore()
			for i, word := range []string{"b", "c"} {
				appendAll(t, w, word)
				awaitLast(t, l, "running", int64(i+1))
			}
			f.stop() // before the log can notice
			l.Close()
			f.start()
			if test.putBack {
				putBack()
			}
			lost := map[string]bool{"running": test.lost}
			if test.between {
				other, err := Open(within(t), Config{NATS: at(f.url())})
				if err != nil {
					t.Fatal(err)
				}
				for i := range 20 {
					finish(t, other, string(rune('A'+i)), "x", "y", "z")
				}
				since, err := other.Create(within(t), meta("since"))
				if err != nil {
					t.Fatal(err)
				}
				appendAll(t, since, "x")
				awaitLast(t, other, "since", 0)
				other.Close()
				lost["since"] = false
			}
			if test.again {
				again, err := Open(within(t), cfg)
				if err != nil {
					t.Fatal(err)
				}
				again.Close()
			}
			late := open(t, cfg)
			for orphan := range late.Orphans(within(t)) {
				if orphan.Ended != nil {
					continue
				}
				if want := lost[orphan.Meta.ID]; orphan.Lost != want {
					t.Errorf("%s is lost: %v, want %v", orphan.Meta.ID, orphan.Lost, want)
				}
				if err := orphan.Writer.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
					t.Error(err)
				}
				if delete(lost, orphan.Meta.ID); len(lost) == 0 {
					break
				}
			}
			// Later completions are as safe as ever.
			if id := createSoon(t, late, "after"); late.putBack.Load() > 0 {
				if _, first, err := late.archive.meta(within(t), id); err != nil || first <= late.putBack.Load() {
					t.Errorf("what was asked for afterwards counts as put back: %v", err)
				}
			}
		})
	}
}

// TestADataDirectoryThatIsPutBackIsNoticed restores an older data directory while the process is stopped.
func TestADataDirectoryThatIsPutBackIsNoticed(t *testing.T) {
	for _, putBack := range []bool{false, true} {
		cfg := Config{DataDir: filepath.Join(t.TempDir(), "data"), Witness: filepath.Join(t.TempDir(), "witness")}
		live := func(words ...string) {
			l, err := Open(within(t), cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			w, err := l.Create(within(t), meta("running-"+words[0]))
			if err != nil {
				t.Fatal(err)
			}
			appendAll(t, w, words...)
			awaitLast(t, l, "running-"+words[0], int64(len(words)-1))
		}
		live("a", "b")
		copied := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(copied, os.DirFS(cfg.DataDir)); err != nil {
			t.Fatal(err)
		}
		live("c")
		if putBack {
			if err := errors.Join(os.RemoveAll(cfg.DataDir), os.CopyFS(cfg.DataDir, os.DirFS(copied))); err != nil {
				t.Fatal(err)
			}
		}
		l := open(t, cfg)
		for orphan := range l.Orphans(within(t)) {
			if orphan.Lost != putBack {
				t.Errorf("%s is lost: %v, want %v", orphan.Meta.ID, orphan.Lost, putBack)
			}
			break
		}
	}
}
