/* SPDX-License-Identifier: MIT */
/*
 * Signing in and out in a browser. The cookie holds the same access token that a
 * program would send in a header, and lives as long; signing out ends the session
 * itself, so a copy of the cookie is worth nothing afterwards.
 */
#include <string.h>

#include "arena.h"
#include "fields.h"
#include "front.h"
#include "page.h"
#include "path.h"
#include "templates.h"
#include "text.h"
#include "auth.h"

struct auth_text { const char *email, *password, *next; };

static const struct shape_field auth_text_fields[] = {
	FIELD(auth_text, email, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 254)),
	FIELD(auth_text, password, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 500)),
	FIELD(auth_text, next, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 2000)),
};
SHAPE(auth_text, "SignIn", SHAPE_FORM);

static enum err
show(struct req *r, int status, const struct auth_text *in, const char *error)
{
	struct sign_in_page p = {
		.frame = page_frame_of(r, "Sign in", "/sign-in"), .email = in->email,
		.error = error, .next = page_is_local(in->next) ? in->next : NULL
	};

	page_sign_in(page_begin(r, status), &p);
	return page_end(r);
}

/* On to the page that was asked for, or to where the day's work begins. */
static enum err
go_on(struct req *r, const char *next, const char *own_farmer_id, bool keeps_register)
{
	struct buf b = buf_make(r->arena, 40);

	if (page_is_local(next))
		return page_go(r, next);
	if (!own_farmer_id)
		return page_go(r, keeps_register ? "/farmers" : "/");
	buf_text(&b, "/farmers/");
	path_encode(&b, own_farmer_id, "");
	return page_go(r, b.bytes);
}

enum err
auth_page(struct req *r)
{
	const struct auth_text in = { .next = req_query(r, "next") };

	if (r->who)
		return go_on(r, in.next, front_viewer(r)->farmer_id,
		    front_viewer(r)->keeps_register);
	return show(r, 200, &in, NULL);
}

enum err
auth_page_enter(struct req *r)
{
	const struct auth_text *in = r->in;
	const struct login_form form = {
		.email = in->email ? in->email : "",
		.password = in->password ? in->password : ""
	};
	struct login_out out;
	enum err e;

	if (text_empty(in->email) || text_empty(in->password))
		return show(r, 422, in, "Please fill in both fields.");
	e = auth_sign_in(r, &form, &out);
	if (e == ERR_AUTH || e == ERR_DENIED || e == ERR_BUSY) {
		front_undo(r);
		/* 401 would need a challenge that browsers know (RFC 9110 section
		 * 11.6.1); a form is none. */
		return show(r, e == ERR_BUSY ? 429 : 403, in, page_words(r, e));
	}
	if (!e && r->who)
		e = auth_sign_out(r); /* of who was here before */
	if (e)
		return e;
	page_cookie(r, out.access_token);
	return go_on(r, in->next, out.user->farmer_id, out.user->keeps_register);
}

enum err
auth_page_leave(struct req *r)
{
	enum err e = auth_sign_out(r);

	if (e)
		return e;
	page_cookie(r, NULL);
	return page_go(r, "/sign-in?done=out");
}
