/* SPDX-License-Identifier: MIT */
/*
 * What is asked ahead of its time. A request asks who has sent it, then for what he may
 * see, then for what belongs to that: on a server each question costs a journey there
 * and back, although the next one is known. Those that were announced go along with the
 * first that must be waited for (pgsql.c), in front of it.
 *
 * A question that is sent before the answer to an earlier one is in must not show more
 * than it may: whoever takes the first one's answer for granted (db_guess) gets nothing
 * if another comes, and asks once more with the right one.
 */
#include <string.h>

#include "arena.h"
#include "log.h"

#include "engine.h"

static size_t
size_of(enum db_type type)
{
	return type == DB_INT ? sizeof(int64_t) : type == DB_REAL ? sizeof(double) :
	    sizeof(bool);
}

/* Do both structs have the same in all fields? */
static bool
same(const struct db_field *fields, int n, const void *a, const void *b)
{
	for (int i = 0; i < n; i++) {
		const struct db_field *f = &fields[i];
		const char *x = (const char *)a + f->offset;
		const char *y = (const char *)b + f->offset;

		if (f->type == DB_TEXT || f->optional) {
			memcpy(&x, x, sizeof(x));
			memcpy(&y, y, sizeof(y));
			if (x == y)
				continue;
			if (!x || !y)
				return false;
		}
		if (f->type == DB_TEXT ? strcmp(x, y) != 0 :
		    memcmp(x, y, size_of(f->type)) != 0)
			return false;
	}
	return true;
}

bool
db_keep(const struct db_query *query, const void *row, struct db_kept *kept)
{
	char *base = kept->room;
	size_t used = query->row_size;

	if (used > sizeof(kept->room))
		return false;
	memcpy(base, row, used);
	for (int i = 0; i < query->n_columns; i++) {
		const struct db_field *f = &query->columns[i];
		const char *value;
		size_t n;

		if (f->type != DB_TEXT && !f->optional)
			continue;
		memcpy(&value, (const char *)row + f->offset, sizeof(value));
		if (!value)
			continue;
		n = f->type == DB_TEXT ? strlen(value) + 1 : size_of(f->type);
		if (f->type != DB_TEXT) /* where a number may lie */
			used = (used + sizeof(int64_t) - 1) & ~(sizeof(int64_t) - 1);
		if (used > sizeof(kept->room) || n > sizeof(kept->room) - used)
			return false;
		memcpy(base + used, value, n);
		value = base + used;
		memcpy(base + f->offset, &value, sizeof(value));
		used += n;
	}
	return true;
}

/* Another thing to ask; NULL if it can't be asked ahead. */
static struct db_ahead *
announce(struct db *db, const struct db_query *query, const void *in)
{
	struct db_ahead *a = &db->ahead[db->n_ahead];

	if (!db->engine->flies || !db->read_only || db->in_transaction ||
	    db->n_ahead == DB_AHEAD_MAX || !query->reads)
		return NULL;
	*a = (struct db_ahead){ .query = query, .call.in = in };
	a->call.n = &a->n;
	a->call.out = query->kind == DB_ONE ? arena_take(db->arena, query->row_size) :
	    (void *)&a->rows;
	db->n_ahead++;
	return a;
}

void
db_ahead(struct db *db, const struct db_query *query, const void *in)
{
	(void)announce(db, query, in); /* a hint */
}

bool
db_guess(struct db *db, const struct db_query *query, const void *in, const void *row)
{
	struct db_ahead *a = db->guess == GUESS_NONE ? announce(db, query, in) : NULL;

	if (!a)
		return false;
	a->guess = row;
	db->guess = GUESS_OPEN;
	return true;
}

static void
leave_out(struct db *db, int at)
{
	db->n_ahead--;
	for (int i = at; i < db->n_ahead; i++) {
		db->ahead[i] = db->ahead[i + 1];
		/* Its results have moved with it. */
		db->ahead[i].call.n = &db->ahead[i].n;
		if (db->ahead[i].query->kind == DB_MANY)
			db->ahead[i].call.out = &db->ahead[i].rows;
	}
}

/* Compare what came with the guess. */
static void
judge(struct db *db, const struct db_ahead *a, const void *row, enum err e)
{
	db->guess = !e && same(a->query->columns, a->query->n_columns, a->guess, row) ?
	    GUESS_RIGHT : GUESS_WRONG;
}

void
db_ahead_here(struct db *db)
{
	for (int i = db->n_ahead - 1; i >= 0; i--) {
		struct db_ahead *a = &db->ahead[i];

		db->counts.statements += !a->here;
		a->here = true;
		if (a->guess) {
			judge(db, a, a->call.out, a->e);
			leave_out(db, i);
		}
	}
}

bool
db_ahead_answer(struct db *db, const struct db_query *query, const struct db_call *call,
    enum err *e)
{
	for (int i = 0; i < db->n_ahead; i++) {
		struct db_ahead *a = &db->ahead[i];

		if (a->query != query || a->guess || !same(query->params,
		    query->n_params, a->call.in, call->in))
			continue;
		if (!a->here) {
			leave_out(db, i); /* it is asked now */
			return false;
		}
		*e = a->e;
		if (query->kind == DB_ONE)
			memcpy(call->out, a->call.out, query->row_size);
		else
			memcpy(call->out, &a->rows, sizeof(a->rows));
		if (call->n)
			*call->n = a->n;
		leave_out(db, i);
		return true;
	}
	return false;
}

enum err
db_confirm(struct db *db)
{
	struct db_ahead guess = { .query = NULL };
	enum err e;

	for (int i = db->n_ahead - 1; i >= 0; i--) {
		if (db->ahead[i].here)
			continue;
		if (db->ahead[i].guess)
			guess = db->ahead[i];
		leave_out(db, i);
	}
	if (guess.query) {
		guess.call.n = NULL;
		db->guess = GUESS_NONE;
		e = db_run(db, guess.query, &guess.call);
		if (e && e != ERR_MISSING)
			return e;
		judge(db, &guess, guess.call.out, e);
	}
	return db->guess == GUESS_WRONG ? ERR_AUTH : OK;
}

void
db_ahead_end(struct db *db)
{
	db->n_ahead = 0;
	db->guess = GUESS_NONE;
}
