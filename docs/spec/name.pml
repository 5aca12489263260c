/*
 * What an idempotency key names, for the model checker spin: what it proves and what it leaves
 * out is in README.md. Three creates with one key, each of which may be slow, or die, at any
 * step; what it has sent may arrive after that.
 *
 *   process        stands for (paths below services/completion/internal)
 *
 *   Create         jetlog/log.go, Create, as far as the name goes:
 *     look         jetlog/name.go, named and meant
 *     claim        jetlog/name.go, claim and give: fenced by the message that was read
 *     look again   jetlog/name.go, giveBack
 *     store        jetlog/log.go, create: the completion's meta
 *     ask          jetlog/name.go, keepName and has
 *   Wire           a meta whose sender has died
 *   Adopter        jetlog/replica.go, claim and withdraw: of a create that is dead, or taken for that
 *   Monitor        looks at what there is when nothing more can happen
 */

#define CREATES	3
#define NOBODY	0

hidden byte one, told, agreed, never_reached;	/* never true */

/* The stream: the number of its last message, the name's last message, and the metas' numbers. */
byte last;
byte holder, before, given;		/* who has the name, who had it, and that message's number */
byte meta[CREATES+1];			/* 0: it is not there */
bool begun[CREATES+1];
bool withdrawn[CREATES+1], admitted[CREATES+1], adrift[CREATES+1];
byte pointed[CREATES+1];		/* to whom it was sent in its place */

bool over;
hidden byte i, n;

/* Runs that have to exist. */
#if REACH == 1		/* one that was slow has kept its name, though another one had claimed it */
#define GOAL (admitted[1] && gaveBack)
#elif REACH == 2	/* one was withdrawn by whoever adopted it, and another one has the name */
#define GOAL (byAdopter && admitted[3])
#endif
#ifdef GOAL
bool gaveBack, byAdopter;
#define NOTE(what) what = true
#else
#define NOTE(what) skip
#endif

/* JetStream: the name is given away if its last message is the expected one. at is the number of
   the message then. */
inline give(whom, from, expect, ok, at) { d_step {
	if
	:: given == expect ->
		last++; holder = whom; given = last; ok = true; at = last;
#ifdef FORGETFUL
		before = NOBODY
#else
		before = from
#endif
	:: else -> ok = false
	fi
} }

/* Whether a completion that is stored has its name. */
inline ask(x, m_, h_, b_, g_, ok_, has_) {
	ok_ = false; g_ = 0;
	do
	:: atomic { !ok_ && g_ == 0 ->
		h_ = holder; b_ = before; g_ = given;
		if
		:: h_ == x -> ok_ = true; has_ = true
#ifdef LAST_WORD	/* it is compared with the last message, whosever name that gave away */
		:: h_ != x && g_ < m_ -> ok_ = true; has_ = false
		:: h_ != x && g_ >= m_
#else
		:: h_ != x && (b_ != x || g_ < m_) -> ok_ = true; has_ = false
		:: h_ != x && b_ == x && g_ >= m_
#endif
		fi }
	:: atomic { !ok_ && g_ > 0 ->
		give(x, NOBODY, g_, ok_, g_);
		has_ = ok_; g_ = 0;
		if
		:: ok_ -> NOTE(gaveBack)
		:: else
		fi }
	:: atomic { ok_ -> break }
	od
}

inline decide(x, has_) { d_step {
	if
	:: has_ -> assert(agreed || !withdrawn[x]); admitted[x] = true
	:: else -> assert(agreed || !admitted[x]); withdrawn[x] = true; meta[x] = 0
	fi
} }

proctype Create(byte me) {
	byte h, b, g, had, m;
	bool ok, has;
	begun[me-1];				/* which of them is the first one makes no difference */
look:
	atomic { begun[me] = true; h = holder; b = before; g = given; had = NOBODY };
	atomic {
		if
		:: b != NOBODY && meta[b] > 0 && meta[b] < g -> h = b; goto taken
		:: else
		fi
	};
	atomic {
		if
		:: h == NOBODY
		:: h != NOBODY && meta[h] > 0 -> goto taken
		:: h != NOBODY && meta[h] == 0 -> had = h	/* it has not come for too long */
		fi
	};
	atomic {
		give(me, had, g, ok, g);
		if
		:: ok
		:: ok -> goto dead
		:: !ok -> goto look
		fi
	};
#ifndef ONE_LOOK
	atomic {
		if
		:: had != NOBODY && meta[had] > 0 && meta[had] < g -> pointed[me] = had
		:: else -> goto store
		fi
	};
	atomic { give(had, NOBODY, g, ok, g); goto end };
store:
#endif
	atomic {
		if
		:: last++; meta[me] = last; m = last
		:: last++; meta[me] = last; goto dead
		:: adrift[me] = true; goto dead
		fi
	};
	ask(me, m, h, b, g, ok, has);
	decide(me, has);
	goto end;
taken:
	atomic {
#ifndef LATE_READ
		/* Is the name still as it was? What was found may have come too late. */
		if
		:: given != g -> goto look
		:: else
		fi;
#endif
		pointed[me] = h
	};
dead:
	skip;
end:
	atomic { h = 0; b = 0; g = 0; had = 0; m = 0; ok = false; has = false }
}

proctype Wire() {
end:
	do
	:: d_step { adrift[1] -> adrift[1] = false; last++; meta[1] = last }
	:: d_step { adrift[2] -> adrift[2] = false; last++; meta[2] = last }
	:: d_step { adrift[3] -> adrift[3] = false; last++; meta[3] = last }
	:: over -> break
	od
}

#define ADOPTABLE(x) (meta[x] > 0 && !admitted[x])

proctype Adopter() {
	byte id, m, h, b, g;
	bool ok, has;
	do
	:: over -> break
	:: else ->
		atomic {
			if
			:: ADOPTABLE(1) -> id = 1
			:: ADOPTABLE(2) -> id = 2
			:: ADOPTABLE(3) -> id = 3
			:: over -> goto end
			fi;
			m = meta[id]
		};
#ifdef UNASKED
		has = true;
#else
		ask(id, m, h, b, g, ok, has);
#endif
		if
		:: !has -> NOTE(byAdopter)
		:: else
		fi;
		decide(id, has);
		atomic { id = 0; m = 0; h = 0; b = 0; g = 0; ok = false; has = false }
	od;
end:
	skip
}

/* Whom a key that is tried again would lead to. */
inline meant() {
	n = NOBODY;
	if
	:: before != NOBODY && meta[before] > 0 && meta[before] < given -> n = before
	:: else ->
		if
		:: holder != NOBODY && meta[holder] > 0 -> n = holder
		:: else
		fi
	fi
}

proctype Monitor() {
	timeout;
	d_step {
		meant();
		assert(one || admitted[1] + admitted[2] + admitted[3] <= 1);
		i = 1;
		do
		:: i <= CREATES ->
			assert(one || !admitted[i] || n == i);
			assert(told || pointed[i] == NOBODY || !withdrawn[pointed[i]] && n == pointed[i]);
			i++
		:: else -> break
		od
	};
#ifdef GOAL
	assert(never_reached || !GOAL);
#endif
	over = true
}

init { atomic {
	begun[0] = true;
	run Create(1); run Create(2); run Create(3);
	run Wire(); run Adopter(); run Monitor()
} }
