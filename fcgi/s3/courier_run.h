/* SPDX-License-Identifier: MIT */
#ifndef S3_COURIER_RUN_H
#define S3_COURIER_RUN_H

struct courier_start { int patience_ms; };

/* courier_run(socket, start): Be the courier: answer what comes over socket until its
 * other end is closed. The exit status. For helper_start, with a courier_start. */
int courier_run(int socket, void *start);

#endif
