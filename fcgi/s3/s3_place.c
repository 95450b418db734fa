/* SPDX-License-Identifier: MIT */
/*
 * The bucket's address. Amazon's own are made of bucket and region; others are given.
 * A name with dots can't go before a host: the certificate would not match it.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "fetch.h"
#include "s3_place.h"
#include "sigv4.h"
#include "text.h"

enum { HTTP = 80, HTTPS = 443 };

static const char digits[] = "0123456789";
static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

/* "Bucket naming rules"; the length is the setting's. */
static bool
bucket_holds(const char *s)
{
	const size_t n = strlen(s);

	for (const char *p = s; *p; p++)
		if (!strchr(letters, *p) && !strchr(digits, *p) && !strchr(".-", *p))
			return false;
	return n > 2 && !strchr(".-", s[0]) && !strchr(".-", s[n - 1]);
}

/* Only what can stand in a header and in a signature's scope. */
static bool
region_holds(const char *s)
{
	for (const char *p = s; *p; p++)
		if (!strchr(letters, *p) && !strchr(digits, *p) && *p != '-' && *p != '_')
			return false;
	return true;
}

static bool
host_holds(const char *s)
{
	for (const char *p = s; *p; p++)
		if (!strchr(letters, *p | 0x20) && !strchr(digits, *p) &&
		    !strchr("-._:[]", *p))
			return false;
	return *s;
}

/* Take "host[:port]" apart; an IPv6 address stands in brackets. */
static bool
read_host(struct arena *a, const char *s, struct s3_place *p)
{
	const char *end = *s == '[' ? strchr(s, ']') : s + strcspn(s, ":");
	int64_t port = p->port;

	if (!host_holds(s) || !end || end == s)
		return false;
	if (*end == ']')
		end++;
	if (*end && (*end != ':' || !text_number(end + 1, 1, 65535, &port)))
		return false;
	p->name = *s == '[' ? arena_copy(a, s + 1, (size_t)(end - s) - 2) :
	    arena_copy(a, s, (size_t)(end - s));
	p->host = port == p->port ? arena_copy(a, s, (size_t)(end - s)) :
	    arena_text(a, s);
	p->port = (int)port;
	return true;
}

static const char *
read_endpoint(struct arena *a, struct s3_place *p)
{
	const char *rest = strstr(conf.s3_endpoint, "://");
	size_t n;

	if (!rest)
		return "S3_ENDPOINT must be https://host or https://host:port";
	p->scheme = arena_copy(a, conf.s3_endpoint, (size_t)(rest - conf.s3_endpoint));
	rest += 3;
	n = strlen(rest);
	if (n && rest[n - 1] == '/')
		n--;
	p->port = text_same(p->scheme, "http") ? HTTP : HTTPS;
	if ((!text_same(p->scheme, "http") && !text_same(p->scheme, "https")) ||
	    !read_host(a, arena_copy(a, rest, n), p))
		return "S3_ENDPOINT must be https://host or https://host:port";
	if (text_same(p->scheme, "http") && !fetch_near(p->name))
		return "S3_ENDPOINT must begin with https:// if it is not on this host";
	return NULL;
}

const char *
s3_place(struct arena *a, struct s3_place *p)
{
	const char *wrong = NULL;

	*p = (struct s3_place){ .bucket = conf.s3_bucket, .region = conf.s3_region,
		.scheme = "https", .port = HTTPS,
		.in_path = text_same(conf.s3_style, "path") };
	if (!bucket_holds(p->bucket))
		return "S3_BUCKET must be a bucket's name: 3 to 63 lower-case letters, "
		    "digits, - and .";
	if (!region_holds(p->region))
		return "S3_REGION must be a region's name, such as eu-central-1";
	if (*conf.s3_endpoint)
		wrong = read_endpoint(a, p);
	else
		p->host = p->name = arena_print(a, "s3.%s.amazonaws.com", p->region);
	if (wrong || p->in_path)
		return wrong;
	if (strchr(p->bucket, '.') && text_same(p->scheme, "https"))
		return "S3_STYLE must be path for a bucket with a dot in its name";
	p->host = arena_print(a, "%s.%s", p->bucket, p->host);
	p->name = arena_print(a, "%s.%s", p->bucket, p->name);
	return NULL;
}

const char *
s3_place_path(struct arena *a, const struct s3_place *p, const char *key)
{
	return !p->in_path ? arena_print(a, "/%s", key ? key : "") :
	    key ? arena_print(a, "/%s/%s", p->bucket, key) :
	    arena_print(a, "/%s", p->bucket);
}

const char *
s3_place_url(struct arena *a, const struct s3_place *p, const char *key,
    const char *query)
{
	struct buf b = buf_make(a, 200);

	buf_print(&b, "%s://%s", p->scheme, p->host);
	sigv4_encode(&b, s3_place_path(a, p, key), "/");
	if (!text_empty(query))
		buf_print(&b, "?%s", query);
	return b.bytes;
}
