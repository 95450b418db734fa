/* SPDX-License-Identifier: MIT */
#ifndef APP_WORK_H
#define APP_WORK_H

struct db;

/* work_loop(db): The job worker: do the jobs that are due, wait, until told to stop.
 * Returns the exit status. */
int work_loop(struct db *db);

/* work_duties(db): What is no job, but to be done every now and then by a process that
 * runs all the time: each if its time has come. Called between jobs and their
 * steps, outside a transaction; failures are logged. */
void work_duties(struct db *db);

#endif
