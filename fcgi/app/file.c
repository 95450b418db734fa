/* SPDX-License-Identifier: MIT */
/*
 * Stored files by their ids, a farmer's or an organisation's: their bytes, which nginx
 * sends, and what is known of them. A file that is not the viewer's to see is not there.
 */
#include "deliver.h"
#include "fields.h"
#include "front.h"
#include "id.h"
#include "media.h"
#include "queries.h"
#include "seen.h"
#include "space.h"

const struct shape any_file_shape = {
	.name = "File", .place = SHAPE_FILE, .media = "*/*"
};

struct file_out {
	const char *file_id, *filename, *content_type, *farmer_id, *file_type, *sha256;
	int64_t size, uploaded_at;
};

static const struct shape_field file_out_fields[] = {
	FIELD(file_out, file_id, SHAPE_TEXT),
	FIELD(file_out, filename, SHAPE_TEXT),
	FIELD(file_out, content_type, SHAPE_TEXT),
	FIELD(file_out, size, SHAPE_INT, .words = "bytes"),
	FIELD(file_out, sha256, SHAPE_TEXT),
	FIELD(file_out, uploaded_at, SHAPE_TIME),
	FIELD(file_out, farmer_id, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .words = "null of an organisation's file"),
	FIELD(file_out, file_type, SHAPE_TEXT, .words = "file of an organisation's file"),
};
SHAPE(file_out, "FileMetadata", SHAPE_BODY);

/* A farmer's file in scope, or one of the viewer's organisation. */
struct found {
	bool is_space;
	struct file_get_row row;
	struct space_file space;
};

static enum err
find(struct req *r, const char *action, struct found *out)
{
	const char *file_id = req_param(r, "file_id");
	enum err e = ERR_MISSING;

	if (id_valid(file_id))
		e = q_file_get(r->db, &(struct file_get_in){ .file_id = file_id,
		    SCOPE(front_viewer(r)) }, &out->row);
	out->is_space = e == ERR_MISSING && front_viewer(r)->organisation_id;
	if (out->is_space)
		e = space_find_id(r, file_id, &out->space);
	if (e == ERR_MISSING)
		return fail(r, e, "Error downloading file %s: File %s not found",
		    file_id, file_id);
	if (e)
		return e;
	return out->is_space ? seen_space(r, action, file_id) :
	    seen_file(r, action, out->row.farmer_id, file_id);
}

enum err
file_download(struct req *r)
{
	struct found f;
	enum err e = find(r, "download", &f);

	if (e)
		return e;
	if (!f.is_space)
		return deliver(r, &STORE_AT(&f.row), &(struct deliver){
		    .media = f.row.content_type, .name = f.row.file_name });
	return deliver(r, &f.space.at, &(struct deliver){
	    .media = space_served_type(r->arena, &f.space),
	    .name = space_last(f.space.path), .changed_at = f.space.uploaded_at,
	    .attachment = !media_shown(f.space.content_type) });
}

enum err
file_metadata(struct req *r)
{
	struct found f;
	enum err e = find(r, "metadata", &f);

	if (e)
		return e;
	if (!f.is_space)
		return reply(r, 200, &(struct file_out){
		    .file_id = f.row.file_id, .filename = f.row.file_name,
		    .content_type = f.row.content_type, .size = f.row.file_size,
		    .sha256 = f.row.sha256, .uploaded_at = f.row.uploaded_at,
		    .farmer_id = f.row.farmer_id, .file_type = f.row.file_type });
	return reply(r, 200, &(struct file_out){
	    .file_id = f.space.file_id, .filename = space_last(f.space.path),
	    .content_type = f.space.content_type, .size = f.space.size,
	    .sha256 = f.space.sha256, .uploaded_at = f.space.uploaded_at,
	    .file_type = "file" });
}
