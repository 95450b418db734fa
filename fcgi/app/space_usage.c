/* SPDX-License-Identifier: MIT */
/*
 * What an organisation has stored, and its trash. The figures are kept, not counted
 * (space_tally.c); those of the register's own files were counted last night.
 */
#include <stdlib.h>

#include "arena.h"
#include "fields.h"
#include "front.h"
#include "id.h"
#include "kept.h"
#include "queries.h"
#include "seen.h"
#include "space.h"
#include "text.h"

struct usage_part { int64_t files, bytes; };

static const struct shape_field usage_part_fields[] = {
	FIELD(usage_part, files, SHAPE_INT),
	FIELD(usage_part, bytes, SHAPE_INT),
};
static SHAPE(usage_part, "UsagePart", SHAPE_BODY);

struct usage_kind {
	const char *file_type;
	int64_t files, bytes, replaced_files, replaced_bytes, counted_at;
};

static const struct shape_field usage_kind_fields[] = {
	FIELD(usage_kind, file_type, SHAPE_TEXT),
	FIELD(usage_kind, files, SHAPE_INT),
	FIELD(usage_kind, bytes, SHAPE_INT),
	FIELD(usage_kind, replaced_files, SHAPE_INT),
	FIELD(usage_kind, replaced_bytes, SHAPE_INT),
	FIELD(usage_kind, counted_at, SHAPE_TIME),
};
static SHAPE(usage_kind, "UsageKind", SHAPE_BODY);

struct usage_out {
	const char *organisation_id, *organisation;
	int64_t used_bytes;
	const int64_t *quota_bytes, *free_bytes;
	const struct usage_part *live, *versions, *trash;
	struct shape_list register_files;
};

static const struct shape_field usage_out_fields[] = {
	FIELD(usage_out, organisation_id, SHAPE_TEXT),
	FIELD(usage_out, organisation, SHAPE_TEXT),
	FIELD(usage_out, used_bytes, SHAPE_INT,
	    .words = "live files, versions and trash"),
	FIELD(usage_out, quota_bytes, SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    .words = "null: there is none"),
	FIELD(usage_out, free_bytes, SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    .words = "of the quota"),
	FIELD(usage_out, live, SHAPE_OBJECT, .sub = &usage_part_shape),
	FIELD(usage_out, versions, SHAPE_OBJECT, .sub = &usage_part_shape),
	FIELD(usage_out, trash, SHAPE_OBJECT, .sub = &usage_part_shape),
	FIELD(usage_out, register_files, SHAPE_OBJECTS, .sub = &usage_kind_shape,
	    .words = "of the farmers, by kind, counted once a day; for administrators"),
};
SHAPE(usage_out, "StorageUsage", SHAPE_BODY);

/* What belongs to the farmers is for administrators. */
static enum err
register_files(struct req *r, struct shape_list *out)
{
	struct file_figure_list_row *rows;
	struct usage_kind *kinds;
	size_t n;
	enum err e;

	*out = (struct shape_list){ 0 };
	if (!front_viewer(r)->is_admin)
		return OK;
	e = q_file_figure_list(r->db, &rows, &n);
	if (e)
		return e;
	kinds = arena_array(r->arena, struct usage_kind, n);
	for (size_t i = 0; i < n; i++)
		kinds[i] = (struct usage_kind){ rows[i].file_type, rows[i].n_files,
			rows[i].n_bytes, rows[i].n_replaced, rows[i].replaced_bytes,
			rows[i].counted_at };
	*out = (struct shape_list){ kinds, n };
	return OK;
}

enum err
space_usage(struct req *r)
{
	struct space_usage_row row;
	struct usage_out out;
	int64_t room;
	enum err e = q_space_usage(r->db, &(struct space_usage_in){
	    SPACE_OF(front_viewer(r)) }, &row);

	if (e)
		return e;
	room = row.quota_bytes > row.used_bytes ? row.quota_bytes - row.used_bytes : 0;
	out = (struct usage_out){
		.organisation_id = row.organisation_id,
		.organisation = row.organisation_name, .used_bytes = row.used_bytes,
		.quota_bytes = row.quota_bytes ? &row.quota_bytes : NULL,
		.free_bytes = row.quota_bytes ? &room : NULL,
		.live = &(struct usage_part){ row.live_files, row.live_bytes },
		.versions = &(struct usage_part){ row.version_files, row.version_bytes },
		.trash = &(struct usage_part){ row.trash_files, row.trash_bytes }
	};
	e = register_files(r, &out.register_files);
	return e ? e : reply(r, 200, &out);
}

/* The trash. */

struct trash_find { const char *cursor; const int64_t *limit; };

/* A time in microseconds, '-', and an id. */
static bool
cursor_read(const char *s, int64_t *at, const char **id)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	*at = strtoll(s, &end, 10);
	*id = end + 1;
	return *end == '-' && id_valid(end + 1);
}

static bool
cursor_holds(const char *s)
{
	const char *id;
	int64_t at;

	return cursor_read(s, &at, &id);
}

static const struct shape_rule cursor_rule = {
	.type = "value_error", .holds = cursor_holds,
	.msg = "Value error, not a cursor of this list"
};

static const struct shape_field trash_find_fields[] = {
	FIELD(trash_find, cursor, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(1, 60),
	    .rule = &cursor_rule, .words = "next_cursor of the page before"),
	FIELD(trash_find, limit, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(1, KEPT_MAX),
	    .words = "50 unless told"),
};
SHAPE(trash_find, "TrashFind", SHAPE_QUERY);

struct trash_item {
	const char *file_id, *path, *content_type, *sha256, *uploaded_by, *deleted_by;
	int64_t size, uploaded_at, deleted_at, purged_after;
};

static const struct shape_field trash_item_fields[] = {
	FIELD(trash_item, file_id, SHAPE_TEXT),
	FIELD(trash_item, path, SHAPE_TEXT, .words = "where it was"),
	FIELD(trash_item, size, SHAPE_INT, .words = "bytes, without those of versions"),
	FIELD(trash_item, content_type, SHAPE_TEXT),
	FIELD(trash_item, sha256, SHAPE_TEXT),
	FIELD(trash_item, uploaded_at, SHAPE_TIME),
	FIELD(trash_item, uploaded_by, SHAPE_TEXT),
	FIELD(trash_item, deleted_at, SHAPE_TIME),
	FIELD(trash_item, deleted_by, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(trash_item, purged_after, SHAPE_TIME,
	    .words = "until then it can be restored"),
};
static SHAPE(trash_item, "TrashItem", SHAPE_BODY);

struct trash_items { struct shape_list items; const char *next_cursor; };

static const struct shape_field trash_items_fields[] = {
	FIELD(trash_items, items, SHAPE_OBJECTS, .sub = &trash_item_shape,
	    .words = "what was deleted last comes first"),
	FIELD(trash_items, next_cursor, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
};
SHAPE(trash_items, "Trash", SHAPE_BODY);

static void
fill(const struct space_trash_list_row *row, struct trash_item *out)
{
	*out = (struct trash_item){
		.file_id = row->file_id, .path = row->file_path,
		.content_type = row->content_type, .sha256 = row->sha256,
		.size = row->file_size, .uploaded_at = row->uploaded_at,
		.uploaded_by = row->uploaded_by, .deleted_at = row->deleted_at,
		.deleted_by = row->deleted_by,
		.purged_after = kept_until(row->deleted_at)
	};
}

enum err
space_trash(struct req *r)
{
	const struct trash_find *in = r->in;
	const size_t most = in->limit ? (size_t)*in->limit : KEPT_USUAL;
	struct space_trash_list_in ask = { .before_at = INT64_MAX, .before_id = "",
		.limit = (int64_t)most + 1, SPACE_OF(front_viewer(r)) };
	struct space_trash_list_row *rows;
	struct trash_items out = { 0 };
	struct trash_item *items;
	size_t n;
	enum err e;

	if (in->cursor)
		(void)cursor_read(in->cursor, &ask.before_at, &ask.before_id);
	e = q_space_trash_list(r->db, &ask, &rows, &n);
	if (e)
		return e;
	if (n > most) {
		n = most;
		out.next_cursor = arena_print(r->arena, "%lld-%s",
		    (long long)rows[n - 1].deleted_at, rows[n - 1].file_id);
	}
	items = arena_array(r->arena, struct trash_item, n);
	for (size_t i = 0; i < n; i++)
		fill(&rows[i], &items[i]);
	out.items = (struct shape_list){ items, n };
	e = seen_rows(r, &(struct seen){ .module = "files", .action = "trash", .n = n });
	return e ? e : reply(r, 200, &out);
}
