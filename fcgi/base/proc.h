/* SPDX-License-Identifier: MIT */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stdbool.h>

#include "err.h"

/*
 * The parent of the workers. It holds the listening socket, keeps the wanted
 * number of children alive (a child that dies young is restarted with a growing
 * pause), passes SIGTERM on and waits for requests in hand, and on SIGHUP starts
 * the program file anew over itself: new workers come up on the same socket
 * before the old ones drain, so no request is refused. A new program that does
 * not get as far as proc_supervise is not taken: the old one goes on.
 */
struct proc_kind {
	const char *name;	/* for the log and /proc: "worker", "job worker" */
	int count;
	int (*run)(int number);	/* in the child; its result is the exit status */
};

/* proc_listen(path): A listening UNIX stream socket at path, mode 0660, or the one
 * systemd passed (LISTEN_FDS, sd_listen_fds(3)), or the one kept over a SIGHUP.
 * It does not block in accept. Descriptor, or -1 (logged). */
int proc_listen(const char *path);

/* proc_supervise(kinds, n, argv): Run until told to stop; the exit status. argv is
 * how the program was started, for SIGHUP. */
int proc_supervise(const struct proc_kind *kinds, int n, char *const argv[]);

/*
 * In a child. SIGTERM asks it to stop; what happens then depends on what it does:
 *
 *   idle (at start, after proc_busy(false))  it ends at once, whatever it waits for
 *   busy (after proc_busy(true))             nothing; proc_stopping() turns true
 *   in proc_accept or proc_wait              they return -1 or false
 *
 * A worker that serves requests says proc_busy(true) once, before its loop, and
 * waits in proc_accept and proc_wait only. Both take the signal or the connection
 * in one atomic step and keep SIGTERM blocked outside, so that nothing libfcgi does
 * is interrupted and no request is lost that the worker has begun to take.
 * With libfcgi:
 *
 *	if (request.ipcFd >= 0)
 *		go_on = proc_wait(request.ipcFd);
 *	else
 *		go_on = (request.ipcFd = proc_accept(listener)) >= 0;
 *	request.keepConnection = 1;	(else FCGX_Accept_r closes ipcFd first)
 *	if (go_on && FCGX_Accept_r(&request) == 0)
 *		...
 */

/* proc_ready(): Start-up is over. After a SIGHUP the old children are drained once
 * every new one has said so, or has lived for two seconds. */
void proc_ready(void);

/* proc_stopping(): True once it has been told to stop. */
bool proc_stopping(void);

/* proc_alone(): For a program without a parent of this kind, started by hand: SIGTERM and
 * SIGINT ask it to stop as SIGTERM does a child. ERR_BROKEN (logged) if it can't be. */
enum err proc_alone(void);

/* proc_retire(): Stop after the work in hand, as if told to; the parent starts
 * another child. For a worker that has lost one of its helpers. */
void proc_retire(void);

/* proc_busy(on): While on, a stop waits; while off, it ends the process at once,
 * also in the middle of a blocking read. */
void proc_busy(bool on);

/* proc_accept(listener): The next connection on the socket of proc_listen,
 * waiting for it; -1 if told to stop. To be called while busy. */
int proc_accept(int listener);

/* proc_wait(fd): Wait until fd can be read: true, also when it was closed by the
 * other side. False if told to stop, and nothing was there to be read. To be called
 * while busy. */
bool proc_wait(int fd);

#endif
