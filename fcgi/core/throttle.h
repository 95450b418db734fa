/* SPDX-License-Identifier: MIT */
#ifndef CORE_THROTTLE_H
#define CORE_THROTTLE_H

#include <stdint.h>

#include "err.h"

struct arena;
struct db;

/*
 * Attempts, counted in the database so that all workers and hosts count together.
 * An attempt is counted before its secret is looked at, so a hundred at once can't
 * slip through; a success takes its own attempts back.
 */
struct throttle {
	struct db *db;
	struct arena *arena;
	const char *kind;	/* "login account", "verify address", ... */
	const char *subject;	/* e-mail, NRC, address: stored as a keyed hash */
	int64_t limit;		/* attempts in a window */
	int64_t window;		/* microseconds; 0: 15 minutes */
	int64_t now;		/* microseconds */
};

/* throttle_network(a, address): What an address is counted as: an IPv4 address as it
 * is (also when mapped into IPv6), of an IPv6 address the first 64 bits, as a single
 * subscriber has all of the rest. */
const char *throttle_network(struct arena *a, const char *address);

/* throttle_hit(t, wait_s): Count one attempt. ERR_BUSY if it is one too many, with
 * the seconds to wait in *wait_s. Commit it at once: it must outlive a refusal. */
enum err throttle_hit(const struct throttle *t, int64_t *wait_s);

/* throttle_forgive(t): The attempt was good: take it back. */
enum err throttle_forgive(const struct throttle *t);

/* throttle_clear(t): It was good: forget all of them. */
enum err throttle_clear(const struct throttle *t);

#endif
