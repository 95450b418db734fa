/* SPDX-License-Identifier: MIT */
/*
 * Where a database URL leads. libpq reads its own URLs, so nothing is guessed here.
 */
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "arena.h"
#include "port.h"
#include "text.h"

enum { POSTGRESQL = 5432 };

/* The first of "5432,5433", or the usual one. */
static int
first_port(const char *list)
{
	char first[8] = "";
	int64_t port = POSTGRESQL;

	if (list)
		memcpy(first, list, strnlen(list, sizeof(first) - 1));
	first[strcspn(first, ",")] = '\0';
	if (*first && !text_number(first, 1, 65535, &port))
		return 0;
	return (int)port;
}

struct db_port
db_port(const char *url, struct arena *arena)
{
	struct db_port to = { 0 };
	const char *host = NULL, *port = NULL;
	PQconninfoOption *options;

	if (strncmp(url, "sqlite:", 7) == 0) {
		to.file = url + 7;
		return to;
	}
	options = PQconninfoParse(url, NULL);
	for (PQconninfoOption *o = options; o && o->keyword; o++) {
		if (strcmp(o->keyword, "host") == 0)
			host = o->val;
		if (strcmp(o->keyword, "port") == 0)
			port = o->val;
		if (strcmp(o->keyword, "sslrootcert") == 0)
			to.authorities = arena_text(arena, o->val);
	}
	if (options) {
		to.local = text_empty(host) || *host == '/';
		to.tcp = to.local ? 0 : first_port(port);
	}
	PQconninfoFree(options);
	return to;
}
