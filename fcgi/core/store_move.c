/* SPDX-License-Identifier: MIT */
/*
 * Objects on their way from one driver to another. Nothing is believed: what is read is
 * compared with the hash in the row, and so is what arrived.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "store_driver.h"
#include "text.h"

/* Hash an object's bytes into o, and compare. */
static enum err
measure_same(const struct store_at *at, int fd, struct store_object *o)
{
	enum err e = store_measure(fd, o);

	if (e || (o->size == at->size && text_same(o->sha256, at->sha256)))
		return e;
	log_write(LOG_ERROR, "store: the bytes of object %s (%s) are not those that "
	    "were stored", at->id, at->in);
	return ERR_CONFLICT;
}

enum err
store_verify(const struct store_at *at)
{
	struct store_object found;
	int fd;
	enum err e = store_fd(at, &fd);

	if (e)
		return e;
	e = measure_same(at, fd, &found);
	(void)close(fd); /* was only read */
	return e;
}

/* Was it made so that only the register's user reads it? In S3 its key says that, on the
 * disk its mode. */
static bool
is_hidden(const struct store_at *at, int fd)
{
	static const char top[] = "hidden/";
	struct stat st;

	if (text_same(at->in, store_disk.name))
		return fstat(fd, &st) == 0 && !(st.st_mode & S_IRWXG);
	return at->key && strncmp(at->key, top, sizeof(top) - 1) == 0;
}

/* A temporary file of this id; one that a killed copy has left is written anew. */
static enum err
begin_again(const struct store_at *from, struct store_object *o)
{
	char path[STORE_PATH];

	o->fd = openat(store_root(), store_temp_path(from->id, path),
	    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	o->size = 0;
	if (o->fd < 0)
		return store_failed("begin");
	return o->hidden ? store_hide(o) : OK;
}

/* Put the bytes of fd, which are measured, into their new place. */
static enum err
carry(const struct store_at *from, int fd, const struct store_driver *driver,
    struct store_object *o)
{
	enum err e;

	if (driver != &store_disk) {
		o->fd = fd;
		e = driver->keep(o);
		o->fd = -1;
		return e;
	}
	e = begin_again(from, o);
	if (!e)
		e = store_take(o, fd, 0, (size_t)from->size);
	if (!e)
		e = driver->keep(o);
	if (o->fd >= 0)
		(void)close(o->fd); /* the driver saw to it that it lasts */
	o->fd = -1;
	return e;
}

enum err
store_move(const struct store_at *from, const char *to, struct store_object *o)
{
	const struct store_driver *driver = store_driver(to);
	struct store_at there = *from;
	int fd;
	enum err e = driver ? store_fd(from, &fd) : ERR_BAD;

	*o = (struct store_object){ .fd = -1, .key = from->key };
	(void)snprintf(o->id, sizeof(o->id), "%s", from->id);
	if (e)
		return e;
	o->hidden = is_hidden(from, fd);
	e = measure_same(from, fd, o);
	there.in = to;
	there.md5 = o->md5;
	if (!e && (driver == &store_disk || from->version) && !store_verify(&there))
		(void)snprintf(o->version, sizeof(o->version), "%s",
		    from->version ? from->version : "");
	else if (!e)
		e = carry(from, fd, driver, o);
	(void)close(fd); /* was only read */
	if (e)
		return e;
	o->in = to;
	store_kept(o, &there);
	there.sha256 = from->sha256; /* not of what was read, should that have changed */
	return store_verify(&there);
}

enum err
store_move_alone(void)
{
	if (flock(store_root(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return OK; /* a file system without locks has one user, too */
	return ERR_BUSY;
}
