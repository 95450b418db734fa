/* SPDX-License-Identifier: MIT */
#ifndef APP_JOB_RUN_H
#define APP_JOB_RUN_H

#include <stdint.h>

#include "err.h"

struct db;
struct job;

/*
 * Running jobs: for the worker (work.c), and for commands that do their own job.
 */
struct job_run;

/* job_run_open(db, beat): What a process needs to run jobs, for its whole life; db's
 * results go to its memory from then on. beat(db) is called before each job and after
 * each step, outside a transaction; NULL: nothing is. */
struct job_run *job_run_open(struct db *db, void (*beat)(struct db *db));

/* job_run_round(run): Take a job that is due and do it, and go on with the next that is
 * due until there is none, or the process shall stop. Returns the microseconds
 * until there is something to do, at least a few milliseconds. */
int64_t job_run_round(struct job_run *run);

/* job_run_one(run, job_id, each, context): Take this job, in the caller's transaction if
 * there is one, which is committed with that, and do it; for commands that do their
 * job themselves. each(context, j) is called after each step. ERR_MISSING: it is not due,
 * because somebody has it, it waits to be tried again, or it has ended. How it went
 * is in its row. */
typedef void job_each_fn(void *context, const struct job *j);
enum err job_run_one(struct job_run *run, const char *job_id, job_each_fn *each,
    void *context);

/* job_run_failures(run): How many runs have failed. */
int64_t job_run_failures(const struct job_run *run);

/* job_run_schedules(run): See to it that each kind with "every" has its row. */
enum err job_run_schedules(struct job_run *run);

#endif
