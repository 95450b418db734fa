/* SPDX-License-Identifier: MIT */
/*
 * The job worker's loop: jobs that are due (job_run.c), a heartbeat, and waiting for
 * either. A stop ends the wait at once, and lets a job go on to its next step. Between
 * jobs it also asks the other services that the register needs whether they answer, so
 * that this is known without that any request has to wait for them.
 */
#include "clock.h"
#include "command.h"
#include "conf.h"
#include "courier.h"
#include "db.h"
#include "job_run.h"
#include "log.h"
#include "metrics.h"
#include "outage.h"
#include "proc.h"
#include "queries.h"
#include "queue.h"
#include "scan.h"
#include "watch.h"
#include "work.h"

#define BEAT_EVERY (15 * CLOCK_SECOND)

static int64_t beat_due;	/* by clock_steady */
static int64_t look_due;	/* the same */

/* Look at the clock, count what was done, and say that this process works if it is time
 * to: whoever asks for the service's health sees by the heartbeat that jobs are done. */
static void
beat(struct db *db)
{
	const int64_t now = clock_steady();
	enum err e;

	watch_look(db);
	metrics_database(db);
	if (now < beat_due)
		return;
	beat_due = now + BEAT_EVERY;
	e = q_heartbeat_set(db, &(struct heartbeat_set_in){
	    .beat_name = "job worker", .now = clock_now() }, NULL);
	if (!e)
		e = queue_recall(db, clock_now(), conf.job_lease * CLOCK_SECOND);
	if (e)
		log_write(LOG_ERROR, "heartbeat: %s", err_name(e));
}

/* Do the others answer? That may take some seconds of each: no transaction is open. */
static void
look_around(void)
{
	if (clock_steady() < look_due)
		return;
	courier_probe();
	if (*conf.clamd)
		outage_tell(OUTAGE_CLAMD, scan_ping());
	look_due = clock_steady() + BEAT_EVERY;
}

/* Milliseconds until the heartbeat is due, or wait is over. */
static int
wait_ms(int64_t wait)
{
	const int64_t left = beat_due - clock_steady();

	wait = left < wait ? left : wait;
	return wait > 0 ? (int)(wait / 1000 + 1) : 0;
}

int
work_loop(struct db *db)
{
	struct job_run *run = job_run_open(db, beat);
	bool ready = false;
	int64_t wait;

	while (!proc_stopping()) {
		proc_busy(true);
		ready = ready || job_run_schedules(run) == OK;
		wait = job_run_round(run);
		proc_busy(false);
		look_around();
		db_wait(db, wait_ms(wait));
	}
	return 0;
}

/* All that is due, and no more. */
static int
work_once(struct db *db)
{
	struct job_run *run = job_run_open(db, beat);

	if (job_run_schedules(run))
		return 1;
	(void)job_run_round(run); /* it comes back when nothing is due */
	return job_run_failures(run) != 0;
}

int
command_work(struct command *c)
{
	const bool once = command_flag(c, "--once");
	struct db *db;

	if (c->argc)
		return command_usage("work [--once]");
	if (command_open(c, &db))
		return 1;
	if (!once && proc_alone())
		return 1;
	return once ? work_once(db) : work_loop(db);
}
