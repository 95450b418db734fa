/* SPDX-License-Identifier: MIT */
/*
 * Names for rows. The existing clients rely on 24 hex digits; a time prefix
 * makes new rows land at the end of every index and lets lists sort by id.
 */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "clock.h"
#include "id.h"

void
id_make(char out[ID_TEXT])
{
	id_make_at(clock_now(), out);
}

void
id_make_at(int64_t t, char out[ID_TEXT])
{
	uint64_t time = (uint64_t)t & UINT64_C(0xffffffffffffff);
	uint64_t noise = 0;

	randombytes_buf(&noise, 5);
	(void)snprintf(out, ID_TEXT, "%014llx%010llx", (unsigned long long)time,
	    (unsigned long long)(noise & UINT64_C(0xffffffffff)));
}

void
id_least(int64_t t, char out[ID_TEXT])
{
	const uint64_t time = t > 0 ? (uint64_t)t : 0;

	if (time >> 56)
		(void)snprintf(out, ID_TEXT, "g");
	else
		(void)snprintf(out, ID_TEXT, "%014llx", (unsigned long long)time);
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
