/* SPDX-License-Identifier: MIT */
#ifndef WEB_PATH_H
#define WEB_PATH_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

/* Percent-encoding (RFC 3986 section 2.1), request targets and query strings. */

enum {
	PATH_TARGET = 8192,	/* bytes of a request target: all that nginx takes */
	PATH_PAIRS = 64		/* keys of a query */
};

/* path_decode(a, p, n, plus): n bytes decoded once, in a. With plus, '+' is a
 * blank, as forms write it; in paths it is itself. NULL if an escape is broken or
 * the result holds a NUL or malformed UTF-8. */
char *path_decode(struct arena *a, const char *p, size_t n, bool plus);

/* path_encode(out, s, also): Append s, every byte escaped that is not unreserved
 * (RFC 3986 section 2.3) or one of also. */
void path_encode(struct buf *out, const char *s, const char *also);

/* path_read(a, target, path, query): Split what stood in the request line into the
 * decoded path and the query as sent. False if it is longer than PATH_TARGET,
 * doesn't start with '/', or can't be decoded. */
bool path_read(struct arena *a, const char *target, char **path, const char **query);

/* path_plain(path): It means one thing only: no control characters, no empty, "." or
 * ".." segment; only the last may be empty. */
bool path_plain(const char *path);

struct path_pair {
	const char *name, *value;	/* value is NULL if it can't be decoded */
};

/* path_pairs(a, query, pairs): The keys of a query in their order; a key that
 * can't be decoded is left out. Returns how many, or PATH_PAIRS + 1 if there are
 * more than fit. */
size_t path_pairs(struct arena *a, const char *query,
    struct path_pair pairs[PATH_PAIRS]);

#endif
