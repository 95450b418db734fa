/* SPDX-License-Identifier: MIT */
#ifndef APP_METRICS_H
#define APP_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

struct db;
struct req;

/*
 * What /metrics tells of all processes together (metrics.c). Requests count by row of
 * the table of routes, so there are as many numbers as rows, whatever clients ask for.
 */
enum metric {
	METRIC_STARTS,		/* of workers */
	METRIC_MEMORY,		/* the most that a request took, in bytes */
	METRIC_THROTTLED,	/* attempts that were one too many */
	METRIC_LOGINS_REFUSED,	/* wrong name or secret */
	METRIC_STATEMENTS,
	METRIC_STATEMENTS_FAILED,
	METRIC_COMMITS,
	METRIC_ROLLBACKS,
	N_METRICS
};

/* metrics_start(n_processes): In the parent, before the first child. */
enum err metrics_start(int n_processes);

/* metrics_join(process): In a child; process is below n_processes, and its alone. */
void metrics_join(int process);

/* metrics_count(m, n): Count n more. */
void metrics_count(enum metric m, int64_t n);

/* metrics_database(db): Count what db did since the last time. */
void metrics_database(const struct db *db);

/* metrics_job(kind, done): Count one run of a job that has ended: done, or failed. */
void metrics_job(const char *kind, bool done);

/* metrics_served(r, took): Count one request, its reply ready after took
 * microseconds; for struct serve. */
void metrics_served(const struct req *r, int64_t took);

#endif
