/* SPDX-License-Identifier: MIT */
/*
 * Figures for those who watch over the service, in the text format 0.0.4 of Prometheus
 * (prometheus.io/docs/instrumenting/exposition_formats). The workers count in shared
 * memory (meter.h); who asks gets the sums, and what the database and the disk say
 * now. A label is a constant of this program: a row of routes.def, a status, never a
 * client's words. So there is a bound to the text, and nothing personal in it.
 *
 * Numbers lie in the meter as: enum metric, then for each row of the table of routes,
 * and one for what has none, its statuses, its buckets and its total time; then for
 * each kind of job, and one for what is of none, the runs that were done and failed.
 */
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "arena.h"
#include "clock.h"
#include "conf.h"
#include "courier.h"
#include "db.h"
#include "journal.h"
#include "meter.h"
#include "metrics.h"
#include "net.h"
#include "outage.h"
#include "port.h"
#include "queries.h"
#include "routes.h"
#include "text.h"
#include "version.h"

const struct shape metrics_text_shape = {
	.name = "Metrics", .place = SHAPE_FILE, .media = "text/plain"
};

/* The last of each takes all others. */
static const int statuses[] = {
	200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405,
	409, 410, 412, 413, 415, 422, 429, 500, 503, 0
};
static const struct { int64_t most; const char *label; } buckets[] = {
	{ 1000, "0.001" }, { 2500, "0.0025" }, { 5000, "0.005" }, { 10000, "0.01" },
	{ 25000, "0.025" }, { 50000, "0.05" }, { 100000, "0.1" }, { 250000, "0.25" },
	{ 500000, "0.5" }, { 1000000, "1" }, { 2500000, "2.5" }, { 5000000, "5" },
	{ 10000000, "10" }, { INT64_MAX, "+Inf" }
};

static const char *const kinds[] = {
#define JOB(name, handler, attempts, every, age, words) name,
#include "jobs.def"
#undef JOB
	"-"
};

enum {
	N_KINDS = sizeof(kinds) / sizeof(kinds[0]),
	N_STATUSES = sizeof(statuses) / sizeof(statuses[0]),
	N_BUCKETS = sizeof(buckets) / sizeof(buckets[0]),
	AT_BUCKETS = N_STATUSES,
	AT_TIME = AT_BUCKETS + N_BUCKETS,
	PER_ROW,
	TEXT_ROOM = 64 * 1024
};

enum { DONE, FAILED, PER_KIND };

static int64_t started_at;	/* set in the parent, before it has children */

static int
row_number(size_t row)
{
	return N_METRICS + (int)row * PER_ROW;
}

static int
kind_number(int kind)
{
	size_t n;

	(void)routes_all(&n);
	return row_number(n + 1) + kind * PER_KIND;
}

/* Which of kinds name is; a job of the version before may be of none. */
static int
kind_find(const char *name)
{
	int i = 0;

	while (i < N_KINDS - 1 && !text_same(kinds[i], name))
		i++;
	return i;
}

enum err
metrics_start(int n_processes)
{
	started_at = clock_now();
	return meter_map(n_processes, kind_number(N_KINDS));
}

void
metrics_join(int process)
{
	meter_join(process);
	meter_add(METRIC_STARTS, 1);
}

void
metrics_count(enum metric m, int64_t n)
{
	meter_add((int)m, n);
}

void
metrics_database(const struct db *db)
{
	static struct db_counts before;
	const struct db_counts *now = db_counts(db);

	meter_add(METRIC_STATEMENTS, now->statements - before.statements);
	meter_add(METRIC_STATEMENTS_FAILED, now->failed - before.failed);
	meter_add(METRIC_COMMITS, now->commits - before.commits);
	meter_add(METRIC_ROLLBACKS, now->rollbacks - before.rollbacks);
	before = *now;
}

void
metrics_job(const char *kind, bool done)
{
	meter_add(kind_number(kind_find(kind)) + (done ? DONE : FAILED), 1);
}

void
metrics_served(const struct req *r, int64_t took)
{
	size_t n;
	const struct route *routes = routes_all(&n);
	const int at = row_number(r->route ? (size_t)(r->route - routes) : n);
	int status = 0, bucket = 0;

	if (r->status == 204 && !text_empty(req_env(r, "DOOR")))
		return; /* it is counted when it comes with its body (front.c) */
	while (statuses[status] && statuses[status] != r->status)
		status++;
	while (took > buckets[bucket].most)
		bucket++;
	meter_add(at + status, 1);
	meter_add(at + AT_BUCKETS + bucket, 1);
	meter_add(at + AT_TIME, took);
	meter_raise(METRIC_MEMORY, (int64_t)arena_used(r->arena));
	metrics_database(r->db);
}

/* The text. */

static void
family(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_print(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* name="value", escaped as the format says; first begins the list of labels. */
static void
label(struct buf *b, const char *first, const char *name, const char *value)
{
	buf_text(b, first);
	buf_text(b, name);
	buf_text(b, "=\"");
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			buf_char(b, '\\');
		if (*value == '\n')
			buf_text(b, "\\n");
		else
			buf_char(b, *value);
	}
	buf_char(b, '"');
}

static void
value(struct buf *b, int64_t n)
{
	buf_char(b, ' ');
	buf_number(b, n);
	buf_char(b, '\n');
}

static void
seconds(struct buf *b, int64_t t)
{
	buf_print(b, " %lld.%06lld\n", (long long)(t / CLOCK_SECOND),
	    (long long)(t % CLOCK_SECOND));
}

/* A family of one sample without labels. */
static void
single(struct buf *b, const char *name, const char *type, const char *help, int64_t n)
{
	family(b, name, type, help);
	buf_text(b, name);
	value(b, n);
}

/* name{method="GET",route="/x",kind="api" without the closing brace. A page may have
 * the path of a route of the API. */
static void
row_labels(struct buf *b, const char *name, const struct route *route)
{
	buf_text(b, name);
	label(b, "{", "method", route ? route->method : "-");
	label(b, ",", "route", route ? route->path : "-");
	label(b, ",", "kind", !route ? "-" :
	    route->gives == &page_shape ? "page" : "api");
}

static void
tell_requests(struct buf *b)
{
	static const char name[] = "cem_http_requests_total";
	const struct route *routes;
	size_t n;

	family(b, name, "counter", "Requests answered, by row of the table of routes "
	    "(- is for what has none) and status.");
	routes = routes_all(&n);
	for (size_t i = 0; i <= n; i++) {
		for (int s = 0; s < N_STATUSES; s++) {
			int64_t count = meter_sum(row_number(i) + s);

			if (!count)
				continue;
			row_labels(b, name, i < n ? &routes[i] : NULL);
			label(b, ",", "status", !statuses[s] ? "other" :
			    arena_print(b->arena, "%d", statuses[s]));
			buf_char(b, '}');
			value(b, count);
		}
	}
}

static void
tell_durations_of(struct buf *b, const struct route *route, int at)
{
	static const char name[] = "cem_http_request_duration_seconds";
	int64_t counts[N_BUCKETS], all = 0;

	for (int i = 0; i < N_BUCKETS; i++)
		all = counts[i] = all + meter_sum(at + AT_BUCKETS + i);
	if (!all)
		return;
	for (int i = 0; i < N_BUCKETS; i++) {
		row_labels(b, arena_print(b->arena, "%s_bucket", name), route);
		label(b, ",", "le", buckets[i].label);
		buf_char(b, '}');
		value(b, counts[i]);
	}
	row_labels(b, arena_print(b->arena, "%s_sum", name), route);
	buf_char(b, '}');
	seconds(b, meter_sum(at + AT_TIME));
	row_labels(b, arena_print(b->arena, "%s_count", name), route);
	buf_char(b, '}');
	value(b, all);
}

static void
tell_durations(struct buf *b)
{
	const struct route *routes;
	size_t n;

	family(b, "cem_http_request_duration_seconds", "histogram",
	    "Time from a request's arrival at a worker to its finished reply.");
	routes = routes_all(&n);
	for (size_t i = 0; i <= n; i++)
		tell_durations_of(b, i < n ? &routes[i] : NULL,
		    row_number(i));
}

static void
tell_process(struct buf *b)
{
	family(b, "cem_build_info", "gauge", "The version that runs.");
	buf_text(b, "cem_build_info");
	label(b, "{", "version", CEM_VERSION);
	buf_text(b, "} 1\n");
	family(b, "process_start_time_seconds", "gauge",
	    "When the parent of the workers started or was reloaded; counters began.");
	buf_text(b, "process_start_time_seconds");
	seconds(b, started_at);
	single(b, "cem_workers", "gauge", "Workers for requests, as configured.",
	    conf.workers);
	single(b, "cem_workers_busy", "gauge",
	    "Workers with a request in hand; the one that answers this is among them.",
	    meter_n_busy());
	single(b, "cem_process_starts_total", "counter",
	    "Workers of all kinds that were started.", meter_sum(METRIC_STARTS));
	single(b, "cem_request_memory_max_bytes", "gauge",
	    "The most memory that a request took from its arena.",
	    meter_most(METRIC_MEMORY));
	single(b, "cem_throttled_total", "counter",
	    "Attempts refused because there were too many.",
	    meter_sum(METRIC_THROTTLED));
	single(b, "cem_logins_refused_total", "counter",
	    "Attempts to sign in with a wrong name or secret.",
	    meter_sum(METRIC_LOGINS_REFUSED));
}

/* Bytes of a file; 0 if it is not there. */
static int64_t
file_size(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 ? (int64_t)s.st_size : 0;
}

static void
tell_size(struct buf *b, const char *file, struct db *db)
{
	static const char name[] = "cem_database_size_bytes", help[] =
	    "Bytes of the database; of SQLite with its write-ahead log.";
	struct database_state_row state;

	if (file) {
		single(b, name, "gauge", help, file_size(file) +
		    file_size(arena_print(b->arena, "%s-wal", file)));
	} else if (q_database_state(db, &state) == OK) {
		single(b, name, "gauge", help, state.size_bytes);
		single(b, "cem_database_connections", "gauge",
		    "Connections of this register's user to the PostgreSQL database.",
		    state.n_connections);
	}
}

static void
tell_farmers(struct buf *b, struct db *db)
{
	static const char name[] = "cem_farmers";
	struct farmer_figures_row *rows;
	size_t n;

	if (q_farmer_figures(db, &rows, &n))
		return; /* logged; the other figures stand */
	family(b, name, "gauge", "Farmers in the register, by status.");
	for (size_t i = 0; i < n; i++) {
		buf_text(b, name);
		label(b, "{", "status", rows[i].registration_status);
		buf_char(b, '}');
		value(b, rows[i].n_farmers);
	}
}

/* Of each kind and state the sum, as several kinds may be told as "-". */
static void
tell_queue(struct buf *b, struct db *db)
{
	static const char name[] = "cem_jobs";
	static const char *const states[] = { "queued", "running", "dead" };
	int64_t counts[N_KINDS][3] = { 0 };
	struct job_figures_row *rows;
	size_t n;

	if (q_job_figures(db, &rows, &n))
		return; /* logged; the other figures stand */
	family(b, name, "gauge", "Jobs that have not ended well, "
	    "by kind and state; of each state 10000 at most.");
	for (size_t i = 0; i < n; i++)
		for (int s = 0; s < 3; s++)
			if (text_same(states[s], rows[i].job_state))
				counts[kind_find(rows[i].job_kind)][s] += rows[i].n_jobs;
	for (int i = 0; i < N_KINDS; i++) {
		for (int s = 0; s < 3; s++) {
			buf_text(b, name);
			label(b, "{", "kind", kinds[i]);
			label(b, ",", "state", states[s]);
			buf_char(b, '}');
			value(b, counts[i][s]);
		}
	}
}

static void
tell_overdue(struct buf *b, const struct req *r)
{
	static const char name[] = "cem_jobs_overdue_seconds";
	struct job_next_row *next;
	size_t n;

	if (q_job_next(r->db, &next, &n))
		return; /* the same */
	family(b, name, "gauge",
	    "How long the first job that is due has waited for a worker.");
	buf_text(b, name);
	seconds(b, n && *next->due_at < r->now ? r->now - *next->due_at : 0);
}

static void
tell_database(struct buf *b, struct req *r, const char *file)
{
	struct heartbeat_get_row *beat;
	size_t n = 0;
	bool up = q_heartbeat_get(r->db, &(struct heartbeat_get_in){
	    .beat_name = "job worker" }, &beat, &n) == OK;

	single(b, "cem_database_up", "gauge", "1 if the database answers, 0 if not.", up);
	single(b, "cem_database_statements_total", "counter", "Statements run.",
	    meter_sum(METRIC_STATEMENTS));
	single(b, "cem_database_statements_failed_total", "counter",
	    "Statements that the database did not answer or understand.",
	    meter_sum(METRIC_STATEMENTS_FAILED));
	single(b, "cem_database_commits_total", "counter", "Transactions made to last.",
	    meter_sum(METRIC_COMMITS));
	single(b, "cem_database_rollbacks_total", "counter", "Transactions undone.",
	    meter_sum(METRIC_ROLLBACKS));
	if (!up)
		return;
	tell_size(b, file, r->db);
	tell_farmers(b, r->db);
	tell_queue(b, r->db);
	tell_overdue(b, r);
	if (!n)
		return;
	family(b, "cem_job_worker_heartbeat_age_seconds", "gauge",
	    "Time since the job worker last said that it works.");
	buf_text(b, "cem_job_worker_heartbeat_age_seconds");
	seconds(b, r->now > beat->beat_at ? r->now - beat->beat_at : 0);
}

static void
tell_runs(struct buf *b)
{
	static const char name[] = "cem_job_runs_total";

	family(b, name, "counter", "Runs of jobs that ended, by kind and result.");
	for (int i = 0; i < N_KINDS; i++) {
		for (int result = DONE; result <= FAILED; result++) {
			buf_text(b, name);
			label(b, "{", "kind", kinds[i]);
			label(b, ",", "result", result == DONE ? "done" : "failed");
			buf_char(b, '}');
			value(b, meter_sum(kind_number(i) + result));
		}
	}
}

static void
tell_journal(struct buf *b)
{
	int n, most;

	if (journal_count(&n, &most))
		return; /* logged */
	single(b, "cem_journal_files", "gauge",
	    "Files of reads that wait to be moved into the audit, or are written.", n);
	single(b, "cem_journal_files_max", "gauge",
	    "With so many files reads wait, and are refused in the end.", most);
}

static void
tell_free(struct buf *b, const char *holds, const char *path)
{
	struct statvfs fs;

	if (statvfs(path, &fs) != 0)
		return;
	buf_text(b, "cem_disk_free_bytes");
	label(b, "{", "holds", holds);
	buf_char(b, '}');
	value(b, (int64_t)(fs.f_bavail * fs.f_frsize));
}

static void
tell_disk(struct buf *b, const char *file)
{
	family(b, "cem_disk_free_bytes", "gauge",
	    "Room left on the disk of the stored files, and on SQLite's.");
	tell_free(b, "store", arena_print(b->arena, "%s/store", conf.state_dir));
	if (file)
		tell_free(b, "database", file);
}

/* What the job worker found when it asked last; S3 also what others found since. */
static void
tell_others(struct buf *b)
{
	if (courier_wanted())
		single(b, "cem_s3_up", "gauge", "1 if the bucket can be used, 0 if not.",
		    outage_told(OUTAGE_S3) == OK);
	if (*conf.clamd)
		single(b, "cem_clamd_up", "gauge",
		    "1 if the virus scanner answers, 0 if not.",
		    outage_told(OUTAGE_CLAMD) == OK);
}

/* The address is nginx's word: no header of the client's has a part in it. nginx has
 * the same list; each lock holds without the other. */
enum err
metrics_show(struct req *r)
{
	const char *file = db_port(conf.database_url, r->arena).file;
	struct buf b;

	if (!net_list_has(conf.metrics_from, r->address))
		return fail(r, ERR_DENIED,
		    "Metrics are for the addresses in METRICS_FROM");
	b = buf_make(r->arena, TEXT_ROOM);
	tell_process(&b);
	tell_database(&b, r, file);
	tell_runs(&b);
	tell_journal(&b);
	tell_disk(&b, file);
	tell_others(&b);
	tell_requests(&b);
	tell_durations(&b);
	r->body = b;
	req_header(r, "Cache-Control", "no-store");
	return reply_bytes(r, "text/plain; version=0.0.4; charset=utf-8", b.bytes, b.n);
}
