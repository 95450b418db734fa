/* SPDX-License-Identifier: MIT */
/*
 * The shared memory of outage.h. Times are those of clock_steady, which all processes of
 * a host have in common. What a worker found counts against S3 only if nobody had an
 * answer since that worker began to wait: the last of many who waited for an S3 that hung
 * must not say that it is silent when it has long answered others.
 */
#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "clock.h"
#include "log.h"
#include "outage.h"

#define PROBE_PAUSE (2 * CLOCK_SECOND)	/* between one who asks, and the next */
#define PROBE_LIFE (20 * CLOCK_SECOND)	/* not back by then, who asked was killed */

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a lock would die with its process");

struct shared {
	_Atomic int64_t told[OUTAGE_SERVICES];	/* enum err */
	_Atomic int64_t answered_at;	/* by S3 */
	_Atomic int64_t silent_from;
	_Atomic int64_t probe_at;	/* from when on somebody may ask a silent one */
	_Atomic int64_t waits[];	/* of each worker: or 0 */
};

static struct shared *all;		/* NULL: nothing is shared */
static _Atomic int64_t *own;		/* in waits; NULL: no worker */
static int workers;
static int64_t began;			/* to wait, of this process */
static bool probes;			/* it is the one who asks a silent S3 */

static size_t
room(void)
{
	return sizeof(*all) + (size_t)workers * sizeof(all->waits[0]);
}

enum err
outage_map(int n_workers)
{
	void *p;

	assert(n_workers > 0);
	workers = n_workers;
	p = mmap(NULL, room(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		log_write(LOG_ERROR, "no memory for outages: %s", strerror(errno));
		return ERR_DOWN;
	}
	all = p;
	own = NULL;
	return OK;
}

void
outage_join(int worker)
{
	if (!all)
		return;
	assert(worker < workers);
	own = worker < 0 ? NULL : &all->waits[worker];
	if (own)
		*own = 0; /* the one before may have been killed while it waited */
	if (madvise(all, room(), MADV_DONTFORK) != 0)
		abort(); /* as old as Linux 2.6.16 */
}

/* How many others wait. Who begins to wait says so before he counts: of many who begin
 * at once each sees those who said it before. */
static int
count_others(void)
{
	int n = 0;

	for (int i = 0; i < workers; i++)
		n += all->waits[i] && &all->waits[i] != own;
	return n;
}

/* S3 is silent: may this worker be the one who asks? */
static bool
may_probe(int64_t now)
{
	int64_t due = all->probe_at;

	return now >= due &&
	    atomic_compare_exchange_strong(&all->probe_at, &due, now + PROBE_LIFE);
}

enum outage_pass
outage_enter(void)
{
	began = clock_steady();
	if (!own)
		return OUTAGE_PATIENT;
	probes = all->told[OUTAGE_S3] == ERR_DOWN;
	if (probes && !may_probe(began))
		return OUTAGE_REFUSED;
	*own = began;
	return probes || count_others() >= workers / 2 ? OUTAGE_BRIEF : OUTAGE_PATIENT;
}

static void
answered(int64_t now)
{
	int64_t down = ERR_DOWN;

	all->answered_at = now;
	if (atomic_compare_exchange_strong(&all->told[OUTAGE_S3], &down, OK))
		log_write(LOG_WARN, "S3 answers again, after %lld seconds",
		    (long long)((now - all->silent_from) / CLOCK_SECOND));
}

static void
silent(int64_t now)
{
	int64_t before;

	if (all->answered_at >= began)
		return; /* others had an answer meanwhile */
	all->probe_at = now + PROBE_PAUSE;
	before = atomic_exchange(&all->told[OUTAGE_S3], ERR_DOWN);
	if (before == ERR_DOWN)
		return;
	all->silent_from = now;
	log_write(LOG_ERROR, "S3 does not answer: what needs it is refused at once, "
	    "until it does");
}

void
outage_leave(enum outage_heard heard)
{
	const int64_t now = clock_steady();

	if (!all)
		return;
	if (own)
		*own = 0;
	if (heard == OUTAGE_ANSWER)
		answered(now);
	else if (heard == OUTAGE_SILENCE)
		silent(now);
	else if (probes)
		all->probe_at = now; /* let another ask */
	probes = false;
}

void
outage_tell(enum outage_service service, enum err e)
{
	if (all)
		all->told[service] = e;
}

enum err
outage_told(enum outage_service service)
{
	return all ? (enum err)all->told[service] : OK;
}
