/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as what comes from outside to the courier, or through its socket: a list of
 * S3's, an error of its, credentials of a role, a frame. The first byte says which.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "courier_frame.h"
#include "credentials_role.h"
#include "s3.h"
#include "s3_xml.h"
#include "text.h"

enum { LIMIT = 10, MEMORY = 64 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_list(struct arena *a, const char *p, size_t n)
{
	struct courier_page page;

	if (s3_list_read(a, p, n, LIMIT, &page) != OK)
		return;
	if (page.n > LIMIT || (page.more && !*page.next_key))
		abort();
	for (size_t i = 0; i < page.n; i++)
		if (!*page.entries[i].key || page.entries[i].size < 0 ||
		    !text_utf8(page.entries[i].key, strlen(page.entries[i].key)) ||
		    !page.entries[i].version)
			abort();
}

static void
try_text(const char *p, size_t n)
{
	char code[S3_CODE];

	if (!s3_xml_text(p, n, "Error/Code", code, sizeof(code)) && *code)
		abort();
}

static void
try_credentials(const char *p, size_t n)
{
	struct credentials c;

	if (!credentials_role_read(p, n, &c))
		return;
	for (const char *s = c.token; *s; s++)
		if (*s <= ' ' || *s > '~')
			abort();
	if (!*c.access || !*c.secret || !*c.token)
		abort();
}

static void
try_frame(const uint8_t *p, size_t n)
{
	static uint8_t bytes[HELPER_MAX];
	char version[20];
	struct frame f = { .n = n, .bytes = bytes };

	if (n > HELPER_MAX)
		return;
	memcpy(bytes, p, n);
	for (int i = 0; i < LIMIT; i++) {
		(void)frame_take(&f);
		if (strlen(frame_take_text(&f)) > n)
			abort();
		frame_copy(&f, version, sizeof(version));
		if (strlen(version) >= sizeof(version))
			abort();
	}
	if (frame_ended(&f) && f.at != n)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *a;
	const char *p = (const char *)data + 1;

	if (!a)
		a = arena_make(MEMORY, NULL);
	arena_reset(a);
	if (size == 0)
		return 0;
	switch (data[0]) {
	case 'L':
		try_list(a, p, size - 1);
		break;
	case 'E':
		try_text(p, size - 1);
		break;
	case 'C':
		try_credentials(p, size - 1);
		break;
	default:
		try_frame(data + 1, size - 1);
	}
	return 0;
}
