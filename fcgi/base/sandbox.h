/* SPDX-License-Identifier: MIT */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stdbool.h>

#include "err.h"

/*
 * What a process may still do after it has locked itself: least privilege, kept
 * by the kernel (landlock and seccomp). Locking cannot be undone.
 */
struct sandbox {
	const char *const *writable;	/* folders to read and write below; NULL ends */
	const char *const *readable;	/* files and folders to read; NULL ends */
	int connect_port;		/* TCP port it may connect to; 0: no sockets at all */
	bool connect_unix;		/* may connect to a UNIX socket (a local database) */
};

/* sandbox_drop(user): If we are root, become user for good, with no groups but
 * the user's own and no capabilities. As anybody else: nothing. Then no new
 * privileges, in any case. ERR_BROKEN (logged) if it cannot be done. */
enum err sandbox_drop(const char *user);

/* sandbox_lock(s): Lock a FastCGI or job worker: landlock to the folders of s,
 * seccomp without exec, fork, ptrace, mount, new sockets but those of s. A refused
 * call fails with EPERM or EACCES; it does not kill. */
enum err sandbox_lock(const struct sandbox *s);

/* sandbox_lock_pure(): Lock a helper that only computes: read, write, memory and
 * exit on descriptors it has; everything else ends it (SIGSYS). */
enum err sandbox_lock_pure(void);

/* sandbox_lock_forker(): Lock a process that only receives descriptors and forks
 * pure helpers: no files, no sockets of its own, no exec. */
enum err sandbox_lock_forker(void);

#endif
