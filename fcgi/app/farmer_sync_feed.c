/* SPDX-License-Identifier: MIT */
/*
 * What changed: the farmers of the viewer's scope in the order of their updated_at, as
 * they are now, or that they are gone. Deleted rows stay in the order, and a farmer who
 * left a district is in it by farmer_move; whether somebody is shown or gone is decided
 * by reading the record in scope.
 *
 * A row is stamped before its transaction is committed, so a change may come to light
 * after younger ones. But no commit begins more than DB_STAMP_AGE after the stamp
 * (db_stamp): what is older than that is all to be seen, or PostgreSQL tells that a
 * transaction as old is still under way. A round of pages may go up to the present,
 * but the next round begins where the first page of this one was settled; what lies
 * between is sent twice rather than never.
 *
 * The cursor is "1-<settled>-<at>-<row>-<scope>": where the next round begins, the last
 * place of this round (row "" if it is over), and whose farmers they are. If the scope
 * has changed, or the cursor is older than what is remembered, or the clock was set
 * back since (watch.h; be it that it has come to that time again), all begins anew and
 * the phone forgets what it has.
 */
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "clock.h"
#include "db.h"
#include "farmer.h"
#include "fields.h"
#include "front.h"
#include "id.h"
#include "job.h"
#include "seen.h"
#include "text.h"
#include "watch.h"

enum {
	LIMIT_USUAL = 100, LIMIT_MAX = 200,
	PAGE_MEMORY = 3 * 1024 * 1024,	/* after so much the page ends */
	SCOPE_SIZE = 16
};

#define SETTLED (2 * DB_STAMP_AGE)	/* the clocks of two hosts may differ by half */
#define REMEMBERED (90 * CLOCK_DAY)	/* of farmers who left a district */

struct sync_find { const char *since; const int64_t *limit; };

struct sync_gone {
	const char *farmer_id;
	bool deleted;
	int64_t changed_at;
};

struct sync_page {
	struct shape_list farmers, gone;
	const char *next;
	bool more, reset;
};

static const struct shape_field sync_find_fields[] = {
	FIELD(sync_find, since, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 200),
	    .words = "next of the last reply; left out: all farmers"),
	FIELD(sync_find, limit, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(1, LIMIT_MAX),
	    .words = "100 unless told"),
};
SHAPE(sync_find, "SyncFind", SHAPE_QUERY);

static const struct shape_field sync_gone_fields[] = {
	FIELD(sync_gone, farmer_id, SHAPE_TEXT),
	FIELD(sync_gone, deleted, SHAPE_BOOL),
	FIELD(sync_gone, changed_at, SHAPE_TIME),
};
static SHAPE(sync_gone, "FarmerGone", SHAPE_BODY);

static const struct shape_field sync_page_fields[] = {
	FIELD(sync_page, farmers, SHAPE_OBJECTS, .sub = &farmer_out_shape,
	    .words = "registered or changed, as they are now"),
	FIELD(sync_page, gone, SHAPE_OBJECTS, .sub = &sync_gone_shape,
	    .words = "deleted, or no longer the caller's: to be forgotten"),
	FIELD(sync_page, next, SHAPE_TEXT, .words = "the since of the next call"),
	FIELD(sync_page, more, SHAPE_BOOL, .words = "ask on at once"),
	FIELD(sync_page, reset, SHAPE_BOOL,
	    .words = "this page is the first of all: forget what you have"),
};
SHAPE(sync_page, "SyncPage", SHAPE_BODY);

struct cursor {
	int64_t settled, at;
	const char *row;	/* "" between rounds */
};

/* One page in the making. */
struct feed {
	struct req *r;
	struct account_district_list_row *districts;
	size_t n_districts;
	const char *scope;		/* a hash of what the viewer sees, and of how
					 * often the clock was set back */
	struct cursor cursor;
	size_t limit;
	struct sync_changed_row *keys;	/* in order; one more than limit, if there is */
	size_t n_keys;
	struct farmer_out *farmers;
	struct sync_gone *gone;
	struct sync_page out;
};

static enum err
read_scope(struct feed *f)
{
	struct req *r = f->r;
	const struct viewer *v = front_viewer(r);
	struct buf text = buf_make(r->arena, 200);
	uint8_t hash[SCOPE_SIZE];
	int64_t turns;
	enum err e;

	e = watch_turns(r->db, &turns);
	if (!e && !v->all)
		e = q_account_district_list(r->db, &(struct account_district_list_in){
		    .account_id = v->account_id }, &f->districts, &f->n_districts);
	buf_text(&text, v->all ? "all" : "districts");
	for (size_t i = 0; i < f->n_districts; i++)
		buf_print(&text, "\n%s", f->districts[i].district_name);
	if (turns)
		buf_print(&text, "\n\n%lld", (long long)turns);
	(void)crypto_generichash(hash, sizeof(hash), (const uint8_t *)text.bytes,
	    text.n, NULL, 0);
	f->scope = text_hex(r->arena, hash, sizeof(hash));
	return e;
}

/* The next part of a cursor, up to a '-'; NULL if there is none. */
static const char *
part(struct arena *a, const char **p)
{
	const char *s = *p;
	size_t n;

	if (!s)
		return NULL;
	n = strcspn(s, "-");
	*p = s[n] ? s + n + 1 : NULL;
	return arena_copy(a, s, n);
}

/* False if it is none of ours. */
static bool
cursor_read(struct arena *a, const char *s, struct cursor *c, const char **scope)
{
	const char *version = part(a, &s), *settled = part(a, &s), *at = part(a, &s);

	c->row = part(a, &s);
	*scope = part(a, &s);
	return text_same(version, "1") && *scope && !s &&
	    text_number(settled, 0, INT64_MAX, &c->settled) &&
	    text_number(at, 0, INT64_MAX, &c->at) && (!*c->row || id_valid(c->row));
}

/* Up to when is all to be seen? Asked before anything is read. */
static enum err
settle(struct feed *f)
{
	struct sync_oldest_row row;
	const int64_t now = f->r->now;
	enum err e = q_sync_oldest(f->r->db, &(struct sync_oldest_in){ .now = now },
	    &row);

	if (!e)
		f->cursor.settled = (row.oldest_at < now ? row.oldest_at : now) - SETTLED;
	return e;
}

/* Where to go on, or that all begins anew. */
static enum err
begin(struct feed *f, const char *since)
{
	struct req *r = f->r;
	const char *scope = "";
	struct cursor *c = &f->cursor;

	if (text_empty(since))
		*c = (struct cursor){ .row = "" };
	else if (!cursor_read(r->arena, since, c, &scope))
		return fail_fault(r, "query.since", "value_error",
		    "This is not a cursor of an earlier reply");
	f->out.reset = !text_same(scope, f->scope) || c->settled < r->now - REMEMBERED ||
	    c->settled > r->now - SETTLED / 2;
	if (f->out.reset)
		*c = (struct cursor){ .row = "" };
	return *c->row ? OK : settle(f);
}

static bool
is_before(const struct sync_changed_row *a, const struct sync_changed_row *b)
{
	return a->updated_at != b->updated_at ? a->updated_at < b->updated_at :
	    strcmp(a->farmer_row_id, b->farmer_row_id) < 0;
}

/* Put further keys, which are in order, among those that are there. */
static void
merge(struct feed *f, const struct sync_changed_row *rows, size_t n)
{
	struct sync_changed_row *all =
	    arena_array(f->r->arena, struct sync_changed_row, f->n_keys + n + 1);
	size_t i = 0, k = 0, n_all = 0;

	while (n_all <= f->limit && (i < f->n_keys || k < n))
		all[n_all++] = i == f->n_keys || (k < n &&
		    is_before(&rows[k], &f->keys[i])) ? rows[k++] : f->keys[i++];
	f->keys = all;
	f->n_keys = n_all;
}

/* No key beyond that of the last place is wanted. */
static int64_t
until(const struct feed *f)
{
	return f->n_keys > f->limit ? f->keys[f->limit].updated_at : INT64_MAX;
}

static enum err
read_district(struct feed *f, const char *district_name)
{
	const char *account_id = front_viewer(f->r)->account_id;
	const int64_t limit = (int64_t)f->limit + 1;
	struct sync_changed_row *rows;
	size_t n;
	enum err e = q_sync_changed_there(f->r->db, &(struct sync_changed_there_in){
	    .viewer_account_id = account_id, .district_name = district_name,
	    .since = f->cursor.at, .after = f->cursor.row, .until = until(f),
	    .limit = limit }, &rows, &n);

	if (e)
		return e;
	merge(f, rows, n);
	e = q_sync_left(f->r->db, &(struct sync_left_in){
	    .viewer_account_id = account_id, .district_name = district_name,
	    .since = f->cursor.at, .after = f->cursor.row, .until = until(f),
	    .limit = limit }, &rows, &n);
	if (!e)
		merge(f, rows, n);
	return e;
}

/* Each district has an index of its own order: they are read one by one and merged. */
static enum err
read_keys(struct feed *f)
{
	enum err e = OK;

	if (front_viewer(f->r)->all)
		return q_sync_changed(f->r->db, &(struct sync_changed_in){
		    .viewer_all = true, .since = f->cursor.at, .after = f->cursor.row,
		    .until = INT64_MAX, .limit = (int64_t)f->limit + 1 }, &f->keys,
		    &f->n_keys);
	for (size_t i = 0; i < f->n_districts && !e; i++)
		e = read_district(f, f->districts[i].district_name);
	return e;
}

/* The record of a key, or that there is none for this viewer. */
static enum err
show(struct feed *f, const struct sync_changed_row *key)
{
	struct req *r = f->r;
	struct farmer_get_row row;
	enum err e = key->deleted_at ? ERR_MISSING : q_farmer_get(r->db,
	    &(struct farmer_get_in){ .farmer_id = key->farmer_id,
	    SCOPE(front_viewer(r)) }, &row);

	if (e == ERR_MISSING) {
		f->gone[f->out.gone.n++] = (struct sync_gone){ key->farmer_id, true,
			key->updated_at };
		return OK;
	}
	return e ? e : farmer_fill(r, &row, &f->farmers[f->out.farmers.n++]);
}

/* A farmer who left one district for another of the viewer's has two keys. */
static bool
is_shown(const struct feed *f, const char *farmer_id)
{
	for (size_t i = 0; i < f->out.farmers.n; i++)
		if (text_same(f->farmers[i].farmer_id, farmer_id))
			return true;
	for (size_t i = 0; i < f->out.gone.n; i++)
		if (text_same(f->gone[i].farmer_id, farmer_id))
			return true;
	return false;
}

static enum err
fill(struct feed *f)
{
	struct arena *a = f->r->arena;
	size_t i;
	enum err e = OK;

	f->farmers = arena_array(a, struct farmer_out, f->limit);
	f->gone = arena_array(a, struct sync_gone, f->limit);
	for (i = 0; i < f->n_keys && i < f->limit && !e; i++) {
		if (i && arena_used(a) > PAGE_MEMORY)
			break;
		if (!is_shown(f, f->keys[i].farmer_id))
			e = show(f, &f->keys[i]);
		f->cursor.at = f->keys[i].updated_at;
		f->cursor.row = f->keys[i].farmer_row_id;
	}
	f->out.more = i < f->n_keys;
	f->out.farmers.items = f->farmers;
	f->out.gone.items = f->gone;
	return e;
}

enum err
farmer_sync_changes(struct req *r)
{
	const struct sync_find *in = r->in;
	struct feed f = { .r = r,
		.limit = in->limit ? (size_t)*in->limit : LIMIT_USUAL };
	struct cursor *c = &f.cursor;
	enum err e = read_scope(&f);

	if (!e)
		e = begin(&f, in->since);
	if (!e)
		e = read_keys(&f);
	if (!e)
		e = fill(&f);
	if (!e)
		e = seen_rows(r, &(struct seen){ .module = "sync", .action = "changes",
		    .n = f.out.farmers.n });
	if (e)
		return e;
	if (!f.out.more)
		*c = (struct cursor){ c->settled, c->settled, "" };
	f.out.next = arena_print(r->arena, "1-%lld-%lld-%s-%s", (long long)c->settled,
	    (long long)c->at, c->row, f.scope);
	return reply(r, 200, &f.out);
}

enum err
farmer_sync_purge(struct job *j)
{
	return q_farmer_move_purge(j->db, &(struct farmer_move_purge_in){
	    .before = j->now - REMEMBERED - CLOCK_DAY }, NULL);
}
