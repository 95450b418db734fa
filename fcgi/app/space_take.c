/* SPDX-License-Identifier: MIT */
/*
 * Uploaded files on their way into a space. The bytes go first: what they are is found
 * out, and they are put where they will stay, while no lock is held, however long that
 * takes. Then all rows are written in the request's transaction; a failure until then
 * leaves nothing behind.
 */
#include <string.h>

#include "arena.h"
#include "front_handler.h"
#include "media.h"
#include "queries.h"
#include "space.h"
#include "text.h"

enum {
	CLAIM_MAX = 255,	/* bytes of what a client says of a type */
	TRIES = 3
};

/* What the file is served as, and what its sender said. */
static enum err
find_type(struct req *r, const struct req_file *file, struct space_new *in)
{
	size_t n;
	const uint8_t *head = req_head(r, file, MEDIA_HEAD, &n);

	if (!head)
		return ERR_BROKEN;
	in->content_type = media_served(r->arena, head, n, file->media);
	if (!text_empty(file->media) && strlen(file->media) <= CLAIM_MAX)
		in->claimed_type = file->media;
	return OK;
}

enum err
space_take(struct req *r, const char *organisation_id, const struct req_file *file,
    struct space_new *in)
{
	enum err e = find_type(r, file, in);

	if (!e)
		e = front_scan(r, file);
	if (!e)
		e = store_begin(&in->object);
	in->object.key = space_object_key(r->arena, organisation_id, in->path);
	in->object.media = in->content_type;
	in->object.organisation_id = organisation_id;
	in->object.file_name = file->name;
	if (!e)
		e = store_take(&in->object, file->fd, file->offset, file->size);
	if (!e)
		e = store_keep(&in->object);
	in->original_name = file->name;
	return e;
}

void
space_drop(struct space_new *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		store_drop(&list[i].object);
}

enum err
space_room(struct req *r, int64_t n_bytes)
{
	struct organisation_room_row row;
	enum err e = q_organisation_room(r->db, &(struct organisation_room_in){
	    SPACE_OF(front_viewer(r)) }, &row);

	if (!e && row.quota_bytes && n_bytes > row.quota_bytes - row.used_bytes)
		return space_full(r);
	return e;
}

/* Names may hold what the audit must not (an NRC), so it has ids only. */
static enum err
note(struct req *r, const struct space_new *list, size_t n)
{
	const char *organisation_id = front_viewer(r)->organisation_id;
	struct audit_event *events = arena_array(r->arena, struct audit_event, n);

	for (size_t i = 0; i < n; i++)
		events[i] = (struct audit_event){ .module = "files",
			.action = list[i].is_new ? "upload" : "overwrite",
			.subject = list[i].file_id, .details = arena_print(r->arena,
			"{\"organisation_id\":\"%s\",\"size\":%lld,\"sha256\":\"%s\"}",
			organisation_id, (long long)list[i].object.size,
			list[i].object.sha256) };
	return front_audit_all(r, &(struct audit_list){ events, n });
}

/* Again, if a folder was just tidied away, or somebody else was at the same paths. */
enum err
space_store(struct req *r, struct space_new *list, size_t n)
{
	struct space_by by;
	enum err e = ERR_CONFLICT;

	front_later(r);
	by = space_viewer(r);
	for (int i = 0; i < TRIES && e == ERR_CONFLICT; i++) {
		if (i)
			front_undo(r);
		e = space_put(&by, list, n);
	}
	if (e == ERR_BIG)
		return space_full(r);
	return e ? e : note(r, list, n);
}
