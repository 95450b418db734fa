/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a JSON body: read, written and read again, and put through a shape
 * with every kind of field. What is read must be written as what it was.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "faults.h"
#include "json.h"
#include "shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct all {
	const char *text, *any;
	int64_t n;
	const double *x;
	const bool *is;
	const struct all *one;
	struct shape_texts texts;
	struct shape_list many;
};

static const struct shape_field leaf_fields[] = {
	{ .name = "n", .kind = SHAPE_INT, .flags = SHAPE_REQUIRED,
	    .offset = offsetof(struct all, n), .limited = true, .max = 9 },
};
static const struct shape leaf = { .name = "Leaf", .fields = leaf_fields, .n_fields = 1,
	.size = sizeof(struct all) };
static const struct shape_field fields[] = {
	{ .name = "t", .kind = SHAPE_TEXT, .flags = SHAPE_REQUIRED,
	    .offset = offsetof(struct all, text), .limited = true, .min = 1, .max = 9,
	    .alias = "text" },
	{ .name = "j", .kind = SHAPE_JSON, .offset = offsetof(struct all, any) },
	{ .name = "n", .kind = SHAPE_INT, .offset = offsetof(struct all, n) },
	{ .name = "x", .kind = SHAPE_REAL, .flags = SHAPE_OPTIONAL,
	    .offset = offsetof(struct all, x), .limited = true, .min = -1, .max = 1 },
	{ .name = "b", .kind = SHAPE_BOOL, .flags = SHAPE_OPTIONAL | SHAPE_NOT_NULL,
	    .offset = offsetof(struct all, is) },
	{ .name = "o", .kind = SHAPE_OBJECT, .offset = offsetof(struct all, one),
	    .sub = &leaf },
	{ .name = "l", .kind = SHAPE_TEXTS, .offset = offsetof(struct all, texts) },
	{ .name = "m", .kind = SHAPE_OBJECTS, .offset = offsetof(struct all, many),
	    .sub = &leaf },
};
static const struct shape all = { .name = "All", .fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]), .size = sizeof(struct all) };

/* Text that we wrote must be JSON, and the same when it is written again. */
static void
check_again(struct arena *arena, const char *text)
{
	const char *why;
	size_t at;
	const struct json *j = json_read(arena, text, strlen(text), &why, &at);

	if (!j || strcmp(json_dump(arena, j, 1 << 20), text) != 0)
		abort();
	json_free(j);
}

static void
read_shape(struct arena *arena, const struct json *j)
{
	struct faults faults = { .arena = arena };
	struct buf out = buf_make(arena, 100);
	struct all in;

	if (shape_read(&all, j, arena, &in, &faults)) {
		shape_write(&all, &in, &out);
	} else {
		if (!faults.n)
			abort();
		buf_text(&out, faults_detail(&faults));
		out.n = 0;
		faults_write(&faults, &out);
	}
	check_again(arena, out.bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *arena;
	const char *why = NULL;
	const struct json *j;
	size_t at = 0;

	if (!arena)
		arena = arena_make(16 << 20, NULL);
	j = json_read(arena, (const char *)data, size, &why, &at);
	if (!j && (!why || !*why || at > size))
		abort();
	if (j) {
		check_again(arena, json_dump(arena, j, 1 << 20));
		read_shape(arena, j);
	}
	json_free(j);
	arena_reset(arena);
	return 0;
}
