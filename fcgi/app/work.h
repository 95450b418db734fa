/* SPDX-License-Identifier: MIT */
#ifndef APP_WORK_H
#define APP_WORK_H

struct db;

/* work_loop(db): The job worker: do the jobs that are due, wait, until told to stop.
 * Returns the exit status. */
int work_loop(struct db *db);

#endif
