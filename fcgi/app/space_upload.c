/* SPDX-License-Identifier: MIT */
/*
 * POST /files/upload and /files/upload-multiple. Several files are stored all or none.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "fields.h"
#include "front.h"
#include "log.h"
#include "path.h"
#include "s3_place.h"
#include "space.h"
#include "text.h"

/* Of one request. What is said of a file in statements and in the reply takes up to ten
 * times the bytes of its path, and a request has 8 MB for all. */
enum { FILES_MAX = 1000, PATHS_MAX = 192 * 1024 };

enum { SIZE_REST = 300 };	/* bytes of JSON about a file beside its key, url */

struct space_upload { const char *folder; };

static const struct shape_upload one_file = {
	.part = "file", .max_files = 1, .large = true
};
static const struct shape_upload many_files = {
	.part = "files", .max_files = FILES_MAX, .large = true
};

static const struct shape_field upload_fields[] = {
	FIELD(space_upload, folder, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .words = "where the file goes; empty: the root"),
};
const struct shape space_upload_shape = { .name = "SpaceUpload",
	.place = SHAPE_UPLOAD, .upload = &one_file, .fields = upload_fields,
	.n_fields = 1, .size = sizeof(struct space_upload) };
const struct shape space_uploads_shape = { .name = "SpaceUploads",
	.place = SHAPE_UPLOAD, .upload = &many_files, .fields = upload_fields,
	.n_fields = 1, .size = sizeof(struct space_upload) };

struct space_stored { bool success; const char *bucket, *key, *url, *region; };

static const struct shape_field space_stored_fields[] = {
	FIELD(space_stored, success, SHAPE_BOOL),
	FIELD(space_stored, bucket, SHAPE_TEXT),
	FIELD(space_stored, key, SHAPE_TEXT, .words = "tenants/ORGANISATION/PATH"),
	FIELD(space_stored, url, SHAPE_TEXT, .words = "opens nothing by itself"),
	FIELD(space_stored, region, SHAPE_TEXT),
};
SHAPE(space_stored, "SpaceStored", SHAPE_BODY);

struct space_stored_all { bool success; int64_t uploaded; struct shape_list files; };

static const struct shape_field space_stored_all_fields[] = {
	FIELD(space_stored_all, success, SHAPE_BOOL),
	FIELD(space_stored_all, uploaded, SHAPE_INT),
	FIELD(space_stored_all, files, SHAPE_OBJECTS, .sub = &space_stored_shape),
};
SHAPE(space_stored_all, "SpaceStoredAll", SHAPE_BODY);

/* The paths of all files, before a byte is stored. */
static enum err
name_all(struct req *r, struct space_new *list, int64_t *n_bytes)
{
	const struct space_upload *in = r->in;
	const char *folder = space_path(r->arena, in->folder ? in->folder : "");
	size_t n_paths = 0;

	*n_bytes = 0;
	for (size_t i = 0; i < r->n_files; i++) {
		const char *name = space_name(r->arena, r->files[i].name);

		list[i].path = folder && name ? space_join(r->arena, folder, name) : NULL;
		if (!list[i].path)
			return fail(r, ERR_BAD, "Invalid file path");
		n_paths += strlen(list[i].path);
		if (n_paths > PATHS_MAX)
			return fail(r, ERR_BAD, "The paths of so many files are too long "
			    "for one request: send the files in several");
		*n_bytes += (int64_t)r->files[i].size;
	}
	return OK;
}

/* Store all files of the request, or none. */
static enum err
store_all(struct req *r, struct space_new *list)
{
	const struct viewer *v = front_viewer(r);
	int64_t n_bytes;
	size_t n = 0;
	enum err e = name_all(r, list, &n_bytes);

	if (!e)
		e = space_room(r, n_bytes);
	for (; n < r->n_files && !e; n++)
		e = space_take(r, v->organisation_id, &r->files[n], &list[n]);
	if (!e)
		e = space_store(r, list, n);
	if (e) {
		space_drop(list, n);
		return e;
	}
	for (size_t i = 0; i < n; i++)
		log_write(LOG_INFO, "file stored file=%s organisation=%s size=%lld "
		    "who=%s", list[i].file_id, v->organisation_id,
		    (long long)list[i].object.size, v->mark);
	return OK;
}

/* What the reply says of where it lies: the bucket, or us. */
static void
fill(struct req *r, const struct space_new *in, struct space_stored *out)
{
	struct buf url = buf_make(r->arena, 200);
	struct s3_place s3;

	*out = (struct space_stored){ .success = true, .bucket = "local",
		.region = "local", .key = in->object.key };
	if (!out->key) /* that was too long for S3 */
		out->key = space_key(r->arena, front_viewer(r)->organisation_id,
		    in->path);
	if (text_same(in->object.in, "s3") && !s3_place(r->arena, &s3)) {
		out->bucket = s3.bucket;
		out->region = s3.region;
		out->url = s3_place_url(r->arena, &s3, out->key, "");
		return;
	}
	buf_text(&url, front_base(r));
	buf_text(&url, "/files/local/");
	path_encode(&url, out->key, "/");
	out->url = url.bytes;
}

enum err
space_upload(struct req *r)
{
	struct space_new *in = arena_array(r->arena, struct space_new, 1);
	struct space_stored out;
	enum err e = store_all(r, in);

	if (e)
		return e;
	fill(r, in, &out);
	req_header(r, "X-File-Id", in->file_id);
	return reply(r, 200, &out);
}

enum err
space_upload_all(struct req *r)
{
	struct space_new *list = arena_array(r->arena, struct space_new, r->n_files);
	struct space_stored *out = arena_array(r->arena, struct space_stored, r->n_files);
	size_t room = SIZE_REST;
	enum err e = store_all(r, list);

	if (e)
		return e;
	for (size_t i = 0; i < r->n_files; i++) {
		fill(r, &list[i], &out[i]);
		room += SIZE_REST + 2 * strlen(out[i].key) + strlen(out[i].url);
	}
	r->body = buf_make(r->arena, room); /* not one that grows by halves in vain */
	return reply(r, 200, &(struct space_stored_all){ true, (int64_t)r->n_files,
	    { out, r->n_files } });
}
