/* SPDX-License-Identifier: MIT */
#ifndef WEB_MULTIPART_HEAD_H
#define WEB_MULTIPART_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

struct arena;

/* Only for multipart.c: the headers of a multipart body. */

/* Bytes that we move through. */
struct span {
	const char *p;
	size_t n;
};

/* One part's header, as far as we need it. */
struct part {
	bool encoded;
	const char *disposition;	/* "form-data"; these are NULL if not there */
	const char *name, *media;
	const char *filename, *filename_star;
};

/* span_blanks(s): Move on behind blanks and tabs. */
void span_blanks(struct span *s);

/* head_boundary(a, media, boundary): The boundary of a Content-Type. ERR_MISSING: it
 * is not multipart/form-data; ERR_BAD: none in it, or one that can't be. */
enum err head_boundary(struct arena *a, const char *media, const char **boundary);

/* head_read(a, s, whole, part): Read a part's header into *part and move s behind its
 * empty line. With whole, s is all that is left of the body. NULL, or what is wrong
 * with it, for the user. */
const char *head_read(struct arena *a, struct span *s, bool whole, struct part *part);

/* head_file_name(a, part, name): The last segment of the file's name, behind slashes
 * of both kinds, without control characters; "" if it names nothing. NULL, or what
 * is wrong with it, for the user. */
const char *head_file_name(struct arena *a, const struct part *part, const char **name);

#endif
