/* SPDX-License-Identifier: MIT */
/*
 * Multipart uploads ("Uploading and copying objects using multipart upload"): begin,
 * send part after part, join. Each part goes with its own MD5 and SHA-256, which S3
 * checks. The SHA-256 of the whole is compared with the worker's before they are
 * joined, so what was hashed there is what is in S3. The ETag of the whole is made of
 * the parts' MD5s.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "arena.h"
#include "buf.h"
#include "log.h"
#include "s3.h"
#include "s3_object.h"
#include "s3_parts.h"
#include "s3_xml.h"
#include "text.h"

enum {
	PARTS_MAX = 10000,
	MD5 = 16, SHA256 = 32,
	OF_PART_MD5 = 0, OF_PART, OF_ALL, HASHES, /* what is hashed at once */
	UPLOAD_ID = 1025,
	BLOCK = 128 * 1024,
	END_PATIENCE_MS = 3000,		/* with giving up an upload */
	END_STILL_S = 3
};

struct part {
	uint8_t md5[MD5];
	char etag[COURIER_ETAG];
};

struct upload {
	struct s3 *s;
	const char *key, *object_id;
	char id[UPLOAD_ID];
	bool copied;
	int64_t size, part_size;
	int n;
	struct part *parts;
};

static void
divide(struct upload *u, int64_t part_size)
{
	u->part_size = part_size;
	while (u->size > u->part_size * PARTS_MAX)
		u->part_size *= 2;
	u->n = (int)((u->size + u->part_size - 1) / u->part_size);
	u->parts = arena_array(u->s->arena, struct part, (size_t)u->n);
}

static int64_t
size_of(const struct upload *u, int i)
{
	const int64_t at = i * u->part_size, left = u->size - at;

	return left < u->part_size ? left : u->part_size;
}

static enum err
begin(struct upload *u, const struct courier_about *about)
{
	struct s3_call c = s3_call("POST", u->key);
	enum err e;

	s3_call_flag(&c, "uploads");
	s3_object_about(u->s, &c, about);
	c.f.body = "";
	e = s3_call_run(u->s, &c);
	if (!e && !s3_xml_text(c.f.words, c.f.n_words,
	    "InitiateMultipartUploadResult/UploadId", u->id, sizeof(u->id)))
		e = ERR_BROKEN;
	return e;
}

/* Give it up, so that S3 does not keep its parts (and their price) for ever. */
static void
give_up(struct upload *u)
{
	struct s3_call c = s3_call("DELETE", u->key);
	char words[sizeof(u->s->words)];
	const int patience = u->s->patience_ms;

	memcpy(words, u->s->words, sizeof(words)); /* of the failure that counts */
	u->s->patience_ms = END_PATIENCE_MS;
	s3_call_query(&c, "uploadId", u->id);
	c.f.still_s = END_STILL_S;
	(void)s3_call_run(u->s, &c); /* logged; a rule of the bucket removes old ones */
	u->s->patience_ms = patience;
	memcpy(u->s->words, words, sizeof(words));
}

/* The ETag that the joined object must have: "md5 of md5s-parts". */
static const char *
joined_etag(const struct upload *u, struct arena *a)
{
	EVP_MD_CTX *state = EVP_MD_CTX_new();
	uint8_t hash[MD5] = { 0 };

	if (state && EVP_DigestInit_ex(state, EVP_md5(), NULL) == 1) {
		for (int i = 0; i < u->n; i++)
			(void)EVP_DigestUpdate(state, u->parts[i].md5, MD5);
		(void)EVP_DigestFinal_ex(state, hash, NULL);
	}
	EVP_MD_CTX_free(state);
	return arena_print(a, "%s-%d", text_hex(a, hash, MD5), u->n);
}

/* What S3 joined must have the ETag that our parts give; of copied ones we don't know
 * it. radosgw does not tell it in this answer. */
static enum err
compare(const struct upload *u, const struct s3_call *c, const char *version)
{
	struct courier_object joined;
	char *etag = joined.etag;
	enum err e = OK;

	if (u->copied || !s3_object_plain(c))
		return OK;
	if (!s3_xml_text(c->f.words, c->f.n_words, "CompleteMultipartUploadResult/ETag",
	    etag, sizeof(joined.etag)) || !*etag)
		e = s3_head(u->s, u->key, version, &joined);
	if (e)
		return e;
	return text_same(s3_object_bare(etag), joined_etag(u, u->s->arena)) ? OK :
	    ERR_CONFLICT;
}

/* Parts that were joined while the answer got lost can't be joined again: then the
 * object is there. */
static enum err
joined_before(struct upload *u, const char *etag, char version[COURIER_VERSION])
{
	struct courier_object found;
	enum err e = s3_object_find(u->s, u->key, u->object_id, &found);

	if (e || !text_same(found.etag, etag))
		return ERR_DOWN;
	memcpy(version, found.version, COURIER_VERSION);
	return OK;
}

static enum err
join(struct upload *u, char version[COURIER_VERSION])
{
	struct s3_call c = s3_call("POST", u->key);
	struct arena *a = u->s->arena;
	struct buf b = buf_make(a, (size_t)u->n * 100);
	char hash[SIGV4_HEX];
	enum err e;

	buf_text(&b, "<CompleteMultipartUpload "
	    "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (int i = 0; i < u->n; i++)
		buf_print(&b, "<Part><PartNumber>%d</PartNumber><ETag>&quot;%s&quot;"
		    "</ETag></Part>", i + 1, u->parts[i].etag);
	buf_text(&b, "</CompleteMultipartUpload>");
	sigv4_hash(b.bytes, b.n, hash);
	s3_call_query(&c, "uploadId", u->id);
	s3_call_header(&c, "content-type", "application/xml");
	c.sha256 = hash;
	c.f.body = b.bytes;
	c.f.size = (int64_t)b.n;
	c.f.still_s = s3_still(u->s, u->size);
	e = s3_call_run(u->s, &c);
	if (e == ERR_MISSING)
		return joined_before(u, joined_etag(u, a), version);
	if (!e)
		e = s3_object_version(u->s, &c, u->object_id, version);
	return e ? e : compare(u, &c, version);
}

/* An ETag of ours is hex; nothing else goes into the XML above. */
static bool
etag_holds(const char *etag)
{
	for (const char *p = etag; *p; p++)
		if (!strchr("0123456789abcdefABCDEF-", *p))
			return false;
	return *etag;
}

/* The hashes of one part, which is read in blocks. */
static enum err
hash_part(const struct courier_put *p, int64_t at, int64_t size, struct part *part,
    EVP_MD_CTX *states[HASHES])
{
	uint8_t block[BLOCK];

	if (EVP_DigestInit_ex(states[OF_PART_MD5], EVP_md5(), NULL) != 1 ||
	    EVP_DigestInit_ex(states[OF_PART], EVP_sha256(), NULL) != 1)
		return ERR_BROKEN;
	while (size > 0) {
		const size_t want = size < BLOCK ? (size_t)size : BLOCK;
		const ssize_t n = pread(p->fd, block, want, p->offset + at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			log_write(LOG_ERROR, "s3: the file to be sent is shorter than "
			    "was said, or can't be read");
			return ERR_BROKEN;
		}
		for (int i = 0; i < HASHES; i++)
			(void)EVP_DigestUpdate(states[i], block, (size_t)n);
		at += n;
		size -= n;
	}
	return EVP_DigestFinal_ex(states[OF_PART_MD5], part->md5, NULL) == 1 ? OK :
	    ERR_BROKEN;
}

static enum err
send_part(struct upload *u, const struct courier_put *p, int i,
    EVP_MD_CTX *states[HASHES])
{
	struct part *part = &u->parts[i];
	struct s3_call c = s3_call("PUT", u->key);
	struct arena *a = u->s->arena;
	uint8_t sha256[SHA256];
	enum err e = hash_part(p, i * u->part_size, size_of(u, i), part, states);

	if (e || EVP_DigestFinal_ex(states[OF_PART], sha256, NULL) != 1)
		return ERR_BROKEN;
	s3_call_query(&c, "partNumber", arena_print(a, "%d", i + 1));
	s3_call_query(&c, "uploadId", u->id);
	s3_call_header(&c, "content-md5", s3_object_md5(a, text_hex(a, part->md5, MD5)));
	c.sha256 = text_hex(a, sha256, SHA256);
	c.f.fd = p->fd;
	c.f.offset = p->offset + i * u->part_size;
	c.f.size = size_of(u, i);
	e = s3_call_run(u->s, &c);
	if (e)
		return e == ERR_MISSING ? ERR_DOWN : e; /* the upload is gone */
	if (!s3_call_text(&c, "etag", part->etag, sizeof(part->etag)) ||
	    !etag_holds(part->etag))
		return ERR_BROKEN;
	return s3_object_same(&c, part->etag, text_hex(a, part->md5, MD5)) ? OK :
	    ERR_CONFLICT;
}

/* All parts, each in memory that the next one uses again. */
static enum err
send_parts(struct upload *u, const struct courier_put *p, EVP_MD_CTX *states[HASHES])
{
	struct arena *kept = u->s->arena;
	uint8_t sha256[SHA256];
	enum err e = OK;

	u->s->arena = u->s->scratch;
	for (int i = 0; i < u->n && !e; i++) {
		arena_reset(u->s->scratch);
		e = send_part(u, p, i, states);
	}
	u->s->arena = kept;
	if (!e && EVP_DigestFinal_ex(states[OF_ALL], sha256, NULL) != 1)
		e = ERR_BROKEN;
	if (!e && !text_same(text_hex(kept, sha256, SHA256), p->sha256))
		e = ERR_CONFLICT;
	return e;
}

enum err
s3_parts_put(struct s3 *s, const struct courier_put *p, struct courier_stored *stored)
{
	struct upload u = { .s = s, .key = p->key,
		.object_id = p->about.object_id, .size = p->size };
	EVP_MD_CTX *states[] = { EVP_MD_CTX_new(), EVP_MD_CTX_new(), EVP_MD_CTX_new() };
	enum err e = ERR_BROKEN;

	divide(&u, s->sizes.part);
	if (states[OF_PART_MD5] && states[OF_PART] && states[OF_ALL] &&
	    EVP_DigestInit_ex(states[OF_ALL], EVP_sha256(), NULL) == 1)
		e = begin(&u, &p->about);
	if (!e) {
		e = send_parts(&u, p, states);
		if (!e)
			e = join(&u, stored->version);
		if (e)
			give_up(&u);
		else
			(void)snprintf(stored->etag, sizeof(stored->etag), "%s",
			    joined_etag(&u, s->arena));
	}
	for (int i = 0; i < HASHES; i++)
		EVP_MD_CTX_free(states[i]);
	return e;
}

static enum err
copy_part(struct upload *u, const struct courier_copy *from, int i)
{
	struct s3_call c = s3_call("PUT", u->key);
	struct arena *a = u->s->arena;
	char etag[COURIER_ETAG];
	const int64_t at = i * u->part_size;
	enum err e;

	s3_call_query(&c, "partNumber", arena_print(a, "%d", i + 1));
	s3_call_query(&c, "uploadId", u->id);
	s3_call_header(&c, "x-amz-copy-source", s3_object_source(u->s, from));
	s3_call_header(&c, "x-amz-copy-source-range", arena_print(a, "bytes=%lld-%lld",
	    (long long)at, (long long)(at + size_of(u, i) - 1)));
	c.f.body = "";
	c.f.still_s = s3_still(u->s, size_of(u, i));
	e = s3_call_run(u->s, &c);
	if (e)
		return e;
	if (!s3_xml_text(c.f.words, c.f.n_words, "CopyPartResult/ETag", etag,
	    sizeof(etag)))
		return ERR_BROKEN;
	(void)snprintf(u->parts[i].etag, sizeof(etag), "%s", s3_object_bare(etag));
	return etag_holds(u->parts[i].etag) ? OK : ERR_BROKEN;
}

enum err
s3_parts_copy(struct s3 *s, const struct courier_copy *from,
    char version[COURIER_VERSION])
{
	struct upload u = { .s = s, .key = from->key,
		.object_id = from->about.object_id, .copied = true, .size = from->size };
	enum err e;

	divide(&u, s->sizes.copy_part);
	e = begin(&u, &from->about);
	if (e)
		return e;
	for (int i = 0; i < u.n && !e; i++)
		e = copy_part(&u, from, i);
	if (!e)
		e = join(&u, version);
	if (e)
		give_up(&u);
	return e;
}
