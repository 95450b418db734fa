/* SPDX-License-Identifier: MIT */
/*
 * Objects' headers, both ways. A file's name goes into the metadata percent-encoded,
 * which is ASCII whatever the name was.
 */
#include <string.h>

#include <openssl/evp.h>

#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "log.h"
#include "s3.h"
#include "s3_object.h"
#include "text.h"

enum {
	MD5 = 16, NAME_LONGEST = 1000,
	LOOKED_AT = 20		/* of a key's newest versions */
};

void
s3_object_about(const struct s3 *s, struct s3_call *c, const struct courier_about *about)
{
	struct buf name = buf_make(s->arena, 100);

	s3_call_header(c, "content-type", text_empty(about->media) ?
	    "application/octet-stream" : about->media);
	s3_call_header(c, "x-amz-meta-cem-object", about->object_id);
	s3_call_header(c, "x-amz-meta-tenant_id", about->tenant_id);
	if (!text_empty(about->file_name))
		sigv4_encode(&name, about->file_name, "");
	if (name.n <= NAME_LONGEST) /* all metadata together may have 2 KB */
		s3_call_header(c, "x-amz-meta-original_filename", name.bytes);
	s3_call_header(c, "x-amz-server-side-encryption", conf.s3_encryption);
	if (text_same(conf.s3_encryption, "aws:kms"))
		s3_call_header(c, "x-amz-server-side-encryption-aws-kms-key-id",
		    conf.s3_kms_key);
}

/* Among the newest versions of the key. */
static enum err
look_back(struct s3 *s, const char *key, const char *object_id,
    struct courier_object *found)
{
	const struct courier_find newest = { .prefix = key, .limit = LOOKED_AT };
	struct courier_page page = { .n = 0 };
	enum err e = s3_list(s, &newest, &page);

	for (size_t i = 0; i < page.n && !e; i++) {
		const struct courier_entry *entry = &page.entries[i];

		if (!text_same(entry->key, key))
			break; /* only its beginning is this key */
		if (entry->marker)
			continue;
		e = s3_head(s, key, entry->version, found);
		if (!e && text_same(found->object_id, object_id))
			return OK;
		if (e == ERR_MISSING) /* removed since it was listed */
			e = OK;
	}
	if (!e)
		log_write(LOG_ERROR, "s3: the object just made is not to be found");
	return e ? e : ERR_DOWN;
}

enum err
s3_object_find(struct s3 *s, const char *key, const char *object_id,
    struct courier_object *found)
{
	enum err e;

	if (!object_id)
		object_id = "";
	e = s3_head(s, key, NULL, found);
	if (!e && text_same(found->object_id, object_id))
		return OK;
	return e && e != ERR_MISSING ? e : look_back(s, key, object_id, found);
}

enum err
s3_object_version(struct s3 *s, const struct s3_call *c, const char *object_id,
    char version[COURIER_VERSION])
{
	struct courier_object found;
	enum err e;

	if (s3_call_text(c, "x-amz-version-id", version, COURIER_VERSION))
		return OK;
	e = s3_object_find(s, c->key, object_id, &found);
	if (!e)
		memcpy(version, found.version, COURIER_VERSION);
	return e;
}

const char *
s3_object_source(struct s3 *s, const struct courier_copy *c)
{
	struct buf b = buf_make(s->arena, 200);

	buf_print(&b, "/%s/", s->place.bucket);
	sigv4_encode(&b, c->from_key, "/");
	if (!text_empty(c->from_version)) {
		buf_text(&b, "?versionId=");
		sigv4_encode(&b, c->from_version, "");
	}
	return b.bytes;
}

const char *
s3_object_bare(char *etag)
{
	const size_t n = strlen(etag);

	if (n < 2 || etag[0] != '"' || etag[n - 1] != '"')
		return etag;
	etag[n - 1] = '\0';
	return etag + 1;
}

enum err
s3_object_read(const struct s3_call *c, struct courier_object *o)
{
	*o = (struct courier_object){ .size = 0 };
	if (!s3_call_number(c, "content-length", &o->size) ||
	    !s3_call_text(c, "etag", o->etag, sizeof(o->etag)))
		return ERR_BROKEN;
	(void)s3_call_time(c, "last-modified", &o->modified_at); /* 0 if it is none */
	(void)s3_call_text(c, "x-amz-version-id", o->version, sizeof(o->version));
	(void)s3_call_text(c, "content-type", o->media, sizeof(o->media));
	(void)s3_call_text(c, "x-amz-meta-cem-object", o->object_id,
	    sizeof(o->object_id)); /* "" where they are missing, or not ours */
	return OK;
}

const char *
s3_object_md5(struct arena *a, const char *md5)
{
	uint8_t hash[MD5];
	char *text = arena_take(a, 2 * MD5);

	if (!text_hex_read(md5, hash, MD5))
		return NULL;
	(void)EVP_EncodeBlock((uint8_t *)text, hash, MD5);
	return text;
}

bool
s3_object_plain(const struct s3_call *c)
{
	const char *how = fetch_header(&c->f, "x-amz-server-side-encryption");

	return !how || text_same(how, "AES256");
}

bool
s3_object_same(const struct s3_call *c, const char *etag, const char *md5)
{
	return !s3_object_plain(c) || text_same(etag, md5);
}
