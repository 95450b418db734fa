/* SPDX-License-Identifier: MIT */
/*
 * Moving a file of the space, and making a folder. A move changes the path and nothing
 * else: the file keeps its id, its versions and its shares. A file that has the new path
 * already goes into the trash. Folders come first, as they do when files are put there,
 * then the two files in the order of their paths; what an upload does to the new path
 * meanwhile is found by the unique index, and the whole is tried again.
 */
#include <string.h>

#include "arena.h"
#include "db.h"
#include "fields.h"
#include "front.h"
#include "json.h"
#include "queries.h"
#include "space.h"
#include "space_move.h"
#include "space_tally.h"
#include "text.h"

enum { TRIES = 3 };

static const struct shape_field space_ends_fields[] = {
	FIELD(space_ends, source_path, SHAPE_TEXT, .flags = SHAPE_REQUIRED),
	FIELD(space_ends, destination_path, SHAPE_TEXT, .flags = SHAPE_REQUIRED),
};
SHAPE(space_ends, "SpaceEnds", SHAPE_QUERY);

static const struct shape_field space_moved_fields[] = {
	FIELD(space_moved, success, SHAPE_BOOL),
	FIELD(space_moved, message, SHAPE_TEXT),
	FIELD(space_moved, source, SHAPE_TEXT),
	FIELD(space_moved, destination, SHAPE_TEXT),
};
SHAPE(space_moved, "SpaceMoved", SHAPE_BODY);

struct space_folder_ask { const char *folder_path; };

static const struct shape_field space_folder_ask_fields[] = {
	FIELD(space_folder_ask, folder_path, SHAPE_TEXT, .flags = SHAPE_REQUIRED),
};
SHAPE(space_folder_ask, "SpaceFolderAsk", SHAPE_QUERY);

struct space_folder_made { bool success; const char *folder_path; };

static const struct shape_field space_folder_made_fields[] = {
	FIELD(space_folder_made, success, SHAPE_BOOL),
	FIELD(space_folder_made, folder_path, SHAPE_TEXT, .words = "as it was sent"),
};
SHAPE(space_folder_made, "SpaceFolderMade", SHAPE_BODY);

/* Hold the two in the order of their paths; n[0] and n[1] are 1 if there is a file. */
static enum err
hold(struct req *r, const char *const path[2], int64_t n[2])
{
	const int first = strcmp(path[0], path[1]) > 0;
	enum err e = OK;

	for (int i = 0; i < 2 && !e; i++) {
		const int which = i ^ first;

		e = q_space_hold(r->db, &(struct space_hold_in){
		    .file_path = path[which], SPACE_OF(front_viewer(r)) }, &n[which]);
	}
	return e;
}

static enum err
note(struct req *r, const char *action, const char *file_id, int64_t size)
{
	return front_audit(r, &(struct audit_event){ .module = "files",
	    .action = action, .subject = file_id, .details = arena_print(r->arena,
	        "{\"organisation_id\":\"%s\",\"size\":%lld}",
	        front_viewer(r)->organisation_id, (long long)size) });
}

/* What has the new path makes room; nothing of it is lost. */
static enum err
make_room(struct req *r, const char *path, struct space_change *change)
{
	const struct viewer *v = front_viewer(r);
	struct buf list = buf_make(r->arena, 100);
	struct space_trash_row *rows;
	size_t n;
	enum err e;

	buf_char(&list, '[');
	json_write_text(&list, path);
	buf_char(&list, ']');
	e = q_space_trash(r->db, &(struct space_trash_in){ .now = r->now,
	    .deleted_by = v->mark, .paths = list.bytes, SPACE_OF(v) }, &rows, &n);
	if (e || !n)
		return e;
	*change = (struct space_change){ .live_files = -1,
	    .live_bytes = -rows[0].file_size, .trash_files = 1,
	    .trash_bytes = rows[0].file_size };
	return note(r, "delete", rows[0].file_id, rows[0].file_size);
}

static enum err
rename_held(struct req *r, const char *const path[2])
{
	struct space_move_row row;
	enum err e = q_space_move(r->db, &(struct space_move_in){
	    .file_path = path[0], .new_path = path[1],
	    .new_folder = space_parent(r->arena, path[1]),
	    SPACE_OF(front_viewer(r)) }, &row);

	return e ? e : note(r, "move", row.file_id, row.file_size);
}

static enum err
move(struct req *r, const char *const path[2])
{
	struct space_change change = { 0 };
	int64_t n[2];
	const struct space_by by = space_viewer(r);
	enum err e = space_folders(&by, path[1]);

	if (!e)
		e = hold(r, path, n);
	if (!e && !n[0])
		return fail(r, ERR_MISSING, "Source file not found");
	if (!e && n[1])
		e = make_room(r, path[1], &change);
	if (!e)
		e = rename_held(r, path);
	return !e && n[1] ? space_count(r->db, front_viewer(r)->organisation_id,
	    &change) : e;
}

enum err
space_ends_ask(struct req *r, const char *path[2])
{
	const struct space_ends *in = r->in;
	enum err e = space_ask(r, in->source_path, &path[0]);

	return e ? e : space_ask(r, in->destination_path, &path[1]);
}

enum err
space_move(struct req *r)
{
	const struct space_ends *in = r->in;
	const char *path[2];
	struct space_file file;
	enum err e = space_ends_ask(r, path);

	for (int i = 0; i < 2 && !e; i++)
		e = space_arrive(r, path[i]);
	if (e)
		return e;
	if (text_same(path[0], path[1])) {
		e = space_find(r, path[0], &file);
		if (e == ERR_MISSING)
			return fail(r, e, "Source file not found");
	} else {
		e = move(r, path);
		for (int i = 1; i < TRIES && e == ERR_CONFLICT; i++) {
			front_undo(r);
			e = move(r, path);
		}
	}
	if (e == ERR_CONFLICT)
		return fail(r, e, "The destination is being changed by somebody else. "
		    "Please try again.");
	return e ? e : reply(r, 200, &(struct space_moved){ true,
	    "File moved successfully", in->source_path, in->destination_path });
}

static enum err
make_folder(struct req *r, const char *folder)
{
	const struct space_by by = space_viewer(r);
	int64_t n;
	enum err e = space_folders(&by, arena_print(r->arena, "%s/", folder));

	if (!e)
		e = q_space_folder_keep(r->db, &(struct space_folder_keep_in){
		    .folder_path = folder, .is_kept = true,
		    SPACE_OF(front_viewer(r)) }, &n);
	if (e || !n)
		return e; /* it was there */
	return front_audit(r, &(struct audit_event){ .module = "files",
	    .action = "folder_create",
	    .subject = front_viewer(r)->organisation_id });
}

/* The root is always there, so that it may be made too. */
enum err
space_folder_create(struct req *r)
{
	const struct space_folder_ask *in = r->in;
	const char *folder = space_path(r->arena, in->folder_path);
	enum err e = OK;

	if (!folder)
		return fail(r, ERR_BAD, "Invalid file path");
	if (*folder)
		e = make_folder(r, folder);
	if (e == ERR_CONFLICT) { /* an empty one was just tidied away */
		front_undo(r);
		e = make_folder(r, folder);
	}
	return e ? e : reply(r, 200, &(struct space_folder_made){ true,
	    in->folder_path });
}
