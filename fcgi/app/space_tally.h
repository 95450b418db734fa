/* SPDX-License-Identifier: MIT */
#ifndef APP_SPACE_TALLY_H
#define APP_SPACE_TALLY_H

#include <stdint.h>

#include "err.h"

struct db;

/*
 * How much an organisation has stored: live files, the versions that are kept of them,
 * and the trash. All of it counts for the quota.
 */
struct space_change {
	int64_t live_files, live_bytes;
	int64_t version_files, version_bytes;
	int64_t trash_files, trash_bytes;
};

/* space_count(db, organisation_id, change): Add what was done to the figures of an
 * organisation, in its transaction. ERR_BIG if it may not have that many bytes more; what
 * only gives back, or moves from one to the other, is never refused. All that change its
 * files wait here for each other: to be called last. */
enum err space_count(struct db *db, const char *organisation_id,
    const struct space_change *change);

#endif
