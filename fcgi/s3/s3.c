/* SPDX-License-Identifier: MIT */
/*
 * Objects put, fetched, copied and removed. Nothing of a body is in memory: curl reads
 * and writes the files that the worker passed.
 */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "s3.h"
#include "s3_object.h"
#include "s3_parts.h"
#include "s3_xml.h"
#include "text.h"

enum { KEY_MAX = COURIER_KEY - 1, GET_ATTEMPTS = 100 };

static bool
key_holds(const char *key)
{
	const size_t n = key ? strlen(key) : 0;

	return n && n <= KEY_MAX && text_utf8(key, n);
}

static enum err
put_whole(struct s3 *s, const struct courier_put *p, struct courier_stored *stored)
{
	struct s3_call c = s3_call("PUT", p->key);
	char etag[COURIER_ETAG];
	const char *md5 = s3_object_md5(s->arena, p->md5);
	enum err e;

	if (!md5)
		return ERR_BAD;
	s3_object_about(s, &c, &p->about);
	s3_call_header(&c, "content-md5", md5);
	c.sha256 = p->sha256;
	c.f.fd = p->fd;
	c.f.offset = p->offset;
	c.f.size = p->size;
	e = s3_call_run(s, &c);
	if (e)
		return e;
	(void)s3_call_text(&c, "x-amz-version-id", stored->version, COURIER_VERSION);
	(void)snprintf(stored->etag, sizeof(stored->etag), "%s", p->md5);
	if (!s3_call_text(&c, "etag", etag, sizeof(etag)))
		return ERR_BROKEN;
	return s3_object_same(&c, etag, p->md5) ? OK : ERR_CONFLICT;
}

enum err
s3_put(struct s3 *s, const struct courier_put *p, struct courier_stored *stored)
{
	*stored = (struct courier_stored){ .version = "" };
	if (!key_holds(p->key) || p->size < 0 || strlen(p->sha256) != SIGV4_HEX - 1)
		return ERR_BAD;
	return p->size > s->sizes.whole ? s3_parts_put(s, p, stored) :
	    put_whole(s, p, stored);
}

/* One more try to get what is missing from *at on. */
static enum err
get_rest(struct s3 *s, struct s3_call *c, int64_t at, struct courier_object *got)
{
	const int64_t whole = got->size;
	struct courier_object rest;
	enum err e;

	if (at > 0) {
		s3_call_header(c, "range", arena_print(s->arena, "bytes=%lld-",
		    (long long)at));
		s3_call_header(c, "if-match", arena_print(s->arena, "\"%s\"",
		    got->etag));
	}
	c->f.to = at;
	e = s3_call_run(s, c);
	if (c->f.status != 200 && c->f.status != 206)
		return e;
	if (s3_object_read(c, &rest) != OK || (c->f.status == 206) != (at > 0))
		return ERR_BROKEN;
	rest.size += at;
	if (at > 0 && rest.size != whole)
		return ERR_BROKEN;
	*got = rest;
	return e;
}

enum err
s3_get(struct s3 *s, const char *key, const char *version, int fd, int64_t max,
    struct courier_object *got)
{
	const int64_t began = clock_steady();
	const int64_t most_s = s->patience_ms / 1000 + max / s->limits->bytes_a_second;
	int64_t at = 0;
	enum err e = ERR_DOWN;

	*got = (struct courier_object){ .size = 0 };
	if (!key_holds(key))
		return ERR_BAD;
	for (int i = 0; i < GET_ATTEMPTS && e == ERR_DOWN; i++) {
		struct s3_call c = s3_call("GET", key);

		s3_call_query(&c, "versionId", version);
		c.f.fd_to = fd;
		c.f.max = max - at;
		e = get_rest(s, &c, at, got);
		at += c.f.moved;
		if (c.f.moved == 0) /* s3_call_run has tried for as long as it may */
			break;
		if ((clock_steady() - began) / CLOCK_SECOND > most_s)
			break;
	}
	if (!e && at != got->size)
		return ERR_BROKEN;
	return e;
}

enum err
s3_head(struct s3 *s, const char *key, const char *version, struct courier_object *found)
{
	struct s3_call c = s3_call("HEAD", key);
	enum err e;

	*found = (struct courier_object){ .size = 0 };
	if (!key_holds(key))
		return ERR_BAD;
	s3_call_query(&c, "versionId", version);
	e = s3_call_run(s, &c);
	return e ? e : s3_object_read(&c, found);
}

static enum err
copy_whole(struct s3 *s, const struct courier_copy *from, char version[COURIER_VERSION])
{
	struct s3_call c = s3_call("PUT", from->key);
	char etag[COURIER_ETAG];
	enum err e;

	s3_object_about(s, &c, &from->about);
	s3_call_header(&c, "x-amz-copy-source", s3_object_source(s, from));
	s3_call_header(&c, "x-amz-metadata-directive", "REPLACE");
	c.f.body = "";
	c.f.still_s = s3_still(s, from->size);
	e = s3_call_run(s, &c);
	if (!e && !s3_xml_text(c.f.words, c.f.n_words, "CopyObjectResult/ETag", etag,
	    sizeof(etag)))
		e = ERR_BROKEN;
	return e ? e : s3_object_version(s, &c, from->about.object_id, version);
}

enum err
s3_copy(struct s3 *s, const struct courier_copy *from, char version[COURIER_VERSION])
{
	version[0] = '\0';
	if (!key_holds(from->from_key) || !key_holds(from->key) || from->size < 0)
		return ERR_BAD;
	return from->size > s->sizes.copy_whole ? s3_parts_copy(s, from, version) :
	    copy_whole(s, from, version);
}

enum err
s3_remove(struct s3 *s, const char *key, const char *version)
{
	struct s3_call c = s3_call("DELETE", key);
	enum err e;

	if (!key_holds(key) || text_empty(version))
		return ERR_BAD;
	s3_call_query(&c, "versionId", version);
	e = s3_call_run(s, &c);
	return e == ERR_MISSING ? OK : e;
}
