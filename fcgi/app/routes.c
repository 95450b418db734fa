/* SPDX-License-Identifier: MIT */
/*
 * The table of all routes, made of routes.def. Its order is that of the metrics too.
 */
#include "routes.h"

const char *const routes_who[] = {
	[ANYBODY] = "anybody", [SIGNED] = "anybody signed in", [FARMER] = "farmers",
	[OPERATOR] = "operators and administrators", [ADMIN] = "administrators",
	[MEMBER] = "operators and administrators of any organisation"
};

#define API(method, path, handler, who, takes, gives, words) \
	{ method, path, #handler, handler, who, &takes##_shape, &gives##_shape, words },
#define PAGE(method, path, handler, who, takes, words) \
	{ method, path, #handler, handler, who, &takes##_shape, &page_shape, words },
static const struct route routes[] = {
#include "routes.def"
};
#undef API
#undef PAGE

const struct route *
routes_all(size_t *n)
{
	*n = sizeof(routes) / sizeof(routes[0]);
	return routes;
}
