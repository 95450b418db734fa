/* SPDX-License-Identifier: MIT */
#ifndef CORE_STORE_H
#define CORE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "id.h"

struct arena;

/*
 * Stored objects on disk: STATE/store/xx/ID, xx being the id's last two digits.
 * An object is written to store/tmp, flushed, renamed to its place, and the folder
 * flushed, before the row that names it is committed. So a row never lacks its
 * bytes; bytes without a row, after a crash, are found by the sweep.
 */
struct store_object {
	char id[ID_TEXT];
	int fd;			/* open for reading and writing until kept or dropped */
	int64_t size;		/* set by store_keep */
	char sha256[65];	/* set by store_keep, lower-case hex */
};

/* store_open(root): Use the folder root, making it and its parts as needed. */
enum err store_open(const char *root);

/* store_begin(o): A new empty object with a new id. ERR_DOWN if the disk is full. */
enum err store_begin(struct store_object *o);

/* store_hide(o): Nobody but the register's user may read this one, nginx neither. */
enum err store_hide(struct store_object *o);

/* store_write(o, p, n): Append n bytes. */
enum err store_write(struct store_object *o, const void *p, size_t n);

/* store_take(o, fd, offset, n): Append n bytes of the file fd from offset on. The
 * kernel copies them; where the file system can, they are shared instead. */
enum err store_take(struct store_object *o, int fd, size_t offset, size_t n);

/* store_keep(o): Flush it and put it into its place; closes fd. On failure it is
 * dropped. */
enum err store_keep(struct store_object *o);

/* store_drop(o): Remove it, kept or not. Harmless after a failed begin. */
void store_drop(struct store_object *o);

/* store_path(a, id): "xx/ID", for X-Accel-Redirect. */
const char *store_path(struct arena *a, const char *id);

/* store_read(a, id, max, bytes, n): The whole object in a. ERR_MISSING if it is not
 * there, ERR_BIG if it is over max. */
enum err store_read(struct arena *a, const char *id, size_t max, uint8_t **bytes,
    size_t *n);

/* store_map(id, max, map): The object's bytes as they lie on the disk, until
 * store_unmap. ERR_MISSING if it is not there, ERR_BIG if it is over max. */
struct store_map { const char *bytes; size_t n; };
enum err store_map(const char *id, size_t max, struct store_map *map);

/* store_unmap(map): Give it back; harmless after a failed store_map. */
void store_unmap(struct store_map *map);

/* store_remove(id): Remove a kept object; gone already is fine. */
enum err store_remove(const char *id);

/* store_aside(id): Move a kept object to store/swept/, where it can be looked for
 * until store_forget_aside removes it. One that was hidden is removed at once. */
enum err store_aside(const char *id);

/* store_forget_aside(age_s): Remove what was put aside more than age_s seconds ago. */
enum err store_forget_aside(int64_t age_s);

/* store_owner(wanted): The id of the register whose objects these are, written at
 * the first call: ERR_CONFLICT if it is not wanted. */
enum err store_owner(const char *wanted);

/* store_each(age_s, found, context): Call found(context, id) for each object last
 * written more than age_s seconds ago; temporary ones of that age are removed. */
enum err store_each(int64_t age_s, enum err (*found)(void *context, const char *id),
    void *context);

#endif
