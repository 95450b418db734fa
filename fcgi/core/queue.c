/* SPDX-License-Identifier: MIT */
/*
 * The queue's table. One column says when a row may be taken, whether it waits or the
 * worker that had it is late; so one index and one condition find both. The lease's
 * token fences: every write of a run names it, and changes nothing once another run
 * has begun. Inputs, cursors and results are sealed, each for its row.
 */
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "db.h"
#include "queries.h"
#include "queue.h"
#include "seal.h"
#include "text.h"

#define DUE_MAX (2 * CLOCK_DAY)	/* no schedule is rarer than a day */

static const char input_place[] = "job.input";
static const char cursor_place[] = "job.cursor";
static const char result_place[] = "job.result";

static const char *
seal(struct arena *arena, const char *place, const char *id, const char *text)
{
	return text_empty(text) ? NULL : seal_text(arena, place, id, text);
}

enum err
queue_wake(struct db *db)
{
	struct job_notify_row row;

	return db_is_pgsql(db) ? q_job_notify(db, &row) : OK;
}

/* Ids of one account are in the order in which it asked, also when the clock was set
 * back meanwhile: an older job must not take itself for a newer one. */
static enum err
make_id(struct db *db, const char *account_id, char out[ID_TEXT])
{
	struct job_newest_row *rows;
	size_t n = 0;
	enum err e = OK;

	id_make(out);
	if (account_id)
		e = q_job_newest(db, &(struct job_newest_in){
		    .account_id = account_id }, &rows, &n);
	if (e || !n || strcmp(out, rows->job_id) > 0)
		return e;
	id_make_at(id_time(rows->job_id) + 1, out);
	return OK;
}

enum err
queue_add(struct db *db, struct arena *arena, int64_t now,
    const struct queue_new *wanted, const char **id)
{
	char *made = arena_take(arena, ID_TEXT);
	enum err e = make_id(db, wanted->account_id, made);

	if (e)
		return e;
	e = q_job_insert(db, &(struct job_insert_in){
	    .job_id = made, .job_kind = wanted->kind, .account_id = wanted->account_id,
	    .due_at = &now, .n_total = wanted->total,
	    .input_sealed = seal(arena, input_place, made, wanted->input), .now = now,
	    .endpoint = wanted->endpoint, .ip_address = wanted->address,
	    .request_id = wanted->request_id }, NULL);
	*id = made;
	return e ? e : queue_wake(db);
}

enum err
queue_schedule(struct db *db, int64_t now, const char *kind)
{
	char id[ID_TEXT];

	id_make(id);
	return q_job_schedule(db, &(struct job_schedule_in){
	    .job_id = id, .job_kind = kind, .now = now }, NULL);
}

enum err
queue_recall(struct db *db, int64_t now, int64_t lease)
{
	const struct job_recall_in in = { .now = now, .soon = now + CLOCK_MINUTE,
		.latest = now + DUE_MAX, .lease_ends_at = now + lease };
	int64_t n = 1;
	enum err e = OK;

	while (!e && n) /* none that was recalled is found again */
		e = q_job_recall(db, &in, &n);
	return e;
}

enum err
queue_next(struct db *db, int64_t *due_at)
{
	struct job_next_row *rows;
	size_t n;
	enum err e = q_job_next(db, &rows, &n);

	*due_at = !e && n && rows[0].due_at ? *rows[0].due_at : INT64_MAX;
	return e;
}

/* A sealed text of the job; "" if there is none. */
static const char *
reveal(struct arena *arena, const char *place, const char *sealed,
    struct queue_job *job)
{
	const char *text = sealed ? seal_open(arena, place, job->id, sealed) : "";

	job->is_damaged = job->is_damaged || !text;
	return text ? text : "";
}

static void
fill(struct arena *arena, const struct job_take_row *row, struct queue_job *out)
{
	out->id = row->job_id;
	out->kind = row->job_kind;
	out->account_id = row->account_id;
	out->endpoint = row->endpoint;
	out->address = row->ip_address;
	out->request_id = row->request_id;
	out->last_error = row->last_error;
	out->is_scheduled = row->is_scheduled;
	out->attempt = row->attempt;
	out->n_done = row->n_done;
	out->n_total = row->n_total;
	out->is_damaged = false;
	out->input = reveal(arena, input_place, row->input_sealed, out);
	out->cursor = reveal(arena, cursor_place, row->cursor_sealed, out);
}

enum err
queue_take(struct db *db, struct arena *arena, int64_t now, int64_t lease,
    struct queue_job *out)
{
	struct job_take_row row;
	enum err e;

	id_make(out->token);
	db_arena(db, arena);
	e = q_job_take(db, &(struct job_take_in){ .lease_ends_at = now + lease,
	    .now = now, .lease_token = out->token }, &row);
	if (!e)
		fill(arena, &row, out);
	return e;
}

enum err
queue_take_one(struct db *db, struct arena *arena, const struct queue_ask *ask,
    struct queue_job *out)
{
	struct job_take_row row;
	enum err e;

	id_make(out->token);
	db_arena(db, arena);
	e = q_job_take_one(db, &(struct job_take_one_in){ .job_id = ask->job_id,
	    .lease_ends_at = ask->now + ask->lease, .now = ask->now,
	    .lease_token = out->token }, &row);
	if (!e)
		fill(arena, &row, out);
	return e;
}

enum err
queue_mark(struct db *db, struct arena *arena, const struct queue_job *job,
    const struct queue_mark *mark)
{
	int64_t n;
	enum err e = q_job_mark(db, &(struct job_mark_in){
	    .job_id = job->id, .lease_token = job->token, .job_state = mark->state,
	    .due_at = mark->due_at ? &mark->due_at : NULL,
	    .next_token = mark->holds ? job->token : NULL, .attempt = mark->attempt,
	    .moves = mark->moves, .n_done = mark->n_done, .n_total = mark->n_total,
	    .cursor_sealed = mark->cursor ? seal_text(arena, cursor_place, job->id,
	    mark->cursor) : NULL,
	    .result_sealed = seal(arena, result_place, job->id, mark->result),
	    .last_error = mark->error,
	    .ended_at = mark->ended_at ? &mark->ended_at : NULL }, &n);

	return e ? e : n ? OK : ERR_CONFLICT;
}

const char *
queue_result(struct arena *arena, const char *id, const char *sealed)
{
	return sealed ? seal_open(arena, result_place, id, sealed) : NULL;
}

enum err
queue_purge(struct db *db, int64_t before)
{
	char id[ID_TEXT];

	id_least(before, id);
	return q_job_purge(db, &(struct job_purge_in){
	    .before = before, .before_id = id }, NULL);
}
