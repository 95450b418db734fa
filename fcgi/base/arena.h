/* SPDX-License-Identifier: MIT */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

/*
 * Memory that lives as long as one request (or one job): take, never free.
 * Taking never returns NULL. Past the limit the arena calls its over function,
 * which must not return; so no caller needs to check.
 */
struct arena;

/* arena_make(limit, over): A new arena of at most limit bytes. When a take would
 * pass the limit, or the system has no memory, over() is called and must not
 * return; NULL means: write a line to stderr and abort. */
struct arena *arena_make(size_t limit, void (*over)(void));

/* arena_end(a): Give all memory back. a is dead afterwards; NULL is fine. */
void arena_end(struct arena *a);

/* arena_reset(a): Everything taken is gone; the first chunk is kept, so that the
 * next request starts without a system call. */
void arena_reset(struct arena *a);

/* arena_take(a, size): size zeroed bytes, aligned for any type. */
void *arena_take(struct arena *a, size_t size);

/* arena_items(a, n, size): n zeroed items of size bytes; the product is checked. */
void *arena_items(struct arena *a, size_t n, size_t size);

/* arena_array(a, type, n): The same with the type named, so it can't mismatch. */
#define arena_array(a, type, n) ((type *)arena_items((a), (n), sizeof(type)))

/* arena_copy(a, p, n): A copy of n bytes, followed by a NUL that is not counted. */
void *arena_copy(struct arena *a, const void *p, size_t n);

/* arena_text(a, s): A copy of the text s; NULL stays NULL. */
char *arena_text(struct arena *a, const char *s);

/* arena_print(a, format, ...): A formatted text. */
char *arena_print(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* arena_used(a): Bytes taken since the last reset, for tests and the log. */
size_t arena_used(const struct arena *a);

#endif
