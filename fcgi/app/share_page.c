/* SPDX-License-Identifier: MIT */
/*
 * A share as its visitor sees it: a page of names and sizes, perhaps a password before
 * it, and the files. Nothing of the organisation's is named but these files, and of
 * their paths the last part. The page's address is the key to it, so it is sent on
 * to nobody; only the form for the password, on a page without any names, lets the
 * browser tell our own site where it came from, as that is how forms are known.
 */
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "deliver.h"
#include "fields.h"
#include "front.h"
#include "page.h"
#include "password.h"
#include "share.h"
#include "templates.h"
#include "text.h"

enum {
	GUESSES_ADDRESS = 10,	/* of a password, in 15 minutes */
	GUESSES = 100		/* of all addresses together */
};

struct share_text { const char *password; };

static const struct shape_field share_text_fields[] = {
	FIELD(share_text, password, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 500)),
};
SHAPE(share_text, "ShareText", SHAPE_FORM);

static const char *
address(struct req *r, const struct share_door *d)
{
	return arena_print(r->arena, "/s/%s", d->token);
}

/* "1.4 MB"; sizes are for people here. */
static const char *
size_words(struct arena *a, int64_t n)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	double x = (double)n / 1000;
	size_t i = 0;

	if (n < 1000)
		return arena_print(a, "%lld bytes", (long long)n);
	for (; x >= 999.95 && i + 1 < sizeof(units) / sizeof(units[0]); i++)
		x /= 1000;
	return arena_print(a, "%.1f %s", x, units[i]);
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static struct page_frame *
frame_of(struct req *r)
{
	struct page_frame *frame = page_frame_of(r, "Shared files", "");

	frame->notice = NULL; /* what the address says is not ours */
	return frame;
}

static enum err
ask(struct req *r, const struct share_door *d, int status, const char *error)
{
	struct share_page p = { .frame = frame_of(r), .token = d->token, .locked = true,
		.error = error };

	page_share(page_begin(r, status), &p);
	return page_end(r);
}

static enum err
seen(struct req *r, const struct share_door *d, const char *action, const char *details)
{
	return front_read(r, &(struct audit_event){ .module = "shares",
	    .action = action, .subject = d->share.share_id, .details = details });
}

static enum err
show(struct req *r, const struct share_door *d)
{
	struct share_page p = { .frame = frame_of(r), .token = d->token };
	struct share_page_file *files;
	struct share_files_row *rows;
	enum err e = q_share_files(r->db, &(struct share_files_in){
	    .share_id = d->share.share_id }, &rows, &p.n);

	if (!e)
		e = seen(r, d, "open", NULL);
	if (e)
		return e;
	files = arena_array(r->arena, struct share_page_file, p.n);
	for (size_t i = 0; i < p.n; i++) {
		files[i].name = last_part(rows[i].file_path ? rows[i].file_path :
		    rows[i].then_path);
		if (!rows[i].file_size)
			continue;
		files[i].size = size_words(r->arena, *rows[i].file_size);
		files[i].link = arena_print(r->arena, "/s/%s/content/%lld", d->token,
		    (long long)rows[i].file_number);
	}
	p.files = files;
	p.until = page_date(r->arena, d->share.expires_at);
	page_share(page_begin(r, 200), &p);
	req_header(r, "Referrer-Policy", "no-referrer");
	return page_end(r);
}

enum err
share_page(struct req *r)
{
	struct share_door d;
	enum err e = share_enter(r, &d);

	if (e || r->status)
		return e;
	return d.is_open ? show(r, &d) : ask(r, &d, 200, NULL);
}

/* A guess is counted before it is looked at, and taken back if it was right. */
static enum err
check(struct req *r, const struct share_door *d, const char *password)
{
	const char *id = d->share.share_id;
	const struct throttle near = { .db = r->db, .arena = r->arena, .now = r->now,
		.kind = "share password address", .limit = GUESSES_ADDRESS,
		.subject = arena_print(r->arena, "%s %s", id,
		    throttle_network(r->arena, r->address)) };
	const struct throttle all = { .db = r->db, .arena = r->arena, .now = r->now,
		.kind = "share password", .limit = GUESSES, .subject = id };
	enum err e = front_throttle(r, &near);

	if (!e)
		e = front_throttle(r, &all);
	if (e)
		return e;
	if (!password_check(d->share.password_hash, password))
		return ERR_AUTH;
	e = throttle_forgive(&near);
	return e ? e : throttle_forgive(&all);
}

enum err
share_unlock(struct req *r)
{
	const struct share_text *in = r->in;
	struct share_door d;
	enum err e = share_enter(r, &d);

	if (e || r->status)
		return e;
	if (d.is_open)
		return page_go(r, address(r, &d));
	if (text_empty(in->password))
		return ask(r, &d, 422, "Please type the password.");
	e = check(r, &d, in->password);
	if (e == ERR_BUSY)
		return ask(r, &d, 429, page_words(r, e));
	if (e && e != ERR_AUTH)
		return e;
	if (e) {
		e = share_note(r, &d, "wrong_password", 0);
		return e ? e : ask(r, &d, 403, "This is not the password.");
	}
	e = share_note(r, &d, "unlocked", 0);
	if (e)
		return e;
	share_unlocked(r, &d);
	return page_go(r, address(r, &d));
}

static enum err
gone(struct req *r, const struct share_door *d, int64_t number)
{
	enum err e = share_note(r, d, "gone", number);

	return e ? e : share_words(r, 404, "This file is gone",
	    "It was deleted after the link was made. Please ask who sent it to you.");
}

enum err
share_content(struct req *r)
{
	struct share_file_get_row row;
	struct share_taken taken;
	struct share_door d;
	struct deliver how;
	int64_t number;
	enum err e = share_enter(r, &d);

	if (e || r->status)
		return e;
	if (!d.is_open)
		return page_go(r, address(r, &d));
	if (!text_number(req_param(r, "n"), 1, SHARE_FILES, &number))
		return share_nowhere(r);
	e = q_share_file_get(r->db, &(struct share_file_get_in){
	    .share_id = d.share.share_id, .file_number = number }, &row);
	if (e)
		return e == ERR_MISSING ? gone(r, &d, number) : e;
	how = (struct deliver){ .media = row.content_type,
		.name = last_part(row.file_path), .changed_at = row.uploaded_at,
		.attachment = true };
	taken = (struct share_taken){ .number = number, .object_id = row.object_id,
		.is_later = deliver_later(r, &STORE_AT(&row), &how) };
	if (!r->head)
		e = share_use(r, &d, &taken);
	if (e || r->status)
		return e;
	e = seen(r, &d, "download", arena_print(r->arena, "{\"file_id\":\"%s\"}",
	    row.file_id));
	if (e)
		return e;
	page_private(r);
	return deliver(r, &STORE_AT(&row), &how);
}
