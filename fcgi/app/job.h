/* SPDX-License-Identifier: MIT */
#ifndef APP_JOB_H
#define APP_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access.h"
#include "err.h"

struct arena;
struct db;
struct job_run;
struct req;

/*
 * Work that outlives a request. A job is a row; its kind is a row of jobs.def:
 *
 *   JOB("sync", sync_run, 5, 0, KEEPS, "Register a batch of farmers from a phone")
 *       kind    handler  attempts  every (microseconds; 0: only when asked for)
 *       age (FORGETS: it deletes what is old)  words
 *
 * A handler works in transactions that each end in job_step; what it did in the last is
 * committed together with the end of the job. A worker that is killed leaves its lease
 * to run out; then another goes on from the last step. A worker that lost its lease,
 * or whose job was cancelled, is told by job_step (ERR_CONFLICT) and has nothing
 * committed. So each step counts exactly once, and a job ends exactly once: done,
 * cancelled or dead. On SQLite a step that has begun to write keeps all others from
 * writing: keep it short, and well below the lease (conf.job_lease) everywhere.
 * A kind with "every" is one row that is queued again after each run.
 * A job of an account runs as that account is now: if it is gone, switched off, or
 * neither operator nor administrator any more, the job is dead. What else its kind asks
 * of the viewer (is_admin, say) the handler checks.
 * Inputs, cursors, and results may hold personal data: they are sealed in the table.
 */
struct job {
	struct db *db;
	struct arena *arena;	/* emptied by job_step: what must last is in keep */
	struct arena *keep;	/* as long as the run */
	const char *id, *kind;
	const char *input;	/* what job_add was given; "" if nothing. In keep */
	const char *cursor;	/* what the last job_step kept; "" at first. Until the
				 * next but one */
	struct viewer viewer;	/* of the account that asked, read anew at the start of
				 * this run; zeros: the program itself */
	const char *endpoint, *address, *request_id; /* where it was asked for, or NULL */
	int64_t now;		/* of this step */
	int64_t attempt;	/* 1 the first time */
	int64_t done, total;	/* progress; the handler counts, job_step stores */
	const char *result;	/* JSON, set by the handler before it returns OK; or NULL.
				 * Who asked reads it, for 30 days */
	struct job_run *run;	/* of job_run.c */
};

enum { JOB_TEXT_MAX = 1024 * 1024 };	/* bytes of an input or a result */

/* What is asked for. */
struct job_new {
	const char *kind;	/* of jobs.def */
	const char *input;	/* or NULL */
	const char *account_id;	/* who asks; NULL: the program itself */
	const char *endpoint, *address, *request_id; /* for the audit of what it does */
	int64_t total;		/* of steps, as far as known, for the progress */
};

/* job_add(db, arena, now, wanted, job_id): Queue a job, in the caller's transaction;
 * workers are woken when it is committed. *job_id is in arena. ERR_BIG: its input is. */
enum err job_add(struct db *db, struct arena *arena, int64_t now,
    const struct job_new *wanted, const char **job_id);

/* job_ask(r, wanted, job_id): The same for a request: account, endpoint, address and
 * request id are r's. ERR_DENIED if r is not of an account. */
enum err job_ask(struct req *r, const struct job_new *wanted, const char **job_id);

/* job_req(j, r): Make *r a request without a client that the code of requests can work
 * for (farmer_register and what it needs): database, arena, time, viewer, and the route's
 * path, address and id for the audit. To be called anew after each job_step. */
void job_req(struct job *j, struct req *r);

/* job_step(j, cursor): Commit what was done since the last step, with j->done, j->total
 * and cursor (NULL: as before), and the lease renewed; then a new transaction begins with
 * the first write, j->now is the time, j->arena is empty. ERR_CONFLICT: the job was
 * cancelled, is somebody else's now, or is given back because the program stops:
 * return it. Any other failure: nothing was committed; return it too. */
enum err job_step(struct job *j, const char *cursor);

/* job_refuse(j, words): What was asked for can't ever be done: the job is dead with these
 * words (no personal data in them) when the handler returns what this returns. Any other
 * failure is tried again, later and later, and dead when the attempts are used up. */
enum err job_refuse(struct job *j, const char *words);

/* job_result(r, job_id, json): What came of a job of r's account: as set by its handler,
 * NULL if there is none, or it is not that account's. */
enum err job_result(struct req *r, const char *job_id, const char **json);

/* job_lead(all, state, kind): Which index q_job_list follows for a viewer who sees all
 * jobs or only the own ones, and for these filters (NULL: none). */
const char *job_lead(bool all, const char *state, const char *kind);

/* job_states: What a job can be in, ended by NULL. */
extern const char *const job_states[];

/* A row of jobs.def. */
struct job_kind {
	const char *name;
	enum err (*run)(struct job *j);
	int64_t attempts, every;
	bool forgets;		/* it deletes by age: not while watch_holds */
	const char *words;
};

/* job_kinds(n): All kinds there are. */
const struct job_kind *job_kinds(size_t *n);

/* job_kind_find(name): One of them, or NULL. */
const struct job_kind *job_kind_find(const char *name);

/* job_attempts(kind): How often one of that name is tried. */
int64_t job_attempts(const char *kind);

/* The handlers, declared from jobs.def. */
#define JOB(kind, handler, attempts, every, age, words) enum err handler(struct job *j);
#include "jobs.def"
#undef JOB

#endif
