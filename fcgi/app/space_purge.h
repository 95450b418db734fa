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

/* What rows were taken away, all of one organisation's. */
struct space_gone_rows {
	const struct space_version_old_row *rows;
	size_t n;
	bool trash;		/* of the trash; else of versions */
};

/* space_purge_rows(db, organisation_id, gone, purged): Forget the objects of rows that
 * were just deleted, and give their bytes back to the organisation, in the caller's
 * transaction. Fills purged for space_purge_bytes. */
enum err space_purge_rows(struct db *db, const char *organisation_id,
    const struct space_gone_rows *gone, struct space_purged *purged);

/* space_purge_next(db, organisation_id, before, purged): Take away some of what an
 * organisation replaced or deleted before a time, as space_purge_rows: versions first, as
 * a file can't go before them. purged->n is 0 when there is no more. */
enum err space_purge_next(struct db *db, const char *organisation_id, int64_t before,
    struct space_purged *purged);

/* space_purge_bytes(purged): Remove the bytes, after the commit. What can't be removed is
 * left to the sweep; the first failure is returned. */
enum err space_purge_bytes(const struct space_purged *purged);

#endif
