/* SPDX-License-Identifier: MIT */
/*
 * The one way in: kept bytes become files of a space. The order of the statements is the
 * same for everybody (folders from the root on, paths by their bytes, the quota last),
 * so that two who put the same files at once wait for each other, and never crosswise.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "front_handler.h"
#include "queries.h"
#include "space.h"
#include "space_tally.h"
#include "text.h"

enum { TRIES = 3 };

static enum err
note_folder(const struct space_by *by, const char *folder)
{
	return q_space_folder_note(by->db, &(struct space_folder_note_in){
	    .viewer_organisation_id = by->organisation_id, .folder_path = folder,
	    .path_folder = *folder ? space_parent(by->arena, folder) : NULL });
}

static bool
in_one_folder(const char *path, const char *other)
{
	size_t n = (size_t)(space_last(path) - path);

	return n == (size_t)(space_last(other) - other) && memcmp(path, other, n) == 0;
}

/* The folder of path and those above it, the root first; those of the path before it
 * are there already. */
static enum err
note_folders(const struct space_by *by, const char *path, const char *before)
{
	enum err e = OK;

	if (before && in_one_folder(path, before))
		return OK;
	e = note_folder(by, "");
	for (const char *p = strchr(path, '/'); p && !e; p = strchr(p + 1, '/'))
		e = note_folder(by, arena_copy(by->arena, path, (size_t)(p - path)));
	return e;
}

enum err
space_folders(const struct space_by *by, const char *path)
{
	return note_folders(by, path, NULL);
}

struct space_by
space_viewer(const struct req *r)
{
	const struct viewer *v = front_viewer(r);

	return (struct space_by){ .db = r->db, .arena = r->arena,
		.organisation_id = v->organisation_id, .who = v->mark, .now = r->now };
}

/* *n is 0 if there is a live file of that path, or just was. */
static enum err
insert(const struct space_by *by, struct space_new *in, int64_t *n)
{
	const struct store_object *o = &in->object;

	id_make_at(by->now, in->file_id);
	in->is_new = true;
	return q_space_insert(by->db, &(struct space_insert_in){
	    .viewer_organisation_id = by->organisation_id, .file_id = in->file_id,
	    .file_path = in->path, .path_folder = space_parent(by->arena, in->path),
	    .object_id = o->id, .claimed_type = in->claimed_type,
	    .content_type = in->content_type, .file_size = o->size, .md5 = o->md5,
	    .sha256 = o->sha256, .original_name = in->original_name,
	    .uploaded_by = by->who, .now = by->now }, n);
}

enum err
space_replace(const struct space_by *by, const char *path,
    struct space_overwrite_in *with, struct space_change *change)
{
	struct space_version_insert_row row;
	char version_id[ID_TEXT];
	enum err e;

	/* Of the versions of one request, the later are the newer. */
	id_make_at(by->now + change->version_files, version_id);
	e = q_space_version_insert(by->db, &(struct space_version_insert_in){
	    .viewer_organisation_id = by->organisation_id, .version_id = version_id,
	    .file_path = path, .replaced_by = by->who, .now = by->now }, &row);
	if (e)
		return e;
	with->file_id = row.file_id;
	with->viewer_organisation_id = by->organisation_id;
	change->live_bytes += with->file_size - row.file_size;
	change->version_files++;
	change->version_bytes += row.file_size;
	return q_space_overwrite(by->db, with, NULL);
}

/* ERR_MISSING if what was there went away meanwhile. */
static enum err
overwrite(const struct space_by *by, struct space_new *in, struct space_change *change)
{
	const struct store_object *o = &in->object;
	struct space_overwrite_in with = { .object_id = o->id,
		.claimed_type = in->claimed_type, .content_type = in->content_type,
		.file_size = o->size, .md5 = o->md5, .sha256 = o->sha256,
		.original_name = in->original_name, .uploaded_at = by->now,
		.uploaded_by = by->who };
	enum err e = space_replace(by, in->path, &with, change);

	if (e)
		return e;
	in->is_new = false;
	memcpy(in->file_id, with.file_id, ID_TEXT);
	return OK;
}

static enum err
put_one(const struct space_by *by, struct space_new *in, struct space_change *change)
{
	int64_t n = 0;
	enum err e = store_note(by->db, &in->object, by->now);

	for (int i = 0; i < TRIES && !e; i++) {
		e = insert(by, in, &n);
		change->live_files += n;
		change->live_bytes += n * in->object.size;
		if (e || n)
			return e;
		e = overwrite(by, in, change);
		if (e != ERR_MISSING)
			return e;
		e = OK; /* deleted between the two: the path is free now */
	}
	return e ? e : ERR_CONFLICT;
}

/* By the bytes of their paths; of one path, in the order in which they came. */
static int
by_path(const void *a, const void *b)
{
	const struct space_new *x = *(struct space_new *const *)a;
	const struct space_new *y = *(struct space_new *const *)b;
	int order = strcmp(x->path, y->path);

	return order ? order : x < y ? -1 : x > y;
}

enum err
space_put(const struct space_by *by, struct space_new *list, size_t n)
{
	struct space_new **sorted = arena_array(by->arena, struct space_new *, n);
	struct space_change change = { 0 };
	enum err e = OK;

	for (size_t i = 0; i < n; i++)
		sorted[i] = &list[i];
	qsort(sorted, n, sizeof(*sorted), by_path);
	for (size_t i = 0; i < n && !e; i++)
		e = note_folders(by, sorted[i]->path, i ? sorted[i - 1]->path : NULL);
	for (size_t i = 0; i < n && !e; i++)
		e = put_one(by, sorted[i], &change);
	return e ? e : space_count(by->db, by->organisation_id, &change);
}

enum err
space_full(struct req *r)
{
	return fail(r, ERR_BIG, "The organisation's space is full");
}
