/* SPDX-License-Identifier: MIT */
/*
 * Proof that the locks of sandbox.c hold on this machine: a child locks itself
 * exactly like a worker and does what an intruder would try first. Each try is one
 * row of the table; its outcome is an errno. A try counts as refused if the kernel
 * said EPERM or EACCES; any other failure (nobody listens, say) means it was let
 * through. `cem check sandbox` prints the outcomes.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "sandbox.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define LIMIT (10 * CLOCK_SECOND)	/* for all tries together */

enum {
	PATH_ROOM = 4096,
	LOCKED = -1,	/* an outcome's number: the lock is on */
	NOTHING = -1	/* an outcome's error: none came */
};

/* What a try works with. */
struct scene {
	const struct sandbox *s;
	const char *outside;
};

/* What the child reports: row number and errno; number LOCKED comes first. */
struct outcome {
	int number, error;
};

struct row {
	const char *name;
	int (*attempt)(const struct scene *scene);	/* errno, 0 if it worked */
	bool (*wanted)(const struct sandbox *s);	/* NULL: to be refused */
	bool (*skipped)(const struct sandbox *s);	/* NULL: never */
};

/* Make, write and remove a file whose path is made of two parts. */
static int
try_make(const char *first, const char *second)
{
	char path[PATH_ROOM];
	int fd, error = 0;

	(void)snprintf(path, sizeof(path), "%s%s%ld", first, second, (long)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	if (write(fd, "x", 1) != 1)
		error = errno;
	(void)close(fd);
	if (unlink(path) != 0)
		error = errno;
	return error;
}

static int
try_inside(const struct scene *scene)
{
	return try_make(scene->s->writable[0], "/.sandbox-");
}

static int
try_outside(const struct scene *scene)
{
	return try_make(scene->outside, ".sandbox-");
}

static int
try_read(const struct scene *scene)
{
	int fd = open(scene->outside, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	(void)close(fd);
	return 0;
}

static int
try_change(const struct scene *scene)
{
	int fd = open(scene->outside, O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0)
		return errno;
	(void)close(fd);
	return 0;
}

static int
try_fork(const struct scene *scene)
{
	pid_t pid = fork();

	(void)scene;
	if (pid < 0)
		return errno;
	if (pid == 0)
		_exit(0);
	(void)waitpid(pid, NULL, 0);
	return 0;
}

static int
connect_to(int family, const void *address, socklen_t size)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), error = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, address, size) != 0)
		error = errno;
	(void)close(fd);
	return error;
}

static int
connect_port(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	a.sin_port = htons((uint16_t)port);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect_to(AF_INET, &a, sizeof(a));
}

static int
try_own_port(const struct scene *scene)
{
	return connect_port(scene->s->ports[0]);
}

static int
try_other_port(const struct scene *scene)
{
	return connect_port(scene->s->ports[0] == 9 ? 10 : 9);
}

static int
try_unix(const struct scene *scene)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	(void)scene;
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "/run/.sandbox-none");
	return connect_to(AF_UNIX, &a, sizeof(a));
}

static int
try_listen(const struct scene *scene)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), error = 0;

	(void)scene;
	if (fd < 0)
		return errno;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(fd, 1) != 0)
		error = errno;
	(void)close(fd);
	return error;
}

static int
try_signal(const struct scene *scene)
{
	(void)scene;
	return kill(getppid(), 0) == 0 ? 0 : errno;
}

static int
try_trace(const struct scene *scene)
{
	(void)scene;
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : errno;
}

static int
try_exec(const struct scene *scene)
{
	char name[] = "true";
	char *const argv[] = { name, NULL }, *const envp[] = { NULL };

	(void)scene;
	(void)execve("/bin/true", argv, envp);
	return errno;
}

static bool
always(const struct sandbox *s)
{
	(void)s;
	return true;
}

static bool
has_unix(const struct sandbox *s)
{
	return s->connect_unix;
}

static bool
has_no_port(const struct sandbox *s)
{
	return s->ports[0] == 0;
}

static bool
has_no_folder(const struct sandbox *s)
{
	return !s->writable || !s->writable[0];
}

/* An old kernel leaves all ports open to who may connect at all; the log says so. */
static bool
has_any_port(const struct sandbox *s)
{
	return s->ports[0] && !sandbox_ports();
}

/* Running a program comes last: if it works, nobody is left to report it. */
static const struct row rows[] = {
	{ "write a file in its folder", try_inside, always, has_no_folder },
	{ "read a file outside its folders", try_read, NULL, NULL },
	{ "write to a file outside its folders", try_change, NULL, NULL },
	{ "make a file outside its folders", try_outside, NULL, NULL },
	{ "make another process", try_fork, NULL, NULL },
	{ "connect to its TCP port", try_own_port, always, has_no_port },
	{ "connect to another TCP port", try_other_port, has_any_port, NULL },
	{ "connect to a UNIX socket", try_unix, has_unix, NULL },
	{ "listen on a TCP port", try_listen, NULL, NULL },
	{ "signal another process", try_signal, NULL, NULL },
	{ "be traced", try_trace, NULL, NULL },
	{ "run a program", try_exec, NULL, NULL },
};

static void
report(int fd, int number, int error)
{
	const struct outcome o = { number, error };

	if (write(fd, &o, sizeof(o)) != sizeof(o))
		_exit(1);
}

static _Noreturn void
child(int fd, const struct scene *scene)
{
	if (sandbox_lock(scene->s) != OK)
		_exit(1);
	report(fd, LOCKED, 0);
	for (size_t i = 0; i < COUNT(rows); i++)
		if (!rows[i].skipped || !rows[i].skipped(scene->s))
			report(fd, (int)i, rows[i].attempt(scene));
	_exit(0);
}

/* Read outcomes until the child ends or the time is up. */
static bool
collect(int fd, int errors[COUNT(rows)])
{
	const int64_t end = clock_steady() + LIMIT;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct outcome o;
	bool locked = false;

	while (clock_steady() < end) {
		if (poll(&p, 1, 100) <= 0)
			continue;
		if (read(fd, &o, sizeof(o)) != sizeof(o))
			break;
		if (o.number == LOCKED)
			locked = true;
		else if (o.number >= 0 && (size_t)o.number < COUNT(rows))
			errors[o.number] = o.error;
	}
	return locked;
}

/* A try without an outcome ended the child or ran a program: never as wanted. */
static enum err
judge(const struct sandbox *s, const int errors[COUNT(rows)],
    void (*tell)(const struct sandbox_try *t))
{
	struct sandbox_try t;
	enum err e = OK;

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].skipped && rows[i].skipped(s))
			continue;
		t.name = rows[i].name;
		t.error = errors[i];
		t.wanted = rows[i].wanted && rows[i].wanted(s);
		t.allowed = t.error == NOTHING ? !t.wanted :
		    t.error != EPERM && t.error != EACCES;
		if (t.allowed != t.wanted)
			e = ERR_DENIED;
		tell(&t);
	}
	return e;
}

enum err
sandbox_prove(const struct sandbox *s, const char *outside,
    void (*tell)(const struct sandbox_try *t))
{
	const struct scene scene = { s, outside };
	int errors[COUNT(rows)], ends[2];
	bool locked;
	pid_t pid;

	for (size_t i = 0; i < COUNT(rows); i++)
		errors[i] = NOTHING;
	if (pipe2(ends, O_CLOEXEC) != 0) {
		log_write(LOG_ERROR, "sandbox: no pipe: %s", strerror(errno));
		return ERR_BROKEN;
	}
	pid = fork();
	if (pid == 0)
		child(ends[1], &scene);
	(void)close(ends[1]);
	locked = pid > 0 && collect(ends[0], errors);
	(void)close(ends[0]);
	if (pid > 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	if (!locked) {
		log_write(LOG_ERROR, "sandbox: the child that tries it did not start");
		return ERR_BROKEN;
	}
	return judge(s, errors, tell);
}
