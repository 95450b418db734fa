/* SPDX-License-Identifier: MIT */
/*
 * The request arena: chunks of 64 KiB in a list, a pointer that moves forward.
 * The first chunk survives a reset. A take larger than a chunk gets a chunk of
 * its own. Everything handed out is zeroed, so a struct from the arena starts
 * empty, and nothing of an earlier request shows through.
 */
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

enum { CHUNK = 64 * 1024 };

struct chunk {
	struct chunk *next;
	size_t size, used;
	alignas(max_align_t) unsigned char bytes[];
};

struct arena {
	struct chunk *first, *last;
	size_t limit, total;
	void (*over)(void);
};

static void
arena_over(const struct arena *a)
{
	if (a->over)
		a->over();
	fputs("cem: out of memory\n", stderr);
	abort();
}

static struct chunk *
chunk_make(const struct arena *a, size_t size)
{
	struct chunk *c;

	c = calloc(1, sizeof(*c) + size);
	if (!c) {
		arena_over(a);
		return NULL; /* never reached: over does not return */
	}
	c->size = size;
	return c;
}

struct arena *
arena_make(size_t limit, void (*over)(void))
{
	struct arena *a;

	a = calloc(1, sizeof(*a));
	if (!a)
		abort();
	a->limit = limit;
	a->over = over;
	a->first = a->last = chunk_make(a, CHUNK);
	return a;
}

void
arena_end(struct arena *a)
{
	if (!a)
		return;
	arena_reset(a);
	free(a->first);
	free(a);
}

void
arena_reset(struct arena *a)
{
	struct chunk *c, *next;

	for (c = a->first->next; c; c = next) {
		next = c->next;
		free(c);
	}
	memset(a->first->bytes, 0, a->first->used);
	a->first->next = NULL;
	a->first->used = 0;
	a->last = a->first;
	a->total = 0;
}

void *
arena_take(struct arena *a, size_t size)
{
	const size_t unit = alignof(max_align_t);
	struct chunk *c = a->last;
	void *p;

	if (size > a->limit || a->total + size > a->limit)
		arena_over(a);
	size = (size + unit - 1) / unit * unit;
	if (size > c->size - c->used) {
		c = chunk_make(a, size > CHUNK ? size : CHUNK);
		a->last->next = c;
		a->last = c;
	}
	p = c->bytes + c->used;
	c->used += size;
	a->total += size;
	return p;
}

void *
arena_items(struct arena *a, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		arena_over(a);
	return arena_take(a, n * size);
}

void *
arena_copy(struct arena *a, const void *p, size_t n)
{
	char *copy;

	if (n == SIZE_MAX)
		arena_over(a);
	copy = arena_take(a, n + 1);
	if (n)
		memcpy(copy, p, n);
	return copy;
}

char *
arena_text(struct arena *a, const char *s)
{
	return s ? arena_copy(a, s, strlen(s)) : NULL;
}

char *
arena_print(struct arena *a, const char *format, ...)
{
	va_list args;
	char *s;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		abort(); /* a wrong format is our mistake */
	s = arena_take(a, (size_t)n + 1);
	va_start(args, format);
	(void)vsnprintf(s, (size_t)n + 1, format, args);
	va_end(args);
	return s;
}

size_t
arena_used(const struct arena *a)
{
	return a->total;
}
