/* SPDX-License-Identifier: MIT */
/*
 * Jobs for those who ask for them: the kinds there are, adding one, and what a handler
 * needs to work like a request. How they are run is in job_run.c.
 */
#include <string.h>

#include "clock.h"
#include "db.h"
#include "front.h"
#include "job.h"
#include "log.h"
#include "queries.h"
#include "queue.h"
#include "text.h"

enum {
	ATTEMPTS_UNKNOWN = 5,	/* of a kind that is not in the table */
	WAITING_MAX = 100	/* of one account and kind */
};

const char *const job_states[] = {
	"queued", "running", "done", "dead", "cancelled", NULL
};

enum { KEEPS, FORGETS };

static const struct job_kind kinds[] = {
#define JOB(name, handler, attempts, every, age, words) \
	{ name, handler, attempts, every, age, words },
#include "jobs.def"
#undef JOB
};

enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

const struct job_kind *
job_kinds(size_t *n)
{
	*n = N_KINDS;
	return kinds;
}

const struct job_kind *
job_kind_find(const char *name)
{
	for (int i = 0; i < N_KINDS; i++)
		if (text_same(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

int64_t
job_attempts(const char *kind)
{
	const struct job_kind *k = job_kind_find(kind);

	return k ? k->attempts : ATTEMPTS_UNKNOWN;
}

/* Most jobs are done; there are few of any other state. */
const char *
job_lead(bool all, const char *state, const char *kind)
{
	if (!all)
		return "account";
	if (state && !text_same(state, "done"))
		return "state";
	return kind ? "kind" : state ? "state" : "all";
}

enum err
job_add(struct db *db, struct arena *arena, int64_t now, const struct job_new *wanted,
    const char **job_id)
{
	if (!job_kind_find(wanted->kind)) {
		log_write(LOG_ERROR, "job: there is no kind %s", wanted->kind);
		return ERR_BROKEN;
	}
	if (wanted->input && strlen(wanted->input) > JOB_TEXT_MAX)
		return ERR_BIG;
	return queue_add(db, arena, now, &(struct queue_new){
	    .kind = wanted->kind, .input = wanted->input,
	    .account_id = wanted->account_id, .endpoint = wanted->endpoint,
	    .address = wanted->address, .request_id = wanted->request_id,
	    .total = wanted->total }, job_id);
}

/* Nobody fills the queue: what jobs are asked with takes room, and they take time. */
static enum err
check_waiting(struct req *r, const char *kind)
{
	struct job_waiting_row row;
	enum err e = q_job_waiting(r->db, &(struct job_waiting_in){
	    .viewer_account_id = front_viewer(r)->account_id, .job_kind = kind,
	    .limit = WAITING_MAX }, &row);

	if (e || row.n < WAITING_MAX)
		return e;
	req_header(r, "Retry-After", "60");
	return fail(r, ERR_BUSY, "Too many of your earlier ones are not done yet. "
	    "Try again later.");
}

/* Without an account the job would be one of the program, which sees everything. */
enum err
job_ask(struct req *r, const struct job_new *wanted, const char **job_id)
{
	struct job_new whole = *wanted;
	enum err e = check_waiting(r, wanted->kind);

	if (e)
		return e;
	whole.account_id = front_viewer(r)->account_id;
	whole.endpoint = r->route->path;
	whole.address = r->address;
	whole.request_id = r->id;
	return whole.account_id ? job_add(r->db, r->arena, r->now, &whole, job_id) :
	    ERR_DENIED;
}

void
job_req(struct job *j, struct req *r)
{
	const char *id = j->request_id ? j->request_id : j->id + ID_TEXT - sizeof(r->id);

	*r = (struct req){
		.arena = j->arena, .db = j->db, .method = "POST",
		.path = j->endpoint ? j->endpoint : j->kind, .query = "",
		.address = j->address, .now = j->now, .who = &j->viewer,
		.file = { .fd = -1 }, .faults = { .arena = j->arena }
	};
	for (size_t i = 0; id[i] && i < sizeof(r->id) - 1; i++)
		r->id[i] = id[i];
	db_stamp(j->db, j->now); /* as for any request; else a job may take its time */
}
