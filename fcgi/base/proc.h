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
 * before the old ones drain, so no request is refused.
 */
struct proc_kind {
	const char *name;	/* for the log and /proc: "worker", "job worker" */
	int count;
	int (*run)(int number);	/* in the child; its result is the exit status */
};

/* proc_listen(path): A listening UNIX stream socket at path, mode 0660, or the one
 * systemd passed (LISTEN_FDS, sd_listen_fds(3)). Descriptor, or -1 (logged). */
int proc_listen(const char *path);

/* proc_supervise(kinds, n, argv): Run until told to stop; the exit status. argv is
 * how the program was started, for SIGHUP. */
int proc_supervise(const struct proc_kind *kinds, int n, char *const argv[]);

/* proc_stopping(): In a child: true once it has been told to stop. */
bool proc_stopping(void);

/* proc_busy(on): In a child: while on, a stop waits; while off, it ends the
 * process at once, also in the middle of a blocking read. */
void proc_busy(bool on);

#endif
