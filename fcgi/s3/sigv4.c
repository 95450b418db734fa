/* SPDX-License-Identifier: MIT */
/*
 * Signature version 4 in four steps: the request in its canonical form, the hash of
 * that with time and scope as the string to sign, a key that is good for one day,
 * region and service, and the HMAC of the one by the other. Names of the parts as in
 * the S3 API Reference, "Signature Calculations for the Authorization Header".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "sigv4.h"
#include "text.h"

enum { MAC = 32, DATE = 8 };

static const char algorithm[] = "AWS4-HMAC-SHA256";
static const char ending[] = "aws4_request";

void
sigv4_time(int64_t t, char out[SIGV4_TIME])
{
	const time_t seconds = (time_t)(t / CLOCK_SECOND);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) ||
	    strftime(out, SIGV4_TIME, "%Y%m%dT%H%M%SZ", &tm) != SIGV4_TIME - 1)
		out[0] = '\0'; /* no clock is that wrong */
}

static bool
plain(unsigned char c, const char *keep)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~' ||
	    strchr(keep, c);
}

void
sigv4_encode(struct buf *out, const char *text, const char *keep)
{
	static const char digits[] = "0123456789ABCDEF";

	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (plain(*p, keep)) {
			buf_char(out, (char)*p);
			continue;
		}
		buf_char(out, '%');
		buf_char(out, digits[*p >> 4]);
		buf_char(out, digits[*p & 15]);
	}
}

static const char *
encoded(struct arena *a, const char *text)
{
	struct buf b = buf_make(a, strlen(text) + 1);

	sigv4_encode(&b, text, "");
	return b.bytes;
}

static int
pair_compare(const void *left, const void *right)
{
	const struct sigv4_pair *l = left, *r = right;
	const int order = strcmp(l->name, r->name);

	return order ? order : strcmp(l->value, r->value);
}

const char *
sigv4_query(struct arena *a, const struct sigv4_pair *pairs, size_t n)
{
	struct sigv4_pair *sorted = arena_array(a, struct sigv4_pair, n + 1);
	struct buf out = buf_make(a, 200);

	for (size_t i = 0; i < n; i++)
		sorted[i] = (struct sigv4_pair){ encoded(a, pairs[i].name),
			encoded(a, pairs[i].value) };
	qsort(sorted, n, sizeof(*sorted), pair_compare);
	for (size_t i = 0; i < n; i++)
		buf_print(&out, "%s%s=%s", i ? "&" : "", sorted[i].name,
		    sorted[i].value);
	return out.bytes;
}

void
sigv4_hash(const void *p, size_t n, char out[SIGV4_HEX])
{
	uint8_t hash[MAC] = { 0 };

	(void)EVP_Digest(p, n, hash, NULL, EVP_sha256(), NULL); /* can't fail */
	for (int i = 0; i < MAC; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

/* The headers in the order that is signed. */
static struct sigv4_pair *
sorted_headers(struct arena *a, const struct sigv4_request *r)
{
	struct sigv4_pair *sorted = arena_array(a, struct sigv4_pair, r->n_headers + 1);

	if (r->n_headers)
		memcpy(sorted, r->headers, r->n_headers * sizeof(*sorted));
	qsort(sorted, r->n_headers, sizeof(*sorted), pair_compare);
	return sorted;
}

static const char *
header_names(struct arena *a, const struct sigv4_request *r)
{
	const struct sigv4_pair *sorted = sorted_headers(a, r);
	struct buf out = buf_make(a, 200);

	for (size_t i = 0; i < r->n_headers; i++)
		buf_print(&out, "%s%s", i ? ";" : "", sorted[i].name);
	return out.bytes;
}

/* A value without the blanks at its ends, and one blank for each run of them. */
static void
add_value(struct buf *out, const char *value)
{
	const size_t began = out->n;
	bool blank = false;

	for (const char *p = value; *p; p++) {
		if (*p == ' ' || *p == '\t') {
			blank = out->n > began;
			continue;
		}
		if (blank)
			buf_char(out, ' ');
		blank = false;
		buf_char(out, *p);
	}
}

const char *
sigv4_canonical(struct arena *a, const struct sigv4_request *r)
{
	const struct sigv4_pair *sorted = sorted_headers(a, r);
	struct buf out = buf_make(a, 500);

	buf_print(&out, "%s\n", r->method);
	sigv4_encode(&out, r->path, "/");
	buf_print(&out, "\n%s\n", sigv4_query(a, r->query, r->n_query));
	for (size_t i = 0; i < r->n_headers; i++) {
		buf_print(&out, "%s:", sorted[i].name);
		add_value(&out, sorted[i].value);
		buf_char(&out, '\n');
	}
	buf_print(&out, "\n%s\n%s", header_names(a, r), r->payload);
	return out.bytes;
}

/* "20130524/us-east-1/s3/aws4_request" */
static const char *
scope(struct arena *a, const struct sigv4 *s)
{
	char time[SIGV4_TIME];

	sigv4_time(s->time, time);
	return arena_print(a, "%.*s/%s/%s/%s", DATE, time, s->region, s->service,
	    ending);
}

const char *
sigv4_credential(struct arena *a, const struct sigv4 *s)
{
	return arena_print(a, "%s/%s", s->access, scope(a, s));
}

const char *
sigv4_words(struct arena *a, const struct sigv4 *s, const char *canonical)
{
	char time[SIGV4_TIME], hash[SIGV4_HEX];

	sigv4_time(s->time, time);
	sigv4_hash(canonical, strlen(canonical), hash);
	return arena_print(a, "%s\n%s\n%s\n%s", algorithm, time, scope(a, s), hash);
}

static void
mac(uint8_t key[MAC], const char *text, size_t n)
{
	uint8_t out[MAC] = { 0 };

	(void)HMAC(EVP_sha256(), key, MAC, (const uint8_t *)text, n, out, NULL);
	memcpy(key, out, MAC);
}

void
sigv4_sign(struct arena *a, const struct sigv4 *s, const char *words,
    char out[SIGV4_HEX])
{
	char *first = arena_print(a, "AWS4%s", s->secret), time[SIGV4_TIME];
	const int n = (int)strlen(first);
	uint8_t key[MAC] = { 0 };

	sigv4_time(s->time, time);
	(void)HMAC(EVP_sha256(), first, n, (const uint8_t *)time, DATE, key, NULL);
	OPENSSL_cleanse(first, (size_t)n);
	mac(key, s->region, strlen(s->region));
	mac(key, s->service, strlen(s->service));
	mac(key, ending, sizeof(ending) - 1);
	mac(key, words, strlen(words));
	for (int i = 0; i < MAC; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", key[i]);
}

static void
sign_request(struct arena *a, const struct sigv4 *s, const struct sigv4_request *r,
    char out[SIGV4_HEX])
{
	sigv4_sign(a, s, sigv4_words(a, s, sigv4_canonical(a, r)), out);
}

const char *
sigv4_header(struct arena *a, const struct sigv4 *s, const struct sigv4_request *r)
{
	char signature[SIGV4_HEX];

	sign_request(a, s, r, signature);
	return arena_print(a, "%s Credential=%s, SignedHeaders=%s, Signature=%s",
	    algorithm, sigv4_credential(a, s), header_names(a, r), signature);
}

const char *
sigv4_presign(struct arena *a, const struct sigv4 *s, const struct sigv4_request *r,
    int seconds)
{
	enum { MORE = 6 };
	struct sigv4_pair *query = arena_array(a, struct sigv4_pair, r->n_query + MORE);
	struct sigv4_request whole = *r;
	char time[SIGV4_TIME], signature[SIGV4_HEX];
	size_t n = r->n_query;

	sigv4_time(s->time, time);
	if (n)
		memcpy(query, r->query, n * sizeof(*query));
	query[n++] = (struct sigv4_pair){ "X-Amz-Algorithm", algorithm };
	query[n++] = (struct sigv4_pair){ "X-Amz-Credential", sigv4_credential(a, s) };
	query[n++] = (struct sigv4_pair){ "X-Amz-Date", time };
	query[n++] = (struct sigv4_pair){ "X-Amz-Expires",
		arena_print(a, "%d", seconds) };
	query[n++] = (struct sigv4_pair){ "X-Amz-SignedHeaders", header_names(a, r) };
	if (!text_empty(s->token))
		query[n++] = (struct sigv4_pair){ "X-Amz-Security-Token", s->token };
	whole.query = query;
	whole.n_query = n;
	sign_request(a, s, &whole, signature);
	return arena_print(a, "%s&X-Amz-Signature=%s", sigv4_query(a, query, n),
	    signature);
}
