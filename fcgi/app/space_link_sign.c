/* SPDX-License-Identifier: MIT */
/*
 * Signing links and upload forms of our own. What a signature is for stands first in
 * the signed text, and no part of it holds a line end, so none stands for two things.
 */
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "front.h"
#include "key.h"
#include "session.h"
#include "space.h"
#include "space_link.h"
#include "text.h"

const char *
space_link_sign(struct arena *a, const struct space_link *l, int generation)
{
	return key_mac(a, KEY_LINK, generation, arena_print(a,
	    "GET\n%s\n%s\n%s\n%s\n%lld", l->key, l->object_id, l->account_id, l->date,
	    (long long)l->seconds));
}

const char *
space_form_sign(struct arena *a, const char *policy, int generation)
{
	return key_mac(a, KEY_LINK, generation, arena_print(a, "POST\n%s", policy));
}

void
space_link_stamp(int64_t t, char out[SPACE_LINK_STAMP])
{
	char text[CLOCK_TEXT], *to = out;

	(void)clock_text(t, text);
	text[sizeof("2026-01-02T03:04:05") - 1] = '\0';
	for (const char *p = text; *p; p++)
		if (*p != '-' && *p != ':')
			*to++ = *p;
	memcpy(to, "Z", 2);
}

bool
space_link_read_stamp(struct arena *a, const char *s, int64_t *t)
{
	char again[SPACE_LINK_STAMP];

	if (!s || strlen(s) != SPACE_LINK_STAMP - 1 || !clock_read(arena_print(a,
	    "%.4s-%.2s-%.5s:%.2s:%.3s", s, s + 4, s + 6, s + 11, s + 13), t))
		return false;
	space_link_stamp(*t, again);
	return text_same(again, s);
}

enum err
space_link_act(struct req *r, const char *account_id, const char *key, const char **path)
{
	struct viewer *v = arena_take(r->arena, sizeof(*v));
	enum err e = session_account(r->db, account_id, v);
	const char *prefix;

	if (e && e != ERR_AUTH)
		return e;
	prefix = space_key(r->arena, e || !v->organisation_id ? "" : v->organisation_id,
	    "");
	if (e || !v->organisation_id || strncmp(key, prefix, strlen(prefix)) != 0)
		return fail(r, ERR_DENIED, "AccessDenied: who made this has no access "
		    "any more");
	r->who = v;
	*path = space_path(r->arena, key + strlen(prefix));
	return text_same(*path, key + strlen(prefix)) && **path ? OK :
	    fail(r, ERR_BAD, "Invalid file path");
}
