/* SPDX-License-Identifier: MIT */
/* The queue of jobs at times of our own: order, leases, fencing, what is kept. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "conf.h"
#include "db.h"
#include "key.h"
#include "queue.h"
#include "test.h"
#include "text.h"

#define LEASE CLOCK_MINUTE

static char root[] = "/tmp/cem-queue-XXXXXX";
static struct arena *a;
static struct db *db;
static const int64_t noon = INT64_C(1795000000000000);

static const char *
add(int64_t now, const char *input)
{
	const char *id = NULL;

	ok(queue_add(db, a, now, &(struct queue_new){ .kind = "ping", .input = input,
	    .account_id = "0a", .endpoint = "/api", .total = 3 }, &id) == OK, "added");
	return id;
}

static enum err
mark(const struct queue_job *job, const char *state, int64_t due_at)
{
	return queue_mark(db, a, job, &(struct queue_mark){ .state = state,
	    .due_at = due_at, .attempt = job->attempt, .ended_at = due_at ? 0 : noon });
}

static void
test_order(void)
{
	struct queue_job job;
	int64_t due;
	const char *late, *first, *second;

	ok(queue_next(db, &due) == OK && due == INT64_MAX, "nothing is due, ever");
	ok(queue_take(db, a, noon, LEASE, &job) == ERR_MISSING, "nothing to take");
	late = add(noon + 5, NULL);
	first = add(noon, "who, what");
	second = add(noon, NULL);
	ok(queue_next(db, &due) == OK && due == noon, "the next is due at noon");
	ok(queue_take(db, a, noon - 1, LEASE, &job) == ERR_MISSING, "not before");
	ok(queue_take(db, a, noon, LEASE, &job) == OK && text_same(job.id, first),
	    "the first first");
	ok(text_same(job.input, "who, what") && text_same(job.cursor, "") &&
	    text_same(job.account_id, "0a") && text_same(job.endpoint, "/api") &&
	    job.attempt == 1 && job.n_total == 3 && !job.last_error && !job.is_damaged,
	    "with all that was asked");
	ok(mark(&job, "done", 0) == OK, "it is done");
	ok(mark(&job, "dead", 0) == ERR_CONFLICT, "and can't end twice");
	ok(queue_take(db, a, noon, LEASE, &job) == OK && text_same(job.id, second),
	    "then the second");
	ok(mark(&job, "cancelled", 0) == OK, "it is over");
	ok(queue_take(db, a, noon, LEASE, &job) == ERR_MISSING, "the late one is not");
	ok(queue_take(db, a, noon + 5, LEASE, &job) == OK && text_same(job.id, late),
	    "until it is");
	ok(mark(&job, "done", 0) == OK, "done");
}

/* A worker is late; another goes on, and nothing of the first counts any more. */
static void
test_lease(void)
{
	struct queue_job slow, fast;
	struct queue_mark step = { .state = "running", .holds = true, .moves = true,
	    .n_done = 1, .n_total = 3, .cursor = "line 7" };
	const char *id = add(noon, NULL);

	ok(queue_take(db, a, noon, LEASE, &slow) == OK, "taken");
	step.attempt = 1;
	step.due_at = noon + LEASE + 30;
	ok(queue_mark(db, a, &slow, &step) == OK, "a step renews it");
	ok(queue_take(db, a, noon + LEASE + 29, LEASE, &fast) == ERR_MISSING,
	    "it is held");
	ok(queue_take(db, a, noon + LEASE + 30, LEASE, &fast) == OK &&
	    text_same(fast.id, id), "it has run out");
	ok(fast.attempt == 2 && text_same(fast.last_error, "the worker died"),
	    "who takes it up knows why");
	ok(fast.n_done == 1 && text_same(fast.cursor, "line 7"), "where it was");
	step.cursor = "line 8";
	ok(queue_mark(db, a, &slow, &step) == ERR_CONFLICT, "the late one can't step");
	ok(mark(&slow, "done", 0) == ERR_CONFLICT, "nor end it");
	ok(mark(&fast, "queued", noon + 90 * CLOCK_SECOND) == OK, "to be tried again");
	ok(queue_take(db, a, noon + 91 * CLOCK_SECOND, LEASE, &fast) == OK &&
	    fast.n_done == 1 && text_same(fast.cursor, "line 7"),
	    "a run that failed moved nothing");
	step.cursor = "";
	step.attempt = fast.attempt;
	ok(queue_mark(db, a, &fast, &step) == OK, "an empty cursor is one too");
	ok(queue_take(db, a, noon + CLOCK_HOUR, LEASE, &fast) == OK &&
	    fast.attempt == 4 && text_same(fast.cursor, ""), "and replaces the other");
	ok(mark(&fast, "dead", 0) == OK, "dead");
}

static void
test_kept(void)
{
	struct queue_job job;
	int64_t due;

	for (int i = 0; i < 3; i++)
		ok(queue_schedule(db, noon, "sweep") == OK, "a schedule is there");
	ok(queue_take(db, a, noon, LEASE, &job) == OK && job.is_scheduled, "taken");
	ok(queue_take(db, a, noon, LEASE, &job) == ERR_MISSING, "there is one row of it");
	ok(queue_next(db, &due) == OK && due == noon + LEASE, "and its lease comes next");
	ok(queue_purge(db, noon) == OK && queue_purge(db, INT64_MAX) == OK, "forgotten");
	ok(queue_take(db, a, noon + LEASE, LEASE, &job) == OK && job.is_scheduled &&
	    job.attempt == 2, "but not what has not ended");
}

int
main(void)
{
	struct arena *kept = arena_make(8 * 1024 * 1024, NULL);
	char none[] = "", secret[] = "an invented secret of 40 characters, not";
	int n;

	conf.secret_key = secret;
	conf.secret_key_previous = conf.jwt_secret = conf.jwt_secret_previous = none;
	a = arena_make(8 * 1024 * 1024, NULL);
	if (!mkdtemp(root) || key_load() || db_open(arena_print(kept,
	    "sqlite:%s/test.db", root), a, &db) || db_migrate(db, &n))
		return 1;
	test_order();
	test_lease();
	test_kept();
	db_close(db);
	arena_end(a);
	for (int i = 0; i < 3; i++)
		(void)unlink(arena_print(kept, "%s/test.db%s", root,
		    (const char *const[]){ "", "-wal", "-shm" }[i]));
	(void)rmdir(root);
	arena_end(kept);
	return test_end();
}
