/* SPDX-License-Identifier: MIT */
/*
 * Ethnic groups, which the registration form proposes; a farmer's own is free text.
 * Public to read, changed by administrators. A group that was deleted is only switched
 * off, so that its name stays taken and it can come back.
 */
#include "arena.h"
#include "buf.h"
#include "fields.h"
#include "front.h"
#include "id.h"
#include "json.h"
#include "queries.h"
#include "text.h"

struct ethnic_out {
	const char *name, *id;
	bool is_active;
	int64_t created_at, updated_at;
};

static const struct shape_field ethnic_out_fields[] = {
	FIELD(ethnic_out, name, SHAPE_TEXT),
	FIELD(ethnic_out, is_active, SHAPE_BOOL),
	NAMED("_id", ethnic_out, id, SHAPE_TEXT),
	FIELD(ethnic_out, created_at, SHAPE_TIME),
	FIELD(ethnic_out, updated_at, SHAPE_TIME),
};
SHAPE(ethnic_out, "EthnicGroup", SHAPE_BODY);
const struct shape ethnic_items_shape = {
	.name = "EthnicGroups", .list_of = &ethnic_out_shape
};

struct ethnic_find { const bool *active_only; };

static const struct shape_field ethnic_find_fields[] = {
	FIELD(ethnic_find, active_only, SHAPE_BOOL, .flags = SHAPE_OPTIONAL,
	    .words = "those in use only; true if left out"),
};
SHAPE(ethnic_find, "EthnicFind", SHAPE_QUERY);

struct ethnic_form { const char *name; const bool *is_active; };

static const struct shape_field ethnic_form_fields[] = {
	FIELD(ethnic_form, name, SHAPE_TEXT, .flags = SHAPE_REQUIRED, LIMIT(1, 100),
	    .rule = &plain_rule),
	FIELD(ethnic_form, is_active, SHAPE_BOOL,
	    .flags = SHAPE_OPTIONAL | SHAPE_NOT_NULL),
};
SHAPE(ethnic_form, "EthnicForm", SHAPE_BODY);

/* A change: only what is sent is applied. */
static const struct shape_field ethnic_change_fields[] = {
	FIELD(ethnic_form, name, SHAPE_TEXT, .flags = SHAPE_NOT_NULL, LIMIT(1, 100),
	    .rule = &plain_rule),
	FIELD(ethnic_form, is_active, SHAPE_BOOL,
	    .flags = SHAPE_OPTIONAL | SHAPE_NOT_NULL),
};
const struct shape ethnic_change_shape = { .name = "EthnicChange",
	.place = SHAPE_BODY, .fields = ethnic_change_fields, .n_fields = 2,
	.size = sizeof(struct ethnic_form) };

static struct ethnic_out
shown(const struct ethnic_list_row *row)
{
	return (struct ethnic_out){ .name = row->ethnic_name, .id = row->ethnic_id,
		.is_active = row->is_active, .created_at = row->created_at,
		.updated_at = row->updated_at };
}

enum err
ethnic_list(struct req *r)
{
	const struct ethnic_find *in = r->in;
	struct ethnic_list_row *rows;
	struct ethnic_out *out;
	size_t n;
	enum err e = q_ethnic_list(r->db, &(struct ethnic_list_in){
	    .all_too = in->active_only && !*in->active_only }, &rows, &n);

	if (e)
		return e;
	out = arena_array(r->arena, struct ethnic_out, n);
	for (size_t i = 0; i < n; i++)
		out[i] = shown(&rows[i]);
	return reply_list(r, out, n);
}

/* The group of the path; an id of any other form is of no group. */
static enum err
get(struct req *r, struct ethnic_list_row *row)
{
	enum err e = q_ethnic_get(r->db, &(struct ethnic_get_in){
	    .ethnic_id = text_lower(r->arena, req_param(r, "ethnic_id")) }, row);

	return e == ERR_MISSING ? fail(r, e, "Ethnic group not found") : e;
}

enum err
ethnic_show(struct req *r)
{
	struct ethnic_list_row row;
	struct ethnic_out out;
	enum err e = get(r, &row);

	if (e)
		return e;
	out = shown(&row);
	return reply(r, 200, &out);
}

static const char *
values(struct arena *a, const struct ethnic_list_row *row)
{
	struct buf b = buf_make(a, 80);

	buf_text(&b, "{\"name\":");
	json_write_text(&b, row->ethnic_name);
	buf_print(&b, ",\"is_active\":%s}", row->is_active ? "true" : "false");
	return b.bytes;
}

static enum err
record(struct req *r, const char *action, const struct ethnic_list_row *before,
    const struct ethnic_list_row *after)
{
	return front_audit(r, &(struct audit_event){ .module = "ethnic_groups",
	    .action = action, .subject = after->ethnic_id,
	    .before = before ? values(r->arena, before) : NULL,
	    .after = values(r->arena, after) });
}

/* The folded name, which is what is unique; it needs something to fold. */
static enum err
fold(struct req *r, const char *name, const char **key)
{
	*key = name ? text_fold(r->arena, name) : NULL;
	if (!name || **key)
		return OK;
	return fail_fault(r, "body.name", "value_error",
	    "Value error, a name has a letter or a digit");
}

static enum err
refuse_name(struct req *r, const char *name)
{
	return fail(r, ERR_CONFLICT, "Ethnic group '%s' already exists", name);
}

enum err
ethnic_add(struct req *r)
{
	const struct ethnic_form *in = r->in;
	char id[ID_TEXT];
	struct ethnic_list_row row = { .ethnic_id = id,
		.ethnic_name = text_trim(r->arena, in->name),
		.is_active = !in->is_active || *in->is_active,
		.created_at = r->now, .updated_at = r->now };
	struct ethnic_out out = shown(&row);
	const char *key;
	int64_t n = 0;
	enum err e = fold(r, in->name, &key);

	id_make(id);
	if (!e)
		e = q_ethnic_insert(r->db, &(struct ethnic_insert_in){
		    .ethnic_id = id, .ethnic_name = row.ethnic_name,
		    .ethnic_key = key, .is_active = row.is_active, .now = r->now }, &n);
	if (!e && !n)
		return refuse_name(r, in->name);
	if (!e)
		e = record(r, "create_success", NULL, &row);
	return e ? e : reply(r, 201, &out);
}

/* Change what in says and tell what is there now. */
static enum err
change(struct req *r, const struct ethnic_form *in, const char *action,
    struct ethnic_list_row *now)
{
	struct ethnic_list_row was;
	const char *key;
	enum err e = fold(r, in->name, &key);

	if (!e)
		e = get(r, &was);
	if (e)
		return e;
	*now = was;
	if (!in->name && !in->is_active)
		return OK;
	e = q_ethnic_update(r->db, &(struct ethnic_update_in){
	    .ethnic_id = was.ethnic_id, .ethnic_key = key,
	    .ethnic_name = in->name ? text_trim(r->arena, in->name) : NULL,
	    .switch_to = in->is_active, .now = r->now }, now);
	if (e == ERR_CONFLICT)
		return refuse_name(r, in->name);
	return e ? e : record(r, action, &was, now);
}

enum err
ethnic_edit(struct req *r)
{
	struct ethnic_list_row row;
	struct ethnic_out out;
	enum err e = change(r, r->in, "update_success", &row);

	if (e)
		return e;
	out = shown(&row);
	return reply(r, 200, &out);
}

enum err
ethnic_delete(struct req *r)
{
	const bool off = false;
	struct ethnic_list_row row;
	enum err e = change(r, &(struct ethnic_form){ .is_active = &off },
	    "delete_success", &row);

	return e ? e : reply(r, 204, NULL);
}
