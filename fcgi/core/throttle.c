/* SPDX-License-Identifier: MIT */
/*
 * Counting attempts in windows, of 15 minutes unless told. The subject is stored as a
 * keyed hash, so the table tells nobody whose NRC was tried.
 */
#include <arpa/inet.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "db.h"
#include "key.h"
#include "queries.h"
#include "text.h"
#include "throttle.h"

#define WINDOW (15 * CLOCK_MINUTE)

static const char *
key_text(const struct throttle *t)
{
	const char *text = arena_print(t->arena, "%s %s", t->kind, t->subject);

	/* conf.c insists on SECRET_KEY, so there is one. */
	return arena_copy(t->arena, key_mac(t->arena, KEY_THROTTLE, 0, text), 32);
}

enum err
throttle_hit(const struct throttle *t, int64_t *wait_s)
{
	struct throttle_hit_row row;
	enum err e;

	e = q_throttle_hit(t->db, &(struct throttle_hit_in){
	    .throttle_key = key_text(t), .now = t->now,
	    .window_ends_at = t->now + (t->window ? t->window : WINDOW) }, &row);
	if (e)
		return e;
	if (row.n_attempts <= t->limit)
		return OK;
	*wait_s = (row.resets_at - t->now) / CLOCK_SECOND + 1;
	return ERR_BUSY;
}

enum err
throttle_forgive(const struct throttle *t)
{
	return q_throttle_forgive(t->db, &(struct throttle_forgive_in){
	    .throttle_key = key_text(t) }, NULL);
}

enum err
throttle_clear(const struct throttle *t)
{
	return q_throttle_clear(t->db, &(struct throttle_clear_in){
	    .throttle_key = key_text(t) }, NULL);
}

const char *
throttle_network(struct arena *a, const char *address)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	uint8_t six[16];

	if (inet_pton(AF_INET6, address, six) != 1)
		return address;
	if (memcmp(six, mapped, sizeof(mapped)) == 0)
		return arena_print(a, "%u.%u.%u.%u", six[12], six[13], six[14], six[15]);
	return arena_print(a, "%s/64", text_hex(a, six, 8));
}
