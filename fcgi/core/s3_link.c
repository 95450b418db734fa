/* SPDX-License-Identifier: MIT */
/*
 * Addresses and forms that work without our credentials, for as long as was said. S3
 * is not asked for either.
 */
#include <string.h>

#include <openssl/evp.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "conf.h"
#include "credentials.h"
#include "log.h"
#include "s3.h"
#include "text.h"

enum { SECONDS_MAX = 604800 };

/* What signs now, and until when that holds. */
static enum err
signer(struct s3 *s, int seconds, struct sigv4 *by, int64_t *until)
{
	const struct credentials *keys;
	const int64_t now = clock_now();
	enum err e = credentials_get(s->client, s->arena, now, &keys);

	if (e) {
		log_write(LOG_ERROR, "s3: nothing can be signed: %s",
		    credentials_words());
		return e;
	}
	*by = (struct sigv4){ .access = keys->access, .secret = keys->secret,
		.token = keys->token, .region = s->place.region, .service = "s3",
		.time = now };
	*until = now + seconds * CLOCK_SECOND;
	if (keys->until < *until)
		*until = keys->until;
	return OK;
}

enum err
s3_presign(struct s3 *s, const struct courier_link *l, char **url, int64_t *until)
{
	const struct sigv4_pair host = { "host", s->place.host };
	struct s3_call c = s3_call(l->method, l->key); /* collects the query */
	struct sigv4_request r = { .method = l->method, .query = c.query,
		.headers = &host, .n_headers = 1, .payload = SIGV4_UNSIGNED,
		.path = s3_place_path(s->arena, &s->place, l->key) };
	struct sigv4 by;
	enum err e;

	if (l->seconds < 1 || l->seconds > SECONDS_MAX || text_empty(l->key) ||
	    !(text_same(l->method, "GET") || text_same(l->method, "HEAD") ||
	    text_same(l->method, "PUT")))
		return ERR_BAD;
	e = signer(s, l->seconds, &by, until);
	if (e)
		return e;
	s3_call_query(&c, "versionId", l->version);
	s3_call_query(&c, "response-content-disposition", l->disposition);
	s3_call_query(&c, "response-content-type", l->media);
	r.n_query = c.n_query;
	*url = arena_text(s->arena, s3_place_url(s->arena, &s->place, l->key,
	    sigv4_presign(s->arena, &by, &r, l->seconds)));
	return OK;
}
