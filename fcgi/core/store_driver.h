/* SPDX-License-Identifier: MIT */
#ifndef CORE_STORE_DRIVER_H
#define CORE_STORE_DRIVER_H

#include "store.h"

enum { STORE_PATH = 40 };	/* room for a path below the store's folder */

/*
 * What the parts of store.h know of each other: store.c, which calls the drivers;
 * store_new.c, which makes new objects; and the drivers. For these files only.
 */
struct store_driver {
	const char *name;	/* as in object.stored_in */
	/* Put o, which is hashed, into its place, and see that its temporary file goes;
	 * sets in when there is something to remove, version, and key as it is. */
	enum err (*keep)(struct store_object *o);
	/* Make o of the bytes of another that this driver has, in the same way.
	 * ERR_CONFLICT: it can't, they must be read and written. */
	enum err (*copy)(const struct store_at *from, struct store_object *o);
	/* As the functions of store.h. */
	enum err (*fd)(const struct store_at *at, int *fd);
	enum err (*link)(struct arena *a, const struct store_at *at, const char *method,
	    const char **link);
	enum err (*remove)(const struct store_at *at);
	enum err (*size)(const struct store_at *at, int64_t *size);
};

extern const struct store_driver store_disk, store_s3;

/* store_driver(name): The one of that name, NULL if there is none. */
const struct store_driver *store_driver(const char *name);

/* store_s3_told(e): What a client can be told of a failure with S3. */
enum err store_s3_told(enum err e);

/* store_root(): The descriptor of the store's folder. */
int store_root(void);

/* store_failed(what): Log errno, and say whose fault it is: ERR_DOWN is the host's. */
enum err store_failed(const char *what);

/* store_nameless(fd): A new temporary file without a name, which is gone when it is
 * closed. */
enum err store_nameless(int *fd);

/* store_measure(fd, o): Fill size and hashes of o by reading all of fd. */
enum err store_measure(int fd, struct store_object *o);

/* store_temp_path(id, out): "tmp/ID". */
const char *store_temp_path(const char *id, char out[STORE_PATH]);

#endif
