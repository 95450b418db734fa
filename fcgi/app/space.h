/* SPDX-License-Identifier: MIT */
#ifndef APP_SPACE_H
#define APP_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "id.h"
#include "store.h"

struct arena;
struct db;
struct req;

/*
 * An organisation's space: its own files, by path. A path lives in the database only, so
 * no text from outside ever names a file of the host. Folders are what paths have in
 * common; "a" and "a/b" can both be files. Statements are told the organisation of the
 * viewer (SPACE_OF), and a route of the space is for MEMBER.
 */
enum {
	SPACE_PATH = 1024,	/* bytes of a path */
	SPACE_SEGMENT = 255	/* bytes between two slashes */
};

/* Whose files the viewer may see, as a parameter of a generated statement. */
#define SPACE_OF(v) .viewer_organisation_id = (v)->organisation_id

/* space_path(a, given): given in the form that is stored: its segments with one slash
 * between two, none at the ends; "" if there are none. NULL if a segment is "." or "..",
 * or something is too long, not UTF-8, a control character (C0, DEL, C1) or a
 * backslash. */
const char *space_path(struct arena *a, const char *given);

/* space_name(a, given): The segment that a client's name for a file stands for: what
 * comes after the last slash of either kind. NULL if that can't be one. */
const char *space_name(struct arena *a, const char *given);

/* space_join(a, folder, name): The path of name in folder, both as these functions gave
 * them. NULL if it is too long. */
const char *space_join(struct arena *a, const char *folder, const char *name);

/* space_parent(a, path): The folder that path lies in; "" is the root. */
const char *space_parent(struct arena *a, const char *path);

/* space_last(path): The last segment, within path. */
const char *space_last(const char *path);

/* space_ask(r, given, path): The path of a file as the client gave it, not empty; else
 * 400 is the answer. */
enum err space_ask(struct req *r, const char *given, const char **path);

/* A live file. Its texts are where the statement's results go. */
struct space_file {
	const char *file_id, *path;
	struct store_at at;	/* where the bytes lie */
	const char *claimed_type; /* as the client said; NULL: it did not */
	const char *content_type; /* as the bytes are, and as it is served */
	const char *md5, *sha256; /* lower-case hex; md5 is the ETag */
	const char *original_name; /* NULL: not known */
	const char *uploaded_by;
	int64_t size, uploaded_at, created_at;
};

/* space_find(r, path, file): The live file of a stored path in the viewer's space.
 * ERR_MISSING, and no words, if there is none. */
enum err space_find(struct req *r, const char *path, struct space_file *file);

/* space_find_id(r, file_id, file): The same by its id. */
enum err space_find_id(struct req *r, const char *file_id, struct space_file *file);

/* space_key(a, organisation_id, path): "tenants/ID/path": what the API calls the key, and
 * S3 too. */
const char *space_key(struct arena *a, const char *organisation_id, const char *path);

/* space_object_key(a, organisation_id, path): The same for a stored object; NULL where it
 * would be longer than S3 takes, so that the object gets a key of its id. */
const char *space_object_key(struct arena *a, const char *organisation_id,
    const char *path);

/* Bytes on their way into a space, by an upload, a signed form or a copy. */
struct space_new {
	const char *path;	/* as space_path gave it, not empty */
	const char *original_name; /* as the client named it; NULL: not known */
	const char *claimed_type; /* NULL: the client said none */
	const char *content_type; /* what the bytes are */
	struct store_object object; /* kept */

	char file_id[ID_TEXT];	/* set by space_put, as is the next */
	bool is_new;		/* else it was written over what was there */
};

/* Who puts them there. */
struct space_by {
	struct db *db;
	struct arena *arena;
	const char *organisation_id;
	const char *who;	/* mark of the viewer */
	int64_t now;
};

/* space_viewer(r): The viewer of r. */
struct space_by space_viewer(const struct req *r);

/* space_folders(by, path): Make the rows of the folder that path lies in, and of all
 * above it, where there are none: before a row says that something lies there. */
enum err space_folders(const struct space_by *by, const char *path);

/* space_put(by, list, n): Make n kept objects the files of their paths, in the caller's
 * transaction: all rows there are, the versions that they replace, the quota. Two that
 * write to one path at once do it one after the other, and the first becomes a version.
 * As the quota's row is held to the end, the commit should be near. ERR_BIG: the
 * organisation may not have that much. On any failure only rollback is left, and
 * dropping the objects is the caller's. The audit is the caller's too. */
enum err space_put(const struct space_by *by, struct space_new *list, size_t n);

/* space_replace(by, path, with, change): Make what the live file of a path is a version,
 * and give the file what with says, whose file_id and organisation are set here; add to
 * change what that does to the figures. Who else writes to that path waits for the end of
 * the transaction. ERR_MISSING: there is no such file. */
struct space_change;
struct space_overwrite_in;
enum err space_replace(const struct space_by *by, const char *path,
    struct space_overwrite_in *with, struct space_change *change);

/* space_full(r): The answer when space_put says ERR_BIG. */
enum err space_full(struct req *r);

/* space_room(r, n_bytes): OK if the viewer's organisation may have that many more now;
 * else 413 is the answer. To be asked before they are stored. */
enum err space_room(struct req *r, int64_t n_bytes);

/* space_take(r, organisation_id, file, in): Keep an uploaded file as in->object, for
 * in->path, after a look for viruses, and find out its types and name. On failure drop
 * it. */
struct req_file;
enum err space_take(struct req *r, const char *organisation_id,
    const struct req_file *file, struct space_new *in);

/* space_drop(list, n): Drop the objects of uploads that come to nothing. */
void space_drop(struct space_new *list, size_t n);

/* space_store(r, list, n): Put kept objects into the viewer's space, and audit that. The
 * first thing that r writes; then only the commit may follow. */
enum err space_store(struct req *r, struct space_new *list, size_t n);

/* space_adopt(r, path): Before a file of that path is looked for: what has arrived for it
 * by a signed form, which S3 took, becomes it (space_link_adopt.c). Nothing may have been
 * written. ERR_DOWN: S3 does not answer, so nobody knows. */
enum err space_adopt(struct req *r, const char *path);

/* space_arrive(r, path): The same for a request that writes something itself afterwards:
 * what has become a file is committed. */
enum err space_arrive(struct req *r, const char *path);

/* space_arrive_between(r, from, until, wanted, context): The same for some of the paths
 * from one text on and before another: those to which wanted(context, path) says yes
 * (NULL: all). What would take long is left for later. */
enum err space_arrive_between(struct req *r, const char *from, const char *until,
    bool (*wanted)(const void *context, const char *path), const void *context);

/* space_adopt_in(r, folder): What space_adopt does, for the files that lie in a folder;
 * what cannot be known is left for later. */
enum err space_adopt_in(struct req *r, const char *folder);

/* space_served_type(a, file): Its Content-Type. */
const char *space_served_type(struct arena *a, const struct space_file *file);

#endif
