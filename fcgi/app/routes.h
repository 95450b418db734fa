/* SPDX-License-Identifier: MIT */
#ifndef APP_ROUTES_H
#define APP_ROUTES_H

#include <stddef.h>

#include "access.h"
#include "route.h"

/*
 * The table of all routes (routes.def), and the handlers and shapes that it names: so no
 * noun needs a header for them.
 */
#define API(method, path, handler, who, takes, gives, words) \
	enum err handler(struct req *r); \
	extern const struct shape takes##_shape, gives##_shape;
#define PAGE(method, path, handler, who, takes, words) \
	enum err handler(struct req *r); \
	extern const struct shape takes##_shape;
#include "routes.def"
#undef API
#undef PAGE

/* routes_all(n): The table. */
const struct route *routes_all(size_t *n);

/* routes_who[access]: What a value of enum access asks for, in words for people. */
extern const char *const routes_who[];

#endif
