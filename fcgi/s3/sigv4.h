/* SPDX-License-Identifier: MIT */
#ifndef S3_SIGV4_H
#define S3_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;

/*
 * AWS's signature version 4, as S3 wants it: a path is encoded once and not tidied up
 * (no "." or "//" is resolved). Nothing here reads a clock, a setting or the network.
 * Source: Amazon S3 API Reference, "Authenticating Requests (AWS Signature Version 4)".
 */
struct sigv4 {
	const char *access, *secret;
	const char *token;	/* of temporary credentials, or "" */
	const char *region, *service;
	int64_t time;		/* of the signature, microseconds */
};

struct sigv4_pair { const char *name, *value; };

/* What is signed. Nothing of it is encoded yet. */
struct sigv4_request {
	const char *method;
	const char *path;			/* begins with / */
	const struct sigv4_pair *query;
	size_t n_query;
	const struct sigv4_pair *headers;	/* names in lower case; host among them */
	size_t n_headers;
	const char *payload;			/* SHA-256 of the body, in hex */
};

enum { SIGV4_TIME = 17, SIGV4_HEX = 65 };

#define SIGV4_UNSIGNED "UNSIGNED-PAYLOAD"

/* sigv4_time(t, out): "20130524T000000Z". */
void sigv4_time(int64_t t, char out[SIGV4_TIME]);

/* sigv4_encode(out, text, keep): Append text with every byte but A-Z a-z 0-9 - . _ ~
 * as %XX; those in keep stay too. */
void sigv4_encode(struct buf *out, const char *text, const char *keep);

/* sigv4_query(a, pairs, n): "a=1&b=", encoded, in the order that is signed. */
const char *sigv4_query(struct arena *a, const struct sigv4_pair *pairs, size_t n);

/* sigv4_hash(p, n, out): SHA-256 in hex. */
void sigv4_hash(const void *p, size_t n, char out[SIGV4_HEX]);

/* sigv4_canonical(a, r): The canonical request. */
const char *sigv4_canonical(struct arena *a, const struct sigv4_request *r);

/* sigv4_words(a, s, canonical): The string to sign. */
const char *sigv4_words(struct arena *a, const struct sigv4 *s, const char *canonical);

/* sigv4_sign(a, s, words, out): The signature of words (the string to sign; for a POST
 * form its policy in base64), in hex. */
void sigv4_sign(struct arena *a, const struct sigv4 *s, const char *words,
    char out[SIGV4_HEX]);

/* sigv4_credential(a, s): "AKID.../20130524/us-east-1/s3/aws4_request". */
const char *sigv4_credential(struct arena *a, const struct sigv4 *s);

/* sigv4_header(a, s, r): The value of the header Authorization. The caller has put
 * x-amz-date, and x-amz-security-token if there is a token, among r's headers. */
const char *sigv4_header(struct arena *a, const struct sigv4 *s,
    const struct sigv4_request *r);

/* sigv4_presign(a, s, r, seconds): The query of an address that works for so many
 * seconds without a header, 1 to 604800. What it needs besides r's query is added. */
const char *sigv4_presign(struct arena *a, const struct sigv4 *s,
    const struct sigv4_request *r, int seconds);

#endif
