/* SPDX-License-Identifier: MIT */
/*
 * A growing run of bytes in an arena. Growing doubles and copies; what it leaves
 * behind goes with the arena, so the waste is at most the final size.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"

struct buf
buf_make(struct arena *a, size_t room)
{
	struct buf b = { .arena = a, .room = room };

	b.bytes = arena_take(a, room + 1);
	return b;
}

static void
buf_grow(struct buf *b, size_t more)
{
	size_t room = b->room * 2 > b->n + more ? b->room * 2 : b->n + more;
	char *bytes;

	bytes = arena_take(b->arena, room + 1);
	memcpy(bytes, b->bytes, b->n);
	b->bytes = bytes;
	b->room = room;
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	if (n > b->room - b->n)
		buf_grow(b, n);
	if (n)
		memcpy(b->bytes + b->n, p, n);
	b->n += n;
	b->bytes[b->n] = '\0';
}

void
buf_text(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_char(struct buf *b, char c)
{
	if (b->n == b->room)
		buf_grow(b, 1);
	b->bytes[b->n++] = c;
	b->bytes[b->n] = '\0';
}

void
buf_print(struct buf *b, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		abort(); /* a wrong format is our mistake */
	if ((size_t)n > b->room - b->n)
		buf_grow(b, (size_t)n);
	va_start(args, format);
	(void)vsnprintf(b->bytes + b->n, (size_t)n + 1, format, args);
	va_end(args);
	b->n += (size_t)n;
}

void
buf_cut(struct buf *b, size_t n)
{
	assert(n <= b->n);
	b->n = n;
	b->bytes[n] = '\0';
}

void
buf_number(struct buf *b, int64_t n)
{
	char digits[24], *p = digits + sizeof(digits);
	uint64_t u = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

	do {
		*--p = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	if (n < 0)
		*--p = '-';
	buf_add(b, p, (size_t)(digits + sizeof(digits) - p));
}
