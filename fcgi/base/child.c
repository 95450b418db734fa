/* SPDX-License-Identifier: MIT */
/*
 * The child's side of proc.h: how a worker learns that it is to stop, and stops
 * without losing a request.
 *
 * A signal handler can't know whether the code it interrupts has just taken a
 * connection from the queue: ending there would lose the request. So would an
 * interrupted wait: libfcgi drops a fresh connection if select(2) returns early.
 * So a child that uses proc_accept or proc_wait has SIGTERM blocked from then on,
 * and lets it in at two places only: inside epoll_pwait(2) and ppoll(2), where the
 * kernel either delivers the signal or reports the connection, and nothing comes
 * between. Other children are only interrupted, and their reads are restarted.
 * What comes after the signal stays in the queue of the listening socket for the
 * next worker. A kept connection (fastcgi_keep_conn) is given up only if no byte
 * of a next request has come; nginx sees it closed and sends on another one.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "proc.h"
#include "child.h"

enum { LOOK_MS = 500 };

static volatile sig_atomic_t busy, stopping;
static bool is_child;
static int ready_fd = -1;
static bool blocked;		/* SIGTERM is, but in our waits */
static sigset_t open_mask;	/* the mask for those */

static void
on_term(int number)
{
	(void)number;
	if (!busy)
		_exit(0);
	stopping = 1;
}

enum err
child_begin(const char *name, int ready)
{
	struct sigaction term = { .sa_handler = on_term, .sa_flags = SA_RESTART };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t none;

	is_child = true;
	ready_fd = ready;
	(void)prctl(PR_SET_NAME, name, 0, 0, 0); /* only for people who look */
	(void)sigemptyset(&none);
	/* A terminal's Ctrl-C goes to all; only the parent's word counts here. */
	if (sigaction(SIGTERM, &term, NULL) != 0 ||
	    sigaction(SIGINT, &ignore, NULL) != 0 ||
	    sigaction(SIGHUP, &ignore, NULL) != 0 ||
	    sigaction(SIGPIPE, &ignore, NULL) != 0 ||
	    sigprocmask(SIG_SETMASK, &none, NULL) != 0) {
		log_write(LOG_ERROR, "signals of a child: %s", strerror(errno));
		return ERR_BROKEN;
	}
	return OK;
}

enum err
proc_alone(void)
{
	struct sigaction term = { .sa_handler = on_term, .sa_flags = SA_RESTART };

	is_child = true;
	if (sigaction(SIGTERM, &term, NULL) == 0 && sigaction(SIGINT, &term, NULL) == 0)
		return OK;
	log_write(LOG_ERROR, "signals: %s", strerror(errno));
	return ERR_BROKEN;
}

void
proc_ready(void)
{
	const pid_t self = getpid();

	if (ready_fd < 0)
		return;
	/* Should it not arrive, the parent goes by the child's age. */
	if (write(ready_fd, &self, sizeof(self)) != sizeof(self))
		log_write(LOG_DEBUG, "the parent does not listen");
	(void)close(ready_fd);
	ready_fd = -1;
}

bool
proc_stopping(void)
{
	sigset_t waiting;

	if (!stopping && is_child && sigpending(&waiting) == 0 &&
	    sigismember(&waiting, SIGTERM) == 1)
		stopping = 1;
	return stopping;
}

void
proc_retire(void)
{
	stopping = 1;
}

static void
block_term(bool on)
{
	sigset_t term;

	if (on == blocked)
		return;
	blocked = on;
	(void)sigemptyset(&term); /* these can't fail with such arguments */
	(void)sigaddset(&term, SIGTERM);
	(void)sigprocmask(on ? SIG_BLOCK : SIG_UNBLOCK, &term, &open_mask);
	(void)sigdelset(&open_mask, SIGTERM);
}

void
proc_busy(bool on)
{
	busy = on;
	if (on)
		return;
	if (is_child && stopping)
		_exit(0);
	block_term(false); /* a waiting stop ends us here */
}

/*
 * The set with the listener in it. Each child has one of its own; EPOLLEXCLUSIVE
 * has the kernel wake one child for a connection and not all of them. Should that one
 * end before it takes the connection, nobody else is woken for it: so whoever waits
 * looks by himself now and then.
 */
static int
listener_set(int listener)
{
	static int set = -1, of = -1;
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };

	if (set >= 0 && of == listener)
		return set;
	set = epoll_create1(EPOLL_CLOEXEC);
	if (set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, listener, &event) != 0)
		return -1;
	of = listener;
	return set;
}

int
proc_accept(int listener)
{
	const int set = listener_set(listener);
	struct epoll_event event;
	int fd;

	block_term(true);
	while (!proc_stopping()) {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			return fd;
		if (errno == ECONNABORTED || errno == EINTR)
			continue;
		if (errno == EAGAIN &&
		    (epoll_pwait(set, &event, 1, LOOK_MS, &open_mask) >= 0 ||
		    errno == EINTR))
			continue;
		log_write(LOG_ERROR, "accepting a connection: %s", strerror(errno));
		return -1;
	}
	return -1;
}

bool
proc_wait(int fd)
{
	static const struct timespec at_once;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	block_term(true);
	do {
		n = ppoll(&p, 1, proc_stopping() ? &at_once : NULL, &open_mask);
	} while (n < 0 && errno == EINTR);
	return n != 0; /* an error shows again when fd is read */
}
