/* SPDX-License-Identifier: MIT */
/*
 * Storing many farmers in one transaction. PostgreSQL takes all at once, unless one of
 * them is refused. Else the rows are sent one after the other and
 * then asked for once; the ids that we make begin with the time, so those of a batch
 * lie close together. Only what did not come in is looked at one by one: its NRC is
 * taken, or by a rare chance its number.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "db.h"
#include "farmer.h"
#include "farmer_audit.h"
#include "farmer_tally.h"
#include "front_handler.h"
#include "id.h"
#include "req.h"
#include "seal.h"

/* While NRCs have two hashes the constraint alone does not tell: ask first. */
static enum err
find_taken(struct req *r, const struct farmer_draft *draft, const char **taken)
{
	struct farmer_by_nrc_row *row = NULL;
	enum err e = OK;

	if (seal_hash(r->arena, draft->nrc, 1))
		e = farmer_by_nrc(r, draft->nrc, &row);
	*taken = row ? row->farmer_id : NULL;
	return e;
}

static void
give_number(struct req *r, struct farmer_draft *draft)
{
	char number[11];

	id_number("ZM", number);
	draft->row.farmer_id = arena_text(r->arena, number);
}

static int
compare(const void *key, const void *row)
{
	return strcmp(key, ((const struct farmer_there_row *)row)->farmer_row_id);
}

/* All rows between the first id of the batch and its last. */
enum err
farmer_draft_there(struct req *r, struct farmer_draft *const *drafts, size_t n,
    bool *there)
{
	struct farmer_there_in in = { NULL, NULL };
	struct farmer_there_row *rows = NULL;
	size_t n_rows = 0;
	enum err e = OK;

	for (size_t i = 0; i < n; i++) {
		const char *id = drafts[i]->row.farmer_row_id;

		if (!i || strcmp(id, in.first_id) < 0)
			in.first_id = id;
		if (!i || strcmp(id, in.last_id) > 0)
			in.last_id = id;
	}
	if (n)
		e = q_farmer_there(r->db, &in, &rows, &n_rows);
	for (size_t i = 0; i < n && !e; i++)
		there[i] = n_rows && bsearch(drafts[i]->row.farmer_row_id, rows, n_rows,
		    sizeof(*rows), compare);
	return e;
}

struct place { struct farmer_draft *draft; size_t at; };

static int
compare_nrcs(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return strcmp(x->draft->row.nrc_hash, y->draft->row.nrc_hash);
}

/* Two batches that have the same NRCs wait for each other at them: in one order, or each
 * would wait for the other, on PostgreSQL, till one is thrown out. */
static struct place *
in_order(struct arena *a, struct farmer_draft **drafts, size_t n)
{
	struct place *places = arena_array(a, struct place, n);

	for (size_t i = 0; i < n; i++)
		places[i] = (struct place){ drafts[i], i };
	if (n)
		qsort(places, n, sizeof(*places), compare_nrcs);
	return places;
}

static int
compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The ids of a batch are of one moment, so they may as well be in the order of the NRCs:
 * rows that come in the order of their ids cost half as much as others. */
void
farmer_seal_all(struct req *r, struct farmer_draft **drafts, size_t n)
{
	const char **ids = arena_array(r->arena, const char *, n);
	const struct place *places;

	for (size_t i = 0; i < n; i++) {
		ids[i] = drafts[i]->row.farmer_row_id;
		drafts[i]->row.nrc_hash = seal_hash(r->arena, drafts[i]->nrc, 0);
	}
	if (n)
		qsort(ids, n, sizeof(*ids), compare_ids);
	places = in_order(r->arena, drafts, n);
	for (size_t i = 0; i < n; i++) {
		places[i].draft->row.farmer_row_id = ids[i];
		farmer_draft_hide(r, places[i].draft);
	}
}

/* ERR_CONFLICT if an NRC or a number is taken, and then none is stored. */
static enum err
store_at_once(struct req *r, const struct place *places, size_t n)
{
	struct farmer_copy_in *rows = arena_array(r->arena, struct farmer_copy_in, n);

	for (size_t i = 0; i < n; i++) {
		give_number(r, places[i].draft);
		rows[i] = farmer_draft_row(places[i].draft);
	}
	return n ? q_farmer_copy(r->db, rows, n) : OK;
}

/* While NRCs have two hashes (find_taken) each must be asked for. */
static bool
goes_at_once(struct req *r)
{
	return db_is_pgsql(r->db) && !seal_hash(r->arena, "", 1);
}

enum err
farmer_store_all(struct req *r, struct farmer_draft **drafts, size_t n,
    const char **taken)
{
	bool *there = arena_array(r->arena, bool, n);
	const struct place *places = in_order(r->arena, drafts, n);
	enum err e = OK;

	if (goes_at_once(r)) {
		for (size_t i = 0; i < n; i++)
			taken[i] = NULL;
		e = store_at_once(r, places, n);
		if (e != ERR_CONFLICT)
			return e;
		e = OK;
	}
	for (size_t i = 0; i < n && !e; i++) {
		const struct place *p = &places[i];

		e = find_taken(r, p->draft, &taken[p->at]);
		if (!e && !taken[p->at]) {
			give_number(r, p->draft);
			e = farmer_draft_insert(r, p->draft);
		}
	}
	if (!e)
		e = farmer_draft_there(r, drafts, n, there);
	for (size_t i = 0; i < n && !e; i++) {
		if (taken[i] || there[i])
			continue;
		e = farmer_store(r, drafts[i], &taken[i]);
		if (e == ERR_CONFLICT && taken[i])
			e = OK;
	}
	return e;
}

static int
compare_drafts(const void *a, const void *b)
{
	const struct farmer_draft *const *x = a, *const *y = b;

	return strcmp((*x)->row.farmer_row_id, (*y)->row.farmer_row_id);
}

/* The same in the order of their ids, in which their words cost least. */
static struct farmer_draft **
by_id(struct arena *a, struct farmer_draft *const *drafts, size_t n)
{
	struct farmer_draft **sorted = arena_array(a, struct farmer_draft *, n);

	for (size_t i = 0; i < n; i++)
		sorted[i] = drafts[i];
	if (n)
		qsort(sorted, n, sizeof(struct farmer_draft *), compare_drafts);
	return sorted;
}

enum err
farmer_complete_all(struct req *r, struct farmer_draft *const *drafts, size_t n,
    struct farmer_tally *tally)
{
	struct audit_event *events = arena_array(r->arena, struct audit_event, n);
	enum err e = farmer_draft_terms_all(r, by_id(r->arena, drafts, n), n);

	for (size_t i = 0; i < n; i++) {
		const struct farmer_counted counted = farmer_draft_counted(drafts[i]);

		farmer_tally_note(tally, NULL, &counted);
		events[i] = farmer_registered(r->arena, drafts[i]);
	}
	return e ? e : front_audit_all(r, &(struct audit_list){ events, n });
}
