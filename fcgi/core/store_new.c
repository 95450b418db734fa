/* SPDX-License-Identifier: MIT */
/*
 * New objects: a temporary file below the store's folder is written, hashed, and given
 * to the driver for new ones. Both hashes are made in one pass: SHA-256 is what the
 * register checks bytes by, MD5 is what S3 and its clients call a file's ETag.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <sodium.h>

#include "log.h"
#include "store_driver.h"

enum { BLOCK = 256 * 1024 };

/* The driver that keeps new ones. */
static const struct store_driver *const home = &store_disk;

const char *
store_temp_path(const char *id, char out[STORE_PATH])
{
	(void)snprintf(out, STORE_PATH, "tmp/%s", id);
	return out;
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
	return fchmod(o->fd, 0600) != 0 ? store_failed("hide") : OK;
}

enum err
store_write(struct store_object *o, const void *p, size_t n)
{
	const char *bytes = p;

	while (n) {
		ssize_t done = write(o->fd, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return store_failed("write");
		bytes += done;
		n -= (size_t)done;
	}
	return OK;
}

/* Which failures of copy_file_range say that it can't between these two files. */
static bool
cannot_share(int why)
{
	return why == EXDEV || why == EINVAL || why == ENOSYS || why == EOPNOTSUPP ||
	    why == EPERM;
}

enum err
store_take(struct store_object *o, int fd, size_t offset, size_t n)
{
	off_t at = (off_t)offset;
	bool plain = false;

	while (n) {
		ssize_t done = plain ? sendfile(o->fd, fd, &at, n) :
		    copy_file_range(fd, &at, o->fd, NULL, n, 0);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && !plain && cannot_share(errno)) {
			plain = true;
			continue;
		}
		if (done == 0) /* the file is shorter than was said */
			errno = EIO;
		if (done <= 0)
			return store_failed("copy");
		n -= (size_t)done;
	}
	return OK;
}

static bool
finish(EVP_MD_CTX *md, char *out, size_t room)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned n;

	return EVP_DigestFinal_ex(md, hash, &n) == 1 &&
	    sodium_bin2hex(out, room, hash, n);
}

enum err
store_measure(int fd, struct store_object *o)
{
	static uint8_t block[BLOCK];
	EVP_MD_CTX *md5 = EVP_MD_CTX_new(), *sha256 = EVP_MD_CTX_new();
	bool good = md5 && sha256 && EVP_DigestInit_ex(md5, EVP_md5(), NULL) == 1 &&
	    EVP_DigestInit_ex(sha256, EVP_sha256(), NULL) == 1;
	ssize_t n = 0;
	enum err e = OK;

	o->size = 0;
	while (good && (n = pread(fd, block, sizeof(block), o->size)) > 0) {
		good = EVP_DigestUpdate(md5, block, (size_t)n) == 1 &&
		    EVP_DigestUpdate(sha256, block, (size_t)n) == 1;
		o->size += n;
	}
	if (n < 0)
		e = store_failed("read back");
	else if (!good || !finish(md5, o->md5, sizeof(o->md5)) ||
	    !finish(sha256, o->sha256, sizeof(o->sha256))) {
		log_write(LOG_ERROR, "store: no hash could be made");
		e = ERR_BROKEN;
	}
	EVP_MD_CTX_free(md5);
	EVP_MD_CTX_free(sha256);
	return e;
}

enum err
store_keep(struct store_object *o)
{
	enum err e = store_measure(o->fd, o);

	if (!e)
		e = home->keep(o);
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
	if (strcmp(from->in, home->name) == 0) {
		id_make(o->id);
		e = home->copy(from, o);
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

	store_kept(o, &at);
	if (o->fd >= 0)
		(void)close(o->fd); /* its bytes are not wanted */
	o->fd = -1;
	if (!*o->id)
		return;
	if (at.in)
		(void)store_remove(&at); /* else the sweep does */
	else
		(void)unlinkat(store_root(), store_temp_path(o->id, path), 0);
	*o->id = '\0';
}
