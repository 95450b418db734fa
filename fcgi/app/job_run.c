/* SPDX-License-Identifier: MIT */
/*
 * Running jobs: take one, run its handler, and write what became of it in one transaction
 * with the handler's last step and with the taking of the next job: one commit a job.
 * Whatever is interrupted anywhere is
 * rolled back whole by the database, and taken up from the last step by whoever has
 * the lease next. When a commit's answer is lost, nobody knows whether it was done; so
 * a failure that follows moves no cursor, and finds its token gone if the job had ended.
 */
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "clock.h"
#include "conf.h"
#include "db.h"
#include "job.h"
#include "job_run.h"
#include "log.h"
#include "metrics.h"
#include "proc.h"
#include "queue.h"
#include "session.h"
#include "text.h"
#include "watch.h"

enum {
	MEMORY = 8 * 1024 * 1024,	/* of a step, and of what lasts a run */
	BURIED_MAX = 100,		/* in one transaction */
	DOUBLINGS = 20,
	TURNS = 6			/* of a lease, while others wait */
};

#define HELD_AGAIN (10 * CLOCK_MINUTE)	/* while the clock can't be trusted */

/* A failed run is tried again after a random part of base * 2^(attempt - 1), at most
 * cap: those that failed together don't come back together. */
#define BACKOFF_BASE (10 * CLOCK_SECOND)
#define BACKOFF_CAP CLOCK_HOUR	/* less than 2^32 microseconds */

#define WAIT_MIN (CLOCK_SECOND / 100)	/* when another worker is just taking */
#define WAIT_DOWN CLOCK_SECOND		/* when the database is down */

struct slot {
	struct arena *keep;	/* what lasts as long as its run */
	struct queue_job q;
};

struct job_run {
	struct db *db;
	struct arena *step;
	struct arena *note[2];	/* the cursor, and the one before */
	struct slot slots[2];	/* the job in hand, and the next */
	int turn, page;
	bool has, has_next;
	const char *refusal;	/* job_refuse was called */
	bool held;		/* the clock can't be trusted */
	bool over;		/* lost, cancelled or given back: nothing to be written */
	int64_t began;		/* by clock_steady */
	int64_t n_failed;
	void (*beat)(struct db *db);	/* or NULL */
	job_each_fn *each;	/* of the only job that is to be done; or NULL */
	void *context;
};

static struct slot *
held(struct job_run *run)
{
	return &run->slots[run->turn];
}

static int64_t
lease(void)
{
	return conf.job_lease * CLOCK_SECOND;
}

/* Who asked, as of now. */
static enum err
admit(struct job_run *run, struct job *j)
{
	const char *id = held(run)->q.account_id;
	enum err e;

	if (!id)
		return OK;
	db_arena(run->db, j->keep);
	e = session_account(run->db, id, &j->viewer);
	db_arena(run->db, run->step);
	if (e == ERR_AUTH)
		return job_refuse(j, "the account that asked is gone or switched off");
	if (!e && !j->viewer.is_admin && !j->viewer.is_operator)
		return job_refuse(j, "the account that asked may not any more");
	return e;
}

/* While the clock can't be trusted, nothing is deleted by its age: ERR_BUSY. */
static enum err
check_clock(struct job_run *run, struct job *j)
{
	const struct job_kind *kind = job_kind_find(j->kind);
	bool holds = false;
	enum err e = kind && kind->forgets ? watch_holds(run->db, j->now, &holds) : OK;

	if (e || !holds)
		return e;
	run->held = true;
	(void)job_refuse(j, "the clock jumped or the register was off: nothing that is "
	    "old is forgotten yet"); /* until next time */
	return ERR_BUSY;
}

/* A step was committed: the next begins with the first write, if who asked still may. */
static enum err
step_begin(struct job *j, const char *cursor)
{
	struct job_run *run = j->run;
	enum err e;

	db_stamp(run->db, 0);
	if (cursor) {
		arena_reset(run->note[run->page ^= 1]);
		j->cursor = arena_text(run->note[run->page], cursor);
	}
	if (run->each)
		run->each(run->context, j);
	if (run->beat)
		run->beat(run->db);
	arena_reset(run->step);
	j->now = clock_now();
	e = check_clock(run, j);
	db_intend(run->db);
	return e ? e : admit(run, j);
}

/* A long job that others wait for goes behind them, if it can go on from its cursor: else
 * one table of half a million rows would hold up everybody's batches. */
static bool
gives_way(const struct job_run *run, const char *cursor)
{
	int64_t due_at;

	return cursor && !run->each && clock_steady() - run->began > lease() / TURNS &&
	    queue_next(run->db, &due_at) == OK && due_at <= clock_now();
}

enum err
job_step(struct job *j, const char *cursor)
{
	struct job_run *run = j->run;
	const bool back = proc_stopping() || gives_way(run, cursor);
	const int64_t now = clock_now();
	enum err e = queue_mark(run->db, run->step, &held(run)->q, &(struct queue_mark){
	    .state = back ? "queued" : "running", .due_at = back ? now : now + lease(),
	    .holds = !back, .attempt = held(run)->q.attempt - back, .moves = true,
	    .n_done = j->done, .n_total = j->total, .cursor = cursor,
	    .error = held(run)->q.last_error });

	run->over = e == ERR_CONFLICT || back;
	if (!e && back)
		e = queue_wake(run->db);
	if (!e)
		e = db_commit(run->db);
	if (e)
		db_rollback(run->db);
	return e ? e : back ? ERR_CONFLICT : step_begin(j, cursor);
}

enum err
job_refuse(struct job *j, const char *words)
{
	j->run->refusal = arena_text(j->keep, words);
	return ERR_DENIED;
}

/* A random part of what the attempt allows. */
static int64_t
backoff(int64_t attempt)
{
	const int64_t doublings = attempt > DOUBLINGS ? DOUBLINGS : attempt - 1;
	const int64_t most = BACKOFF_BASE << (doublings > 0 ? doublings : 0);

	return randombytes_uniform((uint32_t)(most < BACKOFF_CAP ? most : BACKOFF_CAP));
}

/* A schedule never dies: it goes on with its next time. */
static struct queue_mark
verdict_schedule(const struct job *j, const struct job_kind *kind, const char *error)
{
	int64_t every = kind ? kind->every : CLOCK_HOUR;

	if (j->run && j->run->held && every > HELD_AGAIN)
		every = HELD_AGAIN;
	return (struct queue_mark){
		.state = "queued", .due_at = j->now + every,
		.moves = !error, .n_done = j->done, .n_total = j->total,
		.cursor = error || text_empty(j->cursor) ? NULL : "",
		.result = j->result, .error = error, .ended_at = j->now
	};
}

/* What becomes of a run that has ended with e. */
static struct queue_mark
verdict(const struct job *j, enum err e)
{
	const struct job_run *run = j->run;
	const struct queue_job *q = &run->slots[run->turn].q;
	const struct job_kind *kind = job_kind_find(q->kind);
	const char *error = run->refusal ? run->refusal : !e ? NULL : kind ?
	    err_name(e) : "there is no such kind of job";

	if (q->is_scheduled)
		return verdict_schedule(j, kind, error);
	if (!e)
		return (struct queue_mark){ .state = "done", .attempt = q->attempt,
		    .moves = true, .n_done = j->done, .n_total = j->total,
		    .result = j->result, .ended_at = j->now };
	if (run->refusal || q->attempt >= job_attempts(q->kind))
		return (struct queue_mark){ .state = "dead", .attempt = q->attempt,
		    .error = error, .ended_at = j->now };
	return (struct queue_mark){ .state = "queued", .attempt = q->attempt,
	    .due_at = j->now + backoff(q->attempt), .error = error };
}

/* A job that can't be run at all: workers died with it too often, or it can't be read. */
static const char *
unfit(const struct queue_job *q)
{
	if (q->attempt > job_attempts(q->kind))
		return q->last_error ? q->last_error : "the worker died";
	return q->is_damaged ? "what it was asked with can't be read" : NULL;
}

static enum err
bury(struct job_run *run, const struct queue_job *q, const char *words)
{
	const struct job j = { .now = clock_now() };
	struct queue_mark m = { .state = "dead", .attempt = q->attempt, .error = words,
	    .ended_at = j.now };

	log_write(LOG_ERROR, "job %s (%s) is given up: %s", q->id, q->kind, words);
	run->n_failed++;
	metrics_job(q->kind, false);
	if (q->is_scheduled)
		m = verdict_schedule(&j, job_kind_find(q->kind), words);
	return queue_mark(run->db, run->step, q, &m);
}

/* Take the next that can be run, in the transaction in hand. */
static enum err
take(struct job_run *run)
{
	struct slot *next = &run->slots[run->turn ^ 1];
	const char *why;
	enum err e = OK;

	arena_reset(next->keep);
	for (int i = 0; i < BURIED_MAX && !run->has_next; i++) {
		e = queue_take(run->db, next->keep, clock_now(), lease(), &next->q);
		db_arena(run->db, run->step);
		why = e ? NULL : unfit(&next->q);
		if (why)
			e = bury(run, &next->q, why);
		if (e)
			break;
		run->has_next = !why;
	}
	return e == ERR_MISSING ? OK : e;
}

/* End the transaction. Only then is the job that was taken in it ours. */
static enum err
settle(struct job_run *run, enum err e)
{
	e = e ? e : db_commit(run->db);
	if (e)
		db_rollback(run->db);
	db_stamp(run->db, 0);
	run->has = !e && run->has_next;
	run->turn ^= run->has;
	run->has_next = false;
	return e;
}

/* Write the end of the run and take the next job: all of it, or nothing. */
static enum err
end_run(struct job_run *run, const struct job *j, enum err e)
{
	const struct queue_mark m = verdict(j, e);
	enum err failed;

	db_intend(run->db);
	failed = queue_mark(run->db, run->step, &held(run)->q, &m);
	if (!failed && !run->each && !proc_stopping())
		failed = take(run);
	return settle(run, failed);
}

static enum err
handle(struct job_run *run, struct job *j)
{
	const struct job_kind *kind = job_kind_find(j->kind);
	enum err e = admit(run, j);

	if (!kind) {
		log_write(LOG_ERROR, "job: there is no kind %s", j->kind);
		return ERR_MISSING;
	}
	e = e ? e : check_clock(run, j);
	if (e == ERR_BUSY)
		return OK;
	db_intend(run->db);
	e = e ? e : kind->run(j);
	if (!e && j->result && strlen(j->result) > JOB_TEXT_MAX)
		return job_refuse(j, "its result is too large");
	return e;
}

static void
tell(struct job_run *run, const struct queue_job *q, enum err e)
{
	run->n_failed += e != OK;
	metrics_job(q->kind, e == OK);
	if (e)
		log_write(LOG_ERROR, "job %s (%s) failed in attempt %lld: %s", q->id,
		    q->kind, (long long)q->attempt,
		    run->refusal ? run->refusal : err_name(e));
	else if (!q->is_scheduled)
		log_write(LOG_DEBUG, "job %s (%s) done", q->id, q->kind);
}

static void
run_held(struct job_run *run)
{
	struct slot *s = held(run);
	struct job j = {
		.db = run->db, .arena = run->step, .keep = s->keep, .id = s->q.id,
		.kind = s->q.kind, .input = s->q.input, .cursor = s->q.cursor,
		.endpoint = s->q.endpoint, .address = s->q.address,
		.request_id = s->q.request_id, .now = clock_now(),
		.attempt = s->q.attempt, .done = s->q.n_done, .total = s->q.n_total,
		.run = run
	};
	enum err e, failed;

	run->refusal = NULL;
	run->held = run->over = false;
	run->began = clock_steady();
	log_request(j.request_id);
	e = handle(run, &j);
	if (e || run->over) {
		db_rollback(run->db);
		db_stamp(run->db, 0);
	}
	if (run->over) {
		log_write(LOG_INFO, "job %s (%s) goes on elsewhere, or was cancelled",
		    j.id, j.kind);
		run->has = false;
	} else {
		failed = end_run(run, &j, e);
		tell(run, &s->q, e ? e : failed);
		/* Lost, or the database is away: then its lease runs out. */
		if (failed && !e)
			(void)end_run(run, &j, failed);
	}
	log_request(NULL);
}

struct job_run *
job_run_open(struct db *db, void (*beat)(struct db *db))
{
	struct arena *step = arena_make(MEMORY, NULL);
	struct job_run *run = arena_take(arena_make(MEMORY, NULL), sizeof(*run));

	*run = (struct job_run){ .db = db, .step = step, .beat = beat };
	for (int i = 0; i < 2; i++) {
		run->note[i] = arena_make(MEMORY, NULL);
		run->slots[i].keep = arena_make(MEMORY, NULL);
	}
	db_arena(db, step);
	return run;
}

int64_t
job_run_failures(const struct job_run *run)
{
	return run->n_failed;
}

enum err
job_run_schedules(struct job_run *run)
{
	size_t n;
	const struct job_kind *kinds = job_kinds(&n);
	enum err e = OK;

	for (size_t i = 0; i < n && !e; i++)
		if (kinds[i].every)
			e = queue_schedule(run->db, clock_now(), kinds[i].name);
	return e;
}

/* Take one if one is due; else *wait says how long none will be. */
static bool
begin(struct job_run *run, int64_t *wait)
{
	int64_t due_at;
	enum err e = queue_next(run->db, &due_at);

	*wait = due_at - clock_now();
	if (!e && *wait <= 0) {
		db_intend(run->db);
		e = settle(run, take(run));
		*wait = WAIT_MIN;
	}
	if (e)
		*wait = WAIT_DOWN;
	return run->has;
}

enum err
job_run_one(struct job_run *run, const char *job_id, job_each_fn *each, void *context)
{
	struct slot *next = &run->slots[run->turn ^ 1];
	enum err e;

	run->each = each;
	run->context = context;
	arena_reset(next->keep);
	if (!db_in_transaction(run->db))
		db_intend(run->db);
	e = queue_take_one(run->db, next->keep, &(struct queue_ask){ .job_id = job_id,
	    .now = clock_now(), .lease = lease() }, &next->q);
	db_arena(run->db, run->step);
	run->has_next = !e;
	e = settle(run, e);
	if (!e)
		run_held(run);
	arena_reset(run->step);
	return e;
}

int64_t
job_run_round(struct job_run *run)
{
	int64_t wait = WAIT_MIN;

	while (!proc_stopping()) {
		if (run->beat)
			run->beat(run->db);
		arena_reset(run->step);
		if (!run->has && !begin(run, &wait))
			break;
		run_held(run);
	}
	return wait;
}
