/* SPDX-License-Identifier: MIT */
/*
 * Folders that nothing is in any more, and that nobody made by hand: nobody sees them,
 * and once a day their rows go. Each is held first, so that an upload into it waits, and
 * then looked at once more; a folder into which somebody is just putting something is
 * passed over. With the last one of it goes the folder above.
 */
#include <string.h>

#include "arena.h"
#include "db.h"
#include "job.h"
#include "queries.h"
#include "space.h"

/* *n is 0 if it stays. */
static enum err
forget(struct job *j, const char *organisation_id, const char *folder, int64_t *n)
{
	enum err e = q_space_folder_hold(j->db, &(struct space_folder_hold_in){
	    .organisation_id = organisation_id, .folder_path = folder }, n);

	if (!e && *n)
		e = q_space_folder_forget(j->db, &(struct space_folder_forget_in){
		    .organisation_id = organisation_id, .folder_path = folder }, n);
	j->done += !e && *n;
	return e;
}

static enum err
forget_upwards(struct job *j, const struct space_folder_empty_row *row)
{
	const char *folder = row->folder_path;
	int64_t n = 1;
	enum err e = OK;

	for (; *folder && n && !e; folder = space_parent(j->arena, folder))
		e = forget(j, row->organisation_id, folder, &n);
	return e;
}

/* After every id, as the first page begins there. */
#define LAST_ID "g"

enum err
space_folder_tidy(struct job *j)
{
	struct space_folder_empty_in ask = { .after_id = LAST_ID, .after_path = "" };
	struct space_folder_empty_row *rows;
	struct arena *page = arena_make(8 * 1024 * 1024, NULL);
	size_t n;
	enum err e;

	do {
		e = q_space_folder_empty(j->db, &ask, &rows, &n);
		for (size_t i = 0; i < n && !e; i++)
			e = forget_upwards(j, &rows[i]);
		if (e || !n)
			break;
		arena_reset(page);
		ask.after_id = arena_text(page, rows[n - 1].organisation_id);
		ask.after_path = arena_text(page, rows[n - 1].folder_path);
		e = job_step(j, NULL);
	} while (!e);
	arena_end(page);
	return e;
}
