/* SPDX-License-Identifier: MIT */
#ifndef S3_COURIER_FRAME_H
#define S3_COURIER_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper.h"

/*
 * Messages between a worker and its courier: numbers (8 bytes, as they lie in memory)
 * and texts (2 bytes of length, the bytes, a NUL), in an order that both know. Neither
 * side trusts the other: what does not fit makes the frame bad, once and for all.
 */
struct frame {
	size_t n;		/* written, or there to be read */
	size_t at;		/* read so far */
	bool bad;
	uint8_t *bytes;		/* HELPER_MAX of them */
};

/* frame_number(f, value), frame_text(f, text): Append. NULL is written as "". */
void frame_number(struct frame *f, int64_t value);
void frame_text(struct frame *f, const char *text);

/* frame_take(f): The next number; 0 from a bad frame. */
int64_t frame_take(struct frame *f);

/* frame_take_text(f): The next text, where it lies in the frame; "" from a bad one. */
const char *frame_take_text(struct frame *f);

/* frame_copy(f, out, room): The next text, copied; it must have room. */
void frame_copy(struct frame *f, char *out, size_t room);

/* frame_ended(f): Everything has been read, and was as it should be. */
bool frame_ended(const struct frame *f);

/* What a question begins with, as a number; another follows: shall it be quick? */
enum courier_what { COURIER_PUT = 1, COURIER_GET, COURIER_HEAD, COURIER_COPY,
    COURIER_REMOVE, COURIER_LIST, COURIER_PRESIGN, COURIER_FORM, COURIER_CHECK,
    COURIER_PROBE };

/* And each message of an answer: a sign of life, one entry of a list, the end. That goes
 * on with two numbers: enum err, and what was heard of S3 (outage.h). */
enum courier_part { COURIER_BEAT = 1, COURIER_ENTRY, COURIER_END };

enum { FRAME_ANSWER = 3 };	/* numbers before what belongs to an answer */

#endif
