// Package witness notes what a process knows to be stored, in a file that no backup of the log holds.
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

// A File is a witness: a file beside the log, which no backup of the log holds. It has the last record
// that this process knows to be stored, and is written before anybody sees what that holds: so
// the next life of the process can tell an older log from the one that there was. It outlives the
// process, but not the loss of power. A nil File notes nothing.
type File struct {
	file   *os.File
	logger *slog.Logger
	// lasting are prefixes of the subjects whose records stay until they expire.
	lasting []string

	mu    sync.Mutex
	in    jetio.Era
	known Testimony
	mute  bool // the file cannot be written to, which has been said
}

// A Testimony is what a witness knows: the stream, by when it was made, in Unix nanoseconds, and
// a record of it.
type Testimony struct {
	Created  int64
	Sequence uint64
	Sum      uint32 // of the record; 0: it is not known
}

// testimonySize is that of a Testimony in a file, with a checksum of its own.
const testimonySize = 8 + 8 + 4 + 4

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) } // made once by hash/crc32

// Sum returns the checksum of a record.
func Sum(subject string, data []byte) uint32 {
	return crc32.Update(crc32.Checksum([]byte(subject), castagnoli()), castagnoli(), data)
}

// Open opens the file of that name, or makes it; "": there is none. lasting are prefixes of the subjects whose
// records it notes.
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

// Close gives the file to the next life of the process.
func (w *File) Close() {
	if w != nil {
		_ = w.file.Close()
	}
}

// Read returns what the last life of the process has left, and when: ok is false where that is
// nothing, or cannot be read.
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
		w.logger.Warn("the witness of the log cannot be believed: it is begun anew")
		return Testimony{}, time.Time{}, false
	}
	known.Created = int64(binary.BigEndian.Uint64(text[0:])) //nolint:gosec // as it was written
	known.Sequence, known.Sum = binary.BigEndian.Uint64(text[8:]), binary.BigEndian.Uint32(text[16:])
	return known, info.ModTime(), true
}

// Begin begins an era of the stream that has been opened.
func (w *File) Begin(in jetio.Era, info *jetstream.StreamInfo) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.in = in
	w.write(Testimony{Created: info.Created.UnixNano(), Sequence: info.State.LastSeq})
}

// Saw notes that a record is stored in the stream of an era. Records that do not last may be deleted at any time, and
// tell nothing then.
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

// write notes what is known. The caller holds the lock.
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
		w.logger.Error("cannot write the witness of the log: should a backup be put back while this process is away, it will not notice",
			slog.Any("error", err))
	}
}

// NewerThan reports whether a stream does not hold what is known to have been stored. It is sure, or the record tells
// that the stream has in the place of the one that is known.
func (t Testimony) NewerThan(info *jetstream.StreamInfo) (newer, sure bool) {
	switch created := info.Created.UnixNano(); {
	case created < t.Created:
		return true, true
	case !IsCopy(info, time.Unix(0, t.Created), t.Sequence):
		return false, true
	case info.State.LastSeq < t.Sequence:
		return true, true
	case t.Sum == 0, t.Sequence < info.State.FirstSeq:
		return false, true // nobody knows, or it has expired
	}
	return false, false
}

// IsCopy reports whether a stream holds what there was in one that was made then and had the record last: a stream
// that was made later begins behind that, unless NATS's own tool has put it back from a backup, which makes
// it anew from the old records.
func IsCopy(info *jetstream.StreamInfo, created time.Time, last uint64) bool {
	return !info.Created.After(created) || info.State.LastSeq > 0 && info.State.FirstSeq <= last
}
