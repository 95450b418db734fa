/* SPDX-License-Identifier: MIT */
#ifndef CORE_QUEUE_H
#define CORE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "id.h"

struct arena;
struct db;

/*
 * The queue of jobs: a table that workers take rows from, each for the time of a lease.
 * What a job is, and what becomes of it, is app/job.c's affair. A run has a token; a
 * row whose token has changed is somebody else's, and nothing more is written to it.
 */
struct queue_new {
	const char *kind;
	const char *input;		/* or NULL */
	const char *account_id;		/* or NULL */
	const char *endpoint, *address, *request_id; /* or NULL */
	int64_t total;
};

/* One that was taken. */
struct queue_job {
	const char *id, *kind, *account_id, *endpoint, *address, *request_id;
	const char *input, *cursor;	/* "" if there is none */
	const char *last_error;		/* of the run before, or NULL */
	bool is_scheduled;
	bool is_damaged;		/* input or cursor can't be opened */
	int64_t attempt, n_done, n_total;
	char token[ID_TEXT];
};

/* What becomes of it. */
struct queue_mark {
	const char *state;		/* queued running done dead */
	int64_t due_at;			/* 0: it has ended */
	bool holds;			/* the lease goes on */
	bool moves;			/* the progress is written */
	int64_t attempt, n_done, n_total;
	const char *cursor;		/* NULL: as before */
	const char *result, *error;	/* or NULL */
	int64_t ended_at;		/* 0: not yet */
};

/* queue_add(db, arena, now, wanted, id): Queue a job in the caller's transaction, and
 * wake those who wait when it is committed. *id is in arena; it is after those of the
 * account's other jobs. */
enum err queue_add(struct db *db, struct arena *arena, int64_t now,
    const struct queue_new *wanted, const char **id);

/* queue_schedule(db, now, kind): See to it that the schedule kind has its row. */
enum err queue_schedule(struct db *db, int64_t now, const char *kind);

/* queue_recall(db, now, lease): What waits for a time that only a clock could tell that
 * was ahead (and is set back now) is due now; of what is running, after a lease. The
 * clocks of hosts may differ by a minute. */
enum err queue_recall(struct db *db, int64_t now, int64_t lease);

/* queue_wake(db): Wake those who wait, when the transaction is committed. */
enum err queue_wake(struct db *db);

/* queue_next(db, due_at): When the next job is due; INT64_MAX if there is none. */
enum err queue_next(struct db *db, int64_t *due_at);

/* queue_take(db, arena, now, lease, out): Take the one that is due longest, for lease
 * microseconds; its texts are in arena. ERR_MISSING: none is due. */
enum err queue_take(struct db *db, struct arena *arena, int64_t now, int64_t lease,
    struct queue_job *out);

/* queue_take_one(db, arena, ask, out): The same of one that is known. ERR_MISSING: it is
 * not due, because somebody has it, or it has ended. */
struct queue_ask { const char *job_id; int64_t now, lease; };
enum err queue_take_one(struct db *db, struct arena *arena, const struct queue_ask *ask,
    struct queue_job *out);

/* queue_mark(db, arena, job, mark): Write what becomes of it, in the caller's
 * transaction. ERR_CONFLICT: it was cancelled, or is somebody else's now; roll back. */
enum err queue_mark(struct db *db, struct arena *arena, const struct queue_job *job,
    const struct queue_mark *mark);

/* queue_result(arena, id, sealed): The result of a job as it was set; NULL if sealed
 * is, or can't be opened. */
const char *queue_result(struct arena *arena, const char *id, const char *sealed);

/* queue_purge(db, before): Forget those that ended before that time. */
enum err queue_purge(struct db *db, int64_t before);

#endif
