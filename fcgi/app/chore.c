/* SPDX-License-Identifier: MIT */
/*
 * Housekeeping, as scheduled jobs and by hand: expired sessions and throttle windows,
 * files that were replaced long ago, jobs that ended long ago, the audit's retention,
 * and stored bytes that no row names. The last are only put aside (store/swept), as a
 * database that was restored from yesterday does not know today's files; in S3 they stay
 * for as long. Each chore
 * may be done twice without harm.
 */
#include <stdio.h>

#include "arena.h"
#include "audit.h"
#include "clock.h"
#include "command.h"
#include "conf.h"
#include "courier.h"
#include "db.h"
#include "identity.h"
#include "job.h"
#include "log.h"
#include "queries.h"
#include "queue.h"
#include "store.h"
#include "text.h"

enum {
	ORPHAN_AGE_S = 3600,	/* an upload may be under way for that long */
	JOB_DAYS = 30,		/* of a job that has ended */
	ASIDE_DAYS = 90,	/* of bytes without a row */
	STEP_OBJECTS = 500,	/* looked at between two signs of life */
	MEMORY = 8 * 1024 * 1024
};

/* The rows go first, and for good: bytes without a row are an orphan, and swept. */
static enum err
purge_replaced(struct job *j)
{
	struct file_old_row *rows;
	struct store_at *at, found;
	size_t n;
	enum err e = q_file_old(j->db, &(struct file_old_in){
	    .before = j->now - conf.trash_days * CLOCK_DAY }, &rows, &n);

	if (e)
		return e;
	at = arena_array(j->keep, struct store_at, n);
	for (size_t i = 0; i < n && !e; i++) {
		e = store_find(j->db, rows[i].file_id, &found);
		if (e)
			return e;
		at[i] = store_at_keep(j->keep, &found);
		e = store_forget(j->db, at[i].id);
	}
	if (!e)
		e = job_step(j, NULL);
	for (size_t i = 0; i < n && !e; i++)
		e = store_remove(&at[i]);
	return e;
}

enum err
chore_expired(struct job *j)
{
	enum err e = q_session_purge(j->db, &(struct session_purge_in){
	    .now = j->now }, NULL);

	if (!e)
		e = q_throttle_purge(j->db, &(struct throttle_purge_in){
		    .now = j->now }, NULL);
	if (!e)
		e = queue_purge(j->db, j->now - JOB_DAYS * CLOCK_DAY);
	return e ? e : purge_replaced(j);
}

struct sweep {
	struct db *db;
	struct arena *arena;
	struct job *job;	/* NULL: by hand */
	int n_seen, n_orphans, n_far;
};

/* A sign of life, now and then. */
static enum err
sweep_step(struct sweep *s)
{
	if (!s->job || ++s->n_seen % STEP_OBJECTS)
		return OK;
	s->job->done = s->n_seen;
	return job_step(s->job, NULL);
}

static enum err
sweep_one(void *context, const char *id)
{
	struct sweep *s = context;
	struct object_known_row *rows;
	size_t n;
	enum err e = q_object_known(s->db, &(struct object_known_in){
	    .object_id = id }, &rows, &n);

	arena_reset(s->arena);
	if (!e && !n) {
		s->n_orphans++;
		e = store_aside(id);
	}
	return e ? e : sweep_step(s);
}

static enum err
far_known(void *context, const char *key, const char *version, bool *is)
{
	struct sweep *s = context;
	struct object_version_known_row *rows;
	size_t n;
	enum err e = q_object_version_known(s->db, &(struct object_version_known_in){
	    .object_key = key, .object_version = version }, &rows, &n);

	arena_reset(s->arena);
	*is = n > 0;
	return e ? e : sweep_step(s);
}

static void
far_removed(void *context)
{
	struct sweep *s = context;

	s->n_far++;
}

/* Of a bucket that is not certainly this register's nothing is removed. */
static enum err
sweep_far(struct sweep *s, int64_t age_s)
{
	char words[STORE_WORDS];
	enum err e = identity_far(s->db, words);

	if (e) {
		log_write(LOG_WARN, "sweep: %s", words);
		return e;
	}
	e = store_far_sweep(&(struct store_far){ .age_s = age_s, .known = far_known,
	    .removed = far_removed, .context = s });
	if (s->n_far)
		log_write(LOG_WARN, "sweep: removed %d objects without a row from S3",
		    s->n_far);
	return e;
}

static enum err
sweep(struct sweep *s, int64_t age_s)
{
	enum err e = store_each(age_s, sweep_one, s);

	if (s->n_orphans)
		log_write(LOG_WARN, "sweep: put %d stored objects without a row aside",
		    s->n_orphans);
	return e ? e : store_forget_aside(ASIDE_DAYS * 24 * 3600);
}

enum err
chore_sweep_far(struct job *j)
{
	struct sweep s = { .db = j->db, .arena = j->arena, .job = j };
	enum err e = courier_wanted() ? sweep_far(&s, ASIDE_DAYS * 24 * 3600) : OK;

	j->done = s.n_seen;
	return e;
}

enum err
chore_sweep(struct job *j)
{
	struct sweep s = { .db = j->db, .arena = j->arena, .job = j };
	enum err e = sweep(&s, ORPHAN_AGE_S);

	j->done = s.n_seen;
	return e;
}

/* The audit: technical rows go by their level, people's data after years. Which row
 * is which is in the statement. In batches, so that no lock is long. */
enum err
chore_audit(struct job *j)
{
	int64_t n;
	enum err e;

	do {
		e = audit_purge(j->db, &(struct audit_ages){
		    .info = j->now - conf.keep_info_hours * CLOCK_HOUR,
		    .error = j->now - conf.keep_error_days * CLOCK_DAY,
		    .audit = clock_add_years(j->now, (int)-conf.audit_years) }, &n);
		if (!e && n) {
			j->done += n;
			e = job_step(j, NULL);
		}
	} while (!e && n);
	return e;
}

int
command_sweep(struct command *c)
{
	const char *age = command_option(c, "--age");
	const char *far_age = command_option(c, "--s3-age");
	int64_t age_s = ORPHAN_AGE_S, far_s = ASIDE_DAYS * 24 * 3600;
	struct sweep s = { .arena = arena_make(MEMORY, NULL) };
	enum err e;

	if (c->argc || (age && !text_number(age, 0, INT32_MAX, &age_s)) ||
	    (far_age && !text_number(far_age, 0, INT32_MAX, &far_s)))
		return command_usage("sweep [--age SECONDS] [--s3-age SECONDS]");
	if (command_open(c, &s.db))
		return 1;
	db_arena(s.db, s.arena);
	e = sweep(&s, age_s);
	printf("put %d stored objects that no row names aside\n", s.n_orphans);
	if (!e && courier_wanted()) {
		e = sweep_far(&s, far_s);
		printf("removed %d objects that no row names from S3\n", s.n_far);
	}
	return e != OK;
}
