/* SPDX-License-Identifier: MIT */
/*
 * The listening socket of proc.h: kept over a SIGHUP (PROC_SOCKET names its
 * descriptor), or passed by systemd, or made new. It does not block, so that a
 * worker that was woken for a connection another one took goes on waiting, where
 * it can be told to stop.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "child.h"
#include "log.h"
#include "proc.h"
#include "text.h"

enum {
	BACKLOG = 4096,		/* the kernel cuts it to net.core.somaxconn */
	SYSTEMD_FIRST = 3	/* SD_LISTEN_FDS_START of sd_listen_fds(3) */
};

static int kept = -1;

static int
complain(const char *path, const char *what)
{
	log_write(LOG_ERROR, "listening at %s: %s", path, what);
	return -1;
}

static bool
fill_address(const char *path, struct sockaddr_un *a)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	if (!*path || strlen(path) >= sizeof(a->sun_path))
		return false;
	memcpy(a->sun_path, path, strlen(path));
	return true;
}

/* True if fd is a listening stream socket; with a path, one bound to it. */
static bool
is_listening(int fd, const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNSPEC };
	socklen_t room = sizeof(a) - 1, size = sizeof(int); /* room for a NUL */
	int listening = 0, type = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &room) != 0)
		return false;
	return listening && type == SOCK_STREAM && a.sun_family == AF_UNIX &&
	    (!path || strcmp(a.sun_path, path) == 0);
}

/* The descriptor of an earlier self or of systemd, -1 if there is none. */
static int
inherited(const char *path)
{
	const char *systemd = getenv("LISTEN_FDS");
	int64_t fd, pid, n;

	if (text_number(getenv("PROC_SOCKET"), 0, 1 << 20, &fd)) {
		if (is_listening((int)fd, systemd ? NULL : path))
			return (int)fd;
		(void)close((int)fd); /* the setting has changed: another path */
	}
	if (text_number(getenv("LISTEN_PID"), 1, INT32_MAX, &pid) &&
	    pid == getpid() && text_number(systemd, 1, 1000, &n) &&
	    is_listening(SYSTEMD_FIRST, NULL))
		return SYSTEMD_FIRST;
	return -1;
}

/* Remove a socket that nobody listens at any more. */
static bool
make_room(const char *path, const struct sockaddr_un *a)
{
	struct stat st;
	int fd, error = 0;

	if (lstat(path, &st) != 0)
		return errno == ENOENT;
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return false;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	if (connect(fd, (const struct sockaddr *)a, sizeof(*a)) != 0)
		error = errno;
	(void)close(fd);
	errno = EADDRINUSE;
	return error == ECONNREFUSED && unlink(path) == 0;
}

static int
listen_new(const char *path)
{
	struct sockaddr_un a;
	mode_t mask;
	int fd, bad;

	if (!fill_address(path, &a))
		return complain(path, "no path, or longer than 107 bytes");
	if (!make_room(path, &a))
		return complain(path, strerror(errno));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return complain(path, strerror(errno));
	mask = umask(0117); /* 0660 from the first moment on */
	bad = bind(fd, (const struct sockaddr *)&a, sizeof(a));
	(void)umask(mask);
	if (bad || listen(fd, BACKLOG) != 0) {
		(void)complain(path, strerror(errno));
		(void)close(fd);
		return -1;
	}
	return fd;
}

int
proc_listen(const char *path)
{
	int fd = inherited(path), flags;

	if (fd < 0)
		return kept = listen_new(path);
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return complain(path, strerror(errno));
	return kept = fd;
}

int
listen_kept(void)
{
	return kept;
}
