/* SPDX-License-Identifier: MIT */
#ifndef BASE_OUTAGE_H
#define BASE_OUTAGE_H

#include "err.h"

/*
 * What the processes of one parent know together, in memory they share, of the services
 * that the register leans on; and who may wait for S3, so that workers are left for
 * all else while it hangs:
 *
 *   - while S3 answers, half of the workers may wait for it with all patience, the
 *     others briefly;
 *   - once it failed somebody, and nobody had an answer meanwhile, all are refused at
 *     once but one, who asks briefly, time and again, until he has an answer.
 *
 * Numbers are changed without locks, so whoever is killed in the middle leaves nothing
 * broken. A process without the memory may call everything: it waits with all patience,
 * and knows nothing.
 */
enum outage_pass { OUTAGE_PATIENT, OUTAGE_BRIEF, OUTAGE_REFUSED };

/* What came of it. */
enum outage_heard { OUTAGE_NOTHING, OUTAGE_ANSWER, OUTAGE_SILENCE };

enum outage_service { OUTAGE_S3, OUTAGE_CLAMD, OUTAGE_SERVICES };

/* outage_map(n_workers): In the parent, before it has children: the memory. ERR_DOWN
 * (logged) if there is none. */
enum err outage_map(int n_workers);

/* outage_join(worker): In a child: worker is its number, below n_workers, which no other
 * living process has; -1 for one that nobody waits for, so that it is never refused. What
 * the child forks in its turn does not get the memory, and must call nothing here. */
void outage_join(int worker);

/* outage_enter(): Before S3 is asked: how patiently. Unless refused, outage_leave
 * follows. */
enum outage_pass outage_enter(void);

/* outage_leave(heard): What came of it; logged when that is news. */
void outage_leave(enum outage_heard heard);

/* outage_tell(service, e): What whoever looks after a service has found: OK, ERR_DOWN if
 * it does not answer, another if it does but is of no use. */
void outage_tell(enum outage_service service, enum err e);

/* outage_told(service): How it is, as far as anybody knows; OK before that. */
enum err outage_told(enum outage_service service);

#endif
