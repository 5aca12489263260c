package jetlog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

const (
	// pulseEvery is how often a log shows by a record that the stream is there.
	pulseEvery = time.Second
	// pulseTimeout is how long that record may go unacknowledged before the log looks why.
	pulseTimeout = time.Second
	// lookSoon is how soon it tries again in trouble.
	lookSoon = 250 * time.Millisecond
	// tolerance is how long nothing may be acknowledged before the log says that it has trouble.
	tolerance = 5 * time.Second
	// looks is how often in a row the stream must not be what it was before that is believed: a
	// server that has just become its leader may not know all of it yet.
	looks = 3
)

// errOther says that the stream is not the one that was opened.
var errOther = errors.New("jetlog: the stream is another one")

// A keeper sees to it that the stream is there, and that it is still the one which was
// opened. It stores a record of its own now and then, the pulse, fenced by the one before: so
// it learns that appends work, and that neither the pulse nor what was stored before it has gone. Where
// the stream is another one, it ends all that was written into the old one and opens the new one, with all
// the checks of a start.
type keeper struct {
	log *Log

	mu      sync.Mutex
	created time.Time // of the stream
	pulse   uint64    // stream sequence of the last pulse; 0: there is none
	pulsed  time.Time // when it was stored
	count   uint64    // of pulses
	fine    time.Time // when a look began that found the stream as it was
	strange int       // how often in a row it was not
	closed  bool      // its era is over, and the next stream is not open yet
	begun   time.Time // when the era began
	word    uint64    // stream sequence of the last word on a backup that is known; 0: none
	unfit   error     // why the stream must not be used as it is now
	told    bool      // it is by another's word that the stream is another one
}

// run keeps the stream until the log is closed.
func (k *keeper) run() {
	l := k.log
	for {
		back := l.link.back()
		pause := pulseEvery
		if _, trouble := l.Health(); trouble != nil || k.strange > 0 || l.gate.isShut() {
			pause = lookSoon
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-back:
		case <-l.doubt:
		case <-l.ctx.Done():
		}
		timer.Stop()
		if l.ctx.Err() != nil {
			return
		}
		k.tend(l.ctx)
	}
}

// tend looks after the stream once, and says how the log is.
func (k *keeper) tend(ctx context.Context) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.log
	if err := l.server.present(); err != nil {
		l.health.set(err)
		return
	}
	err := k.prove(ctx)
	if errors.Is(err, errOther) {
		if k.strange++; k.strange < looks {
			return
		}
		err = k.begin(ctx)
	}
	silent := time.Since(time.Unix(0, l.acks.at.Load()))
	var unfit *unfitError
	switch {
	case ctx.Err() != nil:
	case err == nil:
		k.strange = 0
		l.health.set(nil)
	case k.closed, errors.As(err, &unfit):
		l.health.set(err)
	case l.server != nil && silent >= pulseTimeout:
		err := cmp.Or(l.server.mend(), errSilent)
		if silent >= tolerance || !errors.Is(err, errSilent) {
			l.health.set(err)
		}
	case silent >= tolerance:
		l.health.set(k.explain(err))
	}
}

// explain says why nothing was acknowledged, where the server is not ours.
func (k *keeper) explain(err error) error {
	l := k.log
	switch {
	case !l.conn.IsConnected():
		if last := l.conn.LastError(); last != nil {
			err = last
		}
		return fmt.Errorf("NATS at %s cannot be reached: %w", l.at, err)
	case errors.Is(err, errMute):
		return fmt.Errorf("NATS at %s answers, but acknowledges no record: one whose disk was full has to be started anew once there is room", l.at)
	}
	return fmt.Errorf("NATS at %s takes no records: %w", l.at, err)
}

// errMute says that the stream is there, and that nothing was stored in time.
var errMute = errors.New("jetlog: the stream does not acknowledge")

// prove stores a pulse, and opens the gate: errOther where the stream is another one.
func (k *keeper) prove(ctx context.Context) error {
	l := k.log
	if k.closed {
		return errOther
	}
	shuts, begun, known := l.gate.look(), time.Now(), l.acks.last.Load()
	for range 2 { // a pulse of which we have not heard may be in the way
		sequence, err := k.store(ctx)
		switch {
		case err == nil && sequence <= known:
			k.strange = looks // numbers go back in another stream only
			return errOther
		case err == nil:
			k.pulse, k.pulsed, k.fine = sequence, time.Now(), begun
			if err := cmp.Or(k.hear(ctx), k.stillFits(ctx)); err != nil {
				return err
			}
			l.gate.open(shuts)
			return nil
		case !l.conn.IsConnected():
			return err
		}
		full, seen := k.look(ctx)
		switch {
		case seen != nil:
			return seen
		case full:
			k.strange = 0
			l.gate.open(shuts)
			return nil
		case !errors.Is(err, errFenced):
			return errors.Join(errMute, err)
		}
		k.strange = 0
		if k.pulse, err = k.lastPulse(ctx); err != nil {
			return err
		}
	}
	return errFenced
}

// stillFits looks now and then whether somebody has changed the stream so that it breaks the
// rules. Until that is put right, nothing is appended.
func (k *keeper) stillFits(ctx context.Context) error {
	if k.unfit == nil && k.count%fitEvery != 0 {
		return nil
	}
	_, err := k.look(ctx)
	var unfit *unfitError
	if !errors.As(err, &unfit) {
		k.unfit = nil
		return err
	}
	k.unfit = err
	k.log.gate.shut()
	return err
}

// fitEvery is how many pulses there are between two looks at how the stream is set up.
const fitEvery = 10

// An unfitError says what is wrong with a stream that is there.
type unfitError struct{ reason string }

// Error implements error.
func (u *unfitError) Error() string { return u.reason }

func unfit(format string, args ...any) error { return &unfitError{fmt.Sprintf(format, args...)} }

// store appends a pulse, once.
func (k *keeper) store(ctx context.Context) (uint64, error) {
	l := k.log
	k.count++
	attempt := l.acks.begin(pulsePrefix+l.replica, strconv.AppendUint(nil, k.count, 10), k.pulse)
	defer attempt.end()
	back, err := attempt.send()
	if err != nil {
		return 0, err
	}
	answer, err := attempt.answer(ctx, time.Now().Add(pulseTimeout), back)
	switch {
	case err != nil:
		return 0, err
	case answer == nil:
		return 0, nats.ErrTimeout
	}
	sequence, err := readAck(answer)
	var told *jetstream.APIError
	if errors.As(err, &told) && told.ErrorCode == codeWrongLastSequence {
		return 0, errFenced
	}
	if err == nil {
		l.acks.note(answer, sequence)
	}
	return sequence, err
}

// look looks whether the stream is what it was, and full to its limit.
func (k *keeper) look(ctx context.Context) (full bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, pulseTimeout)
	defer cancel()
	l := k.log
	last := l.acks.last.Load() // before the stream is asked
	stream, err := l.js.Stream(ctx, streamName)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return false, errOther
	case err != nil:
		return false, err
	}
	info := stream.CachedInfo()
	if !info.Created.Equal(k.created) || info.State.LastSeq < last {
		return false, errOther
	}
	want := l.streamConfig()
	if err := checkStream(&info.Config, &want); err != nil {
		return false, err
	}
	full = info.Config.MaxBytes > 0 && info.State.Bytes+pulseRoom > uint64(info.Config.MaxBytes)
	if k.pulse == 0 || time.Since(k.pulsed) >= info.Config.MaxAge {
		return full, nil
	}
	msg, err := l.message(ctx, k.pulse)
	switch {
	case errors.Is(err, chat.ErrNotFound), err == nil && msg.Subject != pulsePrefix+l.replica:
		return full, errOther
	case err != nil:
		return false, err
	}
	return full, nil
}

// pulseRoom is more than a pulse takes, in bytes.
const pulseRoom = 4 << 10

// lastPulse returns the sequence of the last pulse that the stream holds; 0: there is none.
func (k *keeper) lastPulse(ctx context.Context) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, pulseTimeout)
	defer cancel()
	msg, err := k.log.lastOf(ctx, pulsePrefix+k.log.replica)
	switch {
	case errors.Is(err, chat.ErrNotFound):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return msg.Sequence, nil
}

// begin opens the stream that is there in the place of the one that was, or makes it.
func (k *keeper) begin(ctx context.Context) error {
	l := k.log
	if !k.closed {
		k.closed = true
		ended := l.endEra()
		l.cfg.Logger.ErrorContext(ctx, "the stream is not the one that it was, be it lost or put back from a backup: what was unfinished has ended",
			slog.Int("completions", ended))
	}
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	stream, err := l.openStream(ctx)
	if err != nil {
		return err
	}
	var putBack uint64
	if info := stream.CachedInfo(); !info.Created.After(k.created) {
		if putBack = info.State.LastSeq; !k.told {
			_, err = l.js.Publish(ctx, wordSubject, strconv.AppendUint(nil, putBack, 10))
		}
	}
	if err == nil {
		err = k.take(ctx, stream)
	}
	if err != nil {
		return err
	}
	l.putBack.Store(putBack)
	l.left.Store(true)
	return k.prove(ctx)
}

// wordSubject is where a log that has found that a backup was put back says so, and up to which
// sequence that holds. Another one may know nothing that the backup does not hold, and would go on.
const wordSubject = pulsePrefix + "put-back"

// eraEnds is how long after its beginning an era does not end by another's word: several
// logs find the same.
const eraEnds = 5 * time.Second

// hear ends the era, by errOther, where another log says that a backup was put back.
func (k *keeper) hear(ctx context.Context) error {
	if k.log.server != nil {
		return nil // there is nobody else
	}
	word, err := k.log.putBackWord(ctx)
	if err != nil || word <= k.word {
		return err
	}
	k.word = word
	if time.Since(k.begun) < eraEnds {
		return nil
	}
	k.told, k.strange = true, looks
	return errOther
}

// putBackWord learns up to which sequence a backup was put back, and returns the sequence of the
// last word on that; 0: there is none.
func (l *Log) putBackWord(ctx context.Context) (uint64, error) {
	msg, err := l.lastOf(ctx, wordSubject)
	switch {
	case errors.Is(err, chat.ErrNotFound):
		return 0, nil
	case err != nil:
		return 0, err
	}
	sequence, err := strconv.ParseUint(string(msg.Data), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("word on a backup: %w", err)
	}
	raise(&l.putBack, sequence)
	return msg.Sequence, nil
}

// take makes a stream that was opened the one that is kept.
func (k *keeper) take(ctx context.Context, stream jetstream.Stream) error {
	info := stream.CachedInfo()
	pulse, err := k.lastPulse(ctx)
	if err != nil {
		return err
	}
	if k.word, err = k.log.putBackWord(ctx); err != nil {
		return err
	}
	now := time.Now()
	k.created, k.pulse, k.pulsed, k.begun = info.Created, pulse, now, now
	k.closed, k.told, k.strange = false, false, 0
	k.log.acks.last.Store(info.State.LastSeq)
	return nil
}

// endEra ends the completions that are written or followed here, and returns how many of them
// were unfinished. What has ended is forgotten too: another replica would not know it.
func (l *Log) endEra() (unfinished int) {
	l.gate.next()
	l.mu.Lock()
	here := make([]*shared, 0, len(l.tapes))
	for _, s := range l.tapes {
		here = append(here, s)
	}
	clear(l.mine)
	l.mu.Unlock()
	for _, s := range here {
		if l.abolish(s) {
			unfinished++
		}
	}
	return unfinished
}

// abolish ends a completion whose stream is gone, and reports whether it was unfinished.
func (l *Log) abolish(s *shared) bool {
	_, terminal := s.tape.Last()
	if w := l.writing(s.name); w != nil && terminal == nil {
		w.fail(chat.ErrLost)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.stop != nil {
		s.stop()
	}
	l.remove(s)
	if terminal == nil {
		s.tape.Drop(chat.ErrLost)
	}
	return terminal == nil
}

// suspect has the keeper look at the stream now.
func (l *Log) suspect() {
	select {
	case l.doubt <- struct{}{}:
	default: // it is about to
	}
}

// lost reports whether the stream of an era is another one by now. It is for whoever was told
// that something is not there, or was written by somebody else, and wants to know why.
func (k *keeper) lost(ctx context.Context, in era) bool {
	asked := time.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.log.gate.era() != in || k.strange > 0:
		return true
	case k.fine.After(asked):
		return false
	}
	begun := time.Now()
	switch _, err := k.look(ctx); {
	case err == nil:
		k.fine = begun
	case errors.Is(err, errOther):
		k.log.suspect()
		return true
	}
	return false
}
