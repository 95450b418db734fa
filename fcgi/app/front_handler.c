/* SPDX-License-Identifier: MIT */
/*
 * What handlers use of the front door. The steps of the door itself are in front.c;
 * these are apart from it, so that pages can use them and the door can use pages.
 */
#include <assert.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "conf.h"
#include "db.h"
#include "front_handler.h"
#include "journal.h"
#include "log.h"
#include "metrics.h"
#include "scan.h"
#include "session.h"
#include "text.h"

enum {
	HOST_MAX = 255,
	PAGE_MEMORY = 1792 * 1024 /* of 8 MB; all escapes, a reply needs three more */
};

static const struct viewer nobody;

const struct viewer *
front_viewer(const struct req *r)
{
	return r->who ? r->who : &nobody;
}

enum err
front_save(struct req *r)
{
	enum err e = db_commit(r->db);

	db_intend(r->db);
	return e;
}

bool
front_full(const struct req *r)
{
	return arena_used(r->arena) > PAGE_MEMORY;
}

void
front_body(struct req *r)
{
	r->body = buf_make(r->arena, arena_used(r->arena));
}

enum err
front_room(struct req *r, size_t n)
{
	if (!front_full(r))
		return OK;
	return fail(r, ERR_BIG, "These records are too long for one reply. Ask for fewer "
	    "of them at once, with limit=%zu.", n ? n : 1);
}

void
front_undo(struct req *r)
{
	db_rollback(r->db);
	db_intend(r->db);
}

void
front_later(struct req *r)
{
	assert(!db_in_transaction(r->db));
	r->now = clock_now();
	db_stamp(r->db, r->now);
}

void
front_write(struct req *r)
{
	r->writes = true;
	db_read_only(r->db, false);
	db_intend(r->db);
}

const char *
front_base(struct req *r)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";
	const char *host = req_env(r, "HTTP_HOST");

	if (*conf.public_url)
		return conf.public_url;
	if (text_empty(host) || host[strspn(host, letters)] || strlen(host) > HOST_MAX)
		return "";
	return arena_print(r->arena, "%s://%s", r->is_tls ? "https" : "http", host);
}

static enum err
count(struct req *r, const struct throttle *t, int64_t *wait)
{
	struct throttle whole = *t;

	whole.db = r->db;
	whole.arena = r->arena;
	whole.now = r->now;
	return throttle_hit(&whole, wait);
}

static enum err
refuse_attempt(struct req *r, const struct throttle *t, int64_t wait)
{
	metrics_count(METRIC_THROTTLED, 1);
	log_write(LOG_WARN, "throttled kind=\"%s\" address=%s", t->kind, r->address);
	req_header(r, "Retry-After", arena_print(r->arena, "%lld", (long long)wait));
	return fail(r, ERR_BUSY, "Too many attempts. Try again later.");
}

enum err
front_throttle(struct req *r, const struct throttle *t)
{
	int64_t wait;
	enum err e = count(r, t, &wait), saved;

	saved = e && e != ERR_BUSY ? e : front_save(r);
	if (saved || !e)
		return saved;
	return refuse_attempt(r, t, wait);
}

enum err
front_limit(struct req *r, const struct throttle *t)
{
	int64_t wait;
	enum err e = count(r, t, &wait);

	return e == ERR_BUSY ? refuse_attempt(r, t, wait) : e;
}

static struct audit_source
source(const struct req *r)
{
	const struct viewer *v = front_viewer(r);

	return (struct audit_source){
		.endpoint = r->route ? r->route->path : r->path, .who = v->mark,
		.role = v->mark ? session_roles(r->arena, v) : NULL,
		.address = r->address, .request_id = r->id, .now = r->now
	};
}

enum err
front_audit(struct req *r, const struct audit_event *event)
{
	const struct audit_source from = source(r);

	return audit_write(r->db, &from, event);
}

enum err
front_audit_all(struct req *r, const struct audit_list *list)
{
	const struct audit_source from = source(r);

	return audit_write_all(r->db, r->arena, &from, list);
}

/* What is refused leaves a trace, though the request fails. */
static enum err
refuse_virus(struct req *r, const char *name)
{
	enum err e;

	front_later(r);
	e = front_audit(r, &(struct audit_event){ .level = "WARNING", .module = "files",
	    .action = "virus_refused", .details = arena_print(r->arena,
	    "{\"found\":\"%s\"}", name) });
	if (!e)
		e = front_save(r);
	log_write(LOG_WARN, "upload refused, found=\"%s\" who=%s address=%s", name,
	    front_viewer(r)->mark ? front_viewer(r)->mark : "-", r->address);
	return e ? e : fail(r, ERR_BAD, "The file was refused: it contains %s", name);
}

enum err
front_scan(struct req *r, const struct req_file *file)
{
	char name[SCAN_NAME];
	enum err e;

	if (!*conf.clamd)
		return OK;
	e = scan_file(file->fd, file->offset, file->size, name);
	if (e == ERR_BAD)
		return refuse_virus(r, name);
	if (e == ERR_BIG)
		return fail(r, e, "The file is larger than the virus scanner takes; "
		    "nothing was stored.");
	if (e) {
		req_header(r, "Retry-After", "60");
		return fail(r, e, "The file could not be checked for viruses; nothing "
		    "was stored. Try again later.");
	}
	front_later(r); /* it may have taken long */
	return OK;
}

enum err
front_read(struct req *r, const struct audit_event *event)
{
	const struct audit_source from = source(r);
	enum err e = session_confirm(r->db);

	if (e)
		return e; /* the front door asks again who it is */
	e = journal_write(&from, event);
	if (e != ERR_DOWN)
		return e;
	req_header(r, "Retry-After", "10");
	return fail(r, e, "Reading is recorded, and that is not possible at this moment. "
	    "Please try again in a minute.");
}
