/* SPDX-License-Identifier: MIT */
/*
 * An upload: the first line of the bytes is the Content-Type, the rest the body.
 * A file that is found must lie within the body and have a name fit to be shown.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "multipart.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *arena;
	const uint8_t *line = memchr(data, '\n', size);
	struct req_file file = { .fd = -1 };
	struct multipart m;
	size_t n;
	enum err e;

	if (!line)
		return 0;
	if (!arena)
		arena = arena_make(8 << 20, NULL);
	n = (size_t)(line - data);
	m = (struct multipart){ .arena = arena, .media = arena_copy(arena, data, n),
		.bytes = line + 1, .n = size - n - 1 };
	e = multipart_file(&m, &file);
	if (e == ERR_BAD && !m.why)
		abort();
	if (e == OK && (file.offset > m.n || file.size > m.n - file.offset ||
	    file.bytes != m.bytes + file.offset || !*file.name ||
	    strchr(file.name, '/') || strlen(file.name) > MULTIPART_NAME ||
	    !text_utf8(file.name, strlen(file.name)) ||
	    !text_utf8(file.media, strlen(file.media))))
		abort();
	arena_reset(arena);
	return 0;
}
