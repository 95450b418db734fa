/* SPDX-License-Identifier: MIT */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stdbool.h>

#include "err.h"

/*
 * What a process may still do after it has locked itself: least privilege, kept
 * by the kernel (landlock and seccomp). Locking cannot be undone. A kernel without
 * landlock, or with an early one, is told in the log once; seccomp works anyway.
 */
enum { SANDBOX_PORTS = 4 };

struct sandbox {
	const char *const *writable;	/* folders to read and write below; NULL ends */
	const char *const *readable;	/* files and folders to read; NULL ends */
	int ports[SANDBOX_PORTS];	/* TCP ports it may connect to; 0 ends */
	bool connect_unix;		/* may connect to UNIX sockets */
};

/* sandbox_drop(user): If we are root, become user for good, with no groups but
 * the user's own and no capabilities. As anybody else: only give up capabilities.
 * Then no new privileges, in any case. user is a name of /etc/passwd or "uid:gid"
 * in digits, and not root. ERR_BROKEN (logged) if it cannot be done. */
enum err sandbox_drop(const char *user);

/* sandbox_lock(s): Lock a FastCGI or job worker: landlock to the folders of s,
 * seccomp without exec, fork, ptrace, mount, new sockets but those of s. A refused
 * call fails with EPERM or EACCES; it does not kill. A writable folder must exist;
 * a readable path that does not is left out, and its text must last. Threads may be
 * made; with a port, DNS works too. No core files are written. ERR_BROKEN (logged) if
 * it cannot be done. */
enum err sandbox_lock(const struct sandbox *s);

/* sandbox_replaced(): The first of the readable paths that is another file now than when
 * this process was locked, so one that it can't read: what changes /etc/resolv.conf, or
 * a list of authorities, makes a new file. NULL if there is none, or no lock. */
const char *sandbox_replaced(void);

/* sandbox_lock_pure(): Lock a helper that only computes: read, write, memory and
 * exit on descriptors it has; everything else ends it (SIGSYS). */
enum err sandbox_lock_pure(void);

/* sandbox_lock_forker(): Lock a process that only receives descriptors and forks
 * pure helpers: no files, no sockets of its own, no exec. */
enum err sandbox_lock_forker(void);

/* sandbox_ports(): True if this kernel can limit TCP ports (Linux 6.7). */
bool sandbox_ports(void);

/* One thing sandbox_prove has tried. */
struct sandbox_try {
	const char *name;	/* "run a program" */
	bool allowed, wanted;	/* what the kernel did; what it should do */
	int error;		/* errno, 0 if it worked, -1 if it ended the child */
};

/* sandbox_prove(s, outside, tell): Fork a child that locks itself by s and tries
 * what an intruder would; tell(t) is called here for each try. outside is a file
 * that exists and lies in no folder of s. OK if all went as wanted, ERR_DENIED if
 * not, ERR_BROKEN (logged) if the child could not be started or locked. */
enum err sandbox_prove(const struct sandbox *s, const char *outside,
    void (*tell)(const struct sandbox_try *t));

#endif
