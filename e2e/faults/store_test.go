package faults

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/e2e/faults/checker"
)

// The log's files belong to NATS. Disks, operators and restores do these things to them.

// errMissing says that this machine does not allow a fault that others do.
var errMissing = errors.New("this needs root, and to be allowed to mount")

func missing(err error) bool { return errors.Is(err, errMissing) }

// hasDisk returns why a topology's log has no separate disk that could be filled.
func hasDisk(tp *topology) error {
	if tp.plan.Disk == 0 {
		return errors.New("the plan has no disk")
	}
	return tp.noDisk
}

// isAlone returns why removing one server's files does not lose the log.
func isAlone(tp *topology) error {
	if tp.plan.NATS != 1 {
		return errors.New("other servers have the log too")
	}
	return nil
}

// mount gives a NATS server a separate disk until end, if the plan says so.
func (tp *topology) mount(server int) error {
	dir := tp.disk(server)
	if err := os.MkdirAll(dir, 0o700); err != nil || tp.plan.Disk == 0 {
		return err
	}
	if err := mountMemory(dir, tp.plan.Disk); err != nil {
		tp.noDisk = fmt.Errorf("%w: mount a disk at %s: %w", errMissing, dir, err)
		return nil // the files are on the system's disk
	}
	tp.mounted = append(tp.mounted, dir)
	return nil
}

// keepStores copies the files on disks that are about to be unmounted.
func (tp *topology) keepStores() (err error) {
	for _, disk := range tp.mounted {
		err = errors.Join(err, os.CopyFS(filepath.Join(tp.dir, "kept", filepath.Base(disk)), os.DirFS(filepath.Join(disk, "store"))))
	}
	return err
}

// disk returns the directory that contains a NATS server's store.
func (tp *topology) disk(server int) string {
	return filepath.Join(tp.dir, fmt.Sprintf("%snats-%d", tp.plan.Prefix, server))
}

func (tp *topology) store(server int) string { return filepath.Join(tp.disk(server), "store") }

// fill fills the disk of a NATS server to the last byte, and then makes room again. The operator of that server must
// restart it then: after a failed write, it stores nothing more.
func fill(_ context.Context, tp *topology, pick int) (string, func(context.Context) error, error) {
	server := pick % len(tp.nats)
	name := filepath.Join(tp.disk(server), "filler")
	end := func(ctx context.Context) error {
		if err := os.Remove(name); err != nil {
			return err
		}
		_ = tp.nats[server].stop() // NATS ends with a nonzero exit code
		return tp.nats[server].start(ctx)
	}
	return "the disk of " + tp.nats[server].name, end, fillUp(name)
}

// fillUp writes a file until the disk is full.
func fillUp(name string) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	for size := 1 << 20; size > 0; {
		switch _, err := file.Write(make([]byte, size)); {
		case errors.Is(err, syscall.ENOSPC):
			size /= 2 // there is less left
		case err != nil:
			return err
		}
	}
	return nil
}

// wipe kills the single NATS server and deletes its files. It restarts empty.
func wipe(_ context.Context, tp *topology, _ int) (string, func(context.Context) error, error) {
	tp.nats[0].kill()
	err := tp.takeAway(time.Now())
	return tp.nats[0].name, func(ctx context.Context) error { return tp.nats[0].start(ctx) }, err
}

// restore copies the files of the single NATS server at one moment, like a snapshot of a volume. A while later it
// kills the server, and restarts it with the copy.
func restore(_ context.Context, tp *topology, _ int) (string, func(context.Context) error, error) {
	server, backup := tp.nats[0], filepath.Join(tp.dir, fmt.Sprintf("backup-%d", len(tp.eras)))
	if err := server.running().Send(syscall.SIGSTOP); err != nil {
		return server.name, nil, err
	}
	err := os.CopyFS(backup, os.DirFS(tp.store(0)))
	err = errors.Join(err, server.running().Send(syscall.SIGCONT))
	return server.name, func(ctx context.Context) error {
		server.kill()
		if err := tp.takeAway(time.Now()); err != nil {
			return err
		}
		if err := os.CopyFS(tp.store(0), os.DirFS(backup)); err != nil {
			return err
		}
		return errors.Join(server.start(ctx), os.RemoveAll(backup))
	}, err
}

// An era is a log that was taken away, and is read in the background.
type era struct {
	dir  string
	read chan struct{} // closed when everything is read
	checker.Era
	err error
}

// takeAway removes the files of the single, dead NATS server, and starts to read them for the history.
func (tp *topology) takeAway(at time.Time) error {
	e := &era{dir: filepath.Join(tp.dir, fmt.Sprintf("era-%d", len(tp.eras))), read: make(chan struct{})}
	e.Until = at
	if err := os.CopyFS(e.dir, os.DirFS(tp.store(0))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.RemoveAll(tp.store(0)); err != nil {
		return err
	}
	tp.eras = append(tp.eras, e)
	tp.tail.cut()
	go func() { // lost waits for it
		defer close(e.read)
		e.Log, e.err = tp.exhume(e.dir)
	}()
	return nil
}

// exhume reads the log in a directory with a private server, one log at a time, because all use the same address.
func (tp *topology) exhume(dir string) (log map[string][]checker.Record, err error) {
	tp.exhuming.Lock()
	defer tp.exhuming.Unlock()
	address := tp.spare
	if address == "" {
		if address, err = freeAddress(); err != nil {
			return nil, err
		}
		tp.spare = address
	}
	name := filepath.Base(dir)
	args, err := natsArgs(tp.dir, name, address, dir)
	if err != nil {
		return nil, err
	}
	s := &supervised{
		name: name, path: tp.path(natsProgram), address: address, dir: tp.dir, onlyOnce: true,
		args: func(int) []string { return args },
	}
	ctx, cancel := context.WithTimeout(context.Background(), windDown)
	defer cancel()
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	defer s.kill()
	err = eventually(ctx, windDown, func() error {
		if err := readable(ctx, "nats://"+address); err != nil {
			return err
		}
		log, err = dump(ctx, "nats://"+address)
		return err
	})
	return log, err
}

// readable makes a log readable that was taken away while direct reads were off.
func readable(ctx context.Context, url string) error {
	conn, js, err := jetStream(url)
	if err != nil {
		return err
	}
	defer conn.Close()
	stream, err := js.Stream(ctx, logStream)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return nil
	case err != nil:
		return err
	}
	config := stream.CachedInfo().Config
	if config.AllowDirect {
		return nil
	}
	config.AllowDirect = true
	_, err = js.UpdateStream(ctx, config)
	return err
}

// lost returns the logs that were taken away.
func (tp *topology) lost() (eras []checker.Era, err error) {
	for _, e := range tp.eras {
		<-e.read
		if e.err != nil {
			err = errors.Join(err, fmt.Errorf("read %s: %w", e.dir, e.err))
		}
		eras = append(eras, e.Era)
		if err == nil && !*keep {
			_ = os.RemoveAll(e.dir)
		}
	}
	return eras, err
}
