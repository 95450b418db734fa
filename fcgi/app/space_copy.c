/* SPDX-License-Identifier: MIT */
/*
 * Copying a file of the space: the same bytes once more, as a file of their own. What is
 * overwritten becomes a version, as with an upload. The store makes the copy (a second
 * name on the disk, an order to S3) before a row is touched, so no lock is held for it.
 */
#include "arena.h"
#include "db.h"
#include "fields.h"
#include "front.h"
#include "queries.h"
#include "space.h"
#include "space_move.h"
#include "store.h"
#include "text.h"

enum { TRIES = 3 };

static enum err
note(struct req *r, const struct space_new *new, const struct space_file *from)
{
	return front_audit(r, &(struct audit_event){ .module = "files",
	    .action = "copy", .subject = new->file_id,
	    .details = arena_print(r->arena, "{\"organisation_id\":\"%s\","
	        "\"source_id\":\"%s\",\"sha256\":\"%s\",\"size\":%lld}",
	        front_viewer(r)->organisation_id, from->file_id, from->sha256,
	        (long long)from->size) });
}

/* Give the copy its row; what else is done to the path meanwhile makes it try again. */
static enum err
put(struct req *r, struct space_new *new, const struct space_file *from)
{
	const struct space_by by = space_viewer(r);
	enum err e = ERR_CONFLICT;

	for (int i = 0; i < TRIES && e == ERR_CONFLICT; i++) {
		if (i)
			front_undo(r);
		e = space_put(&by, new, 1);
	}
	if (e == ERR_CONFLICT)
		return fail(r, e, "The destination is being changed by somebody else. "
		    "Please try again.");
	if (e == ERR_BIG)
		return space_full(r);
	return e ? e : note(r, new, from);
}

static enum err
copy(struct req *r, const struct space_file *from, const char *path)
{
	struct space_new new = { .path = path, .claimed_type = from->claimed_type,
		.content_type = from->content_type,
		.original_name = from->original_name };
	const char *organisation_id = front_viewer(r)->organisation_id;
	enum err e;

	new.object = (struct store_object){ .media = from->content_type,
		.key = space_object_key(r->arena, organisation_id, path),
		.organisation_id = organisation_id, .file_name = from->original_name };
	e = store_copy(&from->at, &new.object);
	if (e == ERR_MISSING) /* it was purged just now */
		return fail(r, e, "Source file not found");
	if (e)
		return e;
	front_later(r);
	e = put(r, &new, from);
	if (e)
		store_drop(&new.object);
	return e;
}

enum err
space_copy(struct req *r)
{
	const struct space_ends *in = r->in;
	struct space_file from;
	const char *path[2];
	enum err e = space_ends_ask(r, path);

	if (!e)
		e = space_arrive(r, path[0]);
	if (!e)
		e = space_find(r, path[0], &from);
	if (e == ERR_MISSING)
		return fail(r, e, "Source file not found");
	if (!e && !text_same(path[0], path[1]))
		e = copy(r, &from, path[1]);
	return e ? e : reply(r, 200, &(struct space_moved){ true,
	    "File copied successfully", in->source_path, in->destination_path });
}
