/* SPDX-License-Identifier: MIT */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct arena;

/* Bytes that grow, in an arena. Read the fields freely; change them through here. */
struct buf {
	struct arena *arena;
	char *bytes;	/* always followed by a NUL that is not counted */
	size_t n;	/* bytes in use */
	size_t room;	/* bytes there are, the NUL not counted */
};

/* buf_make(a, room): An empty buf in arena a with room bytes to start with. */
struct buf buf_make(struct arena *a, size_t room);

/* buf_add(b, p, n): Append n bytes. */
void buf_add(struct buf *b, const void *p, size_t n);

/* buf_text(b, s): Append the text s, without its NUL. */
void buf_text(struct buf *b, const char *s);

/* buf_char(b, c): Append one byte. */
void buf_char(struct buf *b, char c);

/* buf_print(b, format, ...): Append formatted text. */
void buf_print(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* buf_cut(b, n): Keep only the first n bytes, of as many at least. */
void buf_cut(struct buf *b, size_t n);

/* buf_number(b, n): Append n in decimal; faster than buf_print. */
void buf_number(struct buf *b, int64_t n);

#endif
