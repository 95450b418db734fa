/* SPDX-License-Identifier: MIT */
/*
 * Housekeeping, by the job worker and by hand: expired sessions and throttle windows,
 * files that were replaced long ago, stored bytes that no row names. The last are
 * only put aside (store/swept), as a database that was restored from yesterday does
 * not know today's files. Each chore may be done twice or by two at once without
 * harm, so it needs no lock.
 */
#include <stdio.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "command.h"
#include "conf.h"
#include "db.h"
#include "log.h"
#include "metrics.h"
#include "proc.h"
#include "queries.h"
#include "store.h"
#include "text.h"
#include "work.h"

enum {
	ORPHAN_AGE_S = 3600,	/* an upload may be under way for that long */
	KEEP_DAYS = 90,		/* of a replaced file */
	ASIDE_DAYS = 90,	/* of bytes without a row */
	MEMORY = 8 * 1024 * 1024
};

struct chores {
	struct db *db;
	struct arena *arena;
	int64_t now;
	int n_orphans;
};

static enum err
purge_expired(struct chores *c)
{
	enum err e = q_session_purge(c->db, &(struct session_purge_in){ .now = c->now },
	    NULL);

	if (e)
		return e;
	return q_throttle_purge(c->db, &(struct throttle_purge_in){ .now = c->now },
	    NULL);
}

/* The row goes first: bytes without a row are an orphan, and swept. */
static enum err
purge_replaced(struct chores *c)
{
	struct file_old_row *rows;
	size_t n;
	enum err e = q_file_old(c->db, &(struct file_old_in){
	    .before = c->now - KEEP_DAYS * CLOCK_DAY }, &rows, &n);

	for (size_t i = 0; i < n && !e; i++) {
		e = q_file_forget(c->db, &(struct file_forget_in){
		    .file_id = rows[i].file_id }, NULL);
		if (!e)
			e = store_remove(rows[i].file_id);
	}
	return e;
}

static enum err
sweep_one(void *context, const char *id)
{
	struct chores *c = context;
	struct file_known_row *rows;
	size_t n;
	enum err e = q_file_known(c->db, &(struct file_known_in){ .file_id = id },
	    &rows, &n);

	arena_reset(c->arena);
	if (e || n)
		return e;
	c->n_orphans++;
	return store_aside(id);
}

static enum err
sweep(struct chores *c, int64_t age_s)
{
	enum err e = store_each(age_s, sweep_one, c);

	if (c->n_orphans)
		log_write(LOG_WARN, "sweep: put %d stored objects without a row aside",
		    c->n_orphans);
	return e ? e : store_forget_aside(ASIDE_DAYS * 24 * 3600);
}

/* What is to be done how often; due counts from the worker's start. */
static enum err
do_expired(struct chores *c)
{
	enum err e = purge_expired(c);

	return e ? e : purge_replaced(c);
}

static enum err
do_sweep(struct chores *c)
{
	return sweep(c, ORPHAN_AGE_S);
}

/* The audit: technical rows go by their level, people's data after years. Which row
 * is which is in the statement. In batches, so that no lock is long. */
static enum err
do_audit(struct chores *c)
{
	int64_t n;
	enum err e;

	do {
		e = q_audit_purge(c->db, &(struct audit_purge_in){
		    .info_before = c->now - conf.keep_info_hours * CLOCK_HOUR,
		    .error_before = c->now - conf.keep_error_days * CLOCK_DAY,
		    .audit_before = clock_add_years(c->now, (int)-conf.audit_years) },
		    &n);
	} while (!e && n && !proc_stopping());
	return e;
}

/* Whoever asks for the service's health sees by this that jobs are done. */
static enum err
do_beat(struct chores *c)
{
	return q_heartbeat_set(c->db, &(struct heartbeat_set_in){
	    .beat_name = "job worker", .now = c->now }, NULL);
}

static struct chore {
	const char *name;
	int64_t every;		/* microseconds */
	enum err (*run)(struct chores *c);
	int64_t due;
} chores[] = {
	{ "expired", 5 * CLOCK_MINUTE, do_expired, 0 },
	{ "sweep", CLOCK_HOUR, do_sweep, 0 },
	{ "audit", 5 * CLOCK_MINUTE, do_audit, 0 },
	{ "beat", 15 * CLOCK_SECOND, do_beat, 0 },
};

enum { N_CHORES = sizeof(chores) / sizeof(chores[0]) };

static enum err
do_due(struct db *db, struct arena *arena)
{
	enum err all = OK;

	for (int i = 0; i < N_CHORES; i++) {
		struct chores c = { .db = db, .arena = arena, .now = clock_now() };
		enum err e;

		if (clock_steady() < chores[i].due)
			continue;
		chores[i].due = clock_steady() + chores[i].every;
		e = chores[i].run(&c);
		if (e)
			log_write(LOG_ERROR, "chore %s failed: %s", chores[i].name,
			    err_name(e));
		all = all ? all : e;
		arena_reset(arena);
	}
	return all;
}

int
work_loop(struct db *db)
{
	struct arena *arena = arena_make(MEMORY, NULL);

	db_arena(db, arena);
	while (!proc_stopping()) {
		proc_busy(true);
		(void)do_due(db, arena); /* logged, and tried again when due */
		metrics_database(db);
		proc_busy(false);
		(void)sleep(1); /* a signal may end it early */
	}
	return 0;
}

int
command_work(struct command *c)
{
	struct db *db;
	bool once = command_flag(c, "--once");

	if (c->argc)
		return command_usage("work [--config FILE] [--once]");
	if (command_open(c, &db))
		return 1;
	return once ? do_due(db, c->arena) != OK : work_loop(db);
}

int
command_sweep(struct command *c)
{
	const char *age = command_option(c, "--age");
	int64_t age_s = ORPHAN_AGE_S;
	struct chores chore = { .arena = arena_make(MEMORY, NULL), .now = clock_now() };
	enum err e;

	if (c->argc || (age && !text_number(age, 0, INT32_MAX, &age_s)))
		return command_usage("sweep [--config FILE] [--age SECONDS]");
	if (command_open(c, &chore.db))
		return 1;
	db_arena(chore.db, chore.arena);
	e = sweep(&chore, age_s);
	printf("put %d stored objects that no row names aside\n", chore.n_orphans);
	return e != OK;
}
