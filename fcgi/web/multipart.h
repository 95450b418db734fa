/* SPDX-License-Identifier: MIT */
#ifndef WEB_MULTIPART_H
#define WEB_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "req.h"

struct arena;

enum {
	MULTIPART_BOUNDARY = 200,	/* bytes; RFC 2046 section 5.1.1 says 70 */
	MULTIPART_HEADER = 8192,	/* bytes of one part's header */
	MULTIPART_HEADERS = 1024 * 1024,/* of all together */
	MULTIPART_NAME = 255,		/* bytes of a file name */
	MULTIPART_TEXTS = 20,		/* parts that are no files */
	MULTIPART_TEXT = 8192,		/* bytes of one that is kept */
	MULTIPART_WINDOW = 64 * 1024	/* bytes looked at in one piece */
};

/* A multipart/form-data body (RFC 7578) in a file. */
struct multipart {
	struct arena *arena;
	const char *media;	/* the Content-Type with the boundary */
	int fd;			/* the body, from its first byte on */
	size_t size;		/* of it */
	const char *part;	/* the name of the parts that are files */
	size_t max_files;	/* how many there may be */
	bool wants_texts;	/* keep the texts that come before the first file */
	size_t window;		/* 0: MULTIPART_WINDOW */

	struct req_file *files;	/* in their order, with fd */
	size_t n_files;
	struct req_param *texts;
	size_t n_texts;
	const char *why;	/* set with ERR_BAD: for the user */
};

/* multipart_read(m): Find the files, and the texts if they are wanted: UTF-8 without
 * NUL, of at most MULTIPART_TEXT bytes, no two of one name. The whole body is looked
 * through in linear time, window by window, so the memory taken does not grow with it.
 * ERR_MISSING: no file, or not multipart/form-data; ERR_BAD: malformed, cut off, or
 * beyond the limits above; ERR_BROKEN (logged): the file can't be read. */
enum err multipart_read(struct multipart *m);

#endif
