/* SPDX-License-Identifier: MIT */
/*
 * The driver "disk". Everything is opened relative to the store's descriptor, and names
 * are ids of our own making, so no text from outside becomes a path. The time of an
 * object is that of its inode's last change: a copy shares the inode of what may be
 * years old.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "conf.h"
#include "log.h"
#include "store_driver.h"
#include "text.h"

enum { BUCKETS = 256 };

static int root_fd = -1;

int
store_root(void)
{
	return root_fd;
}

enum err
store_failed(const char *what)
{
	enum err e = errno == ENOSPC || errno == EDQUOT || errno == EIO ?
	    ERR_DOWN : ERR_BROKEN;

	log_write(LOG_ERROR, "store: %s: %s", what, strerror(errno));
	return e;
}

static const char *
kept_path(const char *id, char out[STORE_PATH])
{
	(void)snprintf(out, STORE_PATH, "%.2s/%s", id + ID_TEXT - 3, id);
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
	char path[STORE_PATH];

	if (mkdir(root, 0750) != 0 && errno != EEXIST)
		return store_failed(root);
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return store_failed(root);
	for (unsigned i = 0; i < BUCKETS; i++) {
		(void)snprintf(path, sizeof(path), "%02x", i);
		if (!make_folder(path))
			return store_failed(path);
	}
	return make_folder("tmp") && make_folder("swept") ? OK : store_failed("tmp");
}

/* Make the new name last: flush the folder that has it. */
static bool
flush_folder(const char *id)
{
	char folder[3] = { id[ID_TEXT - 3], id[ID_TEXT - 2], '\0' };
	int fd;
	bool good;

	if (!conf.durable)
		return true;
	fd = openat(root_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	good = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		(void)close(fd); /* nothing is written through it */
	return good;
}

static enum err
keep(struct store_object *o)
{
	char from[STORE_PATH], to[STORE_PATH];

	if (conf.durable && fsync(o->fd) != 0)
		return store_failed("flush");
	if (renameat(root_fd, store_temp_path(o->id, from), root_fd,
	    kept_path(o->id, to)) != 0)
		return store_failed("rename");
	o->in = store_disk.name;
	o->key = NULL;
	return flush_folder(o->id) ? OK : store_failed("flush folder");
}

/* A second name for the same bytes. ERR_CONFLICT: they can't have one more, or not on
 * this file system. */
static enum err
copy(const struct store_at *from, struct store_object *o)
{
	char old[STORE_PATH], new[STORE_PATH];

	if (linkat(root_fd, kept_path(from->id, old), root_fd, kept_path(o->id, new),
	    0) != 0)
		return errno == ENOENT ? ERR_MISSING : errno == EMLINK ||
		    errno == EPERM || errno == EOPNOTSUPP ? ERR_CONFLICT :
		    store_failed("copy");
	o->in = store_disk.name;
	o->key = NULL;
	return flush_folder(o->id) ? OK : store_failed("flush folder");
}

static enum err
open_fd(const struct store_at *at, int *fd)
{
	char path[STORE_PATH];

	*fd = openat(root_fd, kept_path(at->id, path), O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return errno == ENOENT ? ERR_MISSING : store_failed("open");
	return OK;
}

static enum err
link_to(struct arena *a, const struct store_at *at, const char *method,
    const char **link)
{
	char path[STORE_PATH];

	(void)method; /* nginx knows what it was asked for */
	*link = arena_print(a, "/store/%s", kept_path(at->id, path));
	return OK;
}

static enum err
remove_kept(const struct store_at *at)
{
	char path[STORE_PATH];

	if (unlinkat(root_fd, kept_path(at->id, path), 0) != 0 && errno != ENOENT)
		return store_failed("remove");
	return OK;
}

static enum err
size_of(const struct store_at *at, int64_t *size)
{
	char path[STORE_PATH];
	struct stat st;

	if (fstatat(root_fd, kept_path(at->id, path), &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? ERR_MISSING : store_failed("stat");
	*size = st.st_size;
	return OK;
}

const struct store_driver store_disk = {
	.name = "disk", .keep = keep, .copy = copy, .fd = open_fd, .link = link_to,
	.remove = remove_kept, .size = size_of
};

enum err
store_aside(const char *id)
{
	char from[STORE_PATH], to[STORE_PATH];
	struct stat st;

	if (fstatat(root_fd, kept_path(id, from), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !(st.st_mode & S_IRWXG))
		return remove_kept(&(struct store_at){ .id = id });
	(void)snprintf(to, sizeof(to), "swept/%s", id);
	if (renameat(root_fd, kept_path(id, from), root_fd, to) != 0)
		return errno == ENOENT ? OK : store_failed("put aside");
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
		e = store_failed("ID");
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
	    st.st_ctime > w->before)
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
		e = store_failed(path);
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
	char path[STORE_PATH];
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
