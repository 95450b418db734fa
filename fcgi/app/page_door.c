/* SPDX-License-Identifier: MIT */
/*
 * The door for people with a browser. The session comes in a cookie, which a browser
 * also sends along when another site makes it post a form; so a form must name our own
 * site as its origin, and, where somebody is signed in, carry a value that only our
 * pages know. The API never looks at the cookie, and pages at no other header.
 */
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "conf.h"
#include "front_handler.h"
#include "key.h"
#include "page.h"
#include "path.h"
#include "routes.h"
#include "session.h"
#include "text.h"

enum { TOKEN_MAX = 2048, NEXT_MAX = 500, RANGES_MAX = 30 };

static const char cookie_name[] = "__Host-cem_session";

/* "0.85" as 850; what has no such form weighs nothing. */
static int
thousandths(const char *p, const char *end)
{
	int out = 0;

	for (int digit = 1000; p < end && digit; p++) {
		if (*p == '.')
			continue;
		if (*p < '0' || *p > '9')
			break;
		out += (*p - '0') * digit;
		digit /= 10;
	}
	return out < 1000 ? out : 1000;
}

/* The weight of one media range, "text/html;q=0.9". */
static int
weight(const char *range, size_t n)
{
	const char *end = range + n, *p = memchr(range, ';', n);

	while (p) {
		p += 1 + strspn(p + 1, " \t");
		if (end - p > 2 && strncasecmp(p, "q=", 2) == 0)
			return thousandths(p + 2, end);
		p = p < end ? memchr(p, ';', (size_t)(end - p)) : NULL;
	}
	return 1000;
}

static bool
range_is(const char *range, size_t n, const char *media)
{
	size_t len = strlen(media);

	return n >= len && strncasecmp(range, media, len) == 0 &&
	    (n == len || strchr("; \t", range[len]));
}

bool
page_wanted(const struct req *r)
{
	const char *p = req_env(r, "HTTP_ACCEPT");
	bool html = false;
	int best = 0;

	for (int i = 0; p && *p && i < RANGES_MAX; i++) {
		size_t n;

		p += strspn(p, ", \t");
		n = strcspn(p, ",");
		if (weight(p, n) > best && (range_is(p, n, "text/html") ||
		    range_is(p, n, "application/json"))) {
			best = weight(p, n);
			html = range_is(p, n, "text/html");
		}
		p += n;
	}
	return html;
}

/* What follows our own scheme and host in an address; NULL if it is another's. */
static const char *
below_us(const struct req *r, const char *url)
{
	const char *scheme = r->is_tls ? "https://" : "http://";
	const char *host = req_env(r, "HTTP_HOST");

	if (text_empty(host) || strncmp(url, scheme, strlen(scheme)) != 0)
		return NULL;
	url += strlen(scheme);
	if (strncasecmp(url, host, strlen(host)) != 0)
		return NULL;
	url += strlen(host);
	return *url == '/' || !*url ? url : NULL;
}

/* Did one of our own pages send this? Browsers say so in Origin (Fetch Standard,
 * section 3.2), or in the other two if they leave it out. From a page that is to tell
 * nobody its address (share_page.c) it is "null", as from many others: then only
 * Sec-Fetch-Site, which no page can set, says whose it is. */
static bool
is_ours(const struct req *r)
{
	const char *origin = req_env(r, "HTTP_ORIGIN");
	const char *site = req_env(r, "HTTP_SEC_FETCH_SITE");
	const char *referer = req_env(r, "HTTP_REFERER");

	if (text_same(origin, "null"))
		return text_same(site, "same-origin");
	if (!text_empty(origin))
		return below_us(r, origin);
	if (!text_empty(site))
		return text_same(site, "same-origin") || text_same(site, "none");
	return !text_empty(referer) && below_us(r, referer);
}

const char *
page_cookie_value(const struct req *r, const char *name)
{
	const char *p = req_env(r, "HTTP_COOKIE");
	size_t len = strlen(name), n;

	for (; p && *p; p += n) {
		p += strspn(p, "; ");
		n = strcspn(p, ";");
		if (n > len && n < TOKEN_MAX && memcmp(p, name, len) == 0 &&
		    p[len] == '=')
			return arena_copy(r->arena, p + len + 1, n - len - 1);
	}
	return NULL;
}

/* The value of the session's cookie; NULL without. */
static const char *
read_cookie(const struct req *r)
{
	return page_cookie_value(r, cookie_name);
}

void
page_cookie(struct req *r, const char *token)
{
	req_header(r, "Set-Cookie", arena_print(r->arena,
	    "%s=%s; Path=/; Max-Age=%lld; HttpOnly; Secure; SameSite=Lax", cookie_name,
	    token ? token : "", token ? (long long)conf.access_minutes * 60 : 0));
}

/* The value for a session under one generation of the key; NULL if there is none. */
static const char *
csrf_of(const struct req *r, int generation)
{
	const char *id = front_viewer(r)->session_id;

	return id ? key_mac(r->arena, KEY_FORM, generation, id) : NULL;
}

const char *
page_csrf(const struct req *r)
{
	const char *value = csrf_of(r, 0);

	return value ? value : "";
}

/* Uploads are excused: their body has not been looked at yet, and the origin has. So
 * are the forms for anybody, which do nothing in the name of who is signed in. */
static bool
csrf_holds(const struct req *r)
{
	const char *sent, *before = csrf_of(r, 1);

	if (!text_same(r->method, "POST") || r->route->who == ANYBODY ||
	    r->route->takes->place == SHAPE_UPLOAD)
		return true;
	sent = req_form(r, "csrf");
	return sent && (text_same_secret(sent, page_csrf(r)) ||
	    (before && text_same_secret(sent, before)));
}

bool
page_is_local(const char *path)
{
	if (!path || path[0] != '/' || path[1] == '/' || strlen(path) > NEXT_MAX)
		return false;
	for (; *path; path++)
		if (*path <= ' ' || *path > '~' || *path == '\\')
			return false;
	return true;
}

/* Where to go on after the sign-in: the page that was asked for, or the one whose form
 * was sent. */
static const char *
here(const struct req *r)
{
	const char *referer = req_env(r, "HTTP_REFERER");
	struct buf b = buf_make(r->arena, 100);

	if (!text_same(r->method, "GET"))
		return referer ? below_us(r, referer) : NULL;
	path_encode(&b, r->path, "/");
	if (*r->query)
		buf_print(&b, "?%s", r->query);
	return b.bytes;
}

/* had: there was a session, and it is over. */
static enum err
to_sign_in(struct req *r, bool had)
{
	struct buf b = buf_make(r->arena, 100);
	const char *next = here(r);

	if (had)
		page_cookie(r, NULL);
	buf_text(&b, had ? "/sign-in?done=ended" : "/sign-in");
	if (page_is_local(next)) {
		buf_text(&b, had ? "&next=" : "?next=");
		path_encode(&b, next, "/");
	}
	return page_go(r, b.bytes);
}

static bool
may(const struct viewer *v, int who)
{
	if (who == FARMER)
		return v->is_farmer;
	if (who == MEMBER)
		return v->organisation_id;
	return who == ANYBODY || who == SIGNED || v->is_admin ||
	    (who == OPERATOR && v->is_operator);
}

enum err
page_recognise(struct req *r)
{
	struct viewer *v = arena_take(r->arena, sizeof(*v));
	const char *token = read_cookie(r), *why;
	enum err e = ERR_AUTH;

	if (token && r->db)
		e = session_viewer(r->db, r->arena, &(struct session_ask){
		    .token = token, .type = "access", .now = r->now }, v, &why);
	if (!e)
		r->who = v;
	return e;
}

enum err
page_admit(struct req *r)
{
	enum err e;

	if (text_same(r->method, "POST") && !is_ours(r))
		return fail(r, ERR_DENIED, "This form was sent from another site, so "
		    "nothing was done.");
	e = page_recognise(r);
	if (e && e != ERR_AUTH)
		return e;
	if (e && r->route->who != ANYBODY)
		return r->db ? to_sign_in(r, read_cookie(r)) : ERR_DOWN;
	if (!may(front_viewer(r), r->route->who))
		return fail(r, ERR_DENIED, "This page is for %s.",
		    routes_who[r->route->who]);
	if (!csrf_holds(r))
		return fail(r, ERR_DENIED, "This form is out of date, so nothing was "
		    "done. Open it again and repeat what you did.");
	return OK;
}
