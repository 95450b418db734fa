/* SPDX-License-Identifier: MIT */
#ifndef WEB_CONDITION_H
#define WEB_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

struct req;

/*
 * What a client has of a file already, or wants to be unchanged (RFC 9110 section 13).
 * nginx would know only the names and times of its own files.
 */
struct condition {
	const char *etag;	/* of the file, without quotes; NULL: none */
	int64_t changed_at;	/* 0: not known */
};

/* condition_check(r, c): What r's conditions come to, in the order of RFC 9110 section
 * 13.2.2: 200 go on, 304 the client has it, 412 it is not what the client meant. A
 * condition that can't be read is no condition. */
int condition_check(const struct req *r, const struct condition *c);

/* condition_range(r, c): r's Range as sent, if it is a single well-formed one and holds
 * for this file (If-Range, section 13.1.5: what we have said of it, to the letter); NULL:
 * the whole is to be sent. */
const char *condition_range(const struct req *r, const struct condition *c);

/* condition_later(r, c): Is that a piece which begins behind the first byte? What is
 * counted from the end may be the whole, and is none. */
bool condition_later(const struct req *r, const struct condition *c);

#endif
