/* SPDX-License-Identifier: MIT */
#ifndef S3_S3_CALL_H
#define S3_S3_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "fetch.h"
#include "outage.h"
#include "s3_place.h"
#include "sigv4.h"

struct arena;

/* From which size on things are done in parts, and of which size those are. */
struct s3_sizes { int64_t whole, part, copy_whole, copy_part; };

/* The S3 that this process talks to. */
struct s3 {
	struct s3_place place;
	struct fetch_client *client;
	struct arena *arena;		/* of one question of the worker's */
	struct arena *scratch;		/* of one part of it */
	struct s3_sizes sizes;
	bool quick;			/* somebody waits who should not wait long */
	const struct fetch_limits *limits; /* of this question */
	int patience_ms;		/* of it */
	int usual_patience_ms;
	void (*beat)(void);		/* called about every second while waiting */
	bool unreached;			/* the last time, not even a connection */
	enum outage_heard heard;	/* by the last call of this question */
	int64_t skew;			/* S3's clock minus ours, full seconds */
	char words[400];		/* what was wrong the last time, or "" */
};

enum { S3_QUERY = 12, S3_HEADERS = 20, S3_CODE = 64, S3_WORDS_MAX = 8 * 1024 * 1024 };

/* One request to S3, and its answer in f. */
struct s3_call {
	const char *method, *key;	/* key NULL: the bucket itself */
	struct sigv4_pair query[S3_QUERY], headers[S3_HEADERS];
	size_t n_query, n_headers;
	const char *sha256;		/* of the body in hex; NULL: it is empty */
	struct fetch f;
	char code[S3_CODE];		/* S3's name of an error, "NoSuchKey", or "" */
};

/* s3_call(method, key): A request without a body, whose answer goes to memory. */
struct s3_call s3_call(const char *method, const char *key);

/* s3_call_query(c, name, value), s3_call_header(c, name, value): Add one, by its name
 * in lower case, that is signed; a value of NULL or "" is left out. */
void s3_call_query(struct s3_call *c, const char *name, const char *value);
void s3_call_header(struct s3_call *c, const char *name, const char *value);

/* s3_call_flag(c, name): Add a query parameter without a value: "uploads". */
void s3_call_flag(struct s3_call *c, const char *name);

/* s3_call_run(s, c): Sign and send it, again if that may help. The errors are those of
 * courier.h, and what S3's code says: ERR_MISSING, ERR_CONFLICT, ERR_BIG, ERR_BAD. */
enum err s3_call_run(struct s3 *s, struct s3_call *c);

/* s3_call_number(c, name, out): A header of the answer that is a whole number. */
bool s3_call_number(const struct s3_call *c, const char *name, int64_t *out);

/* s3_call_time(c, name, out): One that is a date (RFC 9110 section 5.6.7). */
bool s3_call_time(const struct s3_call *c, const char *name, int64_t *out);

/* s3_call_text(c, name, out, room): One as text without quotes around it; false, and
 * "", if it is missing or too long. */
bool s3_call_text(const struct s3_call *c, const char *name, char *out, size_t room);

#endif
