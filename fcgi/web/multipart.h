/* SPDX-License-Identifier: MIT */
#ifndef WEB_MULTIPART_H
#define WEB_MULTIPART_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "req.h"

struct arena;

enum {
	MULTIPART_BOUNDARY = 200,	/* bytes; RFC 2046 section 5.1.1 says 70 */
	MULTIPART_PARTS = 20,
	MULTIPART_HEADER = 8192,	/* bytes of one part's header */
	MULTIPART_NAME = 255		/* bytes of a file name; more is cut */
};

/* A multipart/form-data body (RFC 7578). */
struct multipart {
	struct arena *arena;
	const char *media;	/* the Content-Type with the boundary */
	const uint8_t *bytes;
	size_t n;
	const char *why;	/* set with ERR_BAD: for the user */
};

/* multipart_file(m, file): Find the part that is a file named "file" and fill
 * name, media, offset, size and bytes of *file. The whole body is looked through
 * in linear time. ERR_MISSING: no such part, or not multipart/form-data; ERR_BAD:
 * malformed, cut off, more than one such part, or beyond the limits above. */
enum err multipart_file(struct multipart *m, struct req_file *file);

#endif
