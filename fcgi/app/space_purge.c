/* SPDX-License-Identifier: MIT */
/*
 * The end of what was kept for a while: versions and files of the trash whose time
 * (TRASH_DAYS) is over. In batches, each a transaction of its own: rows, their objects,
 * and the figures of the organisations; then the bytes. A file goes when all of its
 * versions have gone. Who restores something at the same time wins or finds nothing,
 * but never a row without its bytes: the row that is held decides.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "conf.h"
#include "db.h"
#include "job.h"
#include "queries.h"
#include "space_purge.h"
#include "space_tally.h"
#include "store.h"

enum { MEMORY = 8 * 1024 * 1024 };

/* So that organisations are changed in one order. */
static int
compare(const void *a, const void *b)
{
	const struct space_version_old_row *x = a, *y = b;

	return strcmp(x->organisation_id, y->organisation_id);
}

/* The rows of one organisation, from *i on; *i becomes the first of another. */
static enum err
give_back(struct db *db, const struct space_gone_rows *gone, size_t *i)
{
	const struct space_version_old_row *first = &gone->rows[*i];
	struct space_change c = { 0 };
	int64_t n = 0, bytes = 0;

	for (; *i < gone->n && compare(&gone->rows[*i], first) == 0; ++*i) {
		n++;
		bytes += gone->rows[*i].file_size;
	}
	if (gone->trash)
		c = (struct space_change){ .trash_files = -n, .trash_bytes = -bytes };
	else
		c = (struct space_change){ .version_files = -n,
			.version_bytes = -bytes };
	return space_count(db, first->organisation_id, &c);
}

enum err
space_purge_rows(struct db *db, const struct space_gone_rows *gone,
    struct space_purged *purged)
{
	struct store_at at;
	enum err e = OK;

	purged->at = arena_array(purged->arena, struct store_at, gone->n);
	purged->n = 0;
	purged->n_bytes = 0;
	qsort(gone->rows, gone->n, sizeof(*gone->rows), compare);
	for (size_t i = 0; i < gone->n && !e; i++) {
		e = store_find(db, gone->rows[i].object_id, &at);
		if (e)
			break;
		purged->at[purged->n++] = store_at_keep(purged->arena, &at);
		purged->n_bytes += gone->rows[i].file_size;
		e = store_forget(db, gone->rows[i].object_id);
	}
	for (size_t i = 0; i < gone->n && !e;)
		e = give_back(db, gone, &i);
	return e;
}

enum err
space_purge_bytes(const struct space_purged *purged)
{
	enum err first = OK;

	for (size_t i = 0; i < purged->n; i++) {
		enum err e = store_remove(&purged->at[i]);

		first = first ? first : e;
	}
	return first;
}

/* One batch; gone->n is 0 when there is no more. */
static enum err
purge_batch(struct job *j, struct space_gone_rows *gone, struct space_purged *purged)
{
	const int64_t before = j->now - conf.trash_days * CLOCK_DAY;
	enum err e = gone->trash ?
	    q_space_trash_old(j->db, &(struct space_trash_old_in){ .before = before },
	    &gone->rows, &gone->n) :
	    q_space_version_old(j->db, &(struct space_version_old_in){
	    .before = before }, &gone->rows, &gone->n);

	if (!e && gone->n)
		e = space_purge_rows(j->db, gone, purged);
	if (!e) {
		j->done += (int64_t)gone->n;
		e = job_step(j, NULL);
	}
	return !e && gone->n ? space_purge_bytes(purged) : e;
}

/* Versions first: a file can't go before them. */
enum err
space_purge_run(struct job *j)
{
	struct space_purged purged = { .arena = arena_make(MEMORY, NULL) };
	struct space_gone_rows gone = { .trash = false };
	enum err e;

	do {
		e = purge_batch(j, &gone, &purged);
		arena_reset(purged.arena);
		if (!e && !gone.n && !gone.trash)
			gone = (struct space_gone_rows){ .n = 1, .trash = true };
	} while (!e && gone.n);
	arena_end(purged.arena);
	return e;
}
