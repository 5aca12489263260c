/*
 * How an end gets into the books, for the model checker spin: what it proves and what it leaves
 * out is in README.md. Three replicas and one completion. One writes it; any may take another one for
 * dead, cancel, die, or not hear that what it has stored is there.
 *
 *   process        stands for (paths below services/completion/internal)
 *
 *   Replica        one process of the service:
 *     seal         jetlog/writer.go, Seal: the terminal event, fenced
 *     cancel       jetlog/settle.go, sealOver
 *     settle       jetlog/settle.go, settleEnd and settled
 *     note         jetlog/expiry.go, note
 *     look         jetlog/replica.go, takeOver and rescue; settle.go, unsettled
 *     claim        jetlog/replica.go, claim and own
 *   Fate           ends the faults
 *   Monitor        looks at what there is when nothing more can happen
 */

#define REPLICAS	3
#define WRITER		0	/* who writes at first */
#define HEIR		2	/* who never dies */
#ifndef CLAIMS
#define CLAIMS		1	/* takeovers */
#endif
#ifndef DEATHS
#define DEATHS		2
#endif
#ifndef SILENCES
#define SILENCES	1	/* answers that are lost, and outages */
#endif

hidden byte once, booked, listed, disowned, never_reached;	/* never true */

/* The stream: the completion's records, and who says to own it. Each subject counts by itself. */
byte tail = 1;			/* the number of the completion's last record */
byte ended;			/* who has stored its end, and one; 0: nobody */
byte last[REPLICAS];		/* the number of the last message that said so */
byte owner[REPLICAS];		/* the same, 0: there is none any more */
byte word[REPLICAS];		/* who says in it to enter the end into the books, and one; 0: nobody */

/* The replicas. */
bool dead[REPLICAS];
bool entering[REPLICAS];	/* it has said that it enters the end, and has not deleted that */
bool mine[REPLICAS];		/* it is to see to what it owns itself */
bool entered[REPLICAS];		/* it has made the entry, which the stream does not know */

byte entries;			/* in the books */
bool noted;			/* the stream says that the completion has ended, and may have to be deleted */
bool excused;			/* one has died, or lost the log for long, right behind its entry */
byte claims = CLAIMS, deaths = DEATHS, silences = SILENCES;
bool cancels = true;
bool calm, over;

/* Runs that have to exist. */
#if REACH == 1		/* one that has not heard its own word enters the end */
#define GOAL (unheard && entries == 1 && !dead[0] && !dead[1])
#elif REACH == 2	/* two have died, each with an end or a word of its own */
#define GOAL (deaths == 0 && inherited && entries == 1)
#elif REACH == 3	/* one has died behind its entry, and there are two */
#define GOAL (excused && entries == 2)
#endif
#ifdef GOAL
bool unheard, inherited;
#define NOTE(what) what = true
#else
#define NOTE(what) skip
#endif

#define DEAD(o)	(dead[o] || !calm && !entering[o])	/* as far as others know */
/* What a replica finds to do at another's owner message, or at its own. */
#define OPEN(o)	(owner[o] != 0 && (o == me && mine[me] || o != me && (DEAD(o) || OWN_WORD(o))) && \
	(ended != o + 1 || word[o] == 0 || word[o] == me + 1 || RESPECT(o)))
#ifdef UNHEARD_WORD	/* one that lives is left alone, whatever may be stored of ours */
#define OWN_WORD(o)	false
#else
#define OWN_WORD(o)	(word[o] == me + 1)
#endif
#ifdef WORD_FOR_GOOD	/* what one has said that it does is left to it, dead or not */
#define RESPECT(o)	false
#else
#define RESPECT(o)	DEAD(word[o] - 1)
#endif

/* It may die here. */
#define DIE	deaths--; dead[me] = true; excused = excused || entered[me]
#define MAY_DIE	atomic { if :: me != HEIR && deaths > 0 && !calm -> DIE; goto end :: true fi }

inline own(r, at) { d_step { last[r]++; owner[r] = last[r]; word[r] = 0; at = last[r] } }

inline delete(o, at) { d_step {
	if
	:: owner[o] <= at -> owner[o] = 0; word[o] = 0
	:: else
	fi
} }

/* It says that it enters the end, where the last word is the expected one. */
inline say(o, expect, ok, at) { d_step {
#ifdef UNFENCED_WORD
	if
	:: owner[o] != 0 ->
#else
	if
	:: owner[o] == expect && expect != 0 ->
#endif
		last[o]++; owner[o] = last[o]; word[o] = me + 1; at = last[o]; ok = true; entering[me] = true
	:: else -> ok = false
	fi
} }

/* The log is away, right behind an entry. */
inline away() {
	!calm && silences > 0; silences--;
#ifndef ENTERED_FORGOTTEN
	entered[me] = true;
#endif
	mine[me] = true;
	if
	:: true
	:: entering[me] = false; excused = true	/* for long: it is taken for dead */
	fi
}

inline disown(o, at) { delete(o, at); mine[me] = false; entered[me] = false; entering[me] = false }

/* It may die here, behind an entry that nobody else knows of. */
#define MAY_DIE_BEHIND	if :: me != HEIR && deaths > 0 && !calm -> deaths--; dead[me] = true; excused = true; goto end :: true fi

/* The entry; then the note that the completion has ended, by which it is deleted one day; and then the word is deleted
 * that announced the entry. To die, or to lose the log, behind the note is not told from that before it, which leaves less. */
inline enter(o, at) {
#ifdef EARLY_DELETE
	noted = true;
	delete(o, at);
	MAY_DIE;
#endif
	atomic {
		entries++;
		assert(once || excused || entries <= 1);
		MAY_DIE_BEHIND
	};
	atomic {
		if
#ifdef LATE_NOTE
		:: disown(o, at); MAY_DIE_BEHIND; noted = true
#else
		:: noted = true; disown(o, at)
#endif
		:: away()
		fi
	}
}

proctype Replica(byte me) {
	byte o, said, at, known;
	bool ok;
	if
	:: me == WRITER -> at = 1; known = 1; goto seal
	:: me == 1 && cancels -> goto cancel
	:: me != WRITER -> goto look
	fi;
seal:
	MAY_DIE;
	atomic {
		if
		:: ended == 0 && tail == known -> tail++; ended = me + 1
		:: else -> delete(me, at); goto look	/* somebody else writes it, or has ended it */
		fi
	};
settle:
	MAY_DIE;
#ifdef UNANNOUNCED
	ok = true; said = at;
#else
	said = at;
	say(me, said, ok, at);
#endif
	if
	:: ok ->
		if
		:: true
		:: !calm && silences > 0 ->	/* it does not hear that, and is refused by its own word */
			silences--; NOTE(unheard);
			entering[me] = false; ok = false
		fi
	:: else
	fi;
	atomic {
		if
		:: ok
#ifdef OWN_WORD_LOST
		:: !ok -> goto look
#else
		:: !ok -> mine[me] = true; goto look
#endif
		fi
	};
	MAY_DIE;
	enter(me, at);
	goto look;
cancel:
	atomic {
		cancels = false;
		known = tail;
		if
		:: ended -> goto look
		:: else
		fi
	};
owning:
#ifndef UNOWNED_CANCEL
	own(me, at);
	MAY_DIE;
#endif
again:
	atomic {
		if
		:: ended == 0 && tail == known -> tail++; ended = me + 1
		:: ended == 0 && tail != known -> known = tail;
#ifdef OWNED_ONCE	/* though whoever has written since may have taken that away */
			goto again
#else
			goto owning
#endif
		:: ended != 0 -> delete(me, at); goto look
		fi
	};
#ifdef UNOWNED_CANCEL
	MAY_DIE;
	enter(me, at);
	goto look;
#else
	goto settle;
#endif
look:
	MAY_DIE;
	atomic {
		if
		:: OPEN(0) -> o = 0
		:: OPEN(1) -> o = 1
		:: OPEN(2) -> o = 2
		:: over -> goto end
		fi;
		said = owner[o];
		if
		:: ended == o + 1 && entered[me] ->	/* what it says is done is done */
#ifndef UNNOTED
			noted = true;
#endif
			disown(o, said); goto look
		:: ended == o + 1 && !entered[me]
		:: ended != 0 && ended != o + 1 ->	/* its end is another's to settle */
			delete(o, said);
			if :: o == me -> mine[me] = false :: else fi;
			goto look
		:: o != me && !dead[o] && !calm && (ended == 0 || ended == o + 1) ->	/* it is heard again */
#ifdef UNOWNED_ALIVE	/* what one who lives writes needs no owner */
			delete(o, said);
#endif
			goto look
		:: ended == 0 && claims > 0 -> claims--; goto claim
		:: ended == 0 && claims == 0 && over -> goto end
		fi
	};
	say(o, said, ok, at);
	if
	:: !ok -> goto look
	:: ok && !calm && silences > 0 -> silences--; entering[me] = false; goto look	/* it does not hear that */
	:: ok -> if :: o != me -> NOTE(inherited) :: else fi
	fi;
	MAY_DIE;
	enter(o, at);
	goto look;
claim:
	atomic {
		known = tail;
		if
#ifdef SEALED_SINCE	/* what has ended since needs no owner */
		:: ended != 0 -> delete(o, said); goto look
#else
		:: ended != 0 -> goto look
#endif
		:: ended == 0
		fi
	};
	own(me, at);
	MAY_DIE;
	atomic {
		if
		:: ended == 0 && tail == known -> tail++; known = tail; mine[me] = false
		:: else ->
			if
			:: o != me -> delete(me, at)
			:: else
			fi;
			goto look
		fi
	};
	MAY_DIE;
	if
	:: o != me -> delete(o, said)
	:: else
	fi;
	goto seal;
end:
	atomic { o = 0; said = 0; at = 0; known = 0; ok = false }
}

proctype Fate() { calm = true }

proctype Monitor() {
	timeout;
	d_step {
		assert(booked || ended == 0 || entries >= 1);
		assert(listed || ended == 0 || noted);
		assert(disowned || ended == 0 || owner[0] + owner[1] + owner[2] == 0)
	};
#ifdef GOAL
	assert(never_reached || !GOAL);
#endif
	over = true
}

init { atomic {
	last[WRITER] = 1; owner[WRITER] = 1;
	run Replica(0); run Replica(1); run Replica(2);
	run Fate(); run Monitor()
} }
