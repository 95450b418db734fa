/* SPDX-License-Identifier: MIT */
#ifndef APP_RECORDER_H
#define APP_RECORDER_H

struct db;

/* recorder_loop(db): Move what was read from the journal into the audit, until told to
 * stop. Waits first while another process does it. Returns the exit status. */
int recorder_loop(struct db *db);

#endif
