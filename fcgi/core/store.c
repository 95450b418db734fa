/* SPDX-License-Identifier: MIT */
/*
 * The store: which driver has an object, and the rows of the table object. How bytes
 * are kept is the drivers' (store_disk.c), how new ones are made is in store_new.c.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "db.h"
#include "log.h"
#include "queries.h"
#include "store_driver.h"
#include "text.h"

const struct store_driver *
store_driver(const char *name)
{
	static const struct store_driver *const drivers[] = { &store_disk, &store_s3 };

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (text_same(drivers[i]->name, name))
			return drivers[i];
	return NULL;
}

/* The driver that has an object; one of a later program's is none of ours. */
static enum err
find_driver(const struct store_at *at, const struct store_driver **driver)
{
	*driver = store_driver(at->in);
	if (*driver)
		return OK;
	log_write(LOG_ERROR, "store: object %s lies in \"%s\", which is not known",
	    at->id, at->in ? at->in : "");
	return ERR_BROKEN;
}

const char *
store_key(const struct store_object *o)
{
	return o->key ? o->key : *o->own_key ? o->own_key : NULL;
}

enum err
store_note(struct db *db, const struct store_object *o, int64_t now)
{
	return q_object_insert(db, &(struct object_insert_in){ .object_id = o->id,
	    .stored_in = o->in, .object_key = store_key(o),
	    .object_version = *o->version ? o->version : NULL, .file_size = o->size,
	    .sha256 = o->sha256, .md5 = o->md5, .now = now });
}

enum err
store_find(struct db *db, const char *object_id, struct store_at *at)
{
	struct object_get_row row;
	enum err e = q_object_get(db, &(struct object_get_in){ .object_id = object_id },
	    &row);

	if (!e)
		*at = STORE_AT(&row);
	return e;
}

void
store_kept(const struct store_object *o, struct store_at *at)
{
	*at = (struct store_at){ .id = o->id, .in = o->in, .key = store_key(o),
		.version = *o->version ? o->version : NULL, .sha256 = o->sha256,
		.md5 = o->md5, .size = o->size };
}

struct store_at
store_at_keep(struct arena *a, const struct store_at *at)
{
	struct store_at kept = { .id = arena_text(a, at->id),
		.in = arena_text(a, at->in), .key = arena_text(a, at->key),
		.version = arena_text(a, at->version), .md5 = arena_text(a, at->md5),
		.sha256 = arena_text(a, at->sha256), .size = at->size };

	return kept;
}

enum err
store_forget(struct db *db, const char *object_id)
{
	return q_object_forget(db, &(struct object_forget_in){
	    .object_id = object_id });
}

enum err
store_link(struct arena *a, const struct store_at *at, const char *method,
    const char **link)
{
	const struct store_driver *driver;
	enum err e = find_driver(at, &driver);

	return e ? e : driver->link(a, at, method, link);
}

enum err
store_fd(const struct store_at *at, int *fd)
{
	const struct store_driver *driver;
	enum err e = find_driver(at, &driver);

	*fd = -1;
	return e ? e : driver->fd(at, fd);
}

enum err
store_remove(const struct store_at *at)
{
	const struct store_driver *driver;
	enum err e = find_driver(at, &driver);

	return e ? e : driver->remove(at);
}

enum err
store_size(const struct store_at *at, int64_t *size)
{
	const struct store_driver *driver;
	enum err e = find_driver(at, &driver);

	return e ? e : driver->size(at, size);
}

/* Open an object's bytes; there are at most max. */
static enum err
open_kept(const struct store_at *at, size_t max, int *fd, size_t *n)
{
	struct stat st;
	enum err e = store_fd(at, fd);

	if (e)
		return e;
	if (fstat(*fd, &st) != 0)
		e = store_failed("stat");
	else if ((uint64_t)st.st_size > max)
		e = ERR_BIG;
	if (e)
		(void)close(*fd); /* was only looked at */
	else
		*n = (size_t)st.st_size;
	return e;
}

enum err
store_read(struct arena *a, const struct store_at *at, size_t max, uint8_t **bytes,
    size_t *n)
{
	int fd;
	enum err e = open_kept(at, max, &fd, n);

	if (e)
		return e;
	*bytes = arena_take(a, *n + 1);
	if (pread(fd, *bytes, *n, 0) != (ssize_t)*n)
		e = store_failed("read");
	(void)close(fd); /* was only read */
	return e;
}

enum err
store_map(const struct store_at *at, size_t max, struct store_map *map)
{
	int fd;
	void *p;
	enum err e;

	*map = (struct store_map){ .n = 0 };
	e = open_kept(at, max, &fd, &map->n);
	if (e)
		return e;
	p = map->n ? mmap(NULL, map->n, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
	(void)close(fd); /* the mapping stays */
	if (p == MAP_FAILED) {
		map->n = 0;
		return store_failed("map");
	}
	map->bytes = p;
	return OK;
}

void
store_unmap(struct store_map *map)
{
	if (map->bytes)
		(void)munmap((void *)(uintptr_t)map->bytes, map->n);
	*map = (struct store_map){ .n = 0 };
}
