/* SPDX-License-Identifier: MIT */
#ifndef CORE_TOKEN_H
#define CORE_TOKEN_H

#include <stdint.h>

#include "err.h"

struct arena;

/*
 * Sign-in tokens: JWT (RFC 7519) with HS256 (RFC 7515), in exactly one form:
 *
 *     {"alg":"HS256","typ":"JWT"}
 *     {"sub":"..","type":"access","exp":1,"iat":1,"aud":"zambian_farmer_system",
 *      "roles":["ADMIN"],"sid":"<24 hex>"}
 *
 * The header is compared as bytes, so no other algorithm exists; the claims are
 * read only after the signature holds, and only in this order.
 */
struct token {
	const char *subject;	/* e-mail, or farmer_id */
	const char *type;	/* "access" or "refresh" */
	const char *roles;	/* "ADMIN" or "ADMIN,OPERATOR"; NULL in a refresh token */
	const char *session_id;
	int64_t issued, expires;	/* seconds */
};

/* token_make(a, t): The token's text, signed with the current key, in a. */
const char *token_make(struct arena *a, const struct token *t);

/* token_read(a, text, now, t, why): Check and read. now is in seconds. ERR_AUTH
 * with *why as the existing clients know it: "Not enough segments", "Signature
 * verification failed.", "Signature has expired.", "Invalid audience", ...
 * What t points to lies in a. */
enum err token_read(struct arena *a, const char *text, int64_t now, struct token *t,
    const char **why);

#endif
