/* SPDX-License-Identifier: MIT */
/*
 * The space: paths, and the files that they stand for. What clients send is normalised
 * once, here, and refused rather than repaired where it could mean two things.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "front_handler.h"
#include "id.h"
#include "queries.h"
#include "space.h"
#include "text.h"

enum { KEY_MAX = 1024 };	/* bytes that S3 takes */

/* Marks that turn the direction of what follows (Unicode UAX 9: U+202A to U+202E, U+2066
 * to U+2069): with one in it "gpj.exe" is shown as "exe.jpg". */
static bool
turns(const unsigned char *s)
{
	return s[0] == 0xe2 && ((s[1] == 0x80 && s[2] >= 0xaa && s[2] <= 0xae) ||
	    (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9));
}

/* Neither a control character nor a backslash; s is UTF-8, where C1 is C2 80..9F. */
static bool
plain(const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == 0x7f || c == '\\' ||
		    turns((const unsigned char *)s) ||
		    (c == 0xc2 && (unsigned char)s[1] < 0xa0))
			return false;
	}
	return true;
}

static bool
segment_holds(const char *s, size_t n)
{
	if (n > SPACE_SEGMENT)
		return false;
	return !(n == 1 && s[0] == '.') && !(n == 2 && s[0] == '.' && s[1] == '.');
}

const char *
space_path(struct arena *a, const char *given)
{
	struct buf out;

	/* Nothing that is so much longer becomes short enough by losing slashes only. */
	if (strlen(given) > (size_t)2 * SPACE_PATH || !text_utf8(given, strlen(given)) ||
	    !plain(given))
		return NULL;
	out = buf_make(a, strlen(given));
	for (size_t n; *given; given += n) {
		given += *given == '/';
		n = strcspn(given, "/");
		if (!n)
			continue;
		if (!segment_holds(given, n))
			return NULL;
		if (out.n)
			buf_char(&out, '/');
		buf_add(&out, given, n);
	}
	return out.n <= SPACE_PATH ? out.bytes : NULL;
}

const char *
space_name(struct arena *a, const char *given)
{
	const char *slash = strrchr(given, '/'), *other = strrchr(given, '\\');
	const char *name = slash ? slash + 1 : given;

	if (other && other >= name)
		name = other + 1;
	name = space_path(a, name);
	return text_empty(name) ? NULL : name;
}

const char *
space_join(struct arena *a, const char *folder, const char *name)
{
	if (strlen(folder) + 1 + strlen(name) > SPACE_PATH)
		return NULL;
	return *folder ? arena_print(a, "%s/%s", folder, name) : name;
}

const char *
space_parent(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? arena_copy(a, path, (size_t)(slash - path)) : "";
}

const char *
space_last(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *
space_key(struct arena *a, const char *organisation_id, const char *path)
{
	return arena_print(a, "tenants/%s/%s", organisation_id, path);
}

const char *
space_object_key(struct arena *a, const char *organisation_id, const char *path)
{
	const char *key = space_key(a, organisation_id, path);

	return strlen(key) <= KEY_MAX ? key : NULL;
}

enum err
space_ask(struct req *r, const char *given, const char **path)
{
	*path = space_path(r->arena, given);
	return text_empty(*path) ? fail(r, ERR_BAD, "Invalid file path") : OK;
}

static void
fill(const struct space_by_path_row *row, struct space_file *file)
{
	*file = (struct space_file){
		.file_id = row->file_id, .path = row->file_path,
		.at = STORE_AT(row), .claimed_type = row->claimed_type,
		.content_type = row->content_type, .md5 = row->md5,
		.sha256 = row->sha256, .original_name = row->original_name,
		.uploaded_by = row->uploaded_by, .size = row->file_size,
		.uploaded_at = row->uploaded_at, .created_at = row->created_at
	};
}

enum err
space_find(struct req *r, const char *path, struct space_file *file)
{
	struct space_by_path_row row;
	enum err e = q_space_by_path(r->db, &(struct space_by_path_in){
	    .file_path = path, SPACE_OF(front_viewer(r)) }, &row);

	if (!e)
		fill(&row, file);
	return e;
}

enum err
space_find_id(struct req *r, const char *file_id, struct space_file *file)
{
	struct space_by_path_row row;
	enum err e = id_valid(file_id) ? q_space_by_id(r->db, &(struct space_by_id_in){
	    .file_id = file_id, SPACE_OF(front_viewer(r)) }, &row) : ERR_MISSING;

	if (!e)
		fill(&row, file);
	return e;
}
