/* SPDX-License-Identifier: MIT */
/*
 * Sending stored objects: the store says what nginx is to be told, wherever the bytes
 * lie; nginx sends them. An object never changes, so its hash is its ETag.
 */
#include "condition.h"
#include "deliver.h"
#include "req.h"

/* By what clients know it. */
static struct condition
known(const struct store_at *at, const struct deliver *how)
{
	return (struct condition){ .etag = at->md5 ? at->md5 : at->sha256,
		.changed_at = how->changed_at ? how->changed_at : id_time(at->id) };
}

bool
deliver_later(const struct req *r, const struct store_at *at, const struct deliver *how)
{
	const struct condition c = known(at, how);

	return condition_later(r, &c);
}

enum err
deliver(struct req *r, const struct store_at *at, const struct deliver *how)
{
	const struct condition c = known(at, how);
	const char *link;
	enum err e = store_link(r->arena, at, r->head ? "HEAD" : "GET", &link);

	return e ? e : reply_file(r, &(struct reply_file){ .target = link,
	    .media = how->media, .name = how->name, .attachment = how->attachment,
	    .etag = c.etag, .changed_at = c.changed_at });
}
