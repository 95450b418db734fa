/* SPDX-License-Identifier: MIT */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "req.h"
#include "shape.h"

/* One row of the table of routes. who is a number that the web tier passes on;
 * its meaning is the front door's (app/access.h). */
struct route {
	const char *method;
	const char *path;	/* segments; {name} takes one whole segment, {name:path}
				 * at the end all that is left, or nothing */
	const char *name;	/* of the handler, for OpenAPI's operationId */
	enum err (*handler)(struct req *r);
	int who;
	const struct shape *takes, *gives;
	const char *words;	/* what it does, one phrase */
};

/* route_find(routes, n, r, allow): The row for r's method and path, with r->params set;
 * a trailing slash makes no difference. NULL: none; then *allow is NULL if no row
 * has the path, else the methods that do ("GET, HEAD, OPTIONS"), in r's arena. What is
 * not plain (path_plain) stands for {name:path} only, decoded and otherwise as sent. */
const struct route *route_find(const struct route *routes, size_t n, struct req *r,
    const char **allow);

/* openapi_write(routes, n, who_words, out): OpenAPI 3.1 of all rows but pages;
 * who_words[who] says for people who may call ("anybody", "administrators"). */
void openapi_write(const struct route *routes, size_t n,
    const char *const *who_words, struct buf *out);

#endif
