/* SPDX-License-Identifier: MIT */
#ifndef BASE_SANDBOX_CALLS_H
#define BASE_SANDBOX_CALLS_H

#include <stdbool.h>

/* The system calls each kind of process keeps; for sandbox.c only. True if the
 * filter is in force; false (logged) if it could not be made or loaded. */

/* sandbox_calls_worker(tcp, local): A worker; tcp: with TCP and DNS sockets; local:
 * with UNIX sockets. Other calls fail with EPERM. */
bool sandbox_calls_worker(bool tcp, bool local);

/* sandbox_calls_pure(): A computing helper. Other calls end it (SIGSYS). */
bool sandbox_calls_pure(void);

/* sandbox_calls_forker(): The process that makes computing helpers. Other calls
 * fail with EPERM. */
bool sandbox_calls_forker(void);

#endif
