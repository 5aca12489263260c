package jetlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/record"
)

// Liveness. A replica that is taken for dead too early costs tokens, never truth: the
// fence alone decides who may write.
const (
	beatEvery = 500 * time.Millisecond
	deadAfter = 2 * time.Second
	// lookEvery is how often a replica looks for orphans though it knows of none: somebody
	// may have died that it never heard of.
	lookEvery = 30 * time.Second
	// lookAgain is how soon it looks again for what it could not take over, or has given up.
	lookAgain = time.Second
	// stalled is how long a completion is waited for that its owner has announced and not
	// stored: one that stood still and was taken for dead may store it when it goes on.
	stalled = 30 * time.Second
	// checkEvery is how soon it notices that there are orphans.
	checkEvery = 100 * time.Millisecond
	// claims is how many completions are claimed at once.
	claims = 16
)

// bye is what a replica says in place of a beat when it stops.
const bye = "bye"

// replicas knows who was heard of and when.
type replicas struct {
	mu   sync.Mutex
	seen map[string]time.Time
	left bool // somebody has said bye
}

func (r *replicas) hear(m *nats.Msg) {
	name := strings.TrimPrefix(m.Subject, beatPrefix)
	r.mu.Lock()
	defer r.mu.Unlock()
	if string(m.Data) == bye {
		delete(r.seen, name)
		r.left = true
		return
	}
	r.seen[name] = time.Now()
}

func (r *replicas) alive(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Since(r.seen[name]) < deadAfter
}

// lost reports whether anybody has died or left since it was last called.
func (r *replicas) lost() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	lost := r.left
	r.left = false
	for name, at := range r.seen {
		if time.Since(at) >= deadAfter {
			delete(r.seen, name)
			lost = true
		}
	}
	return lost
}

// Orphans takes completions over whose writers have died, and yields them, until ctx
// ends. It is to be ranged over by one goroutine, once: from then on, and until Close,
// the other replicas hear that this one lives.
func (l *Log) Orphans(ctx context.Context) iter.Seq[*chat.Orphan] {
	return func(yield func(*chat.Orphan) bool) {
		known := &replicas{seen: make(map[string]time.Time)}
		sub, err := l.conn.Subscribe(beatPrefix+"*", known.hear)
		if err != nil {
			l.cfg.Logger.ErrorContext(ctx, "cannot listen to the other replicas", slog.Any("error", err))
			return
		}
		defer func() { _ = sub.Unsubscribe() }()
		l.work.Go(l.beat)
		// Whoever lives is heard of before anybody is taken for dead. A server inside
		// this process has no other replica, so what it finds is its own past.
		look := time.Now()
		if l.server == nil {
			look = look.Add(deadAfter)
		}
		for {
			if time.Now().After(look) && l.hears() {
				l.left.Store(false)
				if !l.takeOver(ctx, known, yield) {
					return
				}
				look = time.Now().Add(lookEvery)
			}
			if !wait(ctx, checkEvery) {
				return
			}
			if known.lost() {
				look = time.Now()
			}
			if again := time.Now().Add(lookAgain); l.left.Load() && look.After(again) {
				look = again
			}
		}
	}
}

// hears reports whether those who live had the time to be heard since the connection came
// up: before that, silence is nobody's death.
func (l *Log) hears() bool {
	return l.server != nil || l.conn.IsConnected() && time.Since(time.Unix(0, l.connected.Load())) >= deadAfter
}

// beat tells the other replicas that this one lives, until the log is closed, and then
// that it does not.
func (l *Log) beat() {
	for {
		_ = l.conn.Publish(beatPrefix+l.replica, nil)
		if !wait(l.ctx, beatEvery) {
			break
		}
	}
	_ = l.conn.Publish(beatPrefix+l.replica, []byte(bye))
}

// takeOver yields the completions of every replica that is not alive. It claims several
// at once: their readers wait.
func (l *Log) takeOver(ctx context.Context, known *replicas, yield func(*chat.Orphan) bool) bool {
	in := l.gate.era()
	orphans := make(chan *chat.Orphan)
	go func() { // ends with the range over orphans
		defer close(orphans)
		var claiming errgroup.Group
		claiming.SetLimit(claims)
		for msg, err := range l.messages(ctx, ownersPrefix+"*.*", 1) {
			if err != nil {
				l.cfg.Logger.WarnContext(ctx, "cannot look for completions to take over", slog.Any("error", err))
				l.left.Store(true)
				break
			}
			owner, id, _ := strings.Cut(strings.TrimPrefix(msg.Subject, ownersPrefix), ".")
			// What this replica has begun in a stream that has gone is nobody's, should an older
			// backup of that hold it.
			if owner == l.replica && !l.isMine(id) && msg.Sequence > l.putBack.Load() || owner != l.replica && known.alive(owner) {
				continue
			}
			claiming.Go(func() error {
				if orphan := l.rescue(ctx, in, known, owner, id, msg); orphan != nil {
					orphans <- orphan
				}
				return nil
			})
		}
		_ = claiming.Wait() // none returns an error
	}()
	more := ctx.Err() == nil
	for orphan := range orphans { // to the end: what is claimed is ours
		more = yield(orphan) && more
	}
	return more
}

// rescue claims a completion whose owner, as that message says, is dead: nil where there
// is nothing to do, or not now.
func (l *Log) rescue(ctx context.Context, in era, known *replicas, owner, id string, said *jetstream.RawStreamMsg) *chat.Orphan {
	last, err := l.unwritten(ctx, known, id)
	var orphan *chat.Orphan
	switch {
	case err != nil:
	case last.Terminal() != nil && last.Writer == owner:
		return l.unsettled(ctx, in, id, last.Terminal(), said)
	default:
		orphan, err = l.claim(ctx, in, owner, id)
		if err != nil && owner == l.replica {
			l.abandon(id) // what says that it is ours may be newer by now than a backup
		}
	}
	switch {
	case err == nil:
		_ = l.deleteOwner(ctx, in, said.Subject, said.Sequence) // replaced by the new owner's
		return orphan
	case errors.Is(err, record.ErrCorrupt):
		l.cfg.Logger.ErrorContext(ctx, "a completion cannot be read and is given up",
			slog.String("completion", id), slog.Any("error", err))
		l.unown(ctx, in, id, said)
	case errors.Is(err, chat.ErrNotFound) && time.Since(said.Time) < stalled:
		l.left.Store(true)
	case errors.Is(err, errWritten), errors.Is(err, chat.ErrSealed), errors.Is(err, chat.ErrNotFound), errors.Is(err, chat.ErrTrimmed):
		l.unown(ctx, in, id, said)
	case errors.Is(err, errFenced), // another replica was faster, or the owner was not dead yet
		errors.Is(err, chat.ErrLost): // the next look is at another stream
		l.left.Store(true)
	case ctx.Err() != nil:
	default:
		l.left.Store(true)
		l.cfg.Logger.ErrorContext(ctx, "cannot take a completion over",
			slog.String("completion", id), slog.Any("error", err))
	}
	return nil
}

// unsettled returns a completion that its owner has ended, and died before that was in the
// books: to the one replica that is the first to say that it needs no owner.
func (l *Log) unsettled(ctx context.Context, in era, id string, terminal *chat.Event, said *jetstream.RawStreamMsg) *chat.Orphan {
	meta, _, err := l.storedMeta(ctx, id)
	if err == nil {
		err = l.deleteOwner(ctx, in, said.Subject, said.Sequence)
	}
	switch {
	case err == nil:
		l.adopted(id)
		return &chat.Orphan{Meta: meta, Ended: terminal}
	case errors.Is(err, chat.ErrTrimmed), errors.Is(err, chat.ErrNotFound): // or another one was
		l.unown(ctx, in, id, said)
	default:
		l.left.Store(true)
	}
	return nil
}

// errWritten says that a replica which is alive writes a completion.
var errWritten = errors.New("jetlog: completion has a living writer")

// unwritten returns the last record of a completion whose last writer is dead, whoever is
// said to own it: what an owner says may be older than a claim. Else errWritten.
func (l *Log) unwritten(ctx context.Context, known *replicas, id string) (*record.Record, error) {
	msg, err := l.lastOf(ctx, eventsPrefix+id)
	if err != nil {
		return nil, err
	}
	r, err := record.Decode(msg.Data)
	switch {
	case err != nil:
		return nil, err
	case r.Writer == l.replica && l.writing(id) != nil && !l.isMine(id), r.Writer != l.replica && known.alive(r.Writer):
		return nil, errWritten
	}
	return r, nil
}

// unown says that a completion needs no owner, which that message says it has.
func (l *Log) unown(ctx context.Context, in era, id string, said *jetstream.RawStreamMsg) {
	_ = l.deleteOwner(ctx, in, said.Subject, said.Sequence)
	l.adopted(id)
}

// adopted is abandon's opposite.
func (l *Log) adopted(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.mine, id)
}

// claim makes this replica the writer of a completion: [chat.ErrSealed] where it has
// ended, errFenced where another replica has claimed it.
func (l *Log) claim(ctx context.Context, in era, owner, id string) (*chat.Orphan, error) {
	if _, err := l.putBackWord(ctx); err != nil {
		return nil, err
	}
	past, err := l.history(ctx, id)
	if err != nil {
		return nil, err
	}
	if n := len(past.events); n > 0 && past.events[n-1].Terminal() {
		return nil, chat.ErrSealed
	}
	next := int64(len(past.events))
	setBack := l.shown(id) >= next // nobody else has written since, or the claim is fenced
	mine, err := l.own(ctx, in, id)
	if err != nil {
		return nil, err
	}
	data, err := record.Encode(&record.Record{Writer: l.replica, Epoch: past.epoch + 1, Claim: true, First: next})
	if err != nil {
		return nil, err
	}
	last, err := l.append(ctx, in, eventsPrefix+id, data, past.last)
	if err != nil {
		if owner != l.replica { // else nobody would own it any more
			l.disown(in, id, mine)
		}
		return nil, err
	}
	w := &writer{log: l, era: in, owner: mine, epoch: past.epoch + 1, last: last, next: next}
	for i := range past.events {
		w.bytes += record.Size(&past.events[i])
	}
	if err := l.install(w, past, setBack); err != nil {
		return nil, err
	}
	l.announce(id, w)
	return &chat.Orphan{
		Meta: past.meta, Shown: past.events, Writer: w, Takeovers: past.claims + 1, Lost: setBack || past.first <= l.putBack.Load(),
	}, nil
}

// A history is what the stream holds of a completion.
type history struct {
	meta   *chat.Meta
	events []chat.Event
	epoch  uint64
	claims int    // since the last record with events
	first  uint64 // stream sequence of the first record
	last   uint64 // stream sequence of the last record
}

// history reads a completion whole. What does not add up is an error: nobody goes on
// from a guess.
func (l *Log) history(ctx context.Context, id string) (*history, error) {
	meta, first, err := l.storedMeta(ctx, id)
	if err != nil {
		return nil, err
	}
	h := &history{meta: meta, first: first}
	chain := record.Chain{ID: id}
	h.last, err = l.records(ctx, id, 0, func(data []byte) error {
		r, err := record.Decode(data)
		if err != nil {
			return err
		}
		if r.Meta == nil && !chain.Begun() {
			return chat.ErrTrimmed // the beginning has expired meanwhile
		}
		if r.Claim {
			h.claims++
		} else if len(r.Events) > 0 {
			h.claims = 0
		}
		h.events = append(h.events, r.Events...)
		return chain.Add(r)
	})
	h.epoch = chain.Epoch()
	return h, err
}

// shown returns the last event that readers in this process may have seen, -1 for none.
func (l *Log) shown(id string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.find(id)
	if s == nil {
		return -1
	}
	last, _ := s.tape.Last()
	return last
}

// install puts a writer in the place of the mirror that readers may follow already, or
// of an earlier writer of this process that has not learned yet that it was replaced. Where
// the log was set back behind what they have seen, as by a backup that the keeper has not
// noticed yet, nothing that follows is theirs: they are told that the completion is lost.
func (l *Log) install(w *writer, past *history, setBack bool) error {
	if old := l.writing(past.meta.ID); old != nil {
		old.fail(errReplaced)
	}
	// Should somebody end its part at once, a mirror feeds the tape: after us.
	w.mu.Lock()
	defer w.mu.Unlock()
	l.mu.Lock()
	if l.gate.era() != w.era {
		l.mu.Unlock()
		return chat.ErrLost
	}
	s := l.tapes[past.meta.ID]
	if s != nil && setBack {
		if s.stop != nil {
			s.stop()
		}
		s.tape.Drop(chat.ErrLost)
		l.remove(s)
		s = nil
	}
	if s == nil {
		s = &shared{log: l, name: past.meta.ID}
		l.tapes[past.meta.ID] = s
	}
	delete(l.mine, past.meta.ID)
	stop, stopped := s.stop, s.stopped
	s.writer, w.meta, w.shared = w, past.meta, s
	l.mu.Unlock()
	if stop != nil {
		stop()
		<-stopped
	}
	return s.feed(&record.Record{Events: past.events})
}

// isMine reports whether a completion of this replica has lost its writer.
func (l *Log) isMine(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mine[id]
}

// abandon leaves a completion to whoever looks for orphans next: its writer could not
// reach the log, or may not have.
func (l *Log) abandon(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mine[id] = true
	l.left.Store(true)
}

// own says that this replica writes a completion, and returns the sequence of the
// message that says so: one for each writer, as an earlier one of this replica may yet
// disown the completion.
func (l *Log) own(ctx context.Context, in era, id string) (uint64, error) {
	subject := ownerSubject(l.replica, id)
	var expect uint64
	for {
		owned, err := l.append(ctx, in, subject, nil, expect)
		if !errors.Is(err, errFenced) {
			return owned, err
		}
		switch msg, err := l.lastOf(ctx, subject); {
		case err == nil:
			expect = msg.Sequence
		case errors.Is(err, chat.ErrNotFound):
			expect = 0
		default:
			return 0, err
		}
	}
}

// disown deletes the message, known by its stream sequence, that says that this replica
// writes a completion.
func (l *Log) disown(in era, id string, owned uint64) {
	ctx, cancel := context.WithTimeout(l.ctx, l.cfg.Patience)
	defer cancel()
	err := l.deleteOwner(ctx, in, ownerSubject(l.replica, id), owned)
	if err != nil && !errors.Is(err, chat.ErrNotFound) && l.ctx.Err() == nil {
		l.cfg.Logger.WarnContext(ctx, "cannot disown a completion", slog.String("completion", id), slog.Any("error", err))
	}
}

// deleteOwner deletes what says who owns a completion, up to the message of that sequence:
// [chat.ErrNotFound] where nothing is there, be it that somebody else has deleted it. It
// goes by the subject, which is that completion's and that owner's alone: in a stream that
// has begun anew, a number by itself may be anybody's. What was learned in another era deletes nothing.
func (l *Log) deleteOwner(ctx context.Context, in era, subject string, owned uint64) error {
	request, err := json.Marshal(map[string]any{"filter": subject, "seq": owned + 1}) // up to, but not with
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, l.cfg.Patience)
	defer cancel()
	switch err := l.gate.pass(ctx, in, time.Now().Add(l.cfg.Patience)); {
	case errors.Is(err, chat.ErrLost):
		return chat.ErrNotFound
	case err != nil:
		return failure(err)
	}
	reply, err := l.ask(ctx, "$JS.API.STREAM.PURGE."+streamName, request)
	if err != nil {
		return failure(err)
	}
	var answer struct {
		Error  *jetstream.APIError `json:"error"`
		Purged uint64              `json:"purged"`
	}
	switch err := json.Unmarshal(reply.Data, &answer); {
	case err != nil:
		return fmt.Errorf("answer of JetStream: %w", err)
	case answer.Error != nil:
		return failure(answer.Error)
	case answer.Purged == 0:
		return chat.ErrNotFound
	}
	return nil
}

func ownerSubject(replica, id string) string { return ownersPrefix + replica + "." + id }
