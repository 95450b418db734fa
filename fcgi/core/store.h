/* SPDX-License-Identifier: MIT */
#ifndef CORE_STORE_H
#define CORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "err.h"
#include "id.h"

struct arena;
struct db;

/*
 * Stored objects: bytes that are written once and never changed, under an id of ours.
 * The table object says where each lies; a driver knows how to reach it there:
 *
 *   "disk"  STATE/store/xx/ID, xx being the id's last two digits (store_disk.c)
 *   "s3"    version object_version of the key object_key in a bucket (store_s3.c)
 *
 * New ones go where the setting STORE says, old ones are read where they lie.
 * An object is always written to STATE/store/tmp first; store_keep hashes it and puts it
 * into its place, for good, before store_note writes its row, which comes before the
 * row that names it, in one transaction. So a row never lacks its bytes; bytes
 * without a row, after a crash, are found by the sweep. To remove one: first the rows
 * (store_forget), then the commit, then store_remove.
 */
enum {
	STORE_VERSION = 1025,	/* bytes of an S3 version id, and a NUL */
	STORE_KEY = 40,		/* of a key that is made of an id */
	STORE_WORDS = 500	/* of what is wrong with a bucket */
};

/* One that is being made. What is wanted of it in S3 is set between store_begin and
 * store_keep, or before store_copy; the texts must live until store_note. */
struct store_object {
	char id[ID_TEXT];
	int fd;			/* open for reading and writing until kept or dropped */
	const char *key;	/* its key; NULL: one of its id */
	const char *media, *organisation_id, *file_name; /* said with it, or NULL */
	bool hidden;		/* by store_hide */
	int64_t size;		/* until now; the rest is set by store_keep */
	char sha256[DIGEST_SHA256];
	char md5[DIGEST_MD5];	/* the ETag: as in digest.h, of what is large S3's own */
	const char *in;		/* the driver that has it; NULL: not kept */
	char version[STORE_VERSION]; /* "" where there are none */
	char own_key[STORE_KEY]; /* if key is NULL; "" where there are none */
};

/* Where a kept one lies: a row of object. */
struct store_at {
	const char *id, *in;
	const char *key, *version;	/* NULL on the disk */
	const char *sha256, *md5;	/* md5 is NULL of those from before it was kept */
	int64_t size;
};

/* The same of a row of a statement that joins object, and selects its object_id,
 * stored_in, object_key, object_version, file_size, sha256 and md5. */
#define STORE_AT(row) (struct store_at){ .id = (row)->object_id, \
	.in = (row)->stored_in, .key = (row)->object_key, \
	.version = (row)->object_version, .sha256 = (row)->sha256, .md5 = (row)->md5, \
	.size = (row)->file_size }

/* store_open(root): Use the folder root, making it and its parts as needed. */
enum err store_open(const char *root);

/* store_begin(o): A new empty object with a new id. ERR_DOWN if the disk is full. */
enum err store_begin(struct store_object *o);

/* store_hide(o): Nobody but the register's user may read this one, nginx neither; and
 * once it has no row it does not stay. */
enum err store_hide(struct store_object *o);

/* store_write(o, p, n): Append n bytes. */
enum err store_write(struct store_object *o, const void *p, size_t n);

/* store_take(o, fd, offset, n): Append n bytes of the file fd from offset on. */
enum err store_take(struct store_object *o, int fd, size_t offset, size_t n);

/* store_keep(o): Hash it and put it into its place, so that it lasts (DURABLE=false:
 * but for a power cut); closes fd. On failure it is dropped. */
enum err store_keep(struct store_object *o);

/* store_copy(from, o): Make and keep a new object with the bytes of another, which are
 * shared where that can be. o has zeros but for what is wanted of it. ERR_MISSING if
 * there are no such bytes. */
enum err store_copy(const struct store_at *from, struct store_object *o);

/* store_note(db, o, now): Write the row of a kept object, in the caller's transaction
 * and before the row that names it. */
enum err store_note(struct db *db, const struct store_object *o, int64_t now);

/* store_drop(o): Remove it, kept or not. Harmless after a failed begin, and for one that
 * is all zeros and was never begun. */
void store_drop(struct store_object *o);

/* store_find(db, object_id, at): Where one lies, whose row the caller knows of; at lives
 * as long as what statements give. ERR_MISSING if there is none. */
enum err store_find(struct db *db, const char *object_id, struct store_at *at);

/* store_kept(o, at): The same of one that was just kept; at lives as long as o. */
void store_kept(const struct store_object *o, struct store_at *at);

/* store_key(o): The key under which a kept object lies; NULL where there are none. */
const char *store_key(const struct store_object *o);

/* store_at_keep(a, at): A copy whose texts are in a. */
struct store_at store_at_keep(struct arena *a, const struct store_at *at);

/* store_link(a, at, method, link): What to name to nginx (X-Accel-Redirect) so that it
 * sends the object: already encoded, good at once and for this one request. method is
 * GET or HEAD. */
enum err store_link(struct arena *a, const struct store_at *at, const char *method,
    const char **link);

/* store_read(a, at, max, bytes, n): The whole object in a. ERR_MISSING if it is not
 * there, ERR_BIG if it is over max. */
enum err store_read(struct arena *a, const struct store_at *at, size_t max,
    uint8_t **bytes, size_t *n);

/* store_map(at, max, map): The object's bytes, mapped, until store_unmap. ERR_MISSING if
 * it is not there, ERR_BIG if it is over max. */
struct store_map { const char *bytes; size_t n; };
enum err store_map(const struct store_at *at, size_t max, struct store_map *map);

/* store_unmap(map): Give it back; harmless after a failed store_map. */
void store_unmap(struct store_map *map);

/* store_size(at, size): How many bytes there really are. ERR_MISSING. */
enum err store_size(const struct store_at *at, int64_t *size);

/* store_fd(at, fd): The object's bytes as an open file, for the caller to read and to
 * close. ERR_MISSING if it is not there. */
enum err store_fd(const struct store_at *at, int *fd);

/* store_forget(db, object_id): Delete an object's row, with the last row that named
 * it; store_remove follows after the commit. */
enum err store_forget(struct db *db, const char *object_id);

/* store_remove(at): Remove the bytes of a kept object; gone already is fine. */
enum err store_remove(const struct store_at *at);

/* store_move(from, to, o): Copy an object's bytes to another driver, under its own id,
 * and read them back there; the row is the caller's to change, from o. Bytes of a copy
 * before that was cut off are used. ERR_CONFLICT (logged): they are not, or did not
 * arrive as, those that were stored. */
enum err store_move(const struct store_at *from, const char *to,
    struct store_object *o);

/* store_move_alone(): From here on no other process may move objects, until this one
 * ends: two would take each other's bytes for their own. ERR_BUSY if one does. */
enum err store_move_alone(void);

/* store_verify(at): Read all bytes of an object. ERR_CONFLICT: they are not those that
 * were stored; ERR_MISSING. */
enum err store_verify(const struct store_at *at);

/* store_aside(id): Move an object on the disk to store/swept/, where it can be looked
 * for until store_forget_aside removes it. One that was hidden is removed at once. */
enum err store_aside(const char *id);

/* store_forget_aside(age_s): Remove what was put aside more than age_s seconds ago. */
enum err store_forget_aside(int64_t age_s);

/* store_owner(wanted): The id of the register whose objects these are, written at
 * the first call: ERR_CONFLICT if it is not wanted. */
enum err store_owner(const char *wanted);

/* store_each(age_s, found, context): Call found(context, id) for each object on the disk
 * that is in its place for more than age_s seconds; temporary ones of that age are
 * removed. */
enum err store_each(int64_t age_s, enum err (*found)(void *context, const char *id),
    void *context);

/* store_far_check(wanted, words): Ask S3 whether the bucket can be used: it keeps
 * versions and is that of the register wanted, which a new one becomes. ERR_CONFLICT:
 * not; ERR_DOWN: S3 did not say; words tell the operator. */
enum err store_far_check(const char *wanted, char words[STORE_WORDS]);

/* store_far_sweep(ask): Remove from the bucket, for good, what says that it is one of our
 * objects, is older than ask->age_s seconds and has no row; what was hidden after a
 * day. */
struct store_far {
	int64_t age_s;
	/* Is there a row for this? */
	enum err (*known)(void *context, const char *key, const char *version,
	    bool *is);
	void (*removed)(void *context);	/* called before each removal */
	void *context;
};
enum err store_far_sweep(const struct store_far *ask);

#endif
