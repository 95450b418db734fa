/* SPDX-License-Identifier: MIT */
/*
 * The mechanics of helper processes: a socket pair that keeps messages apart
 * (SOCK_SEQPACKET), descriptors passed with SCM_RIGHTS (unix(7)), a time limit on
 * every answer. A helper ends in two ways that do not depend on each other: its
 * socket reports the end of the worker, and the kernel kills it (PR_SET_PDEATHSIG).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdalign.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "helper.h"
#include "log.h"
#include "proc.h"

enum {
	STOP_MS = 1000,		/* for a helper to end by itself */
	FIRST_FREE = 3		/* after the standard descriptors */
};

union control {
	alignas(struct cmsghdr) char room[CMSG_SPACE(HELPER_FDS * sizeof(int))];
};

/* Close what belongs to the worker. Returns the socket, -1 if it can't be done. */
static int
keep_only(int socket)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	unsigned kept;

	socket = fcntl(socket, F_DUPFD_CLOEXEC, FIRST_FREE);
	if (null < 0 || socket < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0)
		return -1;
	kept = (unsigned)socket;
	if (kept > FIRST_FREE && close_range(FIRST_FREE, kept - 1, 0) != 0)
		return -1;
	return close_range(kept + 1, ~0u, 0) == 0 ? socket : -1;
}

static bool
set_signals(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t none;

	(void)sigemptyset(&none);
	return sigaction(SIGTERM, &ignore, NULL) == 0 &&
	    sigaction(SIGINT, &ignore, NULL) == 0 &&
	    sigaction(SIGHUP, &ignore, NULL) == 0 &&
	    sigaction(SIGPIPE, &ignore, NULL) == 0 &&
	    sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

enum err
helper_start(struct helper *h, const char *name, int (*run)(int socket, void *context),
    void *context)
{
	const pid_t worker = getpid();
	int ends[2];

	h->name = name;
	h->socket = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
		log_write(LOG_ERROR, "%s: no socket: %s", name, strerror(errno));
		return ERR_BROKEN;
	}
	h->pid = fork();
	if (h->pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
		    getppid() != worker || !set_signals())
			_exit(1);
		(void)prctl(PR_SET_NAME, name, 0, 0, 0); /* for people who look */
		ends[1] = keep_only(ends[1]);
		_exit(ends[1] < 0 ? 1 : run(ends[1], context));
	}
	(void)close(ends[1]);
	if (h->pid < 0) {
		log_write(LOG_ERROR, "%s: no process: %s", name, strerror(errno));
		(void)close(ends[0]);
		return ERR_BROKEN;
	}
	h->socket = ends[0];
	return OK;
}

void
helper_stop(struct helper *h)
{
	const struct timespec nap = { 0, 1000 * 1000 };

	if (h->socket >= 0)
		(void)close(h->socket);
	h->socket = -1;
	if (h->pid <= 0)
		return;
	/* A locked worker may not signal it, but the closed socket ends it. */
	for (int i = 0; i < 2 * STOP_MS && waitpid(h->pid, NULL, WNOHANG) == 0; i++) {
		if (i >= STOP_MS)
			(void)kill(h->pid, SIGKILL);
		(void)nanosleep(&nap, NULL);
	}
	h->pid = 0;
}

/* Give a helper up that does not do its work. */
static enum err
give_up(struct helper *h, const char *why)
{
	log_write(LOG_ERROR, "%s is given up: %s", h->name, why);
	(void)close(h->socket); /* which ends it, should it still run */
	h->socket = -1;
	proc_retire();
	return ERR_DOWN;
}

static bool
send_question(int socket, const struct helper_question *q)
{
	struct iovec part = { .iov_base = (void *)(uintptr_t)q->bytes, .iov_len = q->n };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	const size_t size = (size_t)q->n_fds * sizeof(int);
	union control control;
	struct cmsghdr *c;

	memset(&control, 0, sizeof(control));
	if (q->n_fds) {
		m.msg_control = control.room;
		m.msg_controllen = CMSG_SPACE(size);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(c), q->fds, size);
	}
	return sendmsg(socket, &m, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)q->n;
}

/* True if there is something to read before end. */
static bool
wait_until(int socket, int64_t end)
{
	struct pollfd p = { .fd = socket, .events = POLLIN };
	int64_t left;
	int n;

	do {
		left = end - clock_steady();
		n = left > 0 ? poll(&p, 1, (int)(left / 1000) + 1) : 0;
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

enum err
helper_send(struct helper *h, const struct helper_question *q)
{
	if (h->socket < 0)
		return ERR_DOWN; /* told when it was given up */
	if (q->n > HELPER_MAX || q->n_fds < 0 || q->n_fds > HELPER_FDS)
		return ERR_BROKEN;
	return send_question(h->socket, q) ? OK : give_up(h, strerror(errno));
}

enum err
helper_next(struct helper *h, void *message, size_t room, size_t *n, int timeout_ms)
{
	const int64_t end = clock_steady() + timeout_ms * (CLOCK_SECOND / 1000);
	struct iovec part = { .iov_base = message, .iov_len = room };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t got;

	if (h->socket < 0)
		return ERR_DOWN;
	if (!wait_until(h->socket, end))
		return give_up(h, "no answer in time");
	got = recvmsg(h->socket, &m, 0);
	if (got <= 0 || m.msg_flags & MSG_TRUNC)
		return give_up(h, "it has ended");
	*n = (size_t)got;
	return OK;
}

enum err
helper_ask(struct helper *h, const struct helper_question *q, void *answer, size_t n,
    int timeout_ms)
{
	size_t got = 0;
	enum err e = helper_send(h, q);

	if (!e)
		e = helper_next(h, answer, n, &got, timeout_ms);
	return !e && got != n ? give_up(h, "its answer is cut short") : e;
}

/* Take over the descriptors of a message. False if they are not as agreed. */
static bool
take_descriptors(struct msghdr *m, struct helper_question *q)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	size_t size;

	q->n_fds = 0;
	if (m->msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return false;
	if (!c)
		return true;
	if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return false;
	size = c->cmsg_len - CMSG_LEN(0);
	if (size > sizeof(q->fds))
		return false;
	memcpy(q->fds, CMSG_DATA(c), size);
	q->n_fds = (int)(size / sizeof(int));
	return true;
}

bool
helper_take(int socket, struct helper_question *q)
{
	struct iovec part = { .iov_base = q->bytes, .iov_len = sizeof(q->bytes) };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	union control control;
	ssize_t n;

	m.msg_control = control.room;
	m.msg_controllen = sizeof(control.room);
	do {
		n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	q->n = (size_t)n;
	return take_descriptors(&m, q);
}

bool
helper_answer(int socket, const void *p, size_t n)
{
	struct iovec part = { .iov_base = (void *)(uintptr_t)p, .iov_len = n };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };

	return sendmsg(socket, &m, MSG_NOSIGNAL) == (ssize_t)n;
}
