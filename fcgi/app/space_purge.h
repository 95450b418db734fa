/* SPDX-License-Identifier: MIT */
#ifndef APP_SPACE_PURGE_H
#define APP_SPACE_PURGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct arena;
struct db;
struct space_version_old_row;
struct store_at;

/*
 * Bytes that are to go for good. Their rows go first and are committed; then the bytes.
 * What is left when somebody is killed in between has no row any more, and is swept.
 */
struct space_purged {
	struct arena *arena;	/* of what follows; lives over the commit */
	struct store_at *at;
	size_t n;
	int64_t n_bytes;
};

/* What rows are taken away. */
struct space_gone_rows {
	struct space_version_old_row *rows; /* sorted by this function */
	size_t n;
	bool trash;		/* of the trash; else of versions */
};

/* space_purge_rows(db, gone, purged): Forget the objects of rows that were just deleted,
 * and give their bytes back to the organisations, in the caller's transaction. Fills
 * purged for space_purge_bytes. */
enum err space_purge_rows(struct db *db, const struct space_gone_rows *gone,
    struct space_purged *purged);

/* space_purge_bytes(purged): Remove the bytes, after the commit. What can't be removed is
 * left to the sweep; the first failure is returned. */
enum err space_purge_bytes(const struct space_purged *purged);

#endif
