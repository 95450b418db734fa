/* SPDX-License-Identifier: MIT */
/*
 * A file's first bytes, behind a line with the type that is claimed. Whatever they are,
 * the type must be fit for a header, and what is shown in its place must be harmless.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "media.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789!#$&-^_.+/";
	static struct arena *arena;
	const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
	const char *claimed, *found, *media;
	size_t n;

	if (!line)
		return 0;
	if (!arena)
		arena = arena_make(8 << 20, NULL);
	n = size - (size_t)(line + 1 - data);
	claimed = arena_copy(arena, data, (size_t)(line - data));
	found = media_sniff(line + 1, n);
	media = media_served(arena, line + 1, n, claimed);
	if (!strchr(media, '/') || strlen(media) > MEDIA_NAME ||
	    media[strspn(media, plain)])
		abort();
	if (media_shown(media) && (strstr(media, "html") || strstr(media, "xml") ||
	    strstr(media, "script")))
		abort();
	/* What a browser could run is told by its bytes, never hidden by a claim. */
	if (found && strcmp(found, "text/html") == 0 && strcmp(media, found) != 0)
		abort();
	arena_reset(arena);
	return 0;
}
