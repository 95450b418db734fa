/* SPDX-License-Identifier: MIT */
/*
 * An upload: the first byte chooses the window and what is wanted, the line after it
 * is the Content-Type, the rest the body. Files must lie within the body, one after the
 * other, and have a name fit to be shown. A small window and the usual one must find
 * the same.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arena.h"
#include "log.h"
#include "multipart.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena *arena;

/* What was found must be possible. */
static void
check(const struct multipart *m)
{
	size_t before = 0;

	if (m->n_files > m->max_files || m->n_texts > MULTIPART_TEXTS)
		abort();
	for (size_t i = 0; i < m->n_files; i++) {
		const struct req_file *f = &m->files[i];

		if (f->fd != m->fd || f->offset < before || f->offset > m->size ||
		    f->size > m->size - f->offset ||
		    strpbrk(f->name, "/\\\n\r") || strlen(f->name) > MULTIPART_NAME ||
		    !text_utf8(f->name, strlen(f->name)) ||
		    !text_utf8(f->media, strlen(f->media)))
			abort();
		before = f->offset + f->size;
	}
	for (size_t i = 0; i < m->n_texts; i++)
		if (strlen(m->texts[i].value) > MULTIPART_TEXT || !*m->texts[i].name ||
		    !text_utf8(m->texts[i].value, strlen(m->texts[i].value)))
			abort();
}

static void
compare(const struct multipart *a, const struct multipart *b)
{
	if (a->n_files != b->n_files || a->n_texts != b->n_texts)
		abort();
	for (size_t i = 0; i < a->n_files; i++)
		if (a->files[i].offset != b->files[i].offset ||
		    a->files[i].size != b->files[i].size ||
		    strcmp(a->files[i].name, b->files[i].name) != 0)
			abort();
	for (size_t i = 0; i < a->n_texts; i++)
		if (strcmp(a->texts[i].value, b->texts[i].value) != 0)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
	struct multipart m, small;
	enum err e;

	if (!line || line == data)
		return 0;
	if (!arena) {
		arena = arena_make(8 << 20, NULL);
		log_limit(LOG_ERROR + 1);
	}
	m = (struct multipart){ .arena = arena, .part = "file",
		.media = arena_copy(arena, data + 1, (size_t)(line - data) - 1),
		.size = size - (size_t)(line - data) - 1, .fd = memfd_create("body", 0),
		.max_files = data[0] & 1 ? 1000 : 1, .wants_texts = data[0] & 2 };
	if (m.fd < 0 || write(m.fd, line + 1, m.size) != (ssize_t)m.size)
		abort();
	small = m;
	small.window = 1 + (data[0] >> 2);
	e = multipart_read(&m);
	if (e != multipart_read(&small) || e == ERR_BROKEN || (e == ERR_BAD && !m.why))
		abort();
	if (e != ERR_BAD) {
		check(&m);
		compare(&m, &small);
	}
	(void)close(m.fd);
	arena_reset(arena);
	return 0;
}
