/* SPDX-License-Identifier: MIT */
#ifndef WEB_SERVE_H
#define WEB_SERVE_H

#include <stdbool.h>
#include <stddef.h>

#include "req.h"

/* What a worker serves with. */
struct serve {
	int socket;			/* listening, of proc_listen: it does not block */
	struct arena *arena;		/* reset after each request */
	struct db *db;
	size_t max_json;		/* bytes of a JSON body; more is ERR_BIG */
	size_t max_upload;		/* bytes of an uploaded body */
	size_t max_file;		/* bytes of a file, where large ones are taken */
	const char *spool_dir;		/* body files must lie below it */
	void (*handle)(struct req *r);	/* the front door */
	/* Told of each reply before its first byte is sent, whoever made it, with the
	 * microseconds since the request arrived. */
	void (*served)(const struct req *r, int64_t took);
	void (*busy)(bool on);		/* proc_busy: told before the first request */
	bool (*stopping)(void);		/* proc_stopping: whether the end was wanted */
};

/* serve(s): Accept and answer until told to stop, in a child of proc_supervise.
 * Returns the exit status. */
int serve(const struct serve *s);

/* serve_abort(): For the arena's over function: answer 503 to the request in hand,
 * log, and end the process. */
void serve_abort(void);

#endif
