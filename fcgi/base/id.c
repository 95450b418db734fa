/* SPDX-License-Identifier: MIT */
/*
 * Names for rows. The existing clients rely on 24 hex digits; the time at their
 * beginning makes new rows land at the end of every index and lets lists sort by id.
 * The seconds stand where an ObjectId of MongoDB has them (BSON specification, type
 * 0x07): so ids that were kept from the system before sort among ours by their age.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "clock.h"
#include "id.h"

enum { SECOND_DIGITS = 8, TIME_DIGITS = 13 };

#define TIME_MAX ((INT64_C(1) << 32) * CLOCK_SECOND - 1)	/* in 2106 */

void
id_make(char out[ID_TEXT])
{
	id_make_at(clock_now(), out);
}

void
id_make_at(int64_t t, char out[ID_TEXT])
{
	uint64_t noise;

	randombytes_buf(&noise, sizeof(noise));
	id_least(t, out);
	(void)snprintf(out + TIME_DIGITS, ID_TEXT - TIME_DIGITS, "%011llx",
	    (unsigned long long)(noise & UINT64_C(0xfffffffffff)));
}

void
id_least(int64_t t, char out[ID_TEXT])
{
	const int64_t time = t < 0 ? 0 : t > TIME_MAX ? TIME_MAX : t;

	(void)snprintf(out, ID_TEXT, "%08llx%05llx",
	    (unsigned long long)(time / CLOCK_SECOND),
	    (unsigned long long)(time % CLOCK_SECOND));
}

int64_t
id_time(const char *id)
{
	char seconds[SECOND_DIGITS + 1], rest[TIME_DIGITS - SECOND_DIGITS + 1];

	(void)snprintf(seconds, sizeof(seconds), "%s", id);
	(void)snprintf(rest, sizeof(rest), "%s", id + SECOND_DIGITS);
	return strtoll(seconds, NULL, 16) * CLOCK_SECOND + strtoll(rest, NULL, 16);
}

bool
id_valid(const char *s)
{
	return s && strlen(s) == ID_TEXT - 1 &&
	    strspn(s, "0123456789abcdef") == ID_TEXT - 1;
}

void
id_number(const char *prefix, char out[11])
{
	(void)snprintf(out, 11, "%.2s%08X", prefix, (unsigned)randombytes_random());
}
