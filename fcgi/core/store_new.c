/* SPDX-License-Identifier: MIT */
/*
 * New objects: a temporary file below the store's folder is written, hashed, and given
 * to the driver for new ones. What is taken from another file is hashed on its way, so
 * the hash is that of what was sent, whatever the disk makes of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "digest.h"
#include "store_driver.h"

enum { EARLY = 8 * 1024 * 1024 }; /* bytes after which the disk may begin to write */

/* The driver that keeps new ones. */
static const struct store_driver *
home(void)
{
	const struct store_driver *driver = store_driver(conf.store);

	return driver ? driver : &store_disk;
}

const char *
store_temp_path(const char *id, char out[STORE_PATH])
{
	(void)snprintf(out, STORE_PATH, "tmp/%s", id);
	return out;
}

enum err
store_nameless(int *fd)
{
	char id[ID_TEXT], path[STORE_PATH];

	id_make(id);
	*fd = openat(store_root(), store_temp_path(id, path),
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (*fd < 0)
		return store_failed("fetch");
	(void)unlinkat(store_root(), path, 0); /* else the sweep does */
	return OK;
}

enum err
store_begin(struct store_object *o)
{
	char path[STORE_PATH];

	*o = (struct store_object){ .fd = -1 };
	id_make(o->id);
	o->fd = openat(store_root(), store_temp_path(o->id, path),
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	return o->fd < 0 ? store_failed("begin") : OK;
}

enum err
store_hide(struct store_object *o)
{
	o->hidden = true;
	return fchmod(o->fd, 0600) != 0 ? store_failed("hide") : OK;
}

static bool
append(int fd, const uint8_t *bytes, size_t n)
{
	while (n) {
		ssize_t done = write(fd, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		bytes += done;
		n -= (size_t)done;
	}
	return true;
}

enum err
store_write(struct store_object *o, const void *p, size_t n)
{
	o->size += (int64_t)n;
	*o->sha256 = '\0';
	return append(o->fd, p, n) ? OK : store_failed("write");
}

/* An object to which a file is copied, and bytes written since the last flush. */
struct taking { int fd; size_t since; };

/* copy_file_range would be dearer: an upload begins somewhere in a block, so nothing
 * could be shared, and ext4 copies page by page. */
static bool
take_some(void *context, const uint8_t *bytes, size_t n)
{
	struct taking *t = context;

	if (!append(t->fd, bytes, n))
		return false;
	t->since += n;
	if (conf.durable && t->since >= EARLY) {
		/* So that the flush has little left; it tells failures. */
		(void)sync_file_range(t->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
		t->since = 0;
	}
	return true;
}

static void
set_digest(struct store_object *o, const struct digest *d)
{
	o->size = d->size;
	memcpy(o->sha256, d->sha256, sizeof(o->sha256));
	memcpy(o->md5, d->md5, sizeof(o->md5));
}

enum err
store_take(struct store_object *o, int fd, size_t offset, size_t n)
{
	struct taking t = { .fd = o->fd };
	struct digest d;

	if (!digest_range(&(struct digest_range){ fd, (int64_t)offset, (int64_t)n },
	    take_some, &t, &d))
		return store_failed("copy");
	if (o->size == 0) {
		set_digest(o, &d);
	} else {
		o->size += d.size;
		*o->sha256 = '\0';
	}
	return OK;
}

enum err
store_measure(int fd, struct store_object *o)
{
	struct digest d;

	if (!digest_file(fd, &d))
		return store_failed("hash");
	set_digest(o, &d);
	return OK;
}

enum err
store_keep(struct store_object *o)
{
	enum err e = *o->sha256 ? OK : store_measure(o->fd, o);

	if (!e)
		e = home()->keep(o);
	if (e) {
		store_drop(o);
		return e;
	}
	(void)close(o->fd); /* the driver saw to it that it lasts */
	o->fd = -1;
	return OK;
}

/* Where there is no other way: byte by byte. */
static enum err
copy_bytes(const struct store_at *from, struct store_object *o)
{
	const struct store_object wanted = *o;
	int fd;
	enum err e = store_fd(from, &fd);

	if (e)
		return e;
	e = store_begin(o);
	o->key = wanted.key;
	o->media = wanted.media;
	o->organisation_id = wanted.organisation_id;
	o->file_name = wanted.file_name;
	if (!e)
		e = store_take(o, fd, 0, (size_t)from->size);
	(void)close(fd); /* was only read */
	if (e) {
		store_drop(o);
		return e;
	}
	return store_keep(o);
}

/* Its bytes are those of from, so are their hashes; of an old one MD5 is not known. */
static enum err
copy_hashes(const struct store_at *from, struct store_object *o)
{
	int fd;
	enum err e;

	if (from->md5) {
		o->size = from->size;
		(void)snprintf(o->sha256, sizeof(o->sha256), "%s", from->sha256);
		(void)snprintf(o->md5, sizeof(o->md5), "%s", from->md5);
		return OK;
	}
	e = store_fd(from, &fd);
	if (!e) {
		e = store_measure(fd, o);
		(void)close(fd); /* was only read */
	}
	return e;
}

enum err
store_copy(const struct store_at *from, struct store_object *o)
{
	enum err e = ERR_CONFLICT;

	o->fd = -1;
	if (strcmp(from->in, home()->name) == 0) {
		id_make(o->id);
		e = home()->copy(from, o);
		if (!e)
			e = copy_hashes(from, o);
		if (e && e != ERR_CONFLICT)
			store_drop(o);
	}
	return e == ERR_CONFLICT ? copy_bytes(from, o) : e;
}

void
store_drop(struct store_object *o)
{
	char path[STORE_PATH];
	struct store_at at;

	if (!*o->id)
		return; /* it was never begun, and its fd is no file's */
	store_kept(o, &at);
	if (o->fd >= 0)
		(void)close(o->fd); /* its bytes are not wanted */
	o->fd = -1;
	if (at.in)
		(void)store_remove(&at); /* else the sweep does */
	else
		(void)unlinkat(store_root(), store_temp_path(o->id, path), 0);
	*o->id = '\0';
}
