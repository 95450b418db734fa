/* SPDX-License-Identifier: MIT */
/*
 * Files that were replaced or deleted, and are kept for TRASH_DAYS: what there is of one,
 * the way back, and the end before its time. A file is a farmer's (file_kept.c), or else
 * it may be one of the viewer's organisation (space_kept.c).
 */
#include "clock.h"
#include "conf.h"
#include "fields.h"
#include "front.h"
#include "id.h"
#include "kept.h"

static const struct shape_field kept_item_fields[] = {
	FIELD(kept_item, version_id, SHAPE_TEXT),
	FIELD(kept_item, size, SHAPE_INT, .words = "bytes"),
	FIELD(kept_item, content_type, SHAPE_TEXT),
	FIELD(kept_item, sha256, SHAPE_TEXT),
	FIELD(kept_item, uploaded_at, SHAPE_TIME),
	FIELD(kept_item, uploaded_by, SHAPE_TEXT),
	FIELD(kept_item, replaced_at, SHAPE_TIME),
	FIELD(kept_item, replaced_by, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(kept_item, purged_after, SHAPE_TIME,
	    .words = "until then it can be restored"),
};
static SHAPE(kept_item, "FileVersion", SHAPE_BODY);

static const struct shape_field kept_items_fields[] = {
	FIELD(kept_items, file_id, SHAPE_TEXT),
	FIELD(kept_items, path, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .words = "of a file of an organisation"),
	FIELD(kept_items, in_trash, SHAPE_BOOL),
	FIELD(kept_items, items, SHAPE_OBJECTS, .sub = &kept_item_shape,
	    .words = "the newest first, without the one in use"),
	FIELD(kept_items, next_cursor, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
};
SHAPE(kept_items, "FileVersions", SHAPE_BODY);

static const struct shape_rule id_rule = {
	.type = "string_pattern_mismatch", .pattern = "^[0-9a-f]{24}$",
	.msg = "String should match pattern '^[0-9a-f]{24}$'", .holds = id_valid
};

static const struct shape_field kept_find_fields[] = {
	FIELD(kept_find, cursor, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, .rule = &id_rule,
	    .words = "next_cursor of the page before"),
	FIELD(kept_find, limit, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(1, KEPT_MAX),
	    .words = "50 unless told"),
};
SHAPE(kept_find, "FileVersionsFind", SHAPE_QUERY);

static const struct shape_field kept_restore_fields[] = {
	FIELD(kept_restore, version, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .rule = &id_rule, .words = "a version to put back into use"),
	FIELD(kept_restore, path, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .words = "where a file of the trash shall go, if not to its old path"),
};
SHAPE(kept_restore, "FileRestore", SHAPE_QUERY);

static const struct shape_field kept_restored_fields[] = {
	FIELD(kept_restored, message, SHAPE_TEXT),
	FIELD(kept_restored, file_id, SHAPE_TEXT),
	FIELD(kept_restored, path, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .words = "of a file of an organisation"),
};
SHAPE(kept_restored, "FileRestored", SHAPE_BODY);

static const struct shape_field kept_purge_fields[] = {
	FIELD(kept_purge, version, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .rule = &id_rule, .words = "only this version"),
};
SHAPE(kept_purge, "FilePurge", SHAPE_QUERY);

static const struct shape_field kept_purged_fields[] = {
	FIELD(kept_purged, message, SHAPE_TEXT),
	FIELD(kept_purged, file_id, SHAPE_TEXT),
	FIELD(kept_purged, freed_bytes, SHAPE_INT),
};
SHAPE(kept_purged, "FilePurged", SHAPE_BODY);

int64_t
kept_until(int64_t t)
{
	return t + conf.trash_days * CLOCK_DAY;
}

/* First among the farmers' files, then in the space; what is in neither is not there. */
static enum err
either(struct req *r, enum err (*farmers)(struct req *r, const char *file_id),
    enum err (*organisations)(struct req *r, const char *file_id))
{
	const char *file_id = req_param(r, "file_id");
	enum err e = ERR_MISSING;

	if (id_valid(file_id))
		e = farmers(r, file_id);
	if (e == ERR_MISSING && !r->detail && id_valid(file_id))
		e = organisations(r, file_id);
	if (e == ERR_MISSING && !r->detail)
		return fail(r, e, "File %s not found", file_id);
	return e;
}

enum err
kept_versions(struct req *r)
{
	return either(r, file_kept_versions, space_kept_versions);
}

enum err
kept_restore(struct req *r)
{
	return either(r, file_kept_restore, space_kept_restore);
}

enum err
kept_purge(struct req *r)
{
	return either(r, file_kept_purge, space_kept_purge);
}
