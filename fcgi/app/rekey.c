/* SPDX-License-Identifier: MIT */
/*
 * cem key: the keys' life. After SECRET_KEY was changed (and the old one put into
 * SECRET_KEY_PREVIOUS), `cem key rotate` seals every farmer, card and job anew, row by
 * row; it can be stopped and started again, and the workers go on meanwhile, as they
 * read both. When it says that all is done, SECRET_KEY_PREVIOUS can go.
 */
#include <stdio.h>

#include "arena.h"
#include "clock.h"
#include "command.h"
#include "db.h"
#include "issuer.h"
#include "queries.h"
#include "seal.h"
#include "text.h"

enum { BATCH = 500, BATCH_JOBS = 5, LAST = 40 };	/* jobs may be large */

struct rotation {
	struct db *db;
	struct arena *arena;
	int64_t n_done, n_skipped;
};

static enum err
reseal(struct rotation *t, const struct farmer_sealed_row *row)
{
	struct arena *a = t->arena;
	const char *nrc = seal_open(a, "farmer.nrc", row->farmer_row_id, row->nrc_sealed);
	const char *birth = seal_open(a, "farmer.birth", row->farmer_row_id,
	    row->birth_sealed);
	int64_t n;
	enum err e;

	if (!nrc || !birth)
		return ERR_BROKEN;
	e = q_farmer_reseal(t->db, &(struct farmer_reseal_in){
	    .farmer_id = row->farmer_id, .nrc_hash = seal_hash(a, nrc, 0),
	    .nrc_sealed = seal_text(a, "farmer.nrc", row->farmer_row_id, nrc),
	    .birth_sealed = seal_text(a, "farmer.birth", row->farmer_row_id, birth),
	    .old_sealed = row->nrc_sealed }, &n);
	t->n_done += !e && n;
	t->n_skipped += !e && !n; /* edited meanwhile, and so sealed anew */
	return e;
}

/* The next run of farmers after the number last; *last becomes the run's end. */
static enum err
rotate_farmers(struct rotation *t, char last[LAST], size_t *n)
{
	struct farmer_sealed_row *rows;
	enum err e = q_farmer_sealed(t->db, &(struct farmer_sealed_in){
	    .farmer_id = last, .limit = BATCH }, &rows, n);

	for (size_t i = 0; !e && i < *n; i++)
		if (!seal_is_current(t->arena, rows[i].nrc_sealed))
			e = reseal(t, &rows[i]);
	if (!e && *n)
		(void)snprintf(last, LAST, "%s", rows[*n - 1].farmer_id);
	return e;
}

static enum err
reseal_card(struct rotation *t, const struct card_sealed_row *row)
{
	const char *text = seal_open(t->arena, "card.qr", row->card_serial,
	    row->qr_sealed);

	if (!text)
		return ERR_BROKEN;
	t->n_done++;
	return q_card_reseal(t->db, &(struct card_reseal_in){
	    .card_serial = row->card_serial,
	    .qr_sealed = seal_text(t->arena, "card.qr", row->card_serial, text) }, NULL);
}

/* The same for cards. */
static enum err
rotate_cards(struct rotation *t, char last[LAST], size_t *n)
{
	struct card_sealed_row *rows;
	enum err e = q_card_sealed(t->db, &(struct card_sealed_in){
	    .card_serial = last, .limit = BATCH }, &rows, n);

	for (size_t i = 0; !e && i < *n; i++)
		if (!seal_is_current(t->arena, rows[i].qr_sealed))
			e = reseal_card(t, &rows[i]);
	if (!e && *n)
		(void)snprintf(last, LAST, "%s", rows[*n - 1].card_serial);
	return e;
}

/* A text of a job sealed anew; *wrong if it can't be opened. */
static const char *
reseal_text(struct rotation *t, const char *place, const struct job_sealed_row *row,
    const char *sealed, bool *wrong)
{
	const char *text;

	if (!sealed || seal_is_current(t->arena, sealed))
		return sealed;
	text = seal_open(t->arena, place, row->job_id, sealed);
	*wrong = *wrong || !text;
	return text ? seal_text(t->arena, place, row->job_id, text) : NULL;
}

static enum err
reseal_job(struct rotation *t, const struct job_sealed_row *row)
{
	bool wrong = false;
	struct job_reseal_in in = {
		.job_id = row->job_id, .old_input = row->input_sealed,
		.old_cursor = row->cursor_sealed, .old_result = row->result_sealed,
		.input_sealed = reseal_text(t, "job.input", row, row->input_sealed,
		    &wrong),
		.cursor_sealed = reseal_text(t, "job.cursor", row, row->cursor_sealed,
		    &wrong),
		.result_sealed = reseal_text(t, "job.result", row, row->result_sealed,
		    &wrong)
	};
	int64_t n;
	enum err e;

	if (wrong)
		return ERR_BROKEN;
	if (in.input_sealed == in.old_input && in.cursor_sealed == in.old_cursor &&
	    in.result_sealed == in.old_result)
		return OK;
	e = q_job_reseal(t->db, &in, &n);
	t->n_done += !e && n;
	t->n_skipped += !e && !n;
	return e;
}

/* The same for jobs: what they were asked with, where they are, what came of them. */
static enum err
rotate_jobs(struct rotation *t, char last[LAST], size_t *n)
{
	struct job_sealed_row *rows;
	enum err e = q_job_sealed(t->db, &(struct job_sealed_in){
	    .job_id = last, .limit = BATCH_JOBS }, &rows, n);

	for (size_t i = 0; !e && i < *n; i++)
		e = reseal_job(t, &rows[i]);
	if (!e && *n)
		(void)snprintf(last, LAST, "%s", rows[*n - 1].job_id);
	return e;
}

/* All rows of one kind, run by run, each run in a transaction. */
static enum err
rotate_all(struct rotation *t, enum err (*run)(struct rotation *t, char last[LAST],
    size_t *n))
{
	char last[LAST] = "";
	size_t n = 1;
	enum err e = OK;

	while (!e && n) {
		arena_reset(t->arena);
		e = db_begin(t->db);
		if (!e)
			e = run(t, last, &n);
		if (e)
			db_rollback(t->db);
		else
			e = db_commit(t->db);
	}
	return e;
}

static int
rotate(struct command *c)
{
	struct rotation t = { .arena = arena_make(128 * 1024 * 1024, NULL) };
	enum err e = command_open(c, &t.db);

	if (e)
		return 1;
	db_arena(t.db, t.arena);
	e = rotate_all(&t, rotate_farmers);
	if (!e)
		e = rotate_all(&t, rotate_cards);
	if (!e)
		e = rotate_all(&t, rotate_jobs);
	if (!e)
		e = issuer_publish(t.db, t.arena);
	printf("sealed %lld rows anew, %lld were changed meanwhile: %s\n",
	    (long long)t.n_done, (long long)t.n_skipped,
	    e ? "stopped by a failure; start again" : "all done");
	return e != OK;
}

static int
list(struct command *c)
{
	struct card_key_list_row *rows;
	char day[CLOCK_TEXT];
	struct db *db;
	size_t n;

	if (command_open(c, &db) || q_card_key_list(db, &rows, &n))
		return 1;
	for (size_t i = 0; i < n; i++) {
		(void)clock_date(rows[i].created_at, day);
		printf("%s\t%s\t%s\t%s\n", rows[i].kid, rows[i].public_key, day,
		    rows[i].revoked_at ? "revoked" : "good");
	}
	return 0;
}

int
command_key(struct command *c)
{
	if (c->argc == 1 && text_same(c->argv[0], "rotate"))
		return rotate(c);
	if (c->argc == 1 && text_same(c->argv[0], "list"))
		return list(c);
	return command_usage("key list\nkey rotate");
}
