/* SPDX-License-Identifier: MIT */
/*
 * GET /files/list: what lies in one folder, files first, then folders, each by the bytes
 * of their names. Beyond max_keys the client goes on with the cursor that a header
 * gives: "f" or "d" and the last path, so nothing is counted or skipped.
 */
#include <string.h>

#include "arena.h"
#include "fields.h"
#include "front.h"
#include "queries.h"
#include "seen.h"
#include "space.h"
#include "text.h"

enum {
	KEYS_MAX = 1000,
	CURSOR_MAX = 1400,
	ENTRY_REST = 160	/* bytes of JSON about an entry beside its key */
};

struct space_list { const char *folder, *cursor; const int64_t *max_keys; };

static const struct shape_field space_list_fields[] = {
	FIELD(space_list, folder, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .words = "empty: the root"),
	FIELD(space_list, max_keys, SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    LIMIT(1, KEYS_MAX), .words = "1000 unless told"),
	FIELD(space_list, cursor, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    LIMIT(0, CURSOR_MAX), .words = "X-Next-Cursor of the reply before"),
};
SHAPE(space_list, "SpaceList", SHAPE_QUERY);

struct space_entry {
	const char *key, *etag, *type;
	const int64_t *size, *last_modified;
};

static const struct shape_field space_entry_fields[] = {
	FIELD(space_entry, key, SHAPE_TEXT, .words = "its path; a folder's ends in /"),
	FIELD(space_entry, size, SHAPE_INT, .flags = SHAPE_OPTIONAL),
	FIELD(space_entry, last_modified, SHAPE_TIME, .flags = SHAPE_OPTIONAL),
	FIELD(space_entry, etag, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(space_entry, type, SHAPE_TEXT, .words = "file or folder"),
};
static SHAPE(space_entry, "SpaceEntry", SHAPE_BODY);
const struct shape space_entries_shape = { .name = "SpaceEntries",
	.place = SHAPE_BODY, .list_of = &space_entry_shape };

/* A page that is being made. */
struct page {
	struct req *r;
	const char *folder;
	bool folders_only;	/* the files are all told */
	const char *after;	/* the last path of the page before; "" at first */
	size_t max, n;
	struct space_entry *entries;
	bool more;
};

/* Where the page before ended. */
static enum err
read_cursor(struct page *p, const char *cursor)
{
	struct req *r = p->r;
	const char *text = "f", *path = NULL;

	if (!text_empty(cursor)) {
		size_t n;
		uint8_t *bytes = text_base64_read(r->arena, cursor, strlen(cursor), &n);

		text = bytes && text_utf8((char *)bytes, n) ?
		    arena_copy(r->arena, bytes, n) : "";
	}
	if (*text == 'f' || *text == 'd')
		path = space_path(r->arena, text + 1);
	if (!path || !text_same(path, text + 1))
		return fail_fault(r, "query.cursor", "value_error",
		    "Value error, this is no cursor of a list");
	p->folders_only = *text == 'd';
	p->after = path;
	return OK;
}

static void
tell_cursor(struct page *p)
{
	struct space_entry *last = &p->entries[p->n - 1];
	const char *text = arena_print(p->r->arena, "%c%s",
	    p->folders_only ? 'd' : 'f', last->etag ? last->key : p->after);

	req_header(p->r, "X-Next-Cursor", text_base64(p->r->arena, text, strlen(text)));
}

static enum err
add_files(struct page *p)
{
	struct space_files_row *rows;
	size_t n;
	enum err e = q_space_files(p->r->db, &(struct space_files_in){
	    SPACE_OF(front_viewer(p->r)), .path_folder = p->folder, .after = p->after,
	    .limit = (int64_t)p->max + 1 }, &rows, &n);

	if (e)
		return e;
	p->more = n > p->max;
	for (size_t i = 0; i < n && p->n < p->max; i++)
		p->entries[p->n++] = (struct space_entry){ .key = rows[i].file_path,
			.size = &rows[i].file_size, .etag = rows[i].md5,
			.last_modified = &rows[i].uploaded_at, .type = "file" };
	return OK;
}

/* What is left of the page; one row more tells whether another is needed. */
static enum err
add_folders(struct page *p)
{
	struct space_folders_row *rows;
	size_t n, left = p->max - p->n;
	enum err e = q_space_folders(p->r->db, &(struct space_folders_in){
	    SPACE_OF(front_viewer(p->r)), .path_folder = p->folder,
	    .after = p->folders_only ? p->after : "", .limit = (int64_t)left + 1 },
	    &rows, &n);

	if (e)
		return e;
	p->more = n > left;
	for (size_t i = 0; i < n && i < left; i++) {
		p->folders_only = true;
		p->after = rows[i].folder_path;
		p->entries[p->n++] = (struct space_entry){ .type = "folder",
			.key = arena_print(p->r->arena, "%s/", rows[i].folder_path) };
	}
	return OK;
}

enum err
space_list(struct req *r)
{
	const struct space_list *in = r->in;
	struct page p = { .r = r, .max = in->max_keys ? (size_t)*in->max_keys : KEYS_MAX,
		.folder = space_path(r->arena, in->folder ? in->folder : "") };
	size_t room = ENTRY_REST;
	enum err e = read_cursor(&p, in->cursor);

	if (!p.folder)
		return fail(r, ERR_BAD, "Invalid file path");
	p.entries = arena_array(r->arena, struct space_entry, p.max);
	if (!e && !p.folders_only)
		e = space_adopt_in(r, p.folder);
	if (!e && !p.folders_only)
		e = add_files(&p);
	if (!e && !p.more)
		e = add_folders(&p);
	if (!e)
		e = seen_rows(r, &(struct seen){ .module = "files", .action = "list",
		    .n = p.n });
	if (e)
		return e;
	if (p.more)
		tell_cursor(&p);
	for (size_t i = 0; i < p.n; i++)
		room += ENTRY_REST + 2 * strlen(p.entries[i].key);
	r->body = buf_make(r->arena, room); /* a page of the longest names is large */
	return reply_list(r, p.entries, p.n);
}
