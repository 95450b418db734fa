/* SPDX-License-Identifier: MIT */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Times are microseconds since 1970-01-01 UTC; the year is 1 to 9999. */
enum { CLOCK_TEXT = 40 };	/* room for any text written here */

#define CLOCK_SECOND INT64_C(1000000)
#define CLOCK_MINUTE (60 * CLOCK_SECOND)
#define CLOCK_HOUR (60 * CLOCK_MINUTE)
#define CLOCK_DAY (24 * CLOCK_HOUR)

/* clock_now(): The wall clock. */
int64_t clock_now(void);

/* clock_steady(): Microseconds that never jump, for measuring spans. */
int64_t clock_steady(void);

/* clock_text(t, out): "2026-01-02T03:04:05.123456+00:00" (RFC 3339 section 5.6)
 * into out; returns its length. */
int clock_text(int64_t t, char out[CLOCK_TEXT]);

/* clock_date(t, out): "2026-01-02" into out; returns its length. */
int clock_date(int64_t t, char out[CLOCK_TEXT]);

/* clock_read_date(s, day): Read exactly YYYY-MM-DD, a day that exists, into
 * *day = its midnight UTC. False if s is anything else; NULL is false. */
bool clock_read_date(const char *s, int64_t *day);

/* clock_read(s, t): Read a time as RFC 3339 section 5.6 writes it into *t. The seconds,
 * their fraction (6 digits count) and the offset may be left out: then UTC; so may
 * the whole time of day: then midnight. A blank may stand for T and for the + of the
 * offset, as addresses make it of that. False if s is anything else; NULL is false. */
bool clock_read(const char *s, int64_t *t);

/* clock_http(t, out): "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7) into out;
 * returns its length. What is below a second is cut off. */
int clock_http(int64_t t, char out[CLOCK_TEXT]);

/* clock_read_http(s, t): Read a time in that form, or one of the two older ones of that
 * section, into *t. False if s is anything else; NULL is false. */
bool clock_read_http(const char *s, int64_t *t);

/* clock_years(from, to): Whole years that have passed between two times, as
 * birthdays count them. */
int clock_years(int64_t from, int64_t to);

/* clock_add_years(t, n): The same date and time n years later; 29 February
 * becomes 28 February where that year has none. */
int64_t clock_add_years(int64_t t, int n);

#endif
