package jetlog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	logv1 "github.com/pawstream/pawstream/gen/petstore/completion/log/v1"
	"github.com/pawstream/pawstream/services/completion/internal/books"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/liveness"
	"github.com/pawstream/pawstream/services/completion/internal/natsserver"
	"github.com/pawstream/pawstream/services/completion/internal/record"
	"github.com/pawstream/pawstream/services/completion/internal/shares"
	"github.com/pawstream/pawstream/services/completion/internal/witness"
)

// Names in NATS.
const (
	streamName    = "PAWSTREAM"
	pastName      = "PAWSTREAM_PAST"
	usagePrefix   = "paws.u."     // what each replica has stored for whom; in the stream of pastPrefix
	pastPrefix    = "paws.t."     // the owner of a completion, by id; outlives it
	eventsPrefix  = "paws.c."     // records of a completion, by its id
	namesPrefix   = "paws.k."     // idempotency keys, by a hash with their principal
	listsPrefix   = "paws.s."     // stored completions, by a hash of their principal and their id
	duePrefix     = "paws.s.due." // completions that have ended, by id: those that are not to be stored are deleted a while after
	labelsPrefix  = "paws.m."     // metadata that was replaced, by id
	ownersPrefix  = "paws.o."     // unfinished completions, by replica and id
	pulsePrefix   = "paws.h."     // by replica: what shows that the stream is there
	livePrefix    = "paws.live."  // what happens to a completion now, by its id: a token follows
	beatPrefix    = "paws.beat."
	endedPrefix   = "paws.ended."   // somebody other than its writer has ended, or deleted, a completion
	readersPrefix = "paws.readers." // which replica has readers of a completion?
	askedPrefix   = "paws.asked."   // which completion belongs to an asking?
	recordToken   = ".record"       // after livePrefix and id: a record that was stored
	progressToken = ".progress"     // after livePrefix and id: progress, which is not

	formatKey = "pawstream.format"
	format    = "1"
)

// Log is a [chat.Log] in JetStream.
type Log struct {
	cfg     Config
	replica string
	conn    *nats.Conn
	js      jetstream.JetStream
	stream  jetstream.Stream
	server  *natsserver.Server
	at      string // where the server is, if it is not inside this process

	election time.Duration // how long the stream's servers may elect a leader; 0: it has one server

	keeper  *keeper
	gate    *gate
	shares  *shares.Count
	witness *witness.File
	expiry  expiry
	health  *health
	doubt   chan struct{} // asks the keeper for a look; has room for one
	// putBack is the sequence at which a restored backup ends; 0: none was restored, or nobody knows. Readers
	// may have seen more of its unfinished completions than it holds.
	putBack atomic.Uint64

	peers     *liveness.Peers
	connected jetio.Moment // when the connection last came up again
	link      *jetio.Link
	io        *jetio.Stream
	archive   *archive
	names     *names
	maxRecord int // bytes of events in one record
	stats     counters

	ctx    context.Context //nolint:containedctx // ends the goroutines that outlive the call which starts them
	cancel context.CancelFunc
	work   sync.WaitGroup
	// hearing is held while a message from another replica may begin work, and while the log begins to close:
	// no work begins once Close waits for it.
	hearing sync.Mutex
	asked   atomic.Pointer[func(chat.Asking) string] // which completion this process knows by an asking

	books   books.Books // ends that this process enters, or could not delete the owner of
	mu      sync.Mutex
	tapes   map[string]*shared
	left    atomic.Bool          // there may be orphans that the last look has left or missed
	mine    map[string]bool      // unfinished completions whose writer here has failed: to be adopted
	holding map[string]int       // what this process is about to write or to end, with the number of calls: see hold
	waiting map[uint64]time.Time // since when what owners announced has been waited for, by the sequences of their messages
	ended   []*shared            // ended completions without readers, oldest first
	held    int                  // bytes of ended
}

var (
	_ chat.Log     = (*Log)(nil)
	_ chat.Cluster = (*Log)(nil)
)

// Create implements [chat.Log].
func (l *Log) Create(ctx context.Context, m *chat.Meta) (chat.Writer, error) {
	defer l.hold(m.ID)()
	begun, in, shuts := time.Now(), l.gate.era(), l.gate.look()
	w, err := l.create(ctx, in, m)
	// A create that took long, or used two connections, may have lost its name.
	if doubt := time.Since(begun) > l.names.admission/2 || l.gate.look() != shuts; err == nil && m.IdempotencyKey != "" && doubt {
		err = l.keepName(ctx, w)
	}
	if errors.Is(err, chat.ErrLost) {
		return nil, jetio.Failure(err) // it was not admitted: the next attempt may be
	}
	if err != nil {
		return nil, err
	}
	l.remember(m)
	if err := l.install(w, &history{meta: m}, false); err != nil {
		l.abandon(m.ID) // it is stored
		return nil, jetio.Failure(err)
	}
	return w, nil
}

// create stores the records that admit a completion.
func (l *Log) create(ctx context.Context, in era, m *chat.Meta) (*writer, error) {
	if m.IdempotencyKey != "" {
		if err := l.names.claim(ctx, in, m); err != nil {
			return nil, err
		}
	}
	data, err := record.Encode(&record.Record{Writer: l.replica, Meta: m})
	if err != nil {
		return nil, err
	}
	if err := l.shares.Admit(m.Principal, len(data)); err != nil {
		return nil, err
	}
	// Owned first: whatever happens from here on, some replica will end it.
	owner, err := l.io.Append(ctx, in, ownerSubject(l.replica, m.ID), nil, 0)
	if err != nil {
		return nil, err
	}
	last, err := l.io.Append(ctx, in, eventsPrefix+m.ID, data, 0)
	if err == nil && m.Request.Store {
		_, err = l.io.Append(ctx, in, listSubject(m.Principal, m.ID), []byte(m.ID), 0)
	}
	switch {
	case errors.Is(err, jetio.ErrFenced):
		// Nobody else knows the id: so it was stored, and its acknowledgement was lost for so long that another
		// replica has taken the completion over.
		return nil, &chat.ExistsError{Meta: m}
	case err != nil:
		l.abandon(m.ID) // it may be stored, and then it has to end
		return nil, err
	}
	noted := len(data) + shares.CompletionOverhead
	l.shares.Note(m.Principal, noted)
	return &writer{log: l, era: in, meta: m, term: l.term(0), owner: owner, last: last, noted: noted}, nil
}

// term returns the term of the events that this replica stores in an epoch.
func (l *Log) term(epoch uint64) uint32 {
	return (&record.Record{Writer: l.replica, Epoch: epoch}).Term()
}

// Head implements [chat.Log].
func (l *Log) Head(ctx context.Context, id string) (chat.Head, error) {
	if !validID(id) {
		return chat.Head{}, chat.ErrNotFound
	}
	if w := l.writing(id); w != nil {
		last, terminal := w.shared.tape.Last()
		return chat.Head{Meta: w.meta, Last: last, Terminal: terminal}, nil
	}
	head, _, err := l.archive.head(ctx, id)
	return head, err
}

// Latest implements [chat.Log].
func (l *Log) Latest(ctx context.Context, id string) (chat.Head, error) {
	if !validID(id) {
		return chat.Head{}, chat.ErrNotFound
	}
	head, _, err := l.archive.head(ctx, id)
	return head, err
}

// Follow implements [chat.Log].
func (l *Log) Follow(ctx context.Context, id string, after int64, progress bool) iter.Seq2[chat.Entry, error] {
	return func(yield func(chat.Entry, error) bool) {
		s, err := l.acquire(ctx, id)
		if err != nil {
			yield(chat.Entry{}, err)
			return
		}
		defer l.release(s)
		for entry, err := range s.tape.Follow(ctx, after, progress) {
			if !yield(entry, err) {
				return
			}
		}
	}
}

// Watched implements [chat.Cluster].
func (l *Log) Watched(ctx context.Context, id string) bool {
	if l.followed(id) {
		return true
	}
	if l.server != nil {
		return false // there is nobody else
	}
	ctx, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	// Only replicas with readers answer, and this process does not ask itself.
	_, err := l.conn.RequestWithContext(ctx, readersPrefix+id, []byte(l.replica))
	// Silence means no from replicas that can be heard, and that had the time to return.
	silent := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout)
	return err == nil || !silent || !l.peers.Hears()
}

// followed reports whether a completion has readers in this process.
func (l *Log) followed(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.tapes[id]
	return s != nil && s.readers > 0
}

// watchTimeout is how long other replicas, even busy ones, have to say that they have readers.
const watchTimeout = 500 * time.Millisecond

// answerWatch tells another replica that a completion has readers here.
func (l *Log) answerWatch(m *nats.Msg) {
	if string(m.Data) != l.replica && l.followed(strings.TrimPrefix(m.Subject, readersPrefix)) {
		_ = m.Respond(nil) // to the other side, silence means no, and it asks again
	}
}

// Seal implements [chat.Log].
func (l *Log) Seal(ctx context.Context, id string, terminal chat.Event) (chat.Settle, error) {
	if !validID(id) {
		return nil, chat.ErrNotFound
	}
	if w := l.writing(id); w != nil {
		switch err := w.Seal(ctx, terminal); {
		case err == nil:
			w.notifyEnd()
			return w.Settle, nil // its own part finds that it has ended
		case !errors.Is(err, chat.ErrSealed):
			return nil, err
		}
		// Somebody has ended the completion, or continues it: the stream knows.
	}
	return l.sealOver(ctx, id, terminal)
}

// announce tells a completion's writer, wherever it is, that its work is done, because the
// completion has ended (nil) or has a new writer. It would learn so from its next append, but
// that may be far off.
func (l *Log) announce(id string, by *writer) {
	var word []byte
	if by != nil {
		word = fmt.Appendf(nil, "%s %d", l.replica, by.epoch)
	}
	if err := l.conn.Publish(endedPrefix+id, word); err != nil {
		l.cfg.Logger.Warn("cannot announce the end of a writer's work", slog.String("completion", id), slog.Any("error", err))
	}
}

// hearEnd is announce's other side. A message may come late, so only a later writer replaces ours. If two
// successive writers believed each other's message, nobody would write.
func (l *Log) hearEnd(m *nats.Msg) {
	l.hearing.Lock()
	defer l.hearing.Unlock()
	if l.ctx.Err() != nil {
		return // closing: the fence tells the writer, if it writes at all
	}
	w := l.writing(strings.TrimPrefix(m.Subject, endedPrefix))
	if w == nil {
		return
	}
	if len(m.Data) > 0 {
		_, number, _ := strings.Cut(string(m.Data), " ")
		epoch, err := strconv.ParseUint(number, 10, 64)
		if err != nil || epoch <= w.epoch {
			return // or our own message; if it says nothing that we know, the fence decides
		}
	}
	w.fail(errReplaced)
}

// errReplaced is the error of a writer that has learned, other than by the fence, that the completion is no
// longer its own.
var errReplaced = fmt.Errorf("%w: %w", chat.ErrSealed, jetio.ErrFenced)

// SetMetadata implements [chat.Log].
func (l *Log) SetMetadata(ctx context.Context, id string, metadata map[string]string) error {
	in := l.gate.era()
	head, err := l.Head(ctx, id)
	if err != nil {
		return err
	}
	data, err := proto.Marshal(&logv1.Labels{Metadata: metadata})
	if err != nil {
		return err
	}
	if err := l.label(ctx, in, head.Meta, data); err != nil {
		return err
	}
	// It may have been deleted meanwhile: its records first, and then its metadata.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.cfg.Patience)
	defer cancel()
	_, _, gone := l.archive.meta(ctx, id)
	if !isGone(gone) {
		return nil
	}
	if err := purge(ctx, l.stream, labelsPrefix+id); err != nil {
		return err
	}
	return gone
}

// label replaces a completion's metadata. Like everything stored for a completion, the metadata counts against
// its principal's share.
func (l *Log) label(ctx context.Context, in era, m *chat.Meta, data []byte) error {
	if err := l.shares.Admit(m.Principal, len(data)+recordOverhead); err != nil {
		return err
	}
	subject := labelsPrefix + m.ID
	at, err := l.archive.replace(ctx, in, subject, data)
	if errors.Is(err, chat.ErrLost) {
		return jetio.Failure(err)
	}
	if err != nil {
		return err
	}
	l.shares.Note(m.Principal, len(data)+recordOverhead)
	if err := l.archive.deleteUpTo(ctx, in, subject, at-1); err != nil && !errors.Is(err, chat.ErrNotFound) {
		l.cfg.Logger.WarnContext(ctx, "cannot delete metadata that was replaced", slog.String("completion", m.ID), slog.Any("error", err))
	}
	return nil
}

// Delete implements [chat.Log].
func (l *Log) Delete(ctx context.Context, id string) error {
	in := l.gate.era()
	head, err := l.Head(ctx, id)
	if err != nil {
		return err
	}
	if err := l.names.free(ctx, in, head.Meta); err != nil {
		return err
	}
	if err := l.purge(ctx, head.Meta); err != nil {
		return err
	}
	if err := l.unremember(ctx, id); err != nil {
		return err
	}
	l.forget(id)
	l.announce(id, nil)
	return nil
}

// purge deletes everything that is stored of a completion.
func (l *Log) purge(ctx context.Context, m *chat.Meta) error {
	return purge(ctx, l.stream, eventsPrefix+m.ID, labelsPrefix+m.ID, listSubject(m.Principal, m.ID))
}

func listSubject(principal, id string) string { return listsPrefix + digest(principal) + "." + id }

// digest makes a subject token of any text.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// validID reports whether an id can be a subject token. Ids come from clients.
func validID(id string) bool {
	return id != "" && len(id) <= 128 && !strings.ContainsAny(id, ".*> \t\r\n\x00")
}
