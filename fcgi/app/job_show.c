/* SPDX-License-Identifier: MIT */
/*
 * Jobs as people see them: administrators all of them, with the schedules, operators
 * their own. The result is for who asked only, as it may be about people whom an
 * administrator of another day has no business with.
 */
#include "arena.h"
#include "fields.h"
#include "front.h"
#include "job.h"
#include "queries.h"
#include "queue.h"
#include "seen.h"
#include "text.h"

enum { PAGE_USUAL = 20, PAGE_MAX = 100, SKIP_MAX = 100000 };

static const struct shape_rule state_rule = {
	.type = "literal_error", .choices = job_states,
	.msg = "Input should be 'queued', 'running', 'done', 'dead' or 'cancelled'"
};

struct job_find {
	const char *state, *kind;
	const int64_t *skip, *limit;
};

static const struct shape_field job_find_fields[] = {
	FIELD(job_find, state, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .rule = &state_rule),
	FIELD(job_find, kind, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(1, 40)),
	FIELD(job_find, skip, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(0, SKIP_MAX)),
	FIELD(job_find, limit, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(1, PAGE_MAX),
	    .words = "20 unless told"),
};
SHAPE(job_find, "JobFind", SHAPE_QUERY);

struct job_out {
	const char *job_id, *kind, *state, *user_id, *error, *request_id, *result;
	bool is_schedule;
	int64_t done, total, attempt, attempts, created_at;
	const int64_t *due_at, *started_at, *ended_at;
};

static const struct shape_field job_out_fields[] = {
	FIELD(job_out, job_id, SHAPE_TEXT),
	FIELD(job_out, kind, SHAPE_TEXT),
	FIELD(job_out, state, SHAPE_TEXT, .rule = &state_rule),
	FIELD(job_out, is_schedule, SHAPE_BOOL, .words = "it runs again and again"),
	FIELD(job_out, user_id, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .words = "who asked; null: the program itself"),
	FIELD(job_out, done, SHAPE_INT, .words = "steps that count for good"),
	FIELD(job_out, total, SHAPE_INT, .words = "steps, as far as known"),
	FIELD(job_out, attempt, SHAPE_INT),
	FIELD(job_out, attempts, SHAPE_INT, .words = "after so many it is dead"),
	FIELD(job_out, error, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .words = "why the last attempt failed"),
	FIELD(job_out, created_at, SHAPE_TIME),
	FIELD(job_out, due_at, SHAPE_TIME, .flags = SHAPE_OPTIONAL,
	    .words = "when it may run; of a running one, when its worker is given up"),
	FIELD(job_out, started_at, SHAPE_TIME, .flags = SHAPE_OPTIONAL,
	    .words = "of the last attempt"),
	FIELD(job_out, ended_at, SHAPE_TIME, .flags = SHAPE_OPTIONAL),
	FIELD(job_out, request_id, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .words = "X-Request-ID of the reply to who asked"),
	FIELD(job_out, result, SHAPE_JSON, .flags = SHAPE_OPTIONAL | SHAPE_HIDDEN,
	    .words = "for who asked, while it is kept"),
};
SHAPE(job_out, "Job", SHAPE_BODY);

struct job_items { struct shape_list jobs; int64_t skip, count; };

static const struct shape_field job_items_fields[] = {
	FIELD(job_items, jobs, SHAPE_OBJECTS, .sub = &job_out_shape),
	FIELD(job_items, skip, SHAPE_INT),
	FIELD(job_items, count, SHAPE_INT, .words = "of jobs here"),
};
SHAPE(job_items, "Jobs", SHAPE_BODY);

static void
fill(const struct job_get_row *row, struct job_out *out)
{
	*out = (struct job_out){
		.job_id = row->job_id, .kind = row->job_kind, .state = row->job_state,
		.user_id = row->account_id, .error = row->last_error,
		.request_id = row->request_id, .is_schedule = row->is_scheduled,
		.done = row->n_done, .total = row->n_total, .attempt = row->attempt,
		.attempts = job_attempts(row->job_kind), .created_at = row->created_at,
		.due_at = row->due_at, .started_at = row->started_at,
		.ended_at = row->ended_at
	};
}

enum err
job_list(struct req *r)
{
	const struct job_find *in = r->in;
	const struct viewer *v = front_viewer(r);
	struct job_list_in ask = {
		.viewer_all = v->all, .viewer_account_id = v->account_id,
		.job_state = in->state, .job_kind = in->kind,
		.lead = job_lead(v->all, in->state, in->kind),
		.skip = in->skip ? *in->skip : 0,
		.limit = in->limit ? *in->limit : PAGE_USUAL
	};
	struct job_get_row *rows;
	struct job_out *out;
	size_t n;
	enum err e;

	ask.upto = ask.skip + ask.limit;
	e = q_job_list(r->db, &ask, &rows, &n);
	if (e)
		return e;
	out = arena_array(r->arena, struct job_out, n);
	for (size_t i = 0; i < n; i++)
		fill(&rows[i], &out[i]);
	return reply(r, 200, &(struct job_items){ { out, n }, ask.skip, (int64_t)n });
}

/* The job that the path names, if it is the viewer's. */
static enum err
find(struct req *r, struct job_out *out)
{
	const struct viewer *v = front_viewer(r);
	struct job_get_row row;
	enum err e = q_job_get(r->db, &(struct job_get_in){
	    .job_id = req_param(r, "job_id"), .viewer_all = v->all,
	    .viewer_account_id = v->account_id }, &row);

	if (e)
		return e == ERR_MISSING ? fail(r, e, "Job not found") : e;
	fill(&row, out);
	return OK;
}

enum err
job_result(struct req *r, const char *job_id, const char **json)
{
	struct job_result_row *rows;
	size_t n;
	enum err e = q_job_result(r->db, &(struct job_result_in){ .job_id = job_id,
	    .viewer_account_id = front_viewer(r)->account_id }, &rows, &n);

	*json = !e && n ? queue_result(r->arena, job_id, rows[0].result_sealed) : NULL;
	if (!*json)
		return e;
	return seen_rows(r, &(struct seen){ .module = "jobs", .action = "view_result",
	    .subject = job_id, .n = 1 });
}

enum err
job_show(struct req *r)
{
	struct job_out out;
	enum err e = find(r, &out);

	if (!e)
		e = job_result(r, out.job_id, &out.result);
	return e ? e : reply(r, 200, &out);
}

/* Answer with the job as it is after the change, which is in the audit. */
static enum err
changed(struct req *r, const char *action, const struct job_out *before)
{
	struct job_out out;
	enum err e = front_audit(r, &(struct audit_event){ .module = "jobs",
	    .action = action, .subject = before->job_id,
	    .details = arena_print(r->arena, "{\"kind\":\"%s\"}", before->kind),
	    .before = arena_print(r->arena, "{\"state\":\"%s\"}", before->state) });

	if (!e)
		e = find(r, &out);
	return e ? e : reply(r, 200, &out);
}

enum err
job_cancel(struct req *r)
{
	const struct viewer *v = front_viewer(r);
	struct job_out out;
	int64_t n;
	enum err e = find(r, &out);

	if (e)
		return e;
	if (out.is_schedule)
		return fail(r, ERR_CONFLICT, "A schedule can't be cancelled");
	e = q_job_cancel(r->db, &(struct job_cancel_in){ .now = r->now,
	    .job_id = out.job_id, .viewer_all = v->all,
	    .viewer_account_id = v->account_id }, &n);
	if (!e && !n)
		return fail(r, ERR_CONFLICT, "The job has already ended");
	return e ? e : changed(r, "cancel", &out);
}

enum err
job_retry(struct req *r)
{
	struct job_out out;
	int64_t n;
	enum err e = find(r, &out);

	if (e)
		return e;
	e = q_job_retry(r->db, &(struct job_retry_in){ .now = r->now,
	    .job_id = out.job_id, .viewer_all = front_viewer(r)->all }, &n);
	if (!e && !n)
		return fail(r, ERR_CONFLICT, "Only a dead or cancelled job can be "
		    "tried again, and a schedule that is not running");
	if (!e)
		e = queue_wake(r->db);
	return e ? e : changed(r, "retry", &out);
}
