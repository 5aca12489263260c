/*
 * A journal per replica, for the model checker spin: what it proves and what it leaves out is in
 * README.md. Two completions, and incarnations of replicas, each with a journal of its own. The first
 * one writes both completions. Any may take any other one for dead, rightly or not, stand still for any
 * length of time, or die.
 *
 *   process        stands for (what docs/decisions/0064 decides; it is not built yet)
 *
 *   Incarnation    one life of a replica, until its journal is fenced or it dies:
 *     send         a record of the journal with the events that have gathered, fenced by the one before
 *     resolve      its answer, or a look at the journal's last record
 *     write out    events that the journal holds, and perhaps further ones, go to the completion's own subject
 *     trim         records go that nobody needs any more, since what they hold is written out
 *     fence        the last record of another one's journal
 *     inherit      what a fenced journal holds of a completion goes to the completion's subject
 *     claim        it is the writer from now on
 *   Monitor        looks at what there is when nothing more can happen
 */

#define COMPLETIONS	2
#ifndef LIVES
#define LIVES		3	/* incarnations */
#endif
#define LAST(c)	((c) == 0 -> EVENTS - 1 : 0)
#define HEIR		(LIVES - 1)	/* who is never dead */
#ifndef EVENTS
#define EVENTS		2	/* of a completion, the terminal one included, unless it is cancelled */
#endif
#ifndef CLAIMS
#define CLAIMS		2	/* of each completion */
#endif
#ifndef CANCELS
#define CANCELS		1
#endif
#ifndef FAILURES
#define FAILURES	1
#endif
#ifndef LOSSES
#define LOSSES	1	/* of what is sent to the journal */
#endif
#ifndef ROOM
#define ROOM		4	/* records of a journal */
#endif

hidden byte I1_dense, I2_epochs, I3_durable_before_visible, I4_same_bytes, I5_prefix, I6_terminal, I7_whole, trimmed, stuck, never_reached;	/* never true */

/* No two generations say the same. */
#define TEXT(epoch)	(1 + (epoch))
#define END(epoch)	(101 + (epoch))
#define TERMINAL(v)	((v) > 100)

/* A completion's own subject. */
typedef Subject {
	byte number = 1;		/* of its last record; the first one says that incarnation 0 writes it */
	byte writer;			/* by the last record that says so */
	byte epoch;
	byte n;				/* events */
	byte event[EVENTS];
	byte shown;			/* how many events anybody has seen, */
	byte seen[EVENTS]		/* and which */
};
Subject subject[COMPLETIONS];

/* A journal. A record has an event of each completion, or of one. */
typedef Journal {
	byte last;			/* number of its last record */
	byte base = 1;			/* number of the first one that is left */
	bool fenced;			/* a record that ends it follows */
	byte event[COMPLETIONS * (ROOM+1)];	/* 0: none */
	byte index[COMPLETIONS * (ROOM+1)];
	byte epoch[COMPLETIONS * (ROOM+1)];
	bool ends[COMPLETIONS]		/* it holds an end */
};
Journal journal[LIVES];
#define AT(c, i)	((c) * (ROOM+1) + (i))

/* What an incarnation knows of a completion that it writes. */
typedef Writer {
	bool writes;
	bool keeps;			/* the journal holds it, as far as that is not written out */
	byte epoch;
	byte number;			/* of the last record of the completion's subject */
	byte shown;			/* events that are acknowledged */
	byte out;			/* events that are written out */
	byte next;			/* what follows them, once that is known; 0: it is not */
	byte since			/* number of the journal's record with the first event that is not written out */
};
typedef Life {
	Writer w[COMPLETIONS];
	bool dead;
	byte last;			/* number of the last record of its journal that it knows */
	bool sent;			/* it waits for an answer */
	bool wire;			/* the record is under way */
	byte event[COMPLETIONS];	/* which it holds; 0: none */
	byte index[COMPLETIONS];
	byte epoch[COMPLETIONS]
};
Life life[LIVES];

byte claims[COMPLETIONS];
byte cancels = CANCELS, failures = FAILURES, losses = LOSSES;
bool over;
hidden byte i, j, k, m, had, found, least;

/* Runs that have to exist. */
#if REACH == 1		/* an answer of three generations */
#define GOAL (subject[0].n == 3 && subject[0].event[0] == TEXT(0) && subject[0].event[1] == TEXT(1) && subject[0].event[2] == END(2))
#elif REACH == 2	/* what a trimmed journal still holds is inherited */
#define GOAL (inheritedTrimmed)
#elif REACH == 3	/* one that is taken for dead writes out behind its fence, before the claim */
#define GOAL (outBehindFence && subject[0].epoch > 0)
#elif REACH == 4	/* an end that was shown out of the journal alone, by one that died */
#define GOAL (inheritedEnd)
#elif REACH == 5	/* two completions in one record, of which one is inherited, and the other one's end */
#define GOAL (gathered && inheritedEnd && subject[0].epoch == 1 && subject[0].event[0] == TEXT(0) && subject[1].event[0] == END(0))
#endif
#ifdef GOAL
bool inheritedTrimmed, outBehindFence, inheritedEnd, gathered;
#define NOTE(what) what = true
#else
#define NOTE(what) skip
#endif

/* A reader sees event n of c, which is stored: in the completion's subject, or in a journal. */
inline see(c, nth, v) {
	if
	:: nth < subject[c].shown -> assert(I4_same_bytes || subject[c].seen[nth] == v)
	:: else ->
		assert(I1_dense || nth == subject[c].shown);
		assert(I6_terminal || nth == 0 || !TERMINAL(subject[c].seen[nth-1]));
		subject[c].seen[nth] = v; subject[c].shown = nth + 1
	fi;
	found = (nth < subject[c].n && subject[c].event[nth] == v -> 1 : 0);
	j = 0;
	do
	:: j < LIVES ->
		m = journal[j].base;
		do
		:: m <= journal[j].last -> found = (journal[j].event[AT(c, m)] == v && journal[j].index[AT(c, m)] == nth -> 1 : found); m++
		:: else -> break
		od;
		j++
	:: else -> break
	od;
	assert(I3_durable_before_visible || found)
}

/* Event n goes to the completion's subject. */
inline store(c, nth, v) {
	assert(I1_dense || nth == subject[c].n);
	assert(I6_terminal || nth == 0 || !TERMINAL(subject[c].event[nth-1]));
	assert(I4_same_bytes || nth >= subject[c].shown || subject[c].seen[nth] == v);
	subject[c].event[nth] = v;
	subject[c].n = nth + 1;
	see(c, nth, v)			/* anybody may read it there */
}

#define W	life[me].w[c]
#define MINE	journal[me]
#define ENDED(c)	(life[me].w[c].shown > 0 && TERMINAL(subject[c].seen[life[me].w[c].shown-1]))
#define GOES_ON(c)	(life[me].w[c].writes && !ENDED(c))
#define OUT_OF_STEP(c)	(life[me].w[c].writes && life[me].w[c].out < life[me].w[c].shown)
#define OVER(c)	(subject[c].n > 0 && TERMINAL(subject[c].event[subject[c].n-1]))

/* What the writer says next, once and for all. */
inline say(c) {
	if
	:: W.next == 0 -> W.next = (W.shown == LAST(c) -> END(W.epoch) : TEXT(W.epoch))
	:: else
	fi
}

inline gather(c) {
	say(c);
	life[me].event[c] = W.next; life[me].index[c] = W.shown; life[me].epoch[c] = W.epoch
#ifdef SHOW_BEFORE_LOG
	; see(c, W.shown, W.next)
#endif
}

inline die() {
	life[me].dead = true;
	life[me].sent = false; life[me].wire = false;
	c = 0;
	do
	:: c < COMPLETIONS ->
		W.writes = false; W.keeps = false; W.next = 0; W.epoch = 0; W.number = 0; W.shown = 0; W.out = 0; W.since = 0;
		life[me].event[c] = 0; life[me].index[c] = 0; life[me].epoch[c] = 0;
		c++
	:: else -> break
	od;
	c = 0
}

/* What the journal need not hold any more is trimmed at once, which is the worst that may happen. */
#if defined(TRIM_TOO_FAR)	/* what was shown is enough */
#define NEEDED false
#elif defined(TRIM_FAILED)	/* who does not write needs nothing */
#define NEEDED (W.writes && W.out < W.shown && W.since < least)
#else
#define NEEDED (W.keeps && W.out < W.shown && W.since < least)
#endif
inline trim() {
	least = life[me].last + 1;
	c = 0;
	do
	:: c < COMPLETIONS ->
		if
		:: NEEDED -> least = W.since
		:: else
		fi;
		c++
	:: else -> break
	od;
	c = 0;
	MINE.base = (least > MINE.base -> least : MINE.base)
}

/* Whose writer is gone: the fence of its journal says so, or it is this incarnation's own. */
#if defined(NO_FENCE) || defined(READ_BEFORE_FENCE)
#define GONE(c)	(subject[c].writer != me)
#else
#define GONE(c)	(subject[c].writer != me && journal[subject[c].writer].fenced)
#endif
#define OWN(c)	(subject[c].writer == me && !life[me].w[c].writes && !OVER(c))
/* What is left to do about it. */
#define LEFT(c)	((GONE(c) || OWN(c)) && !OVER(c) && (claims[c] > 0 || journal[subject[c].writer].ends[c]))

#ifdef EPOCH_BLIND
#define SAME	true
#else
#define SAME	(journal[o].epoch[AT(c, i)] == subject[c].epoch)
#endif

#define MAY_SEND	(!life[me].dead && !life[me].sent && MINE.last < ROOM)

proctype Incarnation(byte me) {
	byte c, o, number, reach;
	bool direct;
	do
	/* send: what has gathered of one, or of both */
	:: d_step { MAY_SEND && GOES_ON(0) -> gather(0); life[me].sent = true; life[me].wire = true }
	:: d_step { MAY_SEND && GOES_ON(1) -> gather(1); life[me].sent = true; life[me].wire = true }
	:: d_step { MAY_SEND && GOES_ON(0) && GOES_ON(1) ->
		gather(0); gather(1); life[me].sent = true; life[me].wire = true; NOTE(gathered) }
	/* it arrives, or is lost */
	:: d_step { !life[me].dead && life[me].wire ->
		life[me].wire = false;
		if
		:: MINE.last == life[me].last && !MINE.fenced ->
			MINE.last++;
			c = 0;
			do
			:: c < COMPLETIONS ->
				MINE.event[AT(c, MINE.last)] = life[me].event[c];
				MINE.index[AT(c, MINE.last)] = life[me].index[c];
				MINE.epoch[AT(c, MINE.last)] = life[me].epoch[c];
				MINE.ends[c] = MINE.ends[c] || TERMINAL(life[me].event[c]);
				c++
			:: else -> break
			od;
			c = 0
		:: else
		fi }
	:: d_step { !life[me].dead && life[me].wire && losses > 0 -> losses--; life[me].wire = false }
	/* resolve: its answer, or a look at the journal's last record */
	:: d_step { !life[me].dead && life[me].sent && !life[me].wire ->
		if
#ifdef HOPE	/* a refusal is taken for an earlier attempt that was stored */
		:: MINE.last > life[me].last || MINE.fenced ->
#else
		:: MINE.last > life[me].last ->
#endif
			life[me].last = MINE.last; life[me].sent = false;
			c = 0;
			do
			:: c < COMPLETIONS ->
				if
				:: life[me].event[c] && W.epoch == life[me].epoch[c] && (W.writes || W.keeps) && W.shown == life[me].index[c] ->
					W.since = (W.out == W.shown -> MINE.last : W.since);
					see(c, W.shown, life[me].event[c]);
					W.shown++; W.next = 0
				:: else
				fi;
				life[me].event[c] = 0; life[me].index[c] = 0; life[me].epoch[c] = 0;
				c++
			:: else -> break
			od;
			trim()
#ifndef HOPE
		:: MINE.last == life[me].last && MINE.fenced -> die()	/* and may begin again as another one */
#endif
		:: MINE.last == life[me].last && !MINE.fenced -> life[me].wire = true
		fi }
	/* cancel: the end comes next, even if something else is under way */
	:: d_step { !life[me].dead && cancels > 0 && GOES_ON(0) -> cancels--; life[me].w[0].next = END(life[me].w[0].epoch) }
	:: d_step { !life[me].dead && cancels > 0 && GOES_ON(1) -> cancels--; life[me].w[1].next = END(life[me].w[1].epoch) }
	/* write out: what was shown out of the journal, and perhaps what comes next */
	:: atomic { !life[me].dead && (OUT_OF_STEP(0) || OUT_OF_STEP(1) || GOES_ON(0) || GOES_ON(1)) ->
		if
		:: OUT_OF_STEP(0) -> c = 0; direct = false
		:: OUT_OF_STEP(1) -> c = 1; direct = false
		:: GOES_ON(0) -> c = 0; direct = true
		:: GOES_ON(1) -> c = 1; direct = true
		fi;
		d_step {
		if
#ifndef UNFENCED_OUT
		:: subject[c].number != W.number -> W.writes = false; W.keeps = false	/* it has another writer */
		:: subject[c].number == W.number ->
#else
		:: true ->
#endif
			if
			:: MINE.fenced -> NOTE(outBehindFence)
			:: else
			fi;
			subject[c].number++; W.number = subject[c].number;
#ifndef NOT_WRITTEN_OUT	/* what only the journal has comes first */
			k = W.out;
			do
			:: k < W.shown -> store(c, k, subject[c].seen[k]); k++
			:: else -> break
			od;
#endif
			if
			:: !direct
			:: direct ->
				say(c);
				store(c, W.shown, W.next);
				W.shown++; W.next = 0
			fi;
			W.out = W.shown
		fi;
		direct = false;
		trim() } }
	/* a writer fails, for a reason of its own */
	:: d_step { !life[me].dead && failures > 0 && GOES_ON(0) -> failures--; life[me].w[0].writes = false; life[me].w[0].next = 0; trim() }
	:: d_step { !life[me].dead && failures > 0 && GOES_ON(1) -> failures--; life[me].w[1].writes = false; life[me].w[1].next = 0; trim() }
	/* fence */
	:: d_step { !life[me].dead && me != 0 && !journal[0].fenced -> journal[0].fenced = true }
#if LIVES > 2
	:: d_step { !life[me].dead && me != 1 && !journal[1].fenced -> journal[1].fenced = true }
#endif
	/* inherit and claim: the completion's subject is read, then the journal, and both may have changed since */
	:: atomic { !life[me].dead && (LEFT(0) || LEFT(1)) ->
		if
		:: LEFT(0) -> c = 0
		:: LEFT(1) -> c = 1
		fi;
		o = subject[c].writer; number = subject[c].number };
		reach = journal[o].last;
#ifdef READ_BEFORE_FENCE
		if
		:: o != me -> journal[o].fenced = true
		:: o == me
		fi;
#endif
#ifndef NOT_INHERITED
		d_step {
			if
			:: subject[c].number == number ->
				had = subject[c].n; k = had; i = journal[o].base;
				do
				:: i <= reach ->
					if
					:: journal[o].event[AT(c, i)] && journal[o].index[AT(c, i)] >= k && SAME ->
						assert(trimmed || journal[o].index[AT(c, i)] == k);
						store(c, k, journal[o].event[AT(c, i)]);
						if
						:: journal[o].base > 1 -> NOTE(inheritedTrimmed)
						:: else
						fi;
						k++
					:: else
					fi;
					i++
				:: else -> break
				od;
				if
				:: k > 0 && OVER(c) -> NOTE(inheritedEnd)
				:: else
				fi;
				subject[c].number = subject[c].number + (k > had -> 1 : 0);
				number = subject[c].number
			:: else
			fi };
#endif
		d_step {
			if
			:: !life[me].dead && subject[c].number == number && !OVER(c) && claims[c] > 0 ->
				claims[c]--;
				assert(I5_prefix || subject[c].n >= subject[c].shown);
				subject[c].number++; subject[c].epoch++; subject[c].writer = me;
				W.writes = true; W.keeps = true; W.epoch = subject[c].epoch; W.number = subject[c].number;
				W.shown = subject[c].n; W.out = subject[c].n; W.next = 0; W.since = 0
			:: else
			fi;
			c = 0; o = 0; number = 0; reach = 0 }
	/* die */
	:: d_step { me != HEIR && !life[me].dead -> die() }
	:: over -> break
	od
}

#define EXCUSED(c) (claims[c] == 0 && (life[subject[c].writer].dead || journal[subject[c].writer].fenced || !life[subject[c].writer].w[c].writes))

proctype Monitor() {
	timeout;
	assert(stuck || (OVER(0) || EXCUSED(0)) && (OVER(1) || EXCUSED(1)));
	assert(I7_whole || (!OVER(0) || subject[0].shown <= subject[0].n) && (!OVER(1) || subject[1].shown <= subject[1].n));
#ifdef GOAL
	assert(never_reached || !GOAL);
#endif
	over = true
}

init { d_step {
	claims[0] = CLAIMS; claims[1] = CLAIMS;
	life[0].w[0].writes = true; life[0].w[0].keeps = true; life[0].w[0].number = 1;
#ifdef ALONE		/* the other completion has ended */
	subject[1].n = 1; subject[1].event[0] = END(0); subject[1].shown = 1; subject[1].seen[0] = END(0)
#else
	life[0].w[1].writes = true; life[0].w[1].keeps = true; life[0].w[1].number = 1
#endif
	};
	atomic { run Incarnation(0); run Incarnation(1);
#if LIVES > 2
		run Incarnation(2);
#endif
		run Monitor() }
}
