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

enum { SECONDS_MAX = 604800, FIELDS_MAX = 12 };

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

/* Appends text as JSON writes it. */
static void
add_json(struct buf *b, const char *text)
{
	buf_char(b, '"');
	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p < ' ')
			buf_print(b, "\\u%04x", (unsigned char)*p);
		else if (*p == '"' || *p == '\\')
			buf_print(b, "\\%c", *p);
		else
			buf_char(b, *p);
	}
	buf_char(b, '"');
}

static void
add_field(struct courier_fields *out, const char *name, const char *value)
{
	if (!text_empty(value))
		out->fields[out->n++] = (struct courier_field){ name, value };
}

/* What the form must be like: every field as it is, and the size of the file. */
static const char *
policy(struct s3 *s, const struct courier_form *form, const struct courier_fields *f)
{
	struct buf b = buf_make(s->arena, 1000);
	char time[CLOCK_TEXT], *text;

	(void)clock_text(f->until, time);
	buf_print(&b, "{\"expiration\":\"%.19s.000Z\",\"conditions\":[{\"bucket\":",
	    time);
	add_json(&b, s->place.bucket);
	buf_print(&b, "},[\"content-length-range\",0,%lld]", (long long)form->max);
	for (size_t i = 0; i < f->n; i++) {
		buf_text(&b, ",{");
		add_json(&b, f->fields[i].name);
		buf_char(&b, ':');
		add_json(&b, f->fields[i].value);
		buf_char(&b, '}');
	}
	buf_text(&b, "]}");
	text = arena_take(s->arena, 4 * (b.n / 3 + 1) + 1);
	(void)EVP_EncodeBlock((uint8_t *)text, (const uint8_t *)b.bytes, (int)b.n);
	return text;
}

enum err
s3_form(struct s3 *s, const struct courier_form *form, struct courier_fields *out)
{
	char *time = arena_take(s->arena, SIGV4_TIME);
	char *signature = arena_take(s->arena, SIGV4_HEX);
	struct sigv4 by;
	enum err e;

	*out = (struct courier_fields){ .fields = arena_array(s->arena,
	    struct courier_field, FIELDS_MAX) };
	/* S3 would put the sender's file name in that place. */
	if (form->seconds < 1 || form->seconds > SECONDS_MAX || form->max < 0 ||
	    text_empty(form->key) || strstr(form->key, "${filename}"))
		return ERR_BAD;
	e = signer(s, form->seconds, &by, &out->until);
	if (e)
		return e;
	sigv4_time(by.time, time);
	out->url = s3_place_url(s->arena, &s->place, NULL, NULL);
	add_field(out, "key", form->key);
	add_field(out, "x-amz-algorithm", "AWS4-HMAC-SHA256");
	add_field(out, "x-amz-credential", sigv4_credential(s->arena, &by));
	add_field(out, "x-amz-date", time);
	add_field(out, "x-amz-security-token", by.token);
	add_field(out, "x-amz-server-side-encryption", conf.s3_encryption);
	if (text_same(conf.s3_encryption, "aws:kms"))
		add_field(out, "x-amz-server-side-encryption-aws-kms-key-id",
		    conf.s3_kms_key);
	add_field(out, "policy", policy(s, form, out));
	sigv4_sign(s->arena, &by, out->fields[out->n - 1].value, signature);
	add_field(out, "x-amz-signature", signature);
	return OK;
}
