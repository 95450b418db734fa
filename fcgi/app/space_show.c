/* SPDX-License-Identifier: MIT */
/*
 * GET /files/download/... and /files/metadata/...: one file by its path.
 */
#include <string.h>

#include "arena.h"
#include "deliver.h"
#include "fields.h"
#include "front.h"
#include "seen.h"
#include "space.h"

struct space_labels { const char *tenant_id, *original_filename; };

static const struct shape_field space_labels_fields[] = {
	FIELD(space_labels, tenant_id, SHAPE_TEXT, .flags = SHAPE_HIDDEN),
	FIELD(space_labels, original_filename, SHAPE_TEXT, .flags = SHAPE_HIDDEN),
};
static SHAPE(space_labels, "SpaceLabels", SHAPE_BODY);

struct space_facts {
	const char *key, *content_type, *etag;
	int64_t size, last_modified;
	const struct space_labels *metadata;
};

static const struct shape_field space_facts_fields[] = {
	FIELD(space_facts, key, SHAPE_TEXT, .words = "tenants/ORGANISATION/PATH"),
	FIELD(space_facts, size, SHAPE_INT, .words = "bytes"),
	FIELD(space_facts, content_type, SHAPE_TEXT),
	FIELD(space_facts, last_modified, SHAPE_TIME),
	FIELD(space_facts, etag, SHAPE_TEXT),
	FIELD(space_facts, metadata, SHAPE_OBJECT, .sub = &space_labels_shape,
	    .words = "empty of what came by a signed form"),
};
SHAPE(space_facts, "SpaceFacts", SHAPE_BODY);

/* The file that the path names; the audit then says that it was shown. */
static enum err
open_named(struct req *r, const char *action, struct space_file *file)
{
	const char *path;
	enum err e = space_ask(r, req_param(r, "file_path"), &path);

	if (!e)
		e = space_adopt(r, path);
	if (!e)
		e = space_find(r, path, file);
	if (e == ERR_MISSING)
		return fail(r, e, "File not found");
	if (!e)
		e = seen_space(r, action, file->file_id);
	if (!e)
		req_header(r, "X-File-Id", file->file_id);
	return e;
}

const char *
space_served_type(struct arena *a, const struct space_file *file)
{
	return strncmp(file->content_type, "text/", 5) == 0 ?
	    arena_print(a, "%s; charset=utf-8", file->content_type) : file->content_type;
}

enum err
space_download(struct req *r)
{
	struct space_file file;
	enum err e = open_named(r, "download", &file);

	return e ? e : deliver(r, &file.at, &(struct deliver){
	    .media = space_served_type(r->arena, &file), .name = space_last(file.path),
	    .changed_at = file.uploaded_at, .attachment = true });
}

enum err
space_metadata(struct req *r)
{
	struct space_file file;
	struct space_labels labels = { NULL, NULL };
	enum err e = open_named(r, "metadata", &file);

	if (e)
		return e;
	if (file.original_name)
		labels = (struct space_labels){ front_viewer(r)->organisation_id,
			file.original_name };
	return reply(r, 200, &(struct space_facts){
	    .key = space_key(r->arena, front_viewer(r)->organisation_id, file.path),
	    .size = file.size, .content_type = file.content_type,
	    .last_modified = file.uploaded_at, .etag = file.md5, .metadata = &labels });
}
