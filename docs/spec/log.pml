/*
 * The log protocol of one completion, for the model checker spin: what it proves and what
 * it leaves out is in README.md. Two replicas, one of which owns the completion at first,
 * any number of crashes, lost messages and premature takeovers, a cancel, two readers.
 *
 *   process        stands for (paths below services/completion/internal)
 *
 *   Connection     the way of an append to JetStream and back: jetio/append.go, try,
 *                  and the server's check of the header
 *                  Nats-Expected-Last-Subject-Sequence, the fence
 *   Replica        a process of the completion service:
 *     commit       jetlog/writer.go, commit: what the engine has yielded by now goes into one
 *                  record, and only one is in flight
 *     resolve      jetio/append.go, fenced: an append whose answer was lost
 *     acknowledge  jetlog/writer.go, acknowledge: only now the batch is on the tape
 *     lose         jetlog/writer.go, fail, and shared.go, lose: somebody else has written
 *     give up      the same for want of an answer: the tape is dropped
 *     claim        jetlog/replica.go, claim: of a dead writer's completion, or a live one's
 *     install      jetlog/replica.go, install, and service/adopt.go, Adopt
 *     cancel       service/service.go, cancel: by the writer, else jetlog/log.go, Seal
 *     mirror       jetlog/mirror.go, catchUp and receive; shared.go, acquire and settle
 *     crash        kill -9, and the program started again
 *   Reader         service/service.go, Resume, and tape/reader.go, Follow: a client that is cut
 *                  after every event and goes on at any replica
 *   Monitor        lets faults end, and looks at what there is when nothing more can happen
 */

#ifndef TOKENS
#define TOKENS 3			/* of the answer; its terminal event follows them */
#endif
#ifndef CLAIMS
#define CLAIMS 2			/* how often the completion may change hands */
#endif
#define EVENTS	(TOKENS + 1)

/* Each assertion begins with the name of what it checks, so that it is in pan's message.
   The names are never true. */
hidden byte I1_dense, I2_epochs, I3_durable_before_visible, I4_same_bytes, I5_prefix,
	I6_terminal, I7_resume, I9_cancel, stuck, never_reached;

/* An event's value. Sampling is random, so no two generations say the same. */
#define TEXT(by, epoch)	(1 + 2*(epoch) + (by))
#define DONE		100
#define CANCELLED	101
#define TERMINAL(v)	((v) >= DONE)

/* A record of the completion's subject. */
mtype = { NOTHING, CLAIM, BATCH };
typedef Record {
	mtype kind = NOTHING;
	byte by, epoch;			/* the replica that wrote it, and its writer's epoch */
	byte first, size;		/* its first event's sequence number, and how many it has */
	byte end			/* its last event, if that is terminal, else 0 */
};

/* What JetStream holds. The record that creates the completion is there from the start. */
byte sequence = 1;			/* of the last record */
Record newest;				/* the last record */
byte epoch;				/* of the last claim */
byte stored;				/* how many events */
byte event[EVENTS];
#define ENDED (stored > 0 && TERMINAL(event[stored-1]))

/* An append on its way. Each replica has one for its writer, 0 or 1, and one for a claim
   or for the end of a completion that it does not write, 2 or 3. A message that is lost is
   sent again, so only a stored one may leave its sender UNSURE. Whoever gave up or died
   leaves a message ADRIFT, which may still arrive. */
mtype = { FREE, SENT, ACKED, UNSURE, ADRIFT };
typedef Append {
	mtype state = FREE;
	byte expect;			/* the fence */
	Record record
};
Append append[4];

/* A replica: its tape, which all of its readers share, and its writer. */
mtype = { IDLE, WRITER, CATCHING_UP, FOLLOWING, COMPLETE };
typedef Tape {
	mtype feed = IDLE;		/* who feeds it; CATCHING_UP and FOLLOWING: the mirror */
	byte size;
	byte event[EVENTS]
};
typedef Writer {
	byte epoch;
	byte fence;			/* sequence of the last record that it knows */
	byte next			/* sequence number of the next event to be stored */
};
Tape tape[2];
Writer writer[2];
chan live[2] = [1] of { byte, byte };	/* re-published to a mirror: a record's first and size */

/* A client that cancels once, at some replica. */
mtype = { TO_COME, ARRIVED, OVER };
#ifdef NO_CANCEL
mtype cancel = OVER;
#else
mtype cancel = TO_COME;
#endif
byte asked;				/* that replica */
#define CANCELS(me) (cancel == ARRIVED && asked == me)

/* The clients that read. */
#ifndef READERS
#define READERS 2
#endif
typedef Text { byte event[EVENTS] };
Text text[READERS];			/* what it has joined by sequence number */
byte cursor[READERS];			/* how many events these are */
#define READ_ALL(r) (cursor[r] > 0 && TERMINAL(text[r].event[cursor[r]-1]))

bool calm;				/* no more faults */
bool over;				/* nothing more can happen */
hidden byte i, j, n, v;			/* of no meaning between two steps */

/* Runs that have to exist, or the model would hold because it is stuck. */
#if REACH == 1		/* a zombie was refused, others wrote to the end, twice taken over */
#define GOAL (refused && epoch == 2 && event[stored-1] == DONE)
#elif REACH == 2	/* a lost answer was resolved, a mirror found a gap, events shared a record */
#define GOAL (foundOwn && foundGap && batched && event[stored-1] == DONE)
#elif REACH == 3	/* cancelled over the head of the writer, which was refused then */
#define GOAL (sealedOver && refused && event[stored-1] == CANCELLED)
#elif REACH == 4	/* an answer that each of three generations has a part in */
#define GOAL (event[0] == TEXT(0, 0) && event[1] == TEXT(1, 1) && event[2] == TEXT(0, 2) && event[3] == DONE)
#endif
#ifdef GOAL
bool refused, foundOwn, foundGap, sealedOver, batched;
#define NOTE(what) what = true
#else
#define NOTE(what) skip
#endif

#ifdef NO_FENCE
#define FITS(x) (true)
#elif defined(UNFENCED_CANCEL)
#define FITS(x) (append[x].expect == sequence || append[x].record.end == CANCELLED && x >= 2)
#else
#define FITS(x) (append[x].expect == sequence)
#endif

#if defined(LATE_SUBSCRIPTION) || defined(BLIND_SPLICE)
#define SUBSCRIBED(x) (tape[x].feed == FOLLOWING)
#else	/* a mirror listens first and reads what is stored then */
#define SUBSCRIBED(x) (tape[x].feed == CATCHING_UP || tape[x].feed == FOLLOWING)
#endif

inline free(x) {
	append[x].state = FREE; append[x].expect = 0;
	append[x].record.kind = NOTHING; append[x].record.by = 0; append[x].record.epoch = 0;
	append[x].record.first = 0; append[x].record.size = 0; append[x].record.end = 0
}

/* Nobody waits for it any more. */
inline forsake(x) {
	if
	:: (append[x].state == SENT || append[x].state == ADRIFT) && FITS(x) -> append[x].state = ADRIFT
	:: else -> free(x)		/* it would be refused */
	fi
}

inline fill(x, what, who, inEpoch, begin, fits) {
	append[x].record.kind = what; append[x].record.by = who; append[x].record.epoch = inEpoch;
	append[x].record.first = begin; append[x].expect = fits
}

/* One more event on a replica's tape: number n of the completion, with value v. */
inline add(me) {
	assert(I1_dense || tape[me].size == n);
	assert(I6_terminal || n == 0 || !TERMINAL(tape[me].event[n-1]));
	assert(I3_durable_before_visible || n < stored);
	assert(I4_same_bytes || v == event[n]);
	tape[me].event[n] = v;
	tape[me].size++
}

/* The events of the writer's append. */
inline showBatch(me) { d_step {
	j = 0;
	do
	:: j < append[me].record.size ->
		n = append[me].record.first + j;
		v = (append[me].record.end && j == append[me].record.size - 1 -> append[me].record.end : TEXT(me, append[me].record.epoch));
		add(me);
		j++
	:: else -> break
	od;
	skip
} }

/* Stored events, those that are on the tape already left out. */
inline showStored(me, upTo) { d_step {
	j = upTo;
	do
	:: tape[me].size < j -> n = tape[me].size; v = event[n]; add(me)
	:: else -> break
	od;
	skip
} }

/* A re-published record. */
inline take(me, begin, count) {
#ifdef BLIND_SPLICE
	d_step {
		n = begin;
		do
		:: n < begin + count -> v = event[n]; add(me); n++
		:: else -> break
		od;
		skip
	}
#else
	if
	:: begin > tape[me].size -> NOTE(foundGap); tape[me].feed = CATCHING_UP
	:: else -> showStored(me, begin + count)
	fi
#endif
}

/* A mirror that follows takes it at once, or it gets lost; one that is about to read what
   is stored takes it after that. */
inline republish(me) {
	if
	:: newest.size > 0 && SUBSCRIBED(me) ->
		if
		:: tape[me].feed == CATCHING_UP && len(live[me]) == 0 -> live[me]!newest.first, newest.size
		:: tape[me].feed == FOLLOWING -> take(me, newest.first, newest.size)
		:: !calm || tape[me].feed == CATCHING_UP && len(live[me]) > 0
		fi
	:: else
	fi
}

/* JetStream stores a record, and re-publishes it. */
inline store(x) {
	d_step {
		assert(I2_epochs || append[x].record.epoch >= epoch + (append[x].record.kind == CLAIM -> 1 : 0));
		assert(I1_dense || append[x].record.first == stored);
		assert(I6_terminal || !ENDED);
		newest.kind = append[x].record.kind; newest.by = append[x].record.by; newest.epoch = append[x].record.epoch;
		newest.first = append[x].record.first; newest.size = append[x].record.size; newest.end = append[x].record.end;
		sequence++;
		epoch = newest.epoch;
		i = 0;
		do
		:: i < newest.size ->
			event[stored] = (newest.end && i == newest.size - 1 -> newest.end : TEXT(newest.by, newest.epoch));
			stored++;
			i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < 4 ->
			if
			:: append[i].state == ADRIFT && i != x && !FITS(i) -> free(i)	/* it would be refused */
			:: else
			fi;
			i++
		:: else -> break
		od;
		skip
	};
	republish(0);
	republish(1)
}

proctype Connection(byte x) {
	do
	:: over -> break
	:: atomic { append[x].state == SENT && FITS(x) ->
		store(x);
		if
		:: append[x].state = ACKED
		:: !calm -> append[x].state = UNSURE
		fi }
	:: atomic { append[x].state == ADRIFT ->
		if
		:: FITS(x) -> store(x)
		:: skip			/* it gets lost */
		fi;
		free(x) }
	od
}

inline unsubscribe(me) {
	if
	:: len(live[me]) > 0 -> live[me]?_, _
	:: else
	fi
}

/* Readers who follow this tape have to come back. */
inline drop(me) { d_step {
	unsubscribe(me);
	tape[me].feed = IDLE;
	do
	:: tape[me].size > 0 -> tape[me].size--; tape[me].event[tape[me].size] = 0
	:: else -> break
	od;
	skip
} }

inline dismiss(me) {
	writer[me].epoch = 0; writer[me].fence = 0; writer[me].next = 0
}

inline answer() {
	assert(I9_cancel || ENDED);
	cancel = OVER;
	asked = 0
}

/* Somebody else has written: a mirror goes on for the readers. */
inline lose(me) {
	NOTE(refused);
#ifdef CANCEL_TRUSTS_REFUSAL
	if
	:: CANCELS(me) -> answer()
	:: else
	fi;
#endif
	dismiss(me);
	tape[me].feed = CATCHING_UP
}

/* The newest record is what was sent. */
#define OWN(x) (append[x].record.kind == newest.kind && append[x].record.by == newest.by && \
	append[x].record.epoch == newest.epoch && append[x].record.first == newest.first && \
	append[x].record.size == newest.size && append[x].record.end == newest.end)

inline resolve(x) {
#if defined(REPEAT)
	append[x].expect = sequence;
	append[x].state = SENT
#else
	if
	:: OWN(x) -> NOTE(foundOwn); append[x].state = ACKED
	:: else -> append[x].state = SENT	/* and refused */
	fi
#endif
}

#define HAS_END(me) (tape[me].size > 0 && TERMINAL(tape[me].event[tape[me].size-1]))

proctype Replica(byte me) {
	byte from, size;
#ifdef KEEP_OLD_WRITER
	bool two;			/* a mirror feeds the tape beside the writer */
#endif
	do
	:: over -> break

	/* commit: some more tokens, then the end, if the answer is complete or cancelled */
	:: atomic { tape[me].feed == WRITER && append[me].state == FREE ->
		fill(me, BATCH, me, writer[me].epoch, writer[me].next, writer[me].fence);
		do
		:: append[me].record.first + append[me].record.size < TOKENS -> append[me].record.size++
		:: append[me].record.size > 0 -> break
		:: CANCELS(me) || append[me].record.first + append[me].record.size == TOKENS ->
			append[me].record.end = (CANCELS(me) -> CANCELLED : DONE);
			append[me].record.size++;
			break
		od;
		if
		:: append[me].record.size > 1 -> NOTE(batched)
		:: else
		fi;
#ifdef SHOW_BEFORE_LOG
		showBatch(me);
#endif
		append[me].state = SENT }

	/* resolve */
	:: atomic { append[me].state == UNSURE -> resolve(me) }
	:: atomic { append[me+2].state == UNSURE -> resolve(me+2) }

	/* acknowledge */
	:: atomic { append[me].state == ACKED ->
#ifndef SHOW_BEFORE_LOG
		showBatch(me);
#endif
		writer[me].fence = append[me].expect + 1;
		writer[me].next = writer[me].next + append[me].record.size;
		if
		:: append[me].record.end -> dismiss(me); tape[me].feed = COMPLETE
		:: else
		fi;
		free(me) }

	/* lose: by a refusal, or by the news that the completion has ended */
	:: atomic { append[me].state == SENT && !FITS(me) -> free(me); lose(me) }
#ifdef HOPE
	:: atomic { append[me].state == SENT && !FITS(me) -> append[me].state = ACKED }
#endif
	:: atomic { tape[me].feed == WRITER && append[me].state == FREE && ENDED -> lose(me) }

	/* give up */
	:: atomic { (append[me].state == SENT || append[me].state == UNSURE) && !calm -> forsake(me); dismiss(me); drop(me) }
	:: atomic { (append[me+2].state == SENT || append[me+2].state == UNSURE) && !calm ->
		if
		:: append[me+2].record.kind == BATCH -> cancel = OVER; asked = 0
		:: else
		fi;
		forsake(me+2) }

	/* claim: what it has read may be old by the time it arrives */
	:: atomic { append[me+2].state == FREE && !ENDED && epoch < CLAIMS ->
		fill(me+2, CLAIM, me, epoch + 1, stored, sequence);
		append[me+2].state = SENT }
	:: atomic { append[me+2].state == SENT && !FITS(me+2) -> free(me+2) }

	/* install: in the place of a mirror, or of a writer that does not know yet */
	:: atomic { append[me+2].state == ACKED && append[me+2].record.kind == CLAIM ->
#ifdef KEEP_OLD_WRITER
		two = tape[me].feed == WRITER;
#endif
		forsake(me);
		unsubscribe(me);
		showStored(me, append[me+2].record.first);
		tape[me].feed = WRITER;
		writer[me].epoch = append[me+2].record.epoch;
		writer[me].next = append[me+2].record.first;
		writer[me].fence = append[me+2].expect + 1;
		free(me+2) }
#ifdef KEEP_OLD_WRITER
	:: atomic { two && tape[me].size < stored -> showStored(me, stored) }
#endif

	/* cancel: by the next commit where it is written, else over the head of the writer */
	:: atomic { cancel == TO_COME -> cancel = ARRIVED; asked = me }
#ifdef SEALED_IS_STORED
	:: atomic { CANCELS(me) && tape[me].feed == WRITER && append[me].record.end -> answer() }
#endif
	:: atomic { CANCELS(me) && tape[me].feed != WRITER && append[me+2].state == FREE ->
		if
		:: ENDED -> answer()
		:: else ->
			fill(me+2, BATCH, me, epoch, stored, sequence);
			append[me+2].record.size = 1;
			append[me+2].record.end = CANCELLED;
			append[me+2].state = SENT
		fi }
	:: atomic { append[me+2].state == ACKED && append[me+2].record.kind == BATCH ->
		NOTE(sealedOver);
		answer();
		free(me+2) }

	/* mirror: there while readers want it; any server may be read from, and one that lags
	   has not all that is stored */
	:: atomic { tape[me].feed == IDLE -> tape[me].feed = CATCHING_UP }
	:: atomic { tape[me].feed == CATCHING_UP ->
		do
		:: tape[me].size < stored -> showStored(me, tape[me].size + 1)
		:: break
		od;
		tape[me].feed = FOLLOWING;
		if
		:: len(live[me]) > 0 -> live[me]?from, size; take(me, from, size)
		:: else
		fi;
		from = 0; size = 0 }
#ifndef LATE_SUBSCRIPTION		/* else the next look into the stream would heal it */
	:: atomic { tape[me].feed == FOLLOWING && tape[me].size < stored -> tape[me].feed = CATCHING_UP }
#endif
	:: atomic { tape[me].feed == FOLLOWING && HAS_END(me) -> tape[me].feed = COMPLETE }
	:: atomic { (tape[me].feed == CATCHING_UP || tape[me].feed == FOLLOWING) && !calm -> drop(me) }

	/* crash */
	:: atomic { !calm && (tape[me].feed != IDLE || append[me+2].state != FREE) ->
		forsake(me);
		forsake(me+2);
		dismiss(me);
		drop(me);
		if
		:: CANCELS(me) -> cancel = OVER; asked = 0
		:: else
		fi }
	od
}

/* A reader's next event, from a replica that has it. */
inline read(r, at) { d_step {
	n = cursor[r];
	assert(I7_resume || !READ_ALL(r));
	assert(I3_durable_before_visible || n < stored);
	assert(I4_same_bytes || tape[at].event[n] == event[n]);
	text[r].event[n] = tape[at].event[n];
	cursor[r]++;
	i = 0;
	do
	:: i < cursor[r] -> assert(I5_prefix || text[r].event[i] == event[i]); i++
	:: else -> break
	od;
	assert(I6_terminal || !READ_ALL(r) || ENDED);
	assert(I5_prefix || !READ_ALL(r) || cursor[r] == stored)
} }

proctype Reader(byte r) {
	do
	:: over -> break
	:: atomic { tape[0].size > cursor[r] -> read(r, 0) }
	:: atomic { tape[1].size > cursor[r] -> read(r, 1) }
#ifdef LOCAL_HEAD
	:: atomic { tape[0].feed == WRITER -> assert(I7_resume || cursor[r] <= tape[0].size) }
#endif
	od
}

#define WRITES(x) (tape[x].feed == WRITER && writer[x].epoch == epoch)

proctype Monitor() {
	calm = true;
	timeout;
	/* The last claim that the model allows may have died with its replica. */
	assert(stuck || ENDED || epoch == CLAIMS && !WRITES(0) && !WRITES(1));
	assert(I7_resume || !ENDED || READ_ALL(0) && READ_ALL(READERS-1));
	assert(I9_cancel || !ENDED || cancel == OVER);
#ifdef GOAL
	assert(never_reached || !(ENDED && READ_ALL(0) && READ_ALL(READERS-1) && GOAL));
#endif
	over = true
}

init { atomic {
	tape[0].feed = WRITER;
	writer[0].fence = sequence;
	run Connection(0); run Connection(1); run Connection(2); run Connection(3);
	run Replica(0); run Replica(1);
	run Reader(0);
#if READERS > 1
	run Reader(1);
#endif
	run Monitor()
} }
