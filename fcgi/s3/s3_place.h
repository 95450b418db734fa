/* SPDX-License-Identifier: MIT */
#ifndef S3_S3_PLACE_H
#define S3_S3_PLACE_H

#include <stdbool.h>

#include "err.h"

struct arena;

/* Where the bucket is, by the settings. */
struct s3_place {
	const char *bucket, *region;
	const char *scheme;	/* "https" */
	const char *host;	/* of every request, with :port unless it is usual */
	const char *name;	/* host without its port, as DNS has it */
	int port;
	bool in_path;		/* the bucket's name begins the path, not the host */
};

/* s3_place(a, place): Read it from the settings. NULL, or what is wrong with them. */
const char *s3_place(struct arena *a, struct s3_place *place);

/* s3_place_path(a, place, key): The path of key (NULL: of the bucket), not encoded. */
const char *s3_place_path(struct arena *a, const struct s3_place *place,
    const char *key);

/* s3_place_url(a, place, key, query): The address, encoded; query is so already. */
const char *s3_place_url(struct arena *a, const struct s3_place *place,
    const char *key, const char *query);

#endif
