/* SPDX-License-Identifier: MIT */
/*
 * The recorder: the one process that moves the journal of reads into the audit. It is
 * not a job worker, since a long job there would hold up the journal, and a full
 * journal holds up whoever wants to read. It looks at the clock as well.
 */
#include <time.h>

#include "arena.h"
#include "audit.h"
#include "clock.h"
#include "db.h"
#include "journal.h"
#include "log.h"
#include "metrics.h"
#include "proc.h"
#include "recorder.h"
#include "watch.h"

#define COUNT_EVERY (10 * CLOCK_SECOND)

enum { MEMORY = 8 * 1024 * 1024, PAUSE_MS = 400 };

/* Until nothing waits. */
static enum err
flush_all(struct db *db, struct arena *arena)
{
	bool more = true;
	enum err e = OK;

	while (more && !e && !proc_stopping()) {
		e = journal_flush(db, arena, &more);
		arena_reset(arena);
	}
	return e;
}

/* What the statistics of the audit stand on. */
static enum err
count_due(struct db *db)
{
	static int64_t due;
	enum err e;

	if (clock_steady() < due)
		return OK;
	e = audit_count(db, clock_now());
	if (!e)
		due = clock_steady() + COUNT_EVERY;
	return e;
}

int
recorder_loop(struct db *db)
{
	struct arena *arena = arena_make(MEMORY, NULL);
	const struct timespec pause = { 0, PAUSE_MS * 1000000L };

	db_arena(db, arena);
	if (journal_own())
		return 1;
	while (!proc_stopping()) {
		enum err e;

		proc_busy(true);
		watch_look(db);
		e = flush_all(db, arena);
		if (!e)
			e = count_due(db);
		metrics_database(db);
		proc_busy(false);
		if (e)
			log_write(LOG_ERROR, "journal: not moved into the database "
			    "yet: %s", err_name(e));
		(void)nanosleep(&pause, NULL); /* a signal may end it early */
	}
	return 0;
}
