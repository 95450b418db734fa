/* SPDX-License-Identifier: MIT */
/*
 * Stored files: their bytes, which nginx sends, and what is known of them. A file
 * that is not the viewer's to see is not there.
 */
#include "deliver.h"
#include "fields.h"
#include "front.h"
#include "id.h"
#include "queries.h"
#include "seen.h"

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
	FIELD(file_out, farmer_id, SHAPE_TEXT),
	FIELD(file_out, file_type, SHAPE_TEXT),
};
SHAPE(file_out, "FileMetadata", SHAPE_BODY);

static enum err
find(struct req *r, struct file_get_row *row)
{
	const char *file_id = req_param(r, "file_id");
	enum err e = ERR_MISSING;

	if (id_valid(file_id))
		e = q_file_get(r->db, &(struct file_get_in){ .file_id = file_id,
		    SCOPE(front_viewer(r)) }, row);
	if (e == ERR_MISSING)
		return fail(r, e, "Error downloading file %s: File %s not found",
		    file_id, file_id);
	return e;
}

enum err
file_download(struct req *r)
{
	struct file_get_row row;
	enum err e = find(r, &row);

	if (!e)
		e = seen_file(r, "download", row.farmer_id, row.file_id);
	if (e)
		return e;
	return deliver(r, &STORE_AT(&row), &(struct deliver){
	    .media = row.content_type, .name = row.file_name });
}

enum err
file_metadata(struct req *r)
{
	struct file_get_row row;
	enum err e = find(r, &row);

	if (!e)
		e = seen_file(r, "metadata", row.farmer_id, row.file_id);
	if (e)
		return e;
	return reply(r, 200, &(struct file_out){
	    .file_id = row.file_id, .filename = row.file_name,
	    .content_type = row.content_type, .size = row.file_size,
	    .sha256 = row.sha256, .uploaded_at = row.uploaded_at,
	    .farmer_id = row.farmer_id, .file_type = row.file_type });
}
