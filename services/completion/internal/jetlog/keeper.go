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

	"github.com/pawstream/pawstream/internal/wait"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/natsserver"
	"github.com/pawstream/pawstream/services/completion/internal/witness"
)

const (
	// pulseEvery is how often a log stores a record to show that the stream is there.
	pulseEvery = time.Second
	// pulseTimeout is how long that record may go unacknowledged before the log looks for the cause.
	pulseTimeout = time.Second
	// lookSoon is how soon it tries again in trouble.
	lookSoon = 250 * time.Millisecond
	// tolerance is how long nothing may be acknowledged before the log reports trouble.
	tolerance = 5 * time.Second
	// looks is how many times in a row the stream must be found changed before that is believed.
	looks = 3
	// announceTime is how long a log that has found everything unchanged waits at a restarted server: others
	// may know more, and announce that a backup was restored.
	announceTime = looks*lookSoon + 500*time.Millisecond
)

var (
	// errOther says that the stream is not the one that was opened.
	errOther = errors.New("jetlog: the stream is another one")
	// errGone says that there is none.
	errGone = fmt.Errorf("%w: there is none", errOther)
)

// A keeper ensures that the stream exists, and that it is still the one that was opened. Now and then it stores
// a record, the pulse, fenced by the previous one: so it learns that appends work, and that neither the pulse
// nor anything stored before it is gone. If the stream is another one, the keeper ends everything that was
// written into the old one and opens the new one, with all the checks of a start.
type keeper struct {
	log *Log

	mu      sync.Mutex
	kept    identity
	server  string    // that the gate was last opened to; "": none yet
	pulse   uint64    // stream sequence of the last pulse; 0: there is none
	pulsed  time.Time // when it was stored
	count   uint64    // of pulses
	fine    time.Time // when a check began that found the stream unchanged
	strange doubt     // whether the stream is still the same one
	closed  bool      // its era is over, and the next stream is not open yet
	begun   time.Time // when the era began; zero: with the process
	word    uint64    // stream sequence of the last known announcement of a restored backup; 0: none
	said    time.Time // when that was announced
	unfit   error     // why the stream must not be used as it is now
	told    bool      // another replica has announced that the stream is another one
}

// An identity distinguishes a stream from others.
type identity struct {
	created time.Time
	proven  uint64 // stream sequence up to which it is known to be that stream
}

// run keeps the stream until the log is closed.
func (k *keeper) run() {
	l := k.log
	for {
		back := l.link.Back()
		pause := pulseEvery
		if _, trouble := l.Health(); trouble != nil || k.strange.times > 0 || l.gate.isShut() {
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

// tend checks the stream once, and sets the log's health.
func (k *keeper) tend(ctx context.Context) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.log
	silent := l.io.Silent()
	if err := l.server.Present(); err != nil {
		if silent >= tolerance || !errors.Is(err, natsserver.ErrHangs) {
			l.health.set(err)
		}
		return
	}
	k.strange.look(l.io)
	err := k.prove(ctx)
	if errors.Is(err, errOther) {
		if !k.believes(ctx, err) {
			return
		}
		err = k.begin(ctx)
	} else if err != nil && l.election > 0 && !k.closed {
		k.strange = doubt{sure: k.strange.sure} // nobody has answered: earlier findings are not in a row with later ones
	}
	silent = l.io.Silent()
	var unfit *unfitError
	switch {
	case ctx.Err() != nil:
	case err == nil:
		k.strange = doubt{}
		l.health.set(nil)
	case k.closed, errors.As(err, &unfit):
		l.health.set(err)
	case l.server != nil && silent >= pulseTimeout:
		if _, told := l.Health(); told == nil && silent >= tolerance {
			l.health.set(natsserver.ErrSilent) // the restart may take a while
		}
		err := cmp.Or(l.server.Mend(silent), natsserver.ErrSilent)
		if silent >= tolerance || !errors.Is(err, natsserver.ErrSilent) && !errors.Is(err, natsserver.ErrHangs) {
			l.health.set(err)
		}
	case silent >= tolerance:
		l.health.set(k.explain(err))
	}
}

// explain says why an external server has acknowledged nothing.
func (k *keeper) explain(err error) error {
	l := k.log
	switch {
	case !l.conn.IsConnected():
		if last := l.conn.LastError(); last != nil {
			err = last
		}
		return fmt.Errorf("NATS at %s cannot be reached: %w", l.at, err)
	case errors.Is(err, errMute):
		return fmt.Errorf("NATS at %s answers, but acknowledges no record: if its disk was full, it has to be restarted once there is room", l.at)
	}
	return fmt.Errorf("NATS at %s accepts no records: %w", l.at, err)
}

// errMute says that the stream exists, but that nothing was stored in time.
var errMute = errors.New("jetlog: the stream does not acknowledge")

// prove stores a pulse, and opens the gate: errOther if the stream is another one.
func (k *keeper) prove(ctx context.Context) error {
	l := k.log
	if k.closed {
		return errOther
	}
	shuts, begun, known := l.gate.look(), time.Now(), l.io.Last()
	for range 2 { // a pulse whose acknowledgement was lost may be in the way
		sequence, err := k.store(ctx)
		switch {
		case err == nil && sequence <= known:
			k.strange.sure = true // only in another stream do numbers go back
			return errOther
		case err == nil:
			k.pulse, k.pulsed, k.kept.proven, k.fine = sequence, time.Now(), sequence, begun
			if err := cmp.Or(k.hear(ctx), k.stillFits(ctx)); err != nil {
				return err
			}
			k.open(shuts)
			return nil
		case !l.conn.IsConnected():
			return err
		case l.server == nil && errors.Is(err, nats.ErrTimeout) && l.cfg.NATS.Replaced(ctx, l.conn):
			l.cfg.Logger.WarnContext(ctx, "NATS answers on a new connection but not on ours, which is given up", slog.String("at", l.at))
			return cmp.Or(l.conn.ForceReconnect(), err)
		}
		full, seen := k.look(ctx)
		switch {
		case seen != nil:
			return seen
		case full:
			k.strange = doubt{}
			k.open(shuts)
			return nil
		case !errors.Is(err, jetio.ErrFenced):
			return errors.Join(errMute, err)
		}
		k.strange = doubt{}
		if k.pulse, err = k.lastPulse(ctx); err != nil {
			return err
		}
	}
	return jetio.ErrFenced
}

// open opens the gate, except at a different server than before until others have been heard: its files may be older.
// The servers of a cluster have each other's records.
func (k *keeper) open(shuts uint64) {
	l := k.log
	now := l.conn.ConnectedServerId()
	alone := l.server != nil || l.cfg.Replicas > 1 || k.server == ""
	if !alone && now != k.server && l.connected.Ago() < announceTime {
		return // the next check comes soon
	}
	k.server = now
	l.gate.open(shuts)
}

// stillFits checks now and then whether somebody has changed the stream so that it breaks the rules. Until that
// is fixed, nothing is appended.
func (k *keeper) stillFits(ctx context.Context) error {
	if k.unfit == nil && k.count%fitEvery != 0 {
		return nil
	}
	_, err := k.look(ctx)
	var unfit *unfitError
	if !errors.As(err, &unfit) {
		k.unfit = nil
		return cmp.Or(err, k.keepPast(ctx))
	}
	k.unfit = err
	k.log.gate.shut()
	return err
}

// keepPast recreates the stream that remembers expired completions if it is gone. The completions it has
// forgotten are unknown.
func (k *keeper) keepPast(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, jetio.AnswerTimeout)
	defer cancel()
	l := k.log
	_, err := l.js.Stream(ctx, pastName)
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return err
	}
	l.cfg.Logger.WarnContext(ctx, "the stream that remembers the owners of expired completions is gone: it is recreated",
		slog.String("stream", pastName))
	past := l.pastConfig()
	_, err = l.makeOrFit(ctx, &past, nil)
	return err
}

// fitEvery is how many pulses there are between two checks of the stream's settings.
const fitEvery = 10

// An unfitError says what is wrong with an existing stream.
type unfitError struct{ reason string }

// Error implements error.
func (u *unfitError) Error() string { return u.reason }

func unfit(format string, args ...any) error { return &unfitError{fmt.Sprintf(format, args...)} }

// store appends a pulse, once.
func (k *keeper) store(ctx context.Context) (uint64, error) {
	l := k.log
	k.count++
	return l.io.Once(ctx, l.gate.era(), pulsePrefix+l.replica, strconv.AppendUint(nil, k.count, 10), k.pulse, pulseTimeout)
}

// look checks whether the stream is still the same one, and whether it has reached its limit.
func (k *keeper) look(ctx context.Context) (full bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, pulseTimeout)
	defer cancel()
	l := k.log
	last := l.io.Last() // before the stream is asked
	stream, err := l.js.Stream(ctx, streamName)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return false, errGone
	case err != nil:
		return false, err
	}
	info := stream.CachedInfo()
	if !info.Created.Equal(k.kept.created) || info.State.LastSeq < last {
		return false, errOther
	}
	want := l.streamConfig()
	if err := checkStream(&info.Config, &want); err != nil {
		return false, err
	}
	if err := l.switchOn(ctx, info.Config, &want); err != nil {
		return false, err
	}
	full = info.Config.MaxBytes > 0 && info.State.Bytes+pulseRoom > uint64(info.Config.MaxBytes)
	if k.pulse == 0 || time.Since(k.pulsed) >= info.Config.MaxAge {
		return full, nil
	}
	msg, err := l.io.Message(ctx, k.pulse)
	switch {
	case errors.Is(err, chat.ErrNotFound), err == nil && msg.Subject != pulsePrefix+l.replica:
		return full, errOther
	case err != nil:
		return false, err
	}
	return full, nil
}

// pulseRoom is more than the size of a pulse, in bytes.
const pulseRoom = 4 << 10

// lastPulse returns the sequence of the last pulse that the stream holds; 0: there is none.
func (k *keeper) lastPulse(ctx context.Context) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, pulseTimeout)
	defer cancel()
	msg, err := k.log.io.LastOf(ctx, pulsePrefix+k.log.replica)
	switch {
	case errors.Is(err, chat.ErrNotFound):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return msg.Sequence, nil
}

// begin opens the stream that has replaced the old one, or creates it.
func (k *keeper) begin(ctx context.Context) error {
	l := k.log
	var followed []*shared
	if !k.closed {
		k.closed = true
		var ended int
		ended, followed = l.endEra()
		l.cfg.Logger.ErrorContext(ctx, "the stream was lost or restored from a backup: unfinished completions have ended",
			slog.Int("completions", ended))
	}
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	copied, err := k.change(ctx)
	if err != nil || copied {
		l.dropLost(followed)
	} else {
		l.moveMirrors(followed)
	}
	if err != nil {
		return err
	}
	return k.prove(ctx)
}

// change adopts the stream that has replaced the old one, and reports whether it was restored from a backup.
func (k *keeper) change(ctx context.Context) (copied bool, err error) {
	l := k.log
	stream, err := l.openStream(ctx)
	if err != nil {
		return false, err
	}
	var putBack uint64
	info := stream.CachedInfo()
	// What was read since the last pulse may have been the new stream's.
	if witness.IsCopy(info, k.kept.created, k.kept.proven) {
		fresh, err := k.fresh(ctx, info)
		if err != nil {
			return false, err
		}
		copied = !fresh
	}
	if copied {
		last := info.State.LastSeq
		if info.Created.Equal(k.kept.created) { // it ends before what was known here: whatever follows is of others, which have continued
			last = min(last, l.io.Last())
		}
		putBack, err = k.announceOnce(ctx, last)
	}
	if err == nil {
		err = k.adopt(ctx, stream)
	}
	if err != nil {
		return copied, err
	}
	l.putBack.Store(putBack)
	k.begun, k.server = time.Now(), "" // this replica has announced it itself
	l.left.Store(true)
	return copied, nil
}

// fresh reports whether a stream that looks like a copy is a new one that somebody else has made, and numbered from 1:
// everything in it was stored since then, and nothing by this replica, whose pulses any copy holds.
func (k *keeper) fresh(ctx context.Context, info *jetstream.StreamInfo) (bool, error) {
	if !info.Created.After(k.kept.created) || info.State.FirstTime.Before(info.Created) {
		return false, nil
	}
	pulse, err := k.lastPulse(ctx)
	return pulse == 0, err
}

// announceOnce announces that the stream was restored from a backup that ends at last, and returns where it
// ends. Another replica may have announced it already: then whatever was begun since does not belong to the
// backup.
func (k *keeper) announceOnce(ctx context.Context, last uint64) (uint64, error) {
	word, err := k.log.io.LastOf(ctx, wordSubject)
	switch {
	case errors.Is(err, chat.ErrNotFound):
	case err != nil:
		return 0, err
	case k.told, word.Time.After(k.said):
		return strconv.ParseUint(string(word.Data), 10, 64)
	}
	return last, k.log.announceRestore(ctx, last)
}

// wordSubject is where a log that has noticed a restored backup announces it, with the sequence at which the
// backup ends. Another log may know nothing beyond the backup, and would continue.
const wordSubject = pulsePrefix + "put-back"

// eraEnds is how long after its beginning an era is not ended by another log's announcement: several logs may
// notice the same restore.
const eraEnds = 5 * time.Second

// hear ends the era, with errOther, if another log has announced a restored backup.
func (k *keeper) hear(ctx context.Context) error {
	if k.log.server != nil {
		return nil // there is nobody else
	}
	word, said, err := k.log.restoreWord(ctx)
	if err != nil || word <= k.word {
		return err
	}
	k.word, k.said = word, said
	if time.Since(k.begun) < eraEnds {
		return nil
	}
	k.told, k.strange.sure = true, true
	return errOther
}

// restoreWord learns where a restored backup ends, and returns the sequence of the last announcement of one,
// and its time; 0: there is none.
func (l *Log) restoreWord(ctx context.Context) (uint64, time.Time, error) {
	msg, err := l.io.LastOf(ctx, wordSubject)
	switch {
	case errors.Is(err, chat.ErrNotFound):
		return 0, time.Time{}, nil
	case err != nil:
		return 0, time.Time{}, err
	}
	sequence, err := strconv.ParseUint(string(msg.Data), 10, 64)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("announcement of a backup: %w", err)
	}
	jetio.Raise(&l.putBack, sequence)
	return msg.Sequence, msg.Time, nil
}

// adopt makes an opened stream the one that the keeper keeps.
func (k *keeper) adopt(ctx context.Context, stream jetstream.Stream) error {
	info := stream.CachedInfo()
	pulse, err := k.lastPulse(ctx)
	if err != nil {
		return err
	}
	if k.word, k.said, err = k.log.restoreWord(ctx); err != nil {
		return err
	}
	now := time.Now()
	k.kept, k.pulse, k.pulsed = identity{info.Created, info.State.LastSeq}, pulse, now
	k.closed, k.told, k.strange = false, false, doubt{}
	k.log.io.Begin(info.State.LastSeq)
	k.log.witness.Begin(k.log.gate.era(), info)
	return nil
}

// endEra ends the completions that are written here, and returns how many were unfinished, and those that are
// only followed here, whose mirrors it has stopped. It also forgets ended completions: another replica would
// not know them.
func (l *Log) endEra() (unfinished int, followed []*shared) {
	l.gate.next()
	l.mu.Lock()
	here := make([]*shared, 0, len(l.tapes))
	for _, s := range l.tapes {
		here = append(here, s)
	}
	clear(l.mine)
	l.mu.Unlock()
	for _, s := range here {
		_, terminal := s.tape.Last()
		if terminal == nil {
			unfinished++
		}
		if !l.abolish(s, terminal) {
			followed = append(followed, s)
		}
	}
	return unfinished, followed
}

// abolish forgets a completion whose stream is gone, and ends its readers if it was unfinished. It reports
// false if it only stopped a mirror: others that noticed sooner may have begun the completion in the new
// stream.
func (l *Log) abolish(s *shared, terminal *chat.Event) bool {
	w := l.writing(s.name)
	if w != nil && terminal == nil {
		w.fail(chat.ErrLost)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.stop != nil {
		s.stop()
	}
	if w == nil && s.writer == nil && terminal == nil && l.tapes[s.name] == s {
		return false
	}
	l.remove(s)
	if terminal == nil {
		s.tape.Drop(chat.ErrLost)
	}
	return true
}

// dropLost ends the readers of completions that were lost with their stream.
func (l *Log) dropLost(lost []*shared) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range lost {
		if s.writer == nil {
			l.remove(s)
			s.tape.Drop(chat.ErrLost)
		}
	}
}

// moveMirrors makes the new stream feed the completions that were followed when the old one was found to be
// gone. Those that it does not hold, or holds differently from what was shown, are lost.
func (l *Log) moveMirrors(followed []*shared) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range followed {
		if s.writer == nil && l.tapes[s.name] == s {
			l.startMirror(s, true)
		}
	}
}

// suspect makes the keeper check the stream now.
func (l *Log) suspect() {
	select {
	case l.doubt <- struct{}{}:
	default: // it is about to
	}
}

// lost reports whether the stream of an era has been replaced by now. It is for callers that have learned that
// something is missing, or was written by somebody else, and want to know why.
func (k *keeper) lost(ctx context.Context, in era) bool {
	asked := time.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	cluster := k.log.election > 0
	switch {
	case k.log.gate.era() != in || k.strange.sure || k.strange.times > 0 && !cluster:
		return true
	case k.fine.After(asked):
		return false
	}
	var d doubt
	for {
		begun := time.Now()
		d.look(k.log.io)
		d.untaken = k.strange.untaken
		switch _, err := k.look(ctx); {
		case err == nil:
			k.fine = begun
			return false
		case !errors.Is(err, errOther):
			return false
		case d.settled(err, k.log.election):
			k.strange.sure = cluster
			k.log.suspect()
			return true
		}
		k.log.suspect()
		k.mu.Unlock() // others may check meanwhile
		err := wait.For(ctx, lookSoon)
		k.mu.Lock()
		switch {
		case k.log.gate.era() != in || k.strange.sure:
			return true
		case err != nil || k.fine.After(begun):
			return false
		}
	}
}

// electionTime is how long the stream's servers may take to elect a leader: a leader is heard every second.
const electionTime = 3 * time.Second

// leaderless is how long a cluster may be without a leader: its servers wait for up to nine seconds until they vote
// (nats-server, raft.go), as long again if nobody wins, and a server that returns makes them vote once more. Giving a
// completion up before that helps nobody.
const leaderless = 20 * time.Second

// believes notes that the stream was found to be another one, and reports whether that is certain by now. If
// the stream has several servers, the leader has to prove that they follow it.
func (k *keeper) believes(ctx context.Context, err error) bool {
	l, d := k.log, &k.strange
	d.times++
	if k.closed || d.sure || d.times >= looks && d.settled(err, l.election) {
		return true
	}
	if l.election > 0 && !errors.Is(err, errGone) {
		err := l.io.Probe(ctx, pulsePrefix+l.replica+"-probe", pulseTimeout)
		d.untaken = errors.Is(err, nats.ErrNoResponders)
	}
	return false
}

// A doubt is the evidence so far that the stream is another one.
type doubt struct {
	times   int        // in a row that it was found so
	since   time.Time  // when it was first checked
	mark    jetio.Mark // the same moment
	knows   bool       // the server that answers has others that follow it
	untaken bool       // the stream accepts no pulses
	sure    bool       // it is certain, whatever is found
}

// look is called before each check of the stream.
func (d *doubt) look(stream *jetio.Stream) {
	if d.mark == 0 {
		d.mark, d.since = stream.Mark(), time.Now()
	}
	d.knows = stream.TakenSince(d.mark)
}

// settled reports whether the last finding counts. A server of a cluster that was cut off may believe that it
// leads the stream until it is reconnected, and answer from outdated data, but it cannot store anything. If
// there is nothing that could be stored, time has to suffice.
func (d *doubt) settled(err error, election time.Duration) bool {
	return d.knows || election == 0 || (d.untaken || errors.Is(err, errGone)) && time.Since(d.since) >= election
}
