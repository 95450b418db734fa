/* SPDX-License-Identifier: MIT */
#ifndef APP_DELIVER_H
#define APP_DELIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "store.h"

struct req;

/* How a stored object is sent: as what, under which name, to be shown or to be saved. */
struct deliver {
	const char *media, *name;
	int64_t changed_at;	/* 0: when the object was made */
	bool attachment;
};

/* deliver(r, at, how): Make the reply that has nginx send the object, which the viewer
 * may see (the caller has checked, and recorded it), or a part of it; or 304 or 412, as
 * the request's conditions say. */
enum err deliver(struct req *r, const struct store_at *at, const struct deliver *how);

/* deliver_later(r, at, how): Will that be at most a part of it, from behind its first
 * byte on? */
bool deliver_later(const struct req *r, const struct store_at *at,
    const struct deliver *how);

#endif
