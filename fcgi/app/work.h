/* SPDX-License-Identifier: MIT */
#ifndef APP_WORK_H
#define APP_WORK_H

struct db;

/* work_loop(db): The job worker: do the jobs that are due, wait, until told to stop.
 * Returns the exit status. */
int work_loop(struct db *db);

/* work_beat(db): Say that this process works, if it is time to, and count what it did.
 * Called between jobs and their steps, outside a transaction; a failure is logged. */
void work_beat(struct db *db);

#endif
