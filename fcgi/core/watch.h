/* SPDX-License-Identifier: MIT */
#ifndef CORE_WATCH_H
#define CORE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

struct db;

/*
 * The watch on the wall clock. All that is deleted by its age is deleted by this clock,
 * and phones ask for changes by it; but a machine whose battery is empty, or whose owner
 * types a wrong year, has one that lies for a while. So it is looked at all the time,
 * and the last look is in the database:
 *
 * - Ahead of it by more than WATCH_OFF: the machine was off, or the clock jumped.
 *   Nothing is forgotten for WATCH_HOLD; for a day if it was more than WATCH_FAR: so
 *   there is time to put a wrong clock right before anything is lost.
 * - Behind it by more than WATCH_BACK: it was set back, which is counted, as times that
 *   were told before say nothing any more.
 */
#define WATCH_OFF (10 * CLOCK_MINUTE)
#define WATCH_FAR (8 * CLOCK_DAY)	/* a register that is used once a week goes on */
#define WATCH_HOLD (2 * CLOCK_HOUR)
#define WATCH_BACK (20 * CLOCK_SECOND)

/* watch_look(db): Look at the clock, if it is time to or the clock has jumped; to be
 * called often by processes that run all the time, outside a transaction. What is wrong
 * is in the log. */
void watch_look(struct db *db);

/* watch_note(db, now, last): The same with now as the time, and last as the one that
 * this process knows of; 0: none. */
enum err watch_note(struct db *db, int64_t now, int64_t last);

/* watch_holds(db, now, is): May nothing be forgotten now? */
enum err watch_holds(struct db *db, int64_t now, bool *is);

/* watch_turns(db, n): How often the clock was set back. */
enum err watch_turns(struct db *db, int64_t *n);

#endif
