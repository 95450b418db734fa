/* SPDX-License-Identifier: MIT */
#ifndef APP_KEPT_H
#define APP_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "shape.h"

struct req;

/*
 * What is kept of a file for a while, whosever it is: what was in its place before, and
 * the file itself when it was deleted. The routes are in kept.c; what they do with the
 * farmers' files is in file_kept.c, and with those of organisations in space_kept.c.
 */

/* One version that can be restored. */
struct kept_item {
	const char *version_id, *content_type, *sha256, *uploaded_by, *replaced_by;
	int64_t size, uploaded_at, replaced_at, purged_after;
};

/* The reply to a request for the versions of a file. */
struct kept_items {
	const char *file_id, *path, *next_cursor;
	bool in_trash;
	struct shape_list items;
};

/* The query of that request. */
struct kept_find { const char *cursor; const int64_t *limit; };

enum { KEPT_USUAL = 50, KEPT_MAX = 200 };	/* of one page */

#define KEPT_LAST "g"	/* after every id: where the first page begins */

/* kept_until(t): When what was deleted or replaced at t is purged, at the earliest. */
int64_t kept_until(int64_t t);

/* What a restore asks for, and answers. */
struct kept_restore { const char *version, *path; };
struct kept_restored { const char *message, *file_id, *path; };

/* What a purge asks for, and answers. */
struct kept_purge { const char *version; };
struct kept_purged { const char *message, *file_id; int64_t freed_bytes; };

/* Each of these makes the whole reply to a request with one of the queries above in
 * r->in, and says ERR_MISSING, without words, if the viewer has no such file. file_id has
 * the form of an id. */
enum err file_kept_versions(struct req *r, const char *file_id);
enum err file_kept_restore(struct req *r, const char *file_id);
enum err file_kept_purge(struct req *r, const char *file_id);
enum err space_kept_versions(struct req *r, const char *file_id);
enum err space_kept_restore(struct req *r, const char *file_id);
enum err space_kept_purge(struct req *r, const char *file_id);

#endif
