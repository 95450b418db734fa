/* SPDX-License-Identifier: MIT */
/*
 * The driver "s3". The courier carries the bytes. Objects of an organisation's files have
 * the key of the path that they were uploaded to, hidden ones "hidden/xx/ID", all others
 * "objects/xx/ID"; a row names key and version, so what else is written under the key
 * never stands for them.
 * What S3 or its credentials refuse is the host's trouble, and said as ERR_DOWN: no
 * client has done anything wrong.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "courier.h"
#include "log.h"
#include "store_driver.h"
#include "text.h"

enum { LINK_SECONDS = 3600 };	/* for clocks that differ */

enum err
store_s3_told(enum err e)
{
	switch (e) {
	case OK:
	case ERR_MISSING:
	case ERR_BIG:
		return e;
	case ERR_DENIED:
	case ERR_DOWN:
		return ERR_DOWN;
	default:
		return ERR_BROKEN;
	}
}

/* The key that is wanted, if S3 takes one so long. */
static const char *
choose_key(struct store_object *o)
{
	if (o->key && strlen(o->key) < COURIER_KEY)
		return o->key;
	o->key = NULL;
	(void)snprintf(o->own_key, sizeof(o->own_key), "%s/%.2s/%s",
	    o->hidden ? "hidden" : "objects", o->id + ID_TEXT - 3, o->id);
	return o->own_key;
}

/* What is said of it beside its bytes. */
static struct courier_about
about(const struct store_object *o)
{
	return (struct courier_about){ .media = o->media, .object_id = o->id,
		.tenant_id = o->organisation_id, .file_name = o->file_name };
}

/* Without a version an object could be replaced. */
static enum err
check_version(struct store_object *o)
{
	if (*o->version && !text_same(o->version, "null")) {
		o->in = store_s3.name;
		return OK;
	}
	log_write(LOG_ERROR, "store: the bucket %s keeps no versions", conf.s3_bucket);
	return ERR_DOWN;
}

static enum err
keep(struct store_object *o)
{
	char path[STORE_PATH];
	struct courier_stored stored;
	const struct courier_put p = { .fd = o->fd, .size = o->size,
		.key = choose_key(o), .md5 = o->md5, .sha256 = o->sha256,
		.about = about(o) };
	enum err e = store_s3_told(courier_put(&p, &stored));

	if (e)
		return e;
	memcpy(o->version, stored.version, sizeof(o->version));
	(void)snprintf(o->md5, sizeof(o->md5), "%.*s", DIGEST_MD5 - 1, stored.etag);
	e = check_version(o);
	if (!e) /* else the sweep does */
		(void)unlinkat(store_root(), store_temp_path(o->id, path), 0);
	return e;
}

static enum err
copy(const struct store_at *from, struct store_object *o)
{
	const struct courier_copy c = { .from_key = from->key,
		.from_version = from->version, .size = from->size, .key = choose_key(o),
		.about = about(o) };
	enum err e = store_s3_told(courier_copy(&c, o->version));

	return e ? e : check_version(o);
}

static enum err
fetch(const struct store_at *at, int *fd)
{
	struct courier_object got;
	enum err e = store_nameless(fd);

	if (e)
		return e;
	e = store_s3_told(courier_get(at->key, at->version, *fd, at->size, &got));
	if (!e && got.size != at->size) {
		log_write(LOG_ERROR, "store: object %s has another size in S3", at->id);
		e = ERR_BROKEN;
	}
	if (e)
		(void)close(*fd); /* is gone with that */
	return e;
}

static enum err
link_to(struct arena *a, const struct store_at *at, const char *method,
    const char **link)
{
	const struct courier_link l = { .method = method, .key = at->key,
		.version = at->version, .seconds = LINK_SECONDS };
	char *url = NULL;
	int64_t until;
	enum err e = store_s3_told(courier_presign(a, &l, &url, &until));

	*link = url;
	return e;
}

static enum err
remove_kept(const struct store_at *at)
{
	return store_s3_told(courier_remove(at->key, at->version));
}

static enum err
size_of(const struct store_at *at, int64_t *size)
{
	struct courier_object found;
	enum err e = store_s3_told(courier_head(at->key, at->version, &found));

	*size = e ? 0 : found.size;
	return e;
}

const struct store_driver store_s3 = {
	.name = "s3", .keep = keep, .copy = copy, .fd = fetch, .link = link_to,
	.remove = remove_kept, .size = size_of
};
