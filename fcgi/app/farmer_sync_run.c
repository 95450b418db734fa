/* SPDX-License-Identifier: MIT */
/*
 * A batch from a phone, farmer by farmer, by the code of POST and PUT: the same checks
 * in the same words, the same audit. A step of some farmers is one transaction, in
 * which also the place and the results so far are kept; so each counts exactly once,
 * wherever the worker is killed. What is wrong with one farmer is said of that one,
 * before anything of him was written, and the others go on.
 *
 * Who an item is: the farmer that its temp_id became before, for this account; else the
 * one that it names by farmer_id, if the NRC is that one's; else somebody new. It is
 * never found by phone or by NRC alone: nobody's record is overwritten by a slip.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "db.h"
#include "farmer.h"
#include "farmer_sync.h"
#include "farmer_tally.h"
#include "fields.h"
#include "front.h"
#include "job.h"
#include "json.h"
#include "log.h"
#include "seal.h"
#include "text.h"

enum {
	STEP = 20,			/* farmers in one transaction */
	ERRORS_MAX = 5,			/* told of one farmer */
	ERROR_MAX = 400,		/* bytes of one */
	ITEM_MAX = 256 * 1024		/* bytes; four sections fit */
};

/* What became of one farmer. */
struct sync_result {
	const char *temp_id, *farmer_id, *status;
	struct shape_texts errors;
};

static const struct shape_field sync_result_fields[] = {
	FIELD(sync_result, temp_id, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(sync_result, farmer_id, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(sync_result, status, SHAPE_TEXT),
	FIELD(sync_result, errors, SHAPE_TEXTS),
};
static SHAPE(sync_result, "SyncResult", SHAPE_BODY);

struct batch {
	struct job *job;
	const struct json *tree, *farmers;
	size_t next, n;
	struct buf results;	/* written ones, with commas between; lasts the run */
	struct farmer_tally *tally;	/* of this step */
};

/* The item in hand. */
struct item {
	struct req r;
	struct farmer_tally *tally;
	const struct json *json;
	const char *temp_id, *farmer_id, *nrc;
	const char *hash, *old_hash;	/* of what it says, by both keys (or NULL) */
	struct farmer_form form;
	struct sync_result out;
};

/* The cursor is "<number of the next farmer> <results so far>". */
static enum err
batch_open(struct batch *b)
{
	struct job *j = b->job;
	const char *blank = strchr(j->cursor, ' '), *why;
	int64_t next = 0;
	size_t at;

	b->results = buf_make(j->keep, 64 * 1024);
	if (blank) {
		const char *number = arena_copy(j->arena, j->cursor,
		    (size_t)(blank - j->cursor));

		if (!text_number(number, 0, SYNC_ITEMS, &next))
			return ERR_BROKEN;
		buf_text(&b->results, blank + 1);
	}
	b->tree = json_read(j->arena, j->input, strlen(j->input), &why, &at);
	b->farmers = json_get(b->tree, "farmers");
	b->n = json_count(b->farmers);
	b->next = (size_t)next;
	return b->tree ? OK : ERR_BROKEN;
}

/* nrc_number stands for an NRC that personal_info does not say. */
static enum err
put_nrc(struct item *i)
{
	const char *number = json_text(json_get(i->json, "nrc_number"));
	const struct json *person = json_get(i->json, "personal_info");
	const struct json *nrc = json_get(person, "nrc");

	if (!number || json_kind(person) != JSON_MAP)
		return OK;
	if (json_kind(nrc) == JSON_NONE)
		return json_put_text(person, "nrc", number) ? OK : ERR_BROKEN;
	if (text_same(json_text(nrc), number))
		return OK;
	return fail(&i->r, ERR_BAD, "nrc_number and personal_info.nrc differ");
}

static enum err
item_read(struct item *i)
{
	struct arena *a = i->r.arena;
	enum err e = put_nrc(i);
	const char *text;

	if (e)
		return e;
	if (!shape_read(&farmer_form_shape, i->json, a, &i->form, &i->r.faults))
		return ERR_INVALID;
	text = arena_print(a, "sync %s", json_dump(a, i->json, ITEM_MAX));
	i->hash = seal_hash(a, text, 0);
	i->old_hash = seal_hash(a, text, 1);
	i->nrc = i->form.personal_info->nrc;
	return OK;
}

/* The farmer that an item names must be the one of its NRC: a wrong number on the phone
 * must not turn one person into another. */
static enum err
check_named(struct item *i)
{
	struct req *r = &i->r;
	struct farmer_by_nrc_row *row;
	enum err e = farmer_by_nrc(r, i->nrc, &row);

	if (e || (row && text_same(row->farmer_id, i->farmer_id)))
		return e;
	return fail(r, ERR_CONFLICT, "The NRC is not that of farmer %s", i->farmer_id);
}

static enum err
change(struct item *i, const char *farmer_id)
{
	const struct farmer_change in = { .form = i->form };
	enum err e = farmer_amend_noted(&i->r, farmer_id, &in, i->tally);

	i->out.farmer_id = farmer_id;
	i->out.status = "updated";
	return e;
}

/* One that nothing is known of yet. */
static enum err
apply_first(struct item *i)
{
	const char *farmer_id;
	enum err e;

	if (i->farmer_id) {
		e = check_named(i);
		return e ? e : change(i, i->farmer_id);
	}
	e = farmer_register_noted(&i->r, &i->form, i->tally, &farmer_id);
	if (!e) /* else it may be the one that has the NRC */
		i->out = (struct sync_result){ .temp_id = i->temp_id,
			.farmer_id = farmer_id, .status = "created" };
	return e;
}

/* Does the item say nothing new? Then it is answered as it was the first time: the
 * record may have been changed in the office since, and a phone that only did not
 * hear the answer has nothing to say to that. */
static bool
is_old(const struct item *i, const struct job *j, const struct sync_item_claim_row *row)
{
	return text_same(row->item_hash, i->hash) ||
	    (i->old_hash && text_same(row->item_hash, i->old_hash)) ||
	    strcmp(j->id, row->job_id) < 0;
}

static enum err
apply_again(struct item *i, const struct sync_item_claim_row *row)
{
	if (i->farmer_id && !text_same(i->farmer_id, row->farmer_id))
		return fail(&i->r, ERR_CONFLICT, "temp_id %s is farmer %s", i->temp_id,
		    row->farmer_id);
	return change(i, row->farmer_id);
}

static enum err
claim(const struct job *j, const char *temp_id, struct sync_item_claim_row *row)
{
	return q_sync_item_claim(j->db, &(struct sync_item_claim_in){
	    .viewer_account_id = j->viewer.account_id, .temp_id = temp_id,
	    .job_id = j->id, .now = j->now }, row);
}

static enum err
item_apply(struct item *i, const struct job *j)
{
	struct sync_item_claim_row row;
	enum err e;

	if (!i->temp_id)
		return apply_first(i);
	e = claim(j, i->temp_id, &row);
	if (e)
		return e;
	if (row.farmer_id && is_old(i, j, &row)) {
		i->out.farmer_id = row.farmer_id;
		i->out.status = row.item_status;
		return OK;
	}
	e = row.farmer_id ? apply_again(i, &row) : apply_first(i);
	return e ? e : q_sync_item_set(j->db, &(struct sync_item_set_in){
	    .viewer_account_id = j->viewer.account_id, .temp_id = i->temp_id,
	    .job_id = j->id, .farmer_id = i->out.farmer_id, .item_hash = i->hash,
	    .item_status = i->out.status }, NULL);
}

/* A refusal, which has written nothing; anything else ends the run. */
static bool
is_refusal(enum err e)
{
	return e == ERR_BAD || e == ERR_INVALID || e == ERR_DENIED ||
	    e == ERR_MISSING || e == ERR_CONFLICT;
}

static const char *
cut(struct arena *a, const char *s)
{
	size_t n = strlen(s);

	if (n <= ERROR_MAX)
		return s;
	for (n = ERROR_MAX; (s[n] & 0xc0) == 0x80; n--)
		continue; /* not within a letter */
	return arena_print(a, "%.*s...", (int)n, s);
}

/* What is wrong, in the words of POST; the place that was claimed is free again. */
static enum err
item_refuse(struct item *i, enum err why)
{
	struct req *r = &i->r;
	struct shape_texts *errors = &i->out.errors;

	i->out.status = "error";
	errors->items = arena_array(r->arena, const char *, ERRORS_MAX);
	if (why == ERR_INVALID)
		for (; errors->n < r->faults.n && errors->n < ERRORS_MAX; errors->n++)
			errors->items[errors->n] = cut(r->arena, arena_print(r->arena,
			    "%s: %s", r->faults.items[errors->n].path,
			    r->faults.items[errors->n].msg));
	else
		errors->items[errors->n++] = cut(r->arena,
		    r->detail ? r->detail : err_name(why));
	if (!i->temp_id)
		return OK;
	return q_sync_item_drop(r->db, &(struct sync_item_drop_in){
	    .viewer_account_id = front_viewer(r)->account_id,
	    .temp_id = i->temp_id }, NULL);
}

static enum err
item_do(struct batch *b, size_t number)
{
	struct item i = { .json = json_item(b->farmers, number), .tally = b->tally };
	enum err e;

	job_req(b->job, &i.r);
	i.temp_id = i.out.temp_id = json_text(json_get(i.json, "temp_id"));
	i.farmer_id = json_text(json_get(i.json, "farmer_id"));
	e = item_read(&i);
	if (!e)
		e = item_apply(&i, b->job);
	if (is_refusal(e))
		e = item_refuse(&i, e);
	if (e)
		return e;
	buf_text(&b->results, number ? "," : "");
	shape_write(&sync_result_shape, &i.out, &b->results);
	return OK;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Hold what is to be claimed up to end, in one order whatever that of the batch is: of
 * two batches one waits for the other, and never both. */
static enum err
hold(struct batch *b, size_t end)
{
	struct sync_item_claim_row row;
	const char *ids[STEP];
	size_t n = 0;
	enum err e = OK;

	for (size_t i = b->next; i < end; i++) {
		ids[n] = json_text(json_get(json_item(b->farmers, i), "temp_id"));
		n += ids[n] != NULL;
	}
	qsort(ids, n, sizeof(ids[0]), compare);
	for (size_t i = 0; i < n && !e; i++)
		e = claim(b->job, ids[i], &row);
	return e;
}

/* The next farmers, up to the end of a step or of the batch. */
static enum err
step_do(struct batch *b)
{
	struct job *j = b->job;
	const size_t end = b->n - b->next < STEP ? b->n : b->next + STEP;
	enum err e = hold(b, end);

	b->tally = farmer_tally_begin(j->arena);
	for (; b->next < end && !e; b->next++)
		e = item_do(b, b->next);
	j->done = (int64_t)b->next;
	return e ? e : farmer_tally_write(b->tally, j->db);
}

static enum err
batch_do(struct batch *b)
{
	struct job *j = b->job;
	enum err e = OK;

	while (b->next < b->n && !e) {
		e = step_do(b);
		if (!e && b->next < b->n) /* the last is committed with the end */
			e = job_step(j, arena_print(j->arena, "%zu %s", b->next,
			    b->results.bytes));
	}
	return e;
}

enum err
farmer_sync_run(struct job *j)
{
	struct batch b = { .job = j };
	enum err e = batch_open(&b);

	if (!e)
		e = batch_do(&b);
	json_free(b.tree);
	if (e)
		return e;
	j->result = arena_print(j->keep, "{\"job_id\":\"%s\",\"results\":[%s]}", j->id,
	    b.results.bytes);
	log_write(LOG_INFO, "sync done job=%s farmers=%zu", j->id, b.n);
	return OK;
}
