/* SPDX-License-Identifier: MIT */
/*
 * The end of what was kept for a while: versions and files of the trash whose time
 * (TRASH_DAYS) is over. Organisation by organisation, in batches, each a transaction of
 * its own: rows, their objects, and the figures; then the bytes. A file goes when all of
 * its versions have gone. Who restores something at the same time wins or finds nothing,
 * but never a row without its bytes: the row that is held decides.
 *
 * cem organisation purge: the same at once, of one organisation and whatever its age.
 */
#include <stdio.h>

#include "arena.h"
#include "audit.h"
#include "clock.h"
#include "command.h"
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

/* What the command is about, and does. */
struct errand {
	struct db *db;
	struct arena *arena;	/* of a batch */
	const char *organisation_id;
	int64_t n, n_bytes;
};

/* All that was replaced or deleted before now, batch by batch, each for good. */
static enum err
purge_all(struct errand *x)
{
	const int64_t before = clock_now();
	struct space_purged purged = { .arena = x->arena };
	enum err e;

	db_arena(x->db, x->arena);
	do {
		arena_reset(x->arena);
		e = db_begin(x->db);
		if (!e)
			e = space_purge_next(x->db, x->organisation_id, before, &purged);
		if (!e)
			e = db_commit(x->db);
		if (e)
			break;
		x->n += (int64_t)purged.n;
		x->n_bytes += purged.n_bytes;
		e = space_purge_bytes(&purged);
	} while (!e && purged.n);
	return e;
}

/* As done by the host, and before anything goes: what is gone by then is gone. */
static enum err
note(struct command *c, struct db *db, const struct organisation_named_row *row)
{
	return audit_write(db, &(struct audit_source){ .endpoint = "cem organisation",
	    .who = "command line", .now = clock_now() }, &(struct audit_event){
	    .module = "organisations", .action = "purge", .subject = c->argv[0],
	    .details = arena_print(c->arena, "{\"organisation_id\":\"%s\"}",
	        row->organisation_id),
	    .before = arena_print(c->arena, "{\"version_files\":%lld,"
	        "\"version_bytes\":%lld,\"trash_files\":%lld,\"trash_bytes\":%lld}",
	        (long long)row->version_files, (long long)row->version_bytes,
	        (long long)row->trash_files, (long long)row->trash_bytes) });
}

int
command_space_purge(struct command *c)
{
	const bool dry = command_flag(c, "--dry-run");
	struct errand x = { .arena = NULL };
	struct organisation_named_row row;
	enum err e;

	if (c->argc != 1)
		return command_usage(COMMAND_SPACE_PURGE);
	if (command_open(c, &x.db))
		return 1;
	e = q_organisation_named(x.db, &(struct organisation_named_in){
	    .organisation_name = c->argv[0] }, &row);
	if (e)
		return command_fail(e == ERR_MISSING ? "there is no such organisation" :
		    "the organisations can't be read");
	printf("%s has %lld versions, %lld bytes, and %lld deleted files, %lld bytes\n",
	    c->argv[0], (long long)row.version_files, (long long)row.version_bytes,
	    (long long)row.trash_files, (long long)row.trash_bytes);
	if (dry)
		return 0;
	x.organisation_id = row.organisation_id;
	x.arena = arena_make(MEMORY, NULL);
	e = note(c, x.db, &row);
	if (!e)
		e = purge_all(&x);
	printf("purged %lld, %lld bytes\n", (long long)x.n, (long long)x.n_bytes);
	return e ? command_fail("stopped by a failure; say it again to go on") : 0;
}
