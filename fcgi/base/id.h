/* SPDX-License-Identifier: MIT */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stdint.h>

enum { ID_TEXT = 25 };	/* 24 lower-case hex digits and a NUL */

/* id_make(out): A new id. The first 8 digits are the time in seconds, 5 more the
 * microseconds, so ids sort by age; the other 11 are random. Ids are names, not
 * secrets. */
void id_make(char out[ID_TEXT]);

/* id_make_at(t, out): The same with t, in microseconds, as the time. */
void id_make_at(int64_t t, char out[ID_TEXT]);

/* id_least(t, out): What comes before all ids of t and later, and after all others. It
 * is no id itself. */
void id_least(int64_t t, char out[ID_TEXT]);

/* id_time(id): The time that a valid id was made with, in microseconds. */
int64_t id_time(const char *id);

/* id_valid(s): True if s has the form of an id. NULL is false. */
bool id_valid(const char *s);

/* id_number(prefix, out): prefix (two letters) and 8 random upper-case hex
 * digits, such as ZM1A2B3C4D, into out. Whoever stores it checks that it is new. */
void id_number(const char *prefix, char out[11]);

#endif
