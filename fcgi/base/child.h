/* SPDX-License-Identifier: MIT */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include "err.h"

/* What the three parts of proc.h know of each other: proc.c, the parent; child.c,
 * its children; listen.c, the socket. For these files only. */

/* child_begin(name, ready): In a fresh child: take the signals of a child (see
 * proc.h), which are blocked until then. ready is the descriptor for proc_ready.
 * ERR_BROKEN (logged) if it cannot be done. */
enum err child_begin(const char *name, int ready);

/* listen_kept(): The descriptor proc_listen returned, -1 if it did not. */
int listen_kept(void);

#endif
