/* SPDX-License-Identifier: MIT */
/*
 * Counters in shared memory (meter.h). A slot is a row of 64-bit numbers, the first
 * of which says whether its process is busy; rows begin on cache lines of their own,
 * so processes do not slow each other down. As a slot has one writer, an addition is
 * a load and a store, both atomic and relaxed: readers see old or new, never half.
 */
#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "log.h"
#include "meter.h"

enum { BUSY, FIRST, LINE = 64 / sizeof(int64_t) };

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a lock would die with its process");

static _Atomic int64_t *all, *own;	/* NULL: nothing is counted */
static size_t stride;			/* of a slot, in numbers */
static int slots, numbers;

enum err
meter_map(int n_slots, int n_numbers)
{
	size_t room;
	void *p;

	assert(n_slots > 0 && n_numbers >= 0);
	stride = ((size_t)n_numbers + FIRST + LINE - 1) / LINE * LINE;
	room = (size_t)n_slots * stride * sizeof(*all);
	p = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		log_write(LOG_ERROR, "no memory for counters: %s", strerror(errno));
		return ERR_DOWN;
	}
	all = p;
	own = NULL;
	slots = n_slots;
	numbers = n_numbers;
	return OK;
}

void
meter_join(int slot)
{
	if (!all)
		return;
	assert(slot >= 0 && slot < slots);
	own = all + (size_t)slot * stride;
	meter_busy(false); /* the one before may have been killed in a request */
	if (madvise(all, (size_t)slots * stride * sizeof(*all), MADV_DONTFORK) != 0)
		abort(); /* as old as Linux 2.6.16 */
}

static _Atomic int64_t *
place(_Atomic int64_t *slot, int number)
{
	assert(number >= 0 && number < numbers);
	return slot + FIRST + number;
}

static int64_t
get(const _Atomic int64_t *p)
{
	return atomic_load_explicit(p, memory_order_relaxed);
}

static void
set(_Atomic int64_t *p, int64_t n)
{
	atomic_store_explicit(p, n, memory_order_relaxed);
}

void
meter_add(int number, int64_t n)
{
	_Atomic int64_t *p;

	if (!own)
		return;
	p = place(own, number);
	set(p, get(p) + n);
}

void
meter_raise(int number, int64_t n)
{
	_Atomic int64_t *p;

	if (!own)
		return;
	p = place(own, number);
	if (get(p) < n)
		set(p, n);
}

void
meter_busy(bool on)
{
	if (own)
		set(own + BUSY, on);
}

int64_t
meter_sum(int number)
{
	int64_t sum = 0;

	for (int i = 0; all && i < slots; i++)
		sum += get(place(all + (size_t)i * stride, number));
	return sum;
}

int64_t
meter_most(int number)
{
	int64_t most = 0;

	for (int i = 0; all && i < slots; i++) {
		int64_t n = get(place(all + (size_t)i * stride, number));

		most = n > most ? n : most;
	}
	return most;
}

int
meter_n_busy(void)
{
	int n = 0;

	for (int i = 0; all && i < slots; i++)
		n += get(all + (size_t)i * stride + BUSY) != 0;
	return n;
}
