/* SPDX-License-Identifier: MIT */
/*
 * The front door. The order of its steps is part of the contract: an unknown path
 * is 404 whoever asks, broken JSON is 422 before sign-in is looked at, then sign-in
 * (403 or 401), then the role (403), then the fields (422), then the handler. A
 * handler's work is committed before a byte of its reply leaves; whatever fails is
 * rolled back whole. Pages go the same way, but come with a cookie instead of a token
 * and fail with a page (page_door.c, page.c).
 */
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "conf.h"
#include "db.h"
#include "front.h"
#include "page.h"
#include "path.h"
#include "session.h"
#include "text.h"

static bool
in_list(const char *const *list, const char *s)
{
	for (; *list; list++)
		if (text_same(*list, s))
			return true;
	return false;
}

/* The origins that may read our replies: the apps' web views, one that is
 * configured, and local front ends while developing. The site itself needs none. */
static bool
origin_allowed(const char *origin)
{
	static const char *const apps[] = {
		"https://localhost", "capacitor://localhost", "ionic://localhost", NULL
	};
	static const char *const local[] = {
		"http://localhost", "http://localhost:5173", "http://localhost:8000",
		"http://localhost:3000", "http://127.0.0.1:5173",
		"http://127.0.0.1:8000", "http://127.0.0.1:3000", NULL
	};

	return in_list(apps, origin) || (*conf.frontend_origin &&
	    text_same(origin, conf.frontend_origin)) ||
	    (!text_same(conf.environment, "production") && in_list(local, origin));
}

static void
add_cors(struct req *r)
{
	const char *origin = req_env(r, "HTTP_ORIGIN");

	if (text_empty(origin) || !origin_allowed(origin))
		return;
	req_header(r, "Access-Control-Allow-Origin", origin);
	req_header(r, "Access-Control-Expose-Headers",
	    "Content-Length, Content-Type, Authorization, X-Request-ID, X-File-Id, "
	    "X-Next-Cursor, X-Deleted-Count, ETag, Content-Disposition, Content-Range, "
	    "Accept-Ranges, Retry-After");
}

static enum err
answer_options(struct req *r, const char *allow)
{
	req_header(r, "Allow", allow);
	req_header(r, "Access-Control-Allow-Methods",
	    "GET, POST, PUT, DELETE, PATCH, OPTIONS");
	req_header(r, "Access-Control-Allow-Headers", "authorization, content-type, "
	    "x-tenant-id, range, if-range, if-match, if-none-match");
	req_header(r, "Access-Control-Max-Age", "3600");
	r->status = 200;
	return reply_bytes(r, "text/plain", "OK", 2);
}

/* Where a page and a route of the API have one path, the client chooses. */
static void
choose_page(struct req *r)
{
	size_t n;
	const struct route *routes = routes_all(&n);

	for (size_t i = 0; i < n; i++) {
		if (routes[i].gives != &page_shape || r->route->gives == &page_shape ||
		    !text_same(routes[i].path, r->route->path) ||
		    !text_same(routes[i].method, r->method))
			continue;
		req_header(r, "Vary", "Accept");
		if (page_wanted(r))
			r->route = &routes[i];
	}
}

/* Is the answer for people, also when it is a failure? */
static bool
is_page(const struct req *r)
{
	if (r->route)
		return r->route->gives == &page_shape;
	return r->path && strncmp(r->path, "/api/", 5) != 0 &&
	    strncmp(r->path, "/files/", 7) != 0 && page_wanted(r);
}

static enum err
find(struct req *r)
{
	const char *allow;
	size_t n;
	const struct route *routes = routes_all(&n);

	r->route = route_find(routes, n, r, &allow);
	if (!r->route && !allow && !path_plain(r->path)) {
		r->path = NULL; /* nobody shall take it for anything */
		return fail(r, ERR_BAD, "The request target makes no sense");
	}
	if (text_same(r->method, "OPTIONS"))
		return answer_options(r, allow ? allow : "OPTIONS");
	if (r->route) {
		choose_page(r);
		return OK;
	}
	if (!allow)
		return fail(r, ERR_MISSING, "Not Found");
	req_header(r, "Allow", allow);
	return fail(r, ERR_METHOD, "Method Not Allowed");
}

static enum err
refuse_role(struct req *r, const struct viewer *v, int who)
{
	if (!v->keeps_register)
		return fail(r, ERR_DENIED, "Access denied. Your organisation does not "
		    "keep the register.");
	return fail(r, ERR_DENIED,
	    "Access denied. Required roles: [%s]. Your roles: ['%s']",
	    who == ADMIN ? "'ADMIN'" : who == FARMER ? "'FARMER'" :
	    "'ADMIN', 'OPERATOR'", session_roles(r->arena, v));
}

/* A client that says whose files it means must mean those of its own organisation. */
static bool
check_tenant(const struct req *r, const struct viewer *v)
{
	const char *tenant = req_env(r, "HTTP_X_TENANT_ID");

	return text_empty(tenant) || text_same(tenant, v->organisation_id);
}

/* Who asks, by the bearer token; the route's row says who may. */
static enum err
admit(struct req *r)
{
	const char *header = req_env(r, "HTTP_AUTHORIZATION"), *why;
	struct viewer *v = arena_take(r->arena, sizeof(*v));
	enum err e;

	if (is_page(r))
		return page_admit(r);
	if (r->route->who == ANYBODY)
		return OK;
	if (text_empty(header))
		return fail(r, ERR_DENIED, "Not authenticated");
	if (strncasecmp(header, "Bearer ", 7) != 0)
		return fail(r, ERR_DENIED, "Invalid authentication credentials");
	e = session_viewer(r->db, r->arena, &(struct session_ask){
	    .token = header + 7 + strspn(header + 7, " "), .type = "access",
	    .now = r->now }, v, &why);
	if (e == ERR_AUTH && why)
		return fail(r, e, "Invalid token: %s", why);
	if (e == ERR_AUTH)
		return fail(r, e, "Could not validate credentials");
	if (e)
		return e;
	r->who = v;
	if (r->route->who == MEMBER && !check_tenant(r, v))
		return fail(r, ERR_DENIED, "You are not of this organisation");
	if ((r->route->who == ADMIN && !v->is_admin) ||
	    (r->route->who == FARMER && !v->is_farmer) ||
	    (r->route->who == OPERATOR && !v->is_admin && !v->is_operator) ||
	    (r->route->who == MEMBER && !v->organisation_id))
		return refuse_role(r, v, r->route->who);
	return OK;
}

static bool
is_read(const struct req *r)
{
	return text_same(r->route->method, "GET");
}

/* Run the handler; what it wrote is committed, or undone if it failed. */
static enum err
act(struct req *r)
{
	const bool reads = is_read(r);
	enum err e;

	db_stamp(r->db, r->now);
	if (!reads)
		db_intend(r->db);
	e = r->route->handler(r);
	if (!e && (!reads || r->writes))
		e = db_commit(r->db);
	if (e)
		db_rollback(r->db);
	db_stamp(r->db, 0);
	return e;
}

/* Does nginx only ask whether it may take the body? Clients can't set this. */
static bool
at_the_door(const struct req *r)
{
	return !text_empty(req_env(r, "DOOR"));
}

static enum err
attempt(struct req *r)
{
	enum err e = admit(r);

	if (!e && !r->status && at_the_door(r)) {
		r->status = 204;
		return OK;
	}
	if (!e && !r->status)
		e = req_check(r);
	if (!e && !r->status)
		e = act(r);
	return e;
}

/* Reading may begin with a guess who asks (session.c). If it was wrong, nothing of what
 * was done is used, and all is done again without a guess. */
static enum err
answer(struct req *r)
{
	const struct req asked = *r;
	enum err e = OK, sure = ERR_AUTH;

	for (int i = 0; i < 2 && sure == ERR_AUTH; i++) {
		*r = asked;
		db_read_only(r->db, is_read(r));
		e = attempt(r);
		sure = session_confirm(r->db);
	}
	db_read_only(r->db, false);
	if (!sure)
		return e;
	r->detail = NULL; /* what was to be said is not known to be true */
	return sure;
}

/* nginx hands on nothing but headers: one has the words for the client (door.conf). */
static void
answer_door(struct req *r)
{
	char *words;

	if (r->status == 204)
		return;
	words = arena_copy(r->arena, r->body.bytes, r->body.n);
	for (char *p = words; *p; p++)
		if (*p == '\r' || *p == '\n')
			*p = ' '; /* of a page, to which it is the same */
	req_header(r, "X-Words", words);
	r->body.n = 0;
}

void
front(struct req *r)
{
	enum err e;

	e = find(r);
	if (!is_page(r))
		add_cors(r);
	if (!e && !r->status) {
		e = at_the_door(r) ? OK : req_parse(r);
		if (!e)
			e = answer(r);
	}
	if (e && is_page(r))
		e = page_fail(r, e);
	reply_finish(r, e);
	if (at_the_door(r))
		answer_door(r);
}
