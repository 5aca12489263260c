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
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/record"
)

// Names in NATS.
const (
	streamName    = "PAWSTREAM"
	pastName      = "PAWSTREAM_PAST"
	usagePrefix   = "paws.u."    // what replicas have stored for whom, by replica; beside pastPrefix
	pastPrefix    = "paws.t."    // whose a completion was, by id; outlives it
	eventsPrefix  = "paws.c."    // records of a completion, by its id
	namesPrefix   = "paws.k."    // idempotency keys, by a hash with their principal
	listsPrefix   = "paws.s."    // stored completions, by a hash of their principal and their id
	labelsPrefix  = "paws.m."    // metadata that was replaced, by id
	ownersPrefix  = "paws.o."    // unfinished completions, by replica and id
	pulsePrefix   = "paws.h."    // by replica: what shows that the stream is there
	livePrefix    = "paws.live." // what happens to a completion now, by its id: a token follows
	beatPrefix    = "paws.beat."
	endedPrefix   = "paws.ended."   // a completion was ended, or deleted, by another than its writer
	readersPrefix = "paws.readers." // who has readers of a completion?
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
	past    jetstream.Stream // remembers expired completions
	server  *embedded
	at      string // where the server is, if it is not inside this process

	keeper *keeper
	gate   *gate
	ledger *ledger
	health *health
	doubt  chan struct{} // asks the keeper for a look; has room for one
	// putBack is up to which sequence the stream was put back from a backup; 0: it was not, or
	// nobody knows. More may have been shown than it holds of what was unfinished then.
	putBack atomic.Uint64

	connected atomic.Int64 // when the connection last came up, in Unix nanoseconds
	link      *link
	acks      *acks
	reads     *reads
	maxRecord int // bytes of events in one record
	stats     counters

	ctx    context.Context //nolint:containedctx // ends the goroutines that outlive the call which starts them
	cancel context.CancelFunc
	work   sync.WaitGroup
	// hearing is held while a message from another replica may begin work, and while the log
	// is told to close: no work begins once Close waits for it.
	hearing sync.Mutex

	mu    sync.Mutex
	tapes map[string]*shared
	left  atomic.Bool     // there may be orphans that the last look has left, or not seen
	mine  map[string]bool // unfinished completions whose writer here has failed: to be adopted
	ended []*shared       // those whose completion has ended and that nobody reads, oldest first
	held  int             // bytes of ended
}

var _ chat.Log = (*Log)(nil)

// Create implements [chat.Log].
func (l *Log) Create(ctx context.Context, m *chat.Meta) (chat.Writer, error) {
	begun, in := time.Now(), l.gate.era()
	w, err := l.create(ctx, in, m)
	if errors.Is(err, chat.ErrLost) {
		return nil, failure(err) // it was not admitted: the next one may be
	}
	if err == nil && m.IdempotencyKey != "" && time.Since(begun) > admission {
		err = l.keptName(ctx, m)
	}
	if err != nil {
		return nil, err
	}
	l.remember(m)
	s := &shared{log: l, name: m.ID, writer: w}
	w.shared = s
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gate.era() != in {
		return nil, failure(chat.ErrLost)
	}
	l.tapes[m.ID] = s
	return w, nil
}

// create stores what admits a completion.
func (l *Log) create(ctx context.Context, in era, m *chat.Meta) (*writer, error) {
	if m.IdempotencyKey != "" {
		if err := l.claimName(ctx, in, m); err != nil {
			return nil, err
		}
	}
	data, err := record.Encode(&record.Record{Writer: l.replica, Meta: m})
	if err != nil {
		return nil, err
	}
	if err := l.ledger.admit(m.Principal, len(data)); err != nil {
		return nil, err
	}
	// Owned first: whatever happens from here on, somebody sees to its end.
	owner, err := l.append(ctx, in, ownerSubject(l.replica, m.ID), nil, 0)
	if err != nil {
		return nil, err
	}
	last, err := l.append(ctx, in, eventsPrefix+m.ID, data, 0)
	if err == nil && m.Request.Store {
		_, err = l.append(ctx, in, listSubject(m.Principal, m.ID), []byte(m.ID), 0)
	}
	switch {
	case errors.Is(err, errFenced):
		// Nobody else knows the id: it was stored, its acknowledgement was lost for so
		// long that another replica has taken it over.
		return nil, &chat.ExistsError{Meta: m}
	case err != nil:
		l.abandon(m.ID) // it may be there, and then it has to come to an end
		return nil, err
	}
	l.ledger.note(m.Principal, len(data)+completionOverhead)
	return &writer{log: l, era: in, meta: m, owner: owner, last: last}, nil
}

// claimName gives the completion's id to its idempotency key: [*chat.ExistsError]
// where the key names another one.
func (l *Log) claimName(ctx context.Context, in era, m *chat.Meta) error {
	subject := nameSubject(m.Principal, m.IdempotencyKey)
	data, err := proto.Marshal(&logv1.Name{CompletionId: m.ID, RequestHash: m.RequestHash[:]})
	if err != nil {
		return err
	}
	var expect uint64
	for {
		_, err := l.append(ctx, in, subject, data, expect)
		if !errors.Is(err, errFenced) {
			return err
		}
		msg, err := l.lastOf(ctx, subject)
		if err != nil {
			return err
		}
		switch meta, err := l.named(ctx, msg); {
		case err == nil:
			return &chat.ExistsError{Meta: meta}
		case !errors.Is(err, chat.ErrNotFound):
			return err
		}
		expect = msg.Sequence // whoever claimed the name died before it admitted the completion
	}
}

// keptName looks whether an idempotency key still names a completion that took so long
// that another one may have been given its name. Then it goes: [*chat.ExistsError].
func (l *Log) keptName(ctx context.Context, m *chat.Meta) error {
	other, err := l.Lookup(ctx, m.Principal, m.IdempotencyKey)
	switch {
	case err != nil:
	case other.ID == m.ID:
		return nil
	default:
		err = l.stream.Purge(ctx, jetstream.WithPurgeSubject(eventsPrefix+m.ID))
		if err == nil {
			err = &chat.ExistsError{Meta: other}
		} else {
			err = failure(err)
		}
	}
	l.abandon(m.ID) // or what says who owns it is left
	return err
}

// Lookup implements [chat.Log].
func (l *Log) Lookup(ctx context.Context, principal, key string) (*chat.Meta, error) {
	msg, err := l.lastOf(ctx, nameSubject(principal, key))
	if err != nil {
		return nil, err
	}
	return l.named(ctx, msg)
}

// named returns the meta of the completion that a name's message names.
func (l *Log) named(ctx context.Context, msg *jetstream.RawStreamMsg) (*chat.Meta, error) {
	var name logv1.Name
	if err := proto.Unmarshal(msg.Data, &name); err != nil || !validID(name.GetCompletionId()) {
		return nil, fmt.Errorf("name of a completion: %w", record.ErrCorrupt)
	}
	return l.awaitMeta(ctx, name.GetCompletionId())
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
	head, _, err := l.storedHead(ctx, id)
	return head, err
}

// Latest implements [chat.Log].
func (l *Log) Latest(ctx context.Context, id string) (chat.Head, error) {
	if !validID(id) {
		return chat.Head{}, chat.ErrNotFound
	}
	head, _, err := l.storedHead(ctx, id)
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

// Watched implements [chat.Log].
func (l *Log) Watched(ctx context.Context, id string) bool {
	if l.followed(id) {
		return true
	}
	if l.server != nil {
		return false // there is nobody else
	}
	ctx, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	// Only who has readers answers, and this process does not ask itself.
	_, err := l.conn.RequestWithContext(ctx, readersPrefix+id, []byte(l.replica))
	// Silence is a no from those who can be heard, and who had the time to come back.
	silent := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout)
	return err == nil || !silent || !l.hears()
}

// followed reports whether a completion has readers in this process.
func (l *Log) followed(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.tapes[id]
	return s != nil && s.readers > 0
}

// watchTimeout is how long other replicas have to say that they have readers, also those
// that are busy.
const watchTimeout = 500 * time.Millisecond

// answerWatch tells another replica that a completion has readers here.
func (l *Log) answerWatch(m *nats.Msg) {
	if string(m.Data) != l.replica && l.followed(strings.TrimPrefix(m.Subject, readersPrefix)) {
		_ = m.Respond(nil) // who asks takes silence for a no, and asks again
	}
}

// Seal implements [chat.Log].
func (l *Log) Seal(ctx context.Context, id string, terminal chat.Event) error {
	if !validID(id) {
		return chat.ErrNotFound
	}
	if w := l.writing(id); w != nil {
		switch err := w.Seal(ctx, terminal); {
		case err == nil:
			w.tellEnd()
			l.work.Go(w.disown) // its own part finds that it has ended
			return nil
		case !errors.Is(err, chat.ErrSealed):
			return err
		}
		// Somebody has ended the completion, or goes on with it: the stream knows.
	}
	for {
		in := l.gate.era()
		head, at, err := l.storedHead(ctx, id)
		switch {
		case err != nil:
			return err
		case head.Terminal != nil:
			return chat.ErrSealed
		}
		data, err := record.Encode(&record.Record{
			Writer: l.replica, Epoch: at.epoch, First: head.Last + 1, Events: []chat.Event{terminal},
		})
		if err != nil {
			return err
		}
		switch _, err := l.appendPatiently(ctx, in, eventsPrefix+id, data, at.sequence); {
		case errors.Is(err, errFenced): // somebody has written since: look again
		case err != nil:
			return err
		default:
			l.announce(id, nil)
			return nil
		}
	}
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

// hearEnd is announce's other side. A word may come late: only a later writer replaces
// ours. Should two that follow each other believe each other's word, nobody would write.
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
			return // our own word too; where it says nothing that we know, the fence decides
		}
	}
	w.fail(errReplaced)
}

// errReplaced is what a writer fails with that has learned otherwise than by the fence
// that the completion is not its any more.
var errReplaced = fmt.Errorf("%w: %w", chat.ErrSealed, errFenced)

// SetMetadata implements [chat.Log].
func (l *Log) SetMetadata(ctx context.Context, id string, metadata map[string]string) error {
	if _, err := l.Head(ctx, id); err != nil {
		return err
	}
	data, err := proto.Marshal(&logv1.Labels{Metadata: metadata})
	if err != nil {
		return err
	}
	if _, err := l.js.Publish(ctx, labelsPrefix+id, data); err != nil {
		return failure(err)
	}
	return nil
}

// Delete implements [chat.Log].
func (l *Log) Delete(ctx context.Context, id string) error {
	head, err := l.Head(ctx, id)
	if err != nil {
		return err
	}
	subjects := []string{eventsPrefix + id, labelsPrefix + id, listSubject(head.Meta.Principal, id)}
	if head.Meta.IdempotencyKey != "" {
		subjects = append(subjects, nameSubject(head.Meta.Principal, head.Meta.IdempotencyKey))
	}
	for _, subject := range subjects {
		if err := l.stream.Purge(ctx, jetstream.WithPurgeSubject(subject)); err != nil {
			return failure(err)
		}
	}
	if err := l.unremember(ctx, id); err != nil {
		return err
	}
	l.forget(id)
	l.announce(id, nil)
	return nil
}

func nameSubject(principal, key string) string {
	return namesPrefix + digest(principal+"\x00"+key)
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
