// Package witness records which record of the log a process knows to be stored, in a file that no backup of the
// log contains.
package witness

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/services/completion/internal/jetio"
)

// A File is a witness: a file outside of the log and its backups. It identifies the last record that this
// process knows to be stored, and is written before any reader sees that record. So after a restart, the
// process can detect an older log. The file survives the process, but not a power failure. A nil File records
// nothing. A File is safe for concurrent use.
type File struct {
	file   *os.File
	logger *slog.Logger
	// lasting are the prefixes of subjects whose records remain until they expire.
	lasting []string

	mu    sync.Mutex
	in    jetio.Era
	known Testimony
	mute  bool // writing fails, which has been logged
}

// A Testimony is the content of a witness: the creation time of the stream, in Unix nanoseconds, and a record
// of that stream.
type Testimony struct {
	Created  int64
	Sequence uint64
	Sum      uint32 // of the record; 0: unknown
}

// testimonySize is the size of a Testimony in a file, including a checksum.
const testimonySize = 8 + 8 + 4 + 4

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) } // hash/crc32 caches it

// Sum returns the checksum of a record.
func Sum(subject string, data []byte) uint32 {
	return crc32.Update(crc32.Checksum([]byte(subject), castagnoli()), castagnoli(), data)
}

// Open opens or creates the file, and locks it. If name is empty, it returns nil. lasting are the prefixes of
// the subjects whose records it records.
func Open(name string, logger *slog.Logger, lasting ...string) (*File, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // as documented
	}
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("witness of the log: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("witness of the log: %s is in use by another process: %w", name, err)
	}
	return &File{file: file, logger: logger, lasting: lasting}, nil
}

// Close closes the file, and releases its lock.
func (w *File) Close() {
	if w != nil {
		_ = w.file.Close()
	}
}

// Read returns the testimony from before the restart, and its time. ok is false if there is none, or it cannot
// be read. It logs the latter.
func (w *File) Read() (known Testimony, at time.Time, ok bool) {
	var text [testimonySize]byte
	if _, err := w.file.ReadAt(text[:], 0); err != nil {
		if !errors.Is(err, io.EOF) {
			w.logger.Warn("cannot read the witness of the log", slog.Any("error", err))
		}
		return Testimony{}, time.Time{}, false
	}
	info, err := w.file.Stat()
	if err != nil || binary.BigEndian.Uint32(text[20:]) != crc32.Checksum(text[:20], castagnoli()) {
		w.logger.Warn("the witness of the log is damaged: beginning a new one")
		return Testimony{}, time.Time{}, false
	}
	known.Created = int64(binary.BigEndian.Uint64(text[0:])) //nolint:gosec // as it was written
	known.Sequence, known.Sum = binary.BigEndian.Uint64(text[8:]), binary.BigEndian.Uint32(text[16:])
	return known, info.ModTime(), true
}

// Begin begins an era of the opened stream.
func (w *File) Begin(in jetio.Era, info *jetstream.StreamInfo) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.in = in
	w.write(Testimony{Created: info.Created.UnixNano(), Sequence: info.State.LastSeq})
}

// Saw records that a record is stored in the stream of an era. It ignores records without a lasting subject,
// which may be deleted at any time.
func (w *File) Saw(in jetio.Era, sequence uint64, subject string, data []byte) {
	if w == nil || !slices.ContainsFunc(w.lasting, func(prefix string) bool { return strings.HasPrefix(subject, prefix) }) {
		return
	}
	sum := Sum(subject, data)
	w.mu.Lock()
	defer w.mu.Unlock()
	if in == w.in && sequence > w.known.Sequence {
		w.write(Testimony{Created: w.known.Created, Sequence: sequence, Sum: sum})
	}
}

// write stores a testimony. The caller holds the lock.
func (w *File) write(known Testimony) {
	var text [testimonySize]byte
	binary.BigEndian.PutUint64(text[0:], uint64(known.Created)) //nolint:gosec // as it is read
	binary.BigEndian.PutUint64(text[8:], known.Sequence)
	binary.BigEndian.PutUint32(text[16:], known.Sum)
	binary.BigEndian.PutUint32(text[20:], crc32.Checksum(text[:20], castagnoli()))
	w.known = known
	switch _, err := w.file.WriteAt(text[:], 0); {
	case err == nil:
		w.mute = false
	case !w.mute:
		w.mute = true
		w.logger.Error("cannot write the witness of the log: if a backup of the log is restored while this process is down, it will not notice",
			slog.Any("error", err))
	}
}

// NewerThan reports whether a stream lacks the known record. If sure is false, the caller must compare the
// stream's record at that sequence with the known one.
func (t Testimony) NewerThan(info *jetstream.StreamInfo) (newer, sure bool) {
	switch created := info.Created.UnixNano(); {
	case created < t.Created:
		return true, true
	case !IsCopy(info, time.Unix(0, t.Created), t.Sequence):
		return false, true
	case info.State.LastSeq < t.Sequence:
		return true, true
	case t.Sum == 0, t.Sequence < info.State.FirstSeq:
		return false, true // unknown, or the record has expired
	}
	return false, false
}

// IsCopy reports whether a stream continues one that was created at that time and contained the record last. A
// stream that was created later begins after that record, unless NATS's own tool restored it from a backup,
// which creates it anew with the old records.
func IsCopy(info *jetstream.StreamInfo, created time.Time, last uint64) bool {
	return !info.Created.After(created) || info.State.LastSeq > 0 && info.State.FirstSeq <= last
}
