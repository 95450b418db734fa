/* SPDX-License-Identifier: MIT */
/*
 * Looking at the clock. Within a process a jump is seen at once, by the time of the look
 * before; between processes and after a start, by the row. Two processes that see one
 * jump back may count it twice, which does no harm.
 */
#include <stddef.h>

#include "clock.h"
#include "db.h"
#include "log.h"
#include "queries.h"
#include "watch.h"

#define LOOK_EVERY (10 * CLOCK_SECOND)

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Until when nothing is forgotten. A hold that was begun by a clock that was ahead ends
 * after a day at most. */
static int64_t
hold(int64_t held_until, int64_t seen_at, int64_t now)
{
	const int64_t ahead = seen_at ? now - seen_at : 0;
	int64_t until = ahead > WATCH_FAR ? now + CLOCK_DAY :
	    ahead > WATCH_OFF ? now + WATCH_HOLD : 0;

	until = later(until, held_until);
	return until > now + CLOCK_DAY ? now + CLOCK_DAY : until;
}

static void
tell(int64_t seen_at, int64_t now, int64_t held_until)
{
	char was[CLOCK_TEXT], until[CLOCK_TEXT];

	(void)clock_text(seen_at, was);
	(void)clock_text(held_until, until);
	if (now < seen_at)
		log_write(LOG_ERROR, "clock: it was %s before; phones fetch all anew",
		    was);
	else
		log_write(LOG_WARN, "clock: the last look was at %s; nothing that is old "
		    "is forgotten until %s", was, until);
}

enum err
watch_note(struct db *db, int64_t now, int64_t last)
{
	struct clock_get_row row;
	int64_t seen_at, held_until, n;
	bool back;
	enum err e = q_clock_get(db, &row);

	if (e)
		return e;
	seen_at = later(row.seen_at, last);
	back = seen_at - now > WATCH_BACK;
	held_until = hold(row.held_until, row.seen_at, now);
	e = q_clock_set(db, &(struct clock_set_in){ .now = now,
	    .old_seen_at = row.seen_at, .old_held_until = row.held_until,
	    .held_until = held_until, .n_back = row.n_back + back }, &n);
	if (!e && n && (back || (row.seen_at && now - row.seen_at > WATCH_OFF)))
		tell(seen_at, now, held_until);
	return e;
}

void
watch_look(struct db *db)
{
	static int64_t due, last;
	const int64_t now = clock_now();
	const bool jumped = now < last || now > last + WATCH_OFF;

	if (clock_steady() >= due || jumped) {
		if (watch_note(db, now, last))
			return; /* the database is away, as the log says */
		due = clock_steady() + LOOK_EVERY;
	}
	last = now;
}

enum err
watch_holds(struct db *db, int64_t now, bool *is)
{
	struct clock_get_row row;
	enum err e = q_clock_get(db, &row);

	/* Nobody has looked for long: it has jumped just now. */
	*is = e || now < row.held_until || now - row.seen_at > WATCH_OFF;
	return e;
}

enum err
watch_turns(struct db *db, int64_t *n)
{
	struct clock_get_row row;
	enum err e = q_clock_get(db, &row);

	*n = e ? 0 : row.n_back;
	return e;
}
