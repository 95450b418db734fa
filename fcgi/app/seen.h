/* SPDX-License-Identifier: MIT */
#ifndef APP_SEEN_H
#define APP_SEEN_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct req;

/* What the audit says of reads. Each of these calls front_read, and is to be called as
 * that is: its failure must be returned. */

/* seen_farmer(r, action, farmer_id): One farmer's record, or what is part of it. */
enum err seen_farmer(struct req *r, const char *action, const char *farmer_id);

/* seen_file(r, action, farmer_id, file_id): A stored file of a farmer. */
enum err seen_file(struct req *r, const char *action, const char *farmer_id,
    const char *file_id);

/* seen_space(r, action, file_id): A file of the viewer's organisation. */
enum err seen_space(struct req *r, const char *action, const char *file_id);

/* Rows about several people. What was asked for is not in it: whatever people type to
 * find somebody may be an NRC or a birth date. */
struct seen {
	const char *module, *action;
	const char *how;	/* a word of ours: "nrc", "search", "csv"; or NULL */
	const char *subject;	/* the one they are about, if there is one */
	int64_t skip;		/* rows before them */
	size_t n;
};

/* seen_rows(r, what): A list or an export, recorded as one. */
enum err seen_rows(struct req *r, const struct seen *what);

#endif
