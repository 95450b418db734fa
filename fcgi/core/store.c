/* SPDX-License-Identifier: MIT */
/*
 * The store's disk driver. Everything is opened relative to the root's descriptor,
 * and names are ids of our own making, so no text from outside becomes a path.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "arena.h"
#include "clock.h"
#include "log.h"
#include "store.h"
#include "text.h"

enum { PATH = 40, BLOCK = 64 * 1024, BUCKETS = 256 };

static int root_fd = -1;

/* A full disk is the host's trouble, anything else is ours. */
static enum err
failed(const char *what)
{
	enum err e = errno == ENOSPC || errno == EDQUOT || errno == EIO ?
	    ERR_DOWN : ERR_BROKEN;

	log_write(LOG_ERROR, "store: %s: %s", what, strerror(errno));
	return e;
}

static const char *
temp_path(const char *id, char out[PATH])
{
	(void)snprintf(out, PATH, "tmp/%s", id);
	return out;
}

static const char *
kept_path(const char *id, char out[PATH])
{
	(void)snprintf(out, PATH, "%.2s/%s", id + ID_TEXT - 3, id);
	return out;
}

static bool
make_folder(const char *path)
{
	return mkdirat(root_fd, path, 0750) == 0 || errno == EEXIST;
}

enum err
store_open(const char *root)
{
	char path[PATH];

	if (mkdir(root, 0750) != 0 && errno != EEXIST)
		return failed(root);
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return failed(root);
	for (unsigned i = 0; i < BUCKETS; i++) {
		(void)snprintf(path, sizeof(path), "%02x", i);
		if (!make_folder(path))
			return failed(path);
	}
	return make_folder("tmp") && make_folder("swept") ? OK : failed("tmp");
}

enum err
store_begin(struct store_object *o)
{
	char path[PATH];

	*o = (struct store_object){ .fd = -1 };
	id_make(o->id);
	o->fd = openat(root_fd, temp_path(o->id, path),
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	return o->fd < 0 ? failed("begin") : OK;
}

enum err
store_hide(struct store_object *o)
{
	return fchmod(o->fd, 0600) != 0 ? failed("hide") : OK;
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
			return failed("write");
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
			return failed("copy");
		n -= (size_t)done;
	}
	return OK;
}

/* Read the object once for its hash and size. */
static enum err
measure(struct store_object *o)
{
	crypto_hash_sha256_state state;
	uint8_t hash[crypto_hash_sha256_BYTES], block[BLOCK];
	ssize_t n;

	crypto_hash_sha256_init(&state);
	o->size = 0;
	while ((n = pread(o->fd, block, sizeof(block), o->size)) > 0) {
		crypto_hash_sha256_update(&state, block, (unsigned long long)n);
		o->size += n;
	}
	if (n < 0)
		return failed("read back");
	crypto_hash_sha256_final(&state, hash);
	(void)sodium_bin2hex(o->sha256, sizeof(o->sha256), hash, sizeof(hash));
	return OK;
}

/* Make the rename last: flush the folder that has the new name. */
static bool
flush_folder(const char *id)
{
	char folder[3] = { id[ID_TEXT - 3], id[ID_TEXT - 2], '\0' };
	int fd = openat(root_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		(void)close(fd); /* nothing is written through it */
	return good;
}

enum err
store_keep(struct store_object *o)
{
	char from[PATH], to[PATH];
	enum err e;

	e = measure(o);
	if (!e && fsync(o->fd) != 0)
		e = failed("flush");
	if (!e && renameat(root_fd, temp_path(o->id, from), root_fd,
	    kept_path(o->id, to)) != 0)
		e = failed("rename");
	if (!e && !flush_folder(o->id))
		e = failed("flush folder");
	if (e) {
		store_drop(o);
		return e;
	}
	(void)close(o->fd); /* flushed above */
	o->fd = -1;
	return OK;
}

void
store_drop(struct store_object *o)
{
	char path[PATH];

	if (o->fd >= 0)
		(void)close(o->fd); /* its bytes are not wanted */
	o->fd = -1;
	if (!*o->id)
		return;
	(void)unlinkat(root_fd, temp_path(o->id, path), 0); /* else the sweep does */
	(void)unlinkat(root_fd, kept_path(o->id, path), 0);
	*o->id = '\0';
}

const char *
store_path(struct arena *a, const char *id)
{
	char path[PATH];

	return arena_text(a, kept_path(id, path));
}

/* Open a kept object; its size is at most max. */
static enum err
open_kept(const char *id, size_t max, int *fd, size_t *n)
{
	char path[PATH];
	struct stat st;
	enum err e = OK;

	*fd = openat(root_fd, kept_path(id, path), O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return errno == ENOENT ? ERR_MISSING : failed("open");
	if (fstat(*fd, &st) != 0)
		e = failed("stat");
	else if ((uint64_t)st.st_size > max)
		e = ERR_BIG;
	if (e)
		(void)close(*fd); /* was only looked at */
	else
		*n = (size_t)st.st_size;
	return e;
}

enum err
store_read(struct arena *a, const char *id, size_t max, uint8_t **bytes, size_t *n)
{
	int fd;
	enum err e = open_kept(id, max, &fd, n);

	if (e)
		return e;
	*bytes = arena_take(a, *n + 1);
	if (pread(fd, *bytes, *n, 0) != (ssize_t)*n)
		e = failed("read");
	(void)close(fd); /* was only read */
	return e;
}

enum err
store_map(const char *id, size_t max, struct store_map *map)
{
	int fd;
	void *p;
	enum err e;

	*map = (struct store_map){ .n = 0 };
	e = open_kept(id, max, &fd, &map->n);
	if (e)
		return e;
	p = map->n ? mmap(NULL, map->n, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
	(void)close(fd); /* the mapping stays */
	if (p == MAP_FAILED) {
		map->n = 0;
		return failed("map");
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

enum err
store_remove(const char *id)
{
	char path[PATH];

	if (unlinkat(root_fd, kept_path(id, path), 0) != 0 && errno != ENOENT)
		return failed("remove");
	return OK;
}

enum err
store_aside(const char *id)
{
	char from[PATH], to[PATH];
	struct stat st;

	if (fstatat(root_fd, kept_path(id, from), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !(st.st_mode & S_IRWXG))
		return store_remove(id);
	(void)snprintf(to, sizeof(to), "swept/%s", id);
	if (renameat(root_fd, kept_path(id, from), root_fd, to) != 0)
		return errno == ENOENT ? OK : failed("put aside");
	(void)utimensat(root_fd, to, NULL, 0); /* or it is forgotten sooner */
	return OK;
}

/* Read or make the file ID. Two that make it at once write the same. */
enum err
store_owner(const char *wanted)
{
	char found[ID_TEXT] = "";
	int fd = openat(root_fd, "ID", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	ssize_t n = fd < 0 ? -1 : pread(fd, found, ID_TEXT - 1, 0);
	enum err e = OK;

	if (n < 0 || (n == 0 && (pwrite(fd, wanted, ID_TEXT - 1, 0) != ID_TEXT - 1 ||
	    fsync(fd) != 0)))
		e = failed("ID");
	else if (n > 0 && !text_same(found, wanted))
		e = ERR_CONFLICT;
	if (fd >= 0)
		(void)close(fd); /* flushed above */
	return e;
}

struct walk {
	int64_t before;		/* seconds */
	enum err (*found)(void *context, const char *id);
	void *context;
};

static enum err
walk_entry(const struct walk *w, int folder, const char *name, bool temporary)
{
	struct stat st;

	if (!id_valid(name) || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    st.st_mtime > w->before)
		return OK;
	if (!temporary)
		return w->found(w->context, name);
	(void)unlinkat(folder, name, 0); /* tried again at the next sweep */
	return OK;
}

static enum err
walk_folder(const struct walk *w, const char *path, bool temporary)
{
	int fd = openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	enum err e = OK;

	if (!dir) {
		e = failed(path);
		if (fd >= 0)
			(void)close(fd);
		return e;
	}
	while (!e && (entry = readdir(dir)))
		e = walk_entry(w, fd, entry->d_name, temporary);
	(void)closedir(dir);
	return e;
}

enum err
store_each(int64_t age_s, enum err (*found)(void *context, const char *id),
    void *context)
{
	struct walk w = { clock_now() / CLOCK_SECOND - age_s, found, context };
	char path[PATH];
	enum err e;

	e = walk_folder(&w, "tmp", true);
	for (unsigned i = 0; i < BUCKETS && !e; i++) {
		(void)snprintf(path, sizeof(path), "%02x", i);
		e = walk_folder(&w, path, false);
	}
	return e;
}

enum err
store_forget_aside(int64_t age_s)
{
	struct walk w = { clock_now() / CLOCK_SECOND - age_s, NULL, NULL };

	return walk_folder(&w, "swept", true);
}
