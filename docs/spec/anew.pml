/*
 * A stream that begins anew under the log protocol, for the model checker spin: what it proves
 * and what it leaves out is in README.md. Numbers of records are all that a fence knows, and
 * they begin again where a stream is lost, or put back from a backup, under those who write
 * into it.
 *
 *   process        stands for (paths below services/completion/internal)
 *
 *   Fate           takes a backup, and then empties the stream, or puts the backup back; with
 *                  the server, so that connections break, or, to empty it, without
 *   Old            a replica that writes completion X, and hears of nothing:
 *     write        jetio/append.go, try, and jetlog/gate.go, Pass
 *     disown       jetlog/replica.go, disown, and archive.go, deleteUpTo
 *     prove        jetlog/keeper.go, prove: the pulse, fenced by the one before
 *     lose         jetlog/keeper.go, begin: the era is over, and the stream is opened anew
 *     own past     jetlog/replica.go, takeOver and claim: what a backup holds of this replica's
 *   New            another one, which may take Old for dead at any moment, take X over, and
 *                  answers Y in the stream that there is then
 *   Reader         a client of X, which is cut after every event and goes on at either replica
 */

#ifndef RECORDS
#define RECORDS 13			/* that a stream has room for */
#endif
#define TOKENS	2			/* of X; its terminal event follows them */
#define EVENTS	(TOKENS + 1)

hidden byte destroyed, I2_epochs, I5_prefix, I6_terminal, I8_silent, stuck, never_reached;	/* never true */

/* Subjects. X may have two owners. */
#define X		1
#define OWNER(r)	(2 + (r))
#define Y		4
#define OWNER_Y		5
#define PULSE(r)	(6 + (r))

/* What a record of X or Y says. No two generations say the same. */
#define TEXT(by)	(1 + (by))
#define CLAIM		10
#define DONE		100
#define LOST		101
#define TERMINAL(v)	((v) >= DONE)

typedef Stream {
	byte last;			/* number of the last record */
	byte subject[RECORDS+1];	/* 0: there is none, or it was deleted */
	byte value[RECORDS+1]
};
Stream now, backup;
byte length;				/* how many events of X it holds */
bool ended;				/* and whether the last one is terminal */
bool saved, anew, restored;

/* What a replica knows of the stream. */
byte pulse[2], known[2];		/* number of its last pulse, and the highest of all that it knows */
bool open[2] = { true, true };		/* its gate */
bool back[2];				/* it knows that the stream was put back, and has to look for its past */
bool putBack;				/* the stream says so: somebody has known it */
bool aware[2];				/* who knows */

/* Old's writer and its tape; New's writer. */
bool writes = true, disowns;
byte owner, at, shown;
bool takes, ownPast;
byte fence, next;
byte answered;				/* how much of Y is stored: its owner, a token, its end; 4: disowned */
byte askedFor[4];			/* the numbers of these */

/* The reader. */
byte seen[EVENTS+1];
byte cursor;
bool told;				/* it has the end, or an error */

bool calm;				/* no more faults */
bool over;				/* nothing more can happen */
hidden byte i, n, found, number;
hidden byte text[EVENTS+1];

/* Runs that have to exist, or the model would hold because it is stuck. */
#if REACH == 1		/* an emptied stream refuses the old writer, which disowns in it */
#define GOAL (!restored && refused)
#elif REACH == 2	/* what a backup held unfinished is ended, and a reader sees that */
#define GOAL (now.value[found] == LOST && seen[cursor-1] == LOST)
#elif REACH == 3	/* more had been shown than that */
#define GOAL (now.value[found] == LOST && cursor > length)
#elif REACH == 4	/* a backup that holds all that anybody knows is gone on from */
#define GOAL (restored && !putBack && now.value[found] == DONE && cursor == EVENTS)
#endif
#ifdef GOAL
bool refused;
#define NOTE(what) what = true
#else
#define NOTE(what) skip
#endif

inline lastOf(s) {
	found = 0; i = 1;
	do
	:: i <= now.last -> if :: now.subject[i] == s -> found = i :: else fi; i++
	:: else -> break
	od
}

/* JetStream: a record behind the expected one, or nothing. number is its number, or 0. */
inline put(s, v, expect) {
	lastOf(s);
	number = 0;
	if
	:: found == expect && now.last < RECORDS ->
		assert(I2_epochs || s != X || found == 0 || now.value[found] != CLAIM || v != TEXT(0));
		assert(I6_terminal || s != X || found == 0 || !TERMINAL(now.value[found]));
		now.last++;
		now.subject[now.last] = s; now.value[now.last] = v;
		length = length + (s == X && v != CLAIM -> 1 : 0);
		ended = ended || s == X && TERMINAL(v);
		number = now.last
	:: else
	fi
}

/* The events of X that the stream holds: text, and n of them. */
inline events() {
	n = 0; i = 1;
	do
	:: i <= now.last ->
		if
		:: now.subject[i] == X && now.value[i] != CLAIM -> text[n] = now.value[i]; n++
		:: else
		fi;
		i++
	:: else -> break
	od
}

inline copy(to, from) {
	to.last = from.last; i = 0;
	do
	:: i <= RECORDS -> to.subject[i] = from.subject[i]; to.value[i] = from.value[i]; i++
	:: else -> break
	od
}

inline learn(me, it) {
	if
	:: it > known[me] -> known[me] = it
	:: else
	fi
}

inline clear() {
	now.last = 0; length = 0; ended = false; i = 0;
	do
	:: i <= RECORDS -> now.subject[i] = 0; now.value[i] = 0; i++
	:: else -> break
	od
}

/* A backup is older than a pulse, unless a replica has stood still since: then it holds all
   that this one knows. */
#define OLDER(r) (backup.last >= known[r] || backup.last < pulse[r])

#ifdef NO_GATE
#define CUT
#else
#define CUT open[0] = false; open[1] = false
#endif

proctype Fate() {
	do
	:: d_step { !saved && !anew -> copy(backup, now); saved = true }
	:: d_step { !anew && !calm -> clear(); anew = true }
	:: d_step { !anew && !calm -> clear(); anew = true; CUT }
	:: d_step { !anew && !calm && saved && OLDER(0) && OLDER(1) ->
		copy(now, backup); events(); length = n; ended = n > 0 && TERMINAL(text[n-1]); anew = true; restored = true; CUT }
	:: over -> break
	od
}

#if defined(CREATION_TIME) || defined(NOT_TOLD)
#define UNAWARE(me) false
#else
#define UNAWARE(me) (putBack && !aware[me])
#endif

/* The pulse: whether the stream is the one that it was. Where it is not, all that was learned
   in it is forgotten, and it is opened as at a start. */
inline prove(me) {
	put(PULSE(me), 0, pulse[me]);
	if
#ifdef CREATION_TIME	/* which a backup keeps */
	:: (number == 0 || number <= known[me]) && restored -> lastOf(PULSE(me)); pulse[me] = found; open[me] = true
#endif
	:: number > known[me] && !UNAWARE(me) -> pulse[me] = number; known[me] = number; open[me] = true
	:: else ->
		if
		:: me == 0 -> writes = false; disowns = false; shown = 0; at = 0; owner = 0
		:: else -> takes = false; fence = 0; next = 0; ownPast = restored
		fi;
		putBack = putBack || restored;
		aware[me] = restored;
		back[me] = restored;
		lastOf(PULSE(me));
		pulse[me] = found;
		put(PULSE(me), 0, pulse[me]);
		pulse[me] = number; known[me] = now.last; open[me] = true
	fi
}

/* A pulse now and then: of importance here is the one after a backup. */
#define MAY_BEAT(me) (open[me] && !anew && saved && pulse[me] <= backup.last && now.last < RECORDS)
inline beat(me) {
	put(PULSE(me), 0, pulse[me]);
	pulse[me] = number; learn(me, number)
}

#define STRANGE(me) (UNAWARE(me) || now.subject[pulse[me]] != PULSE(me) || now.last < known[me])

/* Time: whoever knows more than a backup holds finds out, and says so, before others go on. */
#define SETTLED (!restored || open[0] && open[1] && !STRANGE(0) && !STRANGE(1))

#ifdef CREATION_TIME
#define BACKWARDS(me) false
#else
#define BACKWARDS(me) (number <= known[me])
#endif

proctype Old() {
	do
	/* write */
	:: d_step { open[0] && SETTLED && writes && shown < EVENTS && now.last < RECORDS ->
		put(X, (shown == TOKENS -> DONE : TEXT(0)), at);
		if
		:: number == 0 || BACKWARDS(0) -> writes = false; disowns = true; NOTE(refused)
		:: else ->
			at = number; shown++;
			learn(0, number);
			if
			:: shown == EVENTS -> writes = false; disowns = true
			:: else
			fi
		fi }
	/* disown */
	:: d_step { open[0] && disowns ->
#ifdef DELETE_BY_NUMBER
		assert(destroyed || now.subject[owner] == 0 || now.subject[owner] == OWNER(0));
		now.subject[owner] = 0;
#else
		i = 1;
		do
		:: i <= owner -> if :: now.subject[i] == OWNER(0) -> now.subject[i] = 0 :: else fi; i++
		:: else -> break
		od;
#endif
		disowns = false }
	:: d_step { MAY_BEAT(0) -> beat(0) }
	/* prove: over a new connection, and where something is not there */
	:: d_step { (!open[0] || STRANGE(0)) && now.last + 1 < RECORDS -> prove(0) }
	/* own past */
	:: d_step { open[0] && !writes && back[0] && now.last < RECORDS ->
		lastOf(X);
		if
		:: found && !TERMINAL(now.value[found]) -> put(X, LOST, found)
		:: else
		fi;
		back[0] = false }
	:: over -> break
	od
}

proctype New() {
	do
	:: d_step { MAY_BEAT(1) -> beat(1) }
	:: d_step { (!open[1] || STRANGE(1)) && now.last + 1 < RECORDS -> prove(1) }
	/* claim: Old is taken for dead, be it so or not; or X is New's own past, in a backup. Who
	   has just come waits until those who were there have had their say. */
	:: d_step { open[1] && !STRANGE(1) && !takes && !ended && length > 0 && now.last < RECORDS && (!calm || !writes) && SETTLED ->
		lastOf(X);
		if
		:: now.value[found] != CLAIM && now.value[found] != TEXT(1) || ownPast ->
			ownPast = false;
			fence = found;
			next = length;
			put(X, CLAIM, fence);
			fence = number; takes = true;
			learn(1, number)
		:: else -> ownPast = false
		fi }
	/* write: what was put back is ended, as more of it may have been shown */
	:: d_step { open[1] && takes && now.last < RECORDS ->
#ifdef GO_ON
		n = (next == TOKENS -> DONE : TEXT(1));
#else
		n = (putBack -> LOST : (next == TOKENS -> DONE : TEXT(1)));
#endif
		put(X, n, fence);
		if
		:: number == 0 || BACKWARDS(1) -> takes = false
		:: else ->
			fence = number; next++;
			learn(1, number);
			takes = !TERMINAL(n)
		fi }
	/* answer Y */
	:: d_step { open[1] && anew && answered < 3 && now.last < RECORDS && !STRANGE(1) ->
		if
		:: answered == 0 -> put(OWNER_Y, 0, 0)
		:: answered == 1 -> put(Y, TEXT(1), 0)
		:: else -> put(Y, DONE, askedFor[1])
		fi;
		if
		:: number -> askedFor[answered] = number; answered++; learn(1, number)
		:: else
		fi }
	:: over -> break
	od
}

inline take(v) {
	told = TERMINAL(v);
	seen[cursor] = v;
	cursor++
}

proctype Reader() {
	do
	/* from Old's tape, which does not know yet what has become of the stream */
	:: d_step { !told && cursor < shown ->
		i = 0;
		do
		:: i < cursor -> assert(I5_prefix || seen[i] == TEXT(0)); i++
		:: else -> break
		od;
		take((cursor == TOKENS -> DONE : TEXT(0))) }
	/* from the stream, through New */
	:: d_step { !told && open[1] && !STRANGE(1) && (cursor != length || length == 0 || ended) ->
		events();
		if
		:: cursor < n ->
			i = 0;
			do
			:: i < cursor -> assert(I5_prefix || seen[i] == text[i]); i++
			:: else -> break
			od;
			take(text[cursor])
		:: cursor > n || n == 0 -> told = true	/* there is no such event, or no such completion */
		:: cursor == n && n > 0 && TERMINAL(text[n-1]) ->
			/* Nothing follows, unless the end is where something else was that is no more. */
#ifndef SILENT_END
			if
			:: text[n-1] != LOST
#else
			if
			:: true
#endif
				-> assert(I8_silent || seen[cursor-1] == text[n-1])
			:: text[n-1] == LOST
			fi;
			told = true
		:: else
		fi }
	:: over -> break
	od
}

#define Y_IS_THERE(k) (answered <= k || now.subject[askedFor[k]] == (k == 0 -> OWNER_Y : Y))

proctype Monitor() {
	calm = true;
	timeout;
	assert(stuck || now.last + 1 >= RECORDS || told && (answered == 3 || !anew));
	assert(destroyed || Y_IS_THERE(0) && Y_IS_THERE(1) && Y_IS_THERE(2));
#ifdef GOAL
	d_step { lastOf(X) };
	assert(never_reached || !(anew && answered == 3 && told && GOAL));
#endif
	over = true
}

init { d_step {
	put(PULSE(0), 0, 0); pulse[0] = number;
	put(PULSE(1), 0, 0); pulse[1] = number;
	put(OWNER(0), 0, 0); owner = number;
	put(X, TEXT(0), 0); at = number; shown = 1;
	known[0] = number; known[1] = pulse[1] };
	atomic { run Fate(); run Old(); run New(); run Reader(); run Monitor() }
}
