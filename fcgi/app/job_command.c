/* SPDX-License-Identifier: MIT */
/*
 * cem job: the queue for those who run the host, at night and without a browser. What
 * changes a job is in the audit, as done by the command line.
 */
#include <stdio.h>

#include "arena.h"
#include "audit.h"
#include "clock.h"
#include "command.h"
#include "db.h"
#include "id.h"
#include "job.h"
#include "queries.h"
#include "queue.h"
#include "text.h"

#define LIST "job list [--state STATE] [--kind KIND]"
#define PING "job ping [N] [--steps N] [--pause MS] [--as EMAIL]"

enum { LISTED = 100, PINGS_MAX = 100000, PINGS_BATCH = 500 };

static void
print_time(const char *name, const int64_t *t)
{
	char text[CLOCK_TEXT];

	if (!t)
		return;
	(void)clock_text(*t, text);
	printf("%s\t%s\n", name, text);
}

static int
kinds(void)
{
	size_t n;
	const struct job_kind *k = job_kinds(&n);

	for (size_t i = 0; i < n; i++, k++)
		printf("%s\t%s\t%s\n", k->name, k->every ? "schedule" : "asked for",
		    k->words);
	return 0;
}

static bool
known(const char *state)
{
	for (const char *const *s = job_states; *s; s++)
		if (text_same(*s, state))
			return true;
	return false;
}

static int
list(struct command *c, struct db *db)
{
	const char *state = command_option(c, "--state");
	const char *kind = command_option(c, "--kind");
	struct job_get_row *rows;
	size_t n;

	if (c->argc > 1)
		return command_usage(LIST);
	if (state && !known(state)) {
		fputs("cem: a job is queued, running, done, dead or cancelled\n", stderr);
		return 2;
	}
	if (kind && !job_kind_find(kind)) {
		fprintf(stderr, "cem: there is no kind of job %s\n", kind);
		return 2;
	}
	if (q_job_list(db, &(struct job_list_in){ .viewer_all = true,
	    .job_state = state, .job_kind = kind, .lead = job_lead(true, state, kind),
	    .limit = LISTED, .upto = LISTED }, &rows, &n))
		return 1;
	for (size_t i = 0; i < n; i++)
		printf("%s\t%s\t%s\t%lld/%lld\t%s\n", rows[i].job_id, rows[i].job_kind,
		    rows[i].job_state, (long long)rows[i].n_done,
		    (long long)rows[i].n_total,
		    rows[i].last_error ? rows[i].last_error : "");
	return 0;
}

static int
show(struct db *db, const char *id)
{
	struct job_get_row row;

	if (q_job_get(db, &(struct job_get_in){ .job_id = id, .viewer_all = true },
	    &row)) {
		fprintf(stderr, "cem: there is no job %s\n", id);
		return 1;
	}
	printf("job\t%s\nkind\t%s\nstate\t%s\ndone\t%lld/%lld\nattempt\t%lld/%lld\n",
	    row.job_id, row.job_kind, row.job_state, (long long)row.n_done,
	    (long long)row.n_total, (long long)row.attempt,
	    (long long)job_attempts(row.job_kind));
	if (row.last_error)
		printf("error\t%s\n", row.last_error);
	print_time("created", &row.created_at);
	print_time("started", row.started_at);
	print_time("due", row.due_at);
	print_time("ended", row.ended_at);
	return 0;
}

/* A schedule may be named by its kind. */
static const char *
find(struct db *db, const char *name)
{
	struct job_find_schedule_row *rows;
	size_t n;

	if (id_valid(name) || q_job_find_schedule(db,
	    &(struct job_find_schedule_in){ .job_kind = name }, &rows, &n) || !n)
		return name;
	return rows[0].job_id;
}

/* Cancel or retry one. */
static int
change(struct db *db, const char *action, const char *name)
{
	const int64_t now = clock_now();
	const bool cancel = text_same(action, "cancel");
	const char *id = find(db, name);
	int64_t n = 0;
	enum err e = db_begin(db);

	if (!e)
		e = cancel ? q_job_cancel(db, &(struct job_cancel_in){ .now = now,
		    .job_id = id, .viewer_all = true }, &n) :
		    q_job_retry(db, &(struct job_retry_in){ .now = now,
		    .job_id = id, .viewer_all = true }, &n);
	if (!e)
		e = queue_wake(db);
	if (!e && n)
		e = audit_write(db, &(struct audit_source){ .endpoint = "cem job",
		    .who = "command line", .now = now }, &(struct audit_event){
		    .module = "jobs", .action = action, .subject = id });
	if (!e)
		e = db_commit(db);
	if (!e && n)
		return 0;
	fprintf(stderr, e ? "cem: the job was not changed; the log says why\n" : cancel ?
	    "cem: there is no such job, it has ended, or it is a schedule\n" :
	    "cem: there is no such job, or it is neither dead nor cancelled\n");
	return 1;
}

static enum err
ping_batch(struct command *c, struct db *db, const struct job_new *wanted, int64_t n)
{
	const char *id;
	enum err e = db_begin(db);

	for (int64_t i = 0; i < n && !e; i++) {
		e = job_add(db, c->arena, clock_now(), wanted, &id);
		if (!e)
			puts(id);
	}
	return e ? e : db_commit(db);
}

/* The id of an account that shall be who asks; NULL: the program itself. */
static enum err
find_account(struct db *db, const char *email, const char **id)
{
	struct account_by_email_row row;
	enum err e = q_account_by_email(db, &(struct account_by_email_in){
	    .email = email }, &row);

	*id = e ? NULL : row.account_id;
	if (e == ERR_MISSING)
		fprintf(stderr, "cem: there is no account %s\n", email);
	return e;
}

static int
ping(struct command *c, struct db *db)
{
	const char *steps = command_option(c, "--steps");
	const char *pause = command_option(c, "--pause");
	const char *email = command_option(c, "--as");
	struct job_new wanted = { .kind = "ping", .input = steps || pause ?
	    arena_print(c->arena, "%s %s", steps ? steps : "0", pause ? pause : "0") :
	    NULL };
	int64_t n = 1;
	enum err e = OK;

	if (c->argc > 2 || (c->argc == 2 && !text_number(c->argv[1], 1, PINGS_MAX, &n)))
		return command_usage(PING);
	if (email)
		e = find_account(db, email, &wanted.account_id);
	for (; n > 0 && !e; n -= PINGS_BATCH)
		e = ping_batch(c, db, &wanted, n < PINGS_BATCH ? n : PINGS_BATCH);
	return e != OK;
}

int
command_job(struct command *c)
{
	static const char usage[] = LIST "\njob show|cancel|retry JOB_ID\n"
	    "job retry SCHEDULE\njob kinds\n" PING;
	const char *word = c->argc ? c->argv[0] : "";
	const bool lists = text_same(word, "list"), pings = text_same(word, "ping");
	const bool shows = text_same(word, "show");
	struct db *db;

	if (c->argc == 1 && text_same(word, "kinds"))
		return kinds();
	if (!lists && !pings && (c->argc != 2 || (!shows &&
	    !text_same(word, "cancel") && !text_same(word, "retry"))))
		return command_usage(usage);
	if (command_open(c, &db))
		return 1;
	if (lists)
		return list(c, db);
	if (pings)
		return ping(c, db);
	return shows ? show(db, c->argv[1]) : change(db, word, c->argv[1]);
}
