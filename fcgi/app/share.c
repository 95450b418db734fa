/* SPDX-License-Identifier: MIT */
/*
 * Shares as the organisation's people make, watch and revoke them. The token is told
 * once, when it is made. All of an organisation see what it shares, and any of them may
 * end it.
 */
#include "arena.h"
#include "clock.h"
#include "fields.h"
#include "front.h"
#include "id.h"
#include "password.h"
#include "seen.h"
#include "share.h"
#include "space.h"
#include "text.h"

enum {
	LIMIT_USUAL = 50, LIMIT_MAX = 200,
	LIFE_LEAST = 60, LIFE_USUAL = 7 * 86400, LIFE_MOST = 366 * 86400, /* seconds */
	USES_MAX = 1000000,
	MADE = 300		/* of an account, in 15 minutes */
};

struct share_form {
	struct shape_texts paths, file_ids;
	const char *expires_at, *password;
	const int64_t *expires_in, *max_uses;
};

static bool
time_holds(const char *s)
{
	int64_t t;

	return clock_read(s, &t);
}

static const struct shape_rule time_rule = { .type = "datetime_parsing",
	.msg = "Input should be a time like 2026-12-31T18:00:00+00:00",
	.holds = time_holds };

static const struct shape_field share_form_fields[] = {
	FIELD(share_form, paths, SHAPE_TEXTS, .flags = SHAPE_OPTIONAL,
	    LIMIT(1, SHARE_FILES), .words = "files by their paths; or file_ids"),
	FIELD(share_form, file_ids, SHAPE_TEXTS, .flags = SHAPE_OPTIONAL,
	    LIMIT(1, SHARE_FILES)),
	FIELD(share_form, expires_in, SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    LIMIT(LIFE_LEAST, LIFE_MOST), .words = "seconds; 7 days unless told"),
	FIELD(share_form, expires_at, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .rule = &time_rule, .words = "instead of expires_in"),
	FIELD(share_form, password, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    LIMIT(PASSWORD_MIN, PASSWORD_MAX),
	    .words = "asked of visitors; none unless told"),
	FIELD(share_form, max_uses, SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    LIMIT(1, USES_MAX),
	    .words = "visitors who may download; no limit unless told"),
};
SHAPE(share_form, "ShareForm", SHAPE_BODY);

struct share_item {
	int64_t n;
	const char *file_id, *path;
	const int64_t *size;
};

static const struct shape_field share_item_fields[] = {
	FIELD(share_item, n, SHAPE_INT, .words = "its number in the share's addresses"),
	FIELD(share_item, file_id, SHAPE_TEXT),
	FIELD(share_item, path, SHAPE_TEXT, .words = "now, or when it was there last"),
	FIELD(share_item, size, SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    .words = "bytes; null: it is gone"),
};
static SHAPE(share_item, "ShareFile", SHAPE_BODY);

struct share_made {
	const char *share_id, *token, *url;
	int64_t expires_at;
	const int64_t *max_uses;
	bool has_password;
	struct shape_list files;
};

static const struct shape_field share_made_fields[] = {
	FIELD(share_made, share_id, SHAPE_TEXT),
	FIELD(share_made, token, SHAPE_TEXT, .words = "shown now and never again"),
	FIELD(share_made, url, SHAPE_TEXT, .words = "to be sent to the visitor"),
	FIELD(share_made, expires_at, SHAPE_TIME),
	FIELD(share_made, max_uses, SHAPE_INT, .flags = SHAPE_OPTIONAL),
	FIELD(share_made, has_password, SHAPE_BOOL),
	FIELD(share_made, files, SHAPE_OBJECTS, .sub = &share_item_shape),
};
SHAPE(share_made, "ShareMade", SHAPE_BODY);

struct share_out {
	const char *share_id, *state, *created_by, *revoked_by;
	int64_t created_at, expires_at, uses, n_files;
	const int64_t *revoked_at, *max_uses;
	bool has_password;
};

static const struct shape_field share_out_fields[] = {
	FIELD(share_out, share_id, SHAPE_TEXT),
	FIELD(share_out, state, SHAPE_TEXT,
	    .words = "active, expired, revoked, used_up, or suspended (the account "
	    "that made it is off)"),
	FIELD(share_out, created_at, SHAPE_TIME),
	FIELD(share_out, created_by, SHAPE_TEXT),
	FIELD(share_out, expires_at, SHAPE_TIME),
	FIELD(share_out, revoked_at, SHAPE_TIME, .flags = SHAPE_OPTIONAL),
	FIELD(share_out, revoked_by, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(share_out, uses, SHAPE_INT),
	FIELD(share_out, max_uses, SHAPE_INT, .flags = SHAPE_OPTIONAL),
	FIELD(share_out, has_password, SHAPE_BOOL),
	FIELD(share_out, n_files, SHAPE_INT),
};
static SHAPE(share_out, "Share", SHAPE_BODY);

struct share_find { const char *cursor; const int64_t *limit; };

static const struct shape_rule cursor_rule = { .type = "value_error",
	.msg = "This is no cursor of ours", .holds = id_valid };

static const struct shape_field share_find_fields[] = {
	FIELD(share_find, cursor, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .rule = &cursor_rule, .words = "next_cursor of the page before"),
	FIELD(share_find, limit, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(1, LIMIT_MAX),
	    .words = "50 unless told"),
};
SHAPE(share_find, "ShareFind", SHAPE_QUERY);

struct share_items { struct shape_list items; const char *next_cursor; };

static const struct shape_field share_items_fields[] = {
	FIELD(share_items, items, SHAPE_OBJECTS, .sub = &share_out_shape),
	FIELD(share_items, next_cursor, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .words = "null at the end"),
};
SHAPE(share_items, "Shares", SHAPE_BODY);

struct share_used {
	int64_t used_at, resumed;
	const char *address, *outcome;
	const int64_t *n, *resumed_at;
};

static const struct shape_field share_used_fields[] = {
	FIELD(share_used, used_at, SHAPE_TIME),
	FIELD(share_used, address, SHAPE_TEXT),
	FIELD(share_used, outcome, SHAPE_TEXT, .words = "downloaded, unlocked, "
	    "wrong_password, gone, or the state that refused it"),
	FIELD(share_used, n, SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    .words = "number of the file; null: of none"),
	FIELD(share_used, resumed, SHAPE_INT,
	    .words = "later parts that the visitor fetched, without a further use"),
	FIELD(share_used, resumed_at, SHAPE_TIME, .flags = SHAPE_OPTIONAL),
};
static SHAPE(share_used, "ShareUse", SHAPE_BODY);

struct share_whole {
	const struct share_out *share;
	struct shape_list files, log;
	const char *next_cursor;
};

static const struct shape_field share_whole_fields[] = {
	FIELD(share_whole, share, SHAPE_OBJECT, .sub = &share_out_shape),
	FIELD(share_whole, files, SHAPE_OBJECTS, .sub = &share_item_shape),
	FIELD(share_whole, log, SHAPE_OBJECTS, .sub = &share_used_shape,
	    .words = "newest first"),
	FIELD(share_whole, next_cursor, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .words = "of the log; null at its end"),
};
SHAPE(share_whole, "ShareWhole", SHAPE_BODY);

struct share_done { const char *message, *share_id; };

static const struct shape_field share_done_fields[] = {
	FIELD(share_done, message, SHAPE_TEXT),
	FIELD(share_done, share_id, SHAPE_TEXT),
};
SHAPE(share_done, "ShareDone", SHAPE_BODY);

/* One file that is asked for, by its path or else its id. What is not in the space of
 * the organisation is not there, a farmer's document as much as another's file. */
static enum err
find_file(struct req *r, const char *path, const char *file_id, struct share_item *item)
{
	struct space_file file;
	const char *stored = path ? space_path(r->arena, path) : NULL;
	enum err e = ERR_MISSING;

	if (!path)
		e = space_find_id(r, file_id, &file);
	else if (!text_empty(stored))
		e = space_find(r, stored, &file);
	if (e == ERR_MISSING)
		return fail(r, e, "File not found: %s", path ? path : file_id);
	if (!e) {
		int64_t *size = arena_take(r->arena, sizeof(*size));

		*size = file.size;
		*item = (struct share_item){ .file_id = file.file_id, .path = file.path,
			.size = size };
	}
	return e;
}

/* The files of a new share, in the order in which they are named, each once. */
static enum err
find_files(struct req *r, const struct share_form *in, struct shape_list *files)
{
	const struct shape_texts *named = in->paths.n ? &in->paths : &in->file_ids;
	struct share_item *items = arena_array(r->arena, struct share_item, named->n);
	enum err e = OK;

	*files = (struct shape_list){ .items = items };
	for (size_t i = 0; i < named->n && !e; i++) {
		struct share_item *item = &items[files->n];
		size_t same = 0;

		e = find_file(r, in->paths.n ? named->items[i] : NULL, named->items[i],
		    item);
		while (!e && !text_same(items[same].file_id, item->file_id))
			same++;
		if (!e && same == files->n)
			item->n = (int64_t)++files->n;
	}
	return e;
}

static enum err
check_form(struct req *r, const struct share_form *in, int64_t *expires_at)
{
	const int64_t life = in->expires_in ? *in->expires_in : LIFE_USUAL;

	if (!in->paths.n == !in->file_ids.n)
		return fail_fault(r, "body.paths", "value_error",
		    "Either paths or file_ids should be given");
	if (in->expires_at && in->expires_in)
		return fail_fault(r, "body.expires_at", "value_error",
		    "Either expires_in or expires_at should be given");
	*expires_at = r->now + life * CLOCK_SECOND;
	if (in->expires_at)
		(void)clock_read(in->expires_at, expires_at); /* its rule holds */
	if (*expires_at < r->now + LIFE_LEAST * CLOCK_SECOND ||
	    *expires_at > r->now + LIFE_MOST * CLOCK_SECOND)
		return fail_fault(r, "body.expires_at", "value_error",
		    "The time should be between a minute and 366 days from now");
	return OK;
}

static enum err
insert(struct req *r, const struct share_form *in, const char *password_hash,
    const struct share_made *made)
{
	const struct viewer *v = front_viewer(r);
	const struct share_item *items = made->files.items;
	enum err e = q_share_insert(r->db, &(struct share_insert_in){
	    .share_id = made->share_id, SPACE_OF(v), .viewer_account_id = v->account_id,
	    .created_by = v->mark, .now = r->now, .password_hash = password_hash,
	    .token_hash = share_hash(r->arena, made->token),
	    .expires_at = made->expires_at, .max_uses = in->max_uses }, NULL);

	for (size_t i = 0; i < made->files.n && !e; i++)
		e = q_share_file_insert(r->db, &(struct share_file_insert_in){
		    .share_id = made->share_id, .file_number = items[i].n,
		    .file_id = items[i].file_id, .file_path = items[i].path });
	return e;
}

/* What the audit keeps: which files, and how well they are guarded. */
static const char *
details(struct req *r, const struct share_made *made)
{
	const struct share_item *items = made->files.items;
	struct buf b = buf_make(r->arena, 200);

	buf_print(&b, "{\"has_password\":%s,\"max_uses\":%lld,\"file_ids\":[",
	    made->has_password ? "true" : "false",
	    made->max_uses ? (long long)*made->max_uses : 0);
	for (size_t i = 0; i < made->files.n; i++)
		buf_print(&b, "%s\"%s\"", i ? "," : "", items[i].file_id);
	buf_text(&b, "]}");
	return b.bytes;
}

enum err
share_create(struct req *r)
{
	const struct share_form *in = r->in;
	char *id = arena_take(r->arena, ID_TEXT);
	struct share_made made = { .share_id = id, .max_uses = in->max_uses,
		.has_password = in->password != NULL };
	const char *hash = NULL;
	enum err e = check_form(r, in, &made.expires_at);

	if (!e)
		e = front_throttle(r, &(struct throttle){ .kind = "share account",
		    .subject = front_viewer(r)->account_id, .limit = MADE });
	if (!e)
		e = find_files(r, in, &made.files);
	if (!e && in->password)
		e = password_hash(r->arena, in->password, &hash);
	if (e)
		return e;
	id_make(id);
	made.token = share_token(r->arena);
	made.url = arena_print(r->arena, "%s/s/%s", front_base(r), made.token);
	e = insert(r, in, hash, &made);
	if (!e)
		e = front_audit(r, &(struct audit_event){ .module = "shares",
		    .action = "create", .subject = id, .details = details(r, &made) });
	return e ? e : reply(r, 201, &made);
}

static struct share_out
fill(const struct share_get_row *row, int64_t now)
{
	return (struct share_out){
		.share_id = row->share_id, .state = share_state(SHARE_FACTS(row), now),
		.created_at = row->created_at, .created_by = row->created_by,
		.expires_at = row->expires_at, .revoked_at = row->revoked_at,
		.revoked_by = row->revoked_by, .uses = row->n_uses,
		.max_uses = row->max_uses, .has_password = row->has_password,
		.n_files = row->n_files
	};
}

/* Where the page before ended; what comes before all there are. */
static const char *
before(const struct share_find *in)
{
	return in->cursor ? in->cursor : "g";
}

enum err
share_list(struct req *r)
{
	const struct share_find *in = r->in;
	const size_t limit = in->limit ? (size_t)*in->limit : LIMIT_USUAL;
	struct share_get_row *rows;
	struct share_out *items;
	size_t n, shown;
	enum err e = q_share_list(r->db, &(struct share_list_in){
	    SPACE_OF(front_viewer(r)), .before_id = before(in),
	    .limit = (int64_t)limit + 1 }, &rows, &n);

	shown = e || n <= limit ? n : limit;
	if (!e)
		e = seen_rows(r, &(struct seen){ .module = "shares",
		    .action = "list_result", .n = shown });
	if (e)
		return e;
	items = arena_array(r->arena, struct share_out, shown);
	for (size_t i = 0; i < shown; i++)
		items[i] = fill(&rows[i], r->now);
	return reply(r, 200, &(struct share_items){ .items = { items, shown },
	    .next_cursor = n > shown ? items[shown - 1].share_id : NULL });
}

static enum err
find(struct req *r, struct share_get_row *row)
{
	enum err e = q_share_get(r->db, &(struct share_get_in){
	    .share_id = req_param(r, "share_id"), SPACE_OF(front_viewer(r)) }, row);

	return e == ERR_MISSING ? fail(r, e, "Share not found") : e;
}

static enum err
fill_files(struct req *r, const char *share_id, struct share_whole *out)
{
	struct share_files_row *rows;
	struct share_item *items;
	enum err e = q_share_files(r->db, &(struct share_files_in){
	    .share_id = share_id }, &rows, &out->files.n);

	if (e)
		return e;
	out->files.items = items = arena_array(r->arena, struct share_item, out->files.n);
	for (size_t i = 0; i < out->files.n; i++)
		items[i] = (struct share_item){ .n = rows[i].file_number,
			.file_id = rows[i].file_id, .size = rows[i].file_size,
			.path = rows[i].file_path ? rows[i].file_path :
			    rows[i].then_path };
	return OK;
}

static enum err
fill_log(struct req *r, const char *share_id, struct share_whole *out)
{
	const struct share_find *in = r->in;
	const size_t limit = in->limit ? (size_t)*in->limit : LIMIT_USUAL;
	struct share_use_list_row *rows;
	struct share_used *items;
	size_t n, shown;
	enum err e = q_share_use_list(r->db, &(struct share_use_list_in){
	    .share_id = share_id, SPACE_OF(front_viewer(r)), .before_id = before(in),
	    .limit = (int64_t)limit + 1 }, &rows, &n);

	if (e)
		return e;
	shown = n <= limit ? n : limit;
	items = arena_array(r->arena, struct share_used, shown);
	for (size_t i = 0; i < shown; i++)
		items[i] = (struct share_used){ .used_at = rows[i].used_at,
			.address = rows[i].address, .outcome = rows[i].use_outcome,
			.n = rows[i].file_number, .resumed = rows[i].n_parts,
			.resumed_at = rows[i].last_part_at };
	out->log = (struct shape_list){ items, shown };
	out->next_cursor = n > shown ? rows[shown - 1].use_id : NULL;
	return OK;
}

enum err
share_show(struct req *r)
{
	struct share_get_row row;
	struct share_out share;
	struct share_whole out = { .share = &share };
	enum err e = find(r, &row);

	if (!e)
		e = fill_files(r, row.share_id, &out);
	if (!e)
		e = fill_log(r, row.share_id, &out);
	if (!e)
		e = seen_rows(r, &(struct seen){ .module = "shares",
		    .action = "get_success", .subject = row.share_id,
		    .n = out.log.n });
	if (e)
		return e;
	share = fill(&row, r->now);
	return reply(r, 200, &out);
}

enum err
share_revoke(struct req *r)
{
	struct share_get_row row;
	int64_t n = 0;
	enum err e = find(r, &row);

	if (!e)
		e = q_share_revoke(r->db, &(struct share_revoke_in){
		    .share_id = row.share_id, SPACE_OF(front_viewer(r)),
		    .revoked_by = front_viewer(r)->mark, .now = r->now }, &n);
	if (!e && n)
		e = front_audit(r, &(struct audit_event){ .module = "shares",
		    .action = "revoke", .subject = row.share_id });
	return e ? e : reply(r, 200, &(struct share_done){ "Share revoked",
	    row.share_id });
}
