/* SPDX-License-Identifier: MIT */
#ifndef DB_PORT_H
#define DB_PORT_H

#include <stdbool.h>

struct arena;

/* Where a database URL leads, for the locks of a worker. */
struct db_port {
	int tcp;		/* TCP port, or 0 */
	bool local;		/* a UNIX socket */
	const char *file;	/* of SQLite: the path within the URL; or NULL */
	const char *authorities; /* file of CA certificates that the URL names, or NULL */
};

/* db_port(url, arena): Where url leads. Of several PostgreSQL hosts the first one's port
 * counts: a worker can be allowed one. All zeros if the URL can't be read. */
struct db_port db_port(const char *url, struct arena *arena);

#endif
