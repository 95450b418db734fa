/* SPDX-License-Identifier: MIT */
/*
 * The end of what was kept for a while: versions and files of the trash whose time
 * (TRASH_DAYS) is over. Organisation by organisation, in batches, each a transaction of
 * its own: rows, their objects, and the figures; then the bytes. A file goes when all of
 * its versions have gone. Who restores something at the same time wins or finds nothing,
 * but never a row without its bytes: the row that is held decides.
 */
#include <stdio.h>

#include "arena.h"
#include "clock.h"
#include "conf.h"
#include "db.h"
#include "id.h"
#include "job.h"
#include "queries.h"
#include "space_purge.h"
#include "space_tally.h"
#include "store.h"

enum { MEMORY = 8 * 1024 * 1024 };

/* What the rows counted for. */
static enum err
give_back(struct db *db, const char *organisation_id, const struct space_gone_rows *gone,
    int64_t n_bytes)
{
	const int64_t n = (int64_t)gone->n;

	return space_count(db, organisation_id, gone->trash ?
	    &(struct space_change){ .trash_files = -n, .trash_bytes = -n_bytes } :
	    &(struct space_change){ .version_files = -n, .version_bytes = -n_bytes });
}

enum err
space_purge_rows(struct db *db, const char *organisation_id,
    const struct space_gone_rows *gone, struct space_purged *purged)
{
	struct store_at at;
	enum err e = OK;

	purged->at = arena_array(purged->arena, struct store_at, gone->n);
	purged->n = 0;
	purged->n_bytes = 0;
	for (size_t i = 0; i < gone->n && !e; i++) {
		e = store_find(db, gone->rows[i].object_id, &at);
		if (e)
			break;
		purged->at[purged->n++] = store_at_keep(purged->arena, &at);
		purged->n_bytes += gone->rows[i].file_size;
		e = store_forget(db, gone->rows[i].object_id);
	}
	return e || !gone->n ? e : give_back(db, organisation_id, gone, purged->n_bytes);
}

enum err
space_purge_next(struct db *db, const char *organisation_id, int64_t before,
    struct space_purged *purged)
{
	struct space_gone_rows gone = { .trash = false };
	struct space_version_old_row *rows;
	enum err e = q_space_version_old(db, &(struct space_version_old_in){
	    .organisation_id = organisation_id, .before = before }, &rows, &gone.n);

	if (!e && !gone.n) {
		gone.trash = true;
		e = q_space_trash_old(db, &(struct space_trash_old_in){
		    .organisation_id = organisation_id, .before = before }, &rows,
		    &gone.n);
	}
	gone.rows = rows;
	return e ? e : space_purge_rows(db, organisation_id, &gone, purged);
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

/* All whose time is over, of one organisation. */
static enum err
purge(struct job *j, const char *organisation_id, struct space_purged *purged)
{
	const int64_t before = j->now - conf.trash_days * CLOCK_DAY;
	enum err e;

	do {
		arena_reset(purged->arena);
		e = space_purge_next(j->db, organisation_id, before, purged);
		if (!e && purged->n) {
			j->done += (int64_t)purged->n;
			e = job_step(j, NULL);
		}
		if (!e)
			e = space_purge_bytes(purged);
	} while (!e && purged->n);
	return e;
}

enum err
space_purge_run(struct job *j)
{
	struct space_purged purged = { .arena = arena_make(MEMORY, NULL) };
	struct organisation_next_row *rows;
	char id[ID_TEXT] = "";	/* a step empties the row's */
	size_t n = 1;
	enum err e = OK;

	while (!e && n) {
		e = q_organisation_next(j->db, &(struct organisation_next_in){
		    .after = id }, &rows, &n);
		if (e || !n)
			continue;
		(void)snprintf(id, sizeof(id), "%s", rows->organisation_id);
		e = purge(j, id, &purged);
	}
	arena_end(purged.arena);
	return e;
}
