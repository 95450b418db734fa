/* SPDX-License-Identifier: MIT */
/*
 * Reading the audit, for administrators: pages of it, newest first, and how much there
 * is of each kind. A page is found through the index of one filter (its lead), and no
 * more than PAGED rows are counted, so neither grows with the table: who looks for
 * older rows narrows the span.
 */
#include "arena.h"
#include "clock.h"
#include "fields.h"
#include "front.h"
#include "id.h"
#include "queries.h"
#include "text.h"

enum { PAGE_USUAL = 20, PAGED = 100000 };

struct log_find {
	const char *level, *module, *user_id, *role, *start, *end;
	const int64_t *page, *page_size;
};

static bool
time_holds(const char *s)
{
	int64_t t;

	return text_empty(s) || clock_read(s, &t);
}

static const struct shape_rule time_rule = {
	.type = "datetime_parsing", .holds = time_holds,
	.msg = "Input should be a valid datetime"
};

#define FILTER(name) FIELD(log_find, name, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, \
	LIMIT(0, 254))

static const struct shape_field log_find_fields[] = {
	FILTER(level), FILTER(module), FILTER(user_id), FILTER(role),
	FIELD(log_find, start, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 40),
	    .rule = &time_rule, .words = "a time; rows of that moment are included"),
	FIELD(log_find, end, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 40),
	    .rule = &time_rule, .words = "the same; of a mere date, all of that day"),
	FIELD(log_find, page, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(1, PAGED),
	    .words = "1 unless told"),
	FIELD(log_find, page_size, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(1, 100),
	    .words = "20 unless told"),
};
SHAPE(log_find, "LogFind", SHAPE_QUERY);

struct log_item {
	int64_t timestamp;
	const char *level, *module, *endpoint, *user_id, *role, *action, *subject,
	    *details, *before, *after, *ip_address, *request_id, *id;
	const int64_t *duration_ms;
};

static const struct shape_field log_item_fields[] = {
	FIELD(log_item, timestamp, SHAPE_TIME),
	FIELD(log_item, level, SHAPE_TEXT),
	FIELD(log_item, module, SHAPE_TEXT),
	FIELD(log_item, endpoint, SHAPE_TEXT),
	FIELD(log_item, user_id, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(log_item, role, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(log_item, action, SHAPE_TEXT),
	FIELD(log_item, subject, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .words = "whom or what it was done to"),
	FIELD(log_item, details, SHAPE_JSON, .flags = SHAPE_OPTIONAL),
	FIELD(log_item, before, SHAPE_JSON, .flags = SHAPE_OPTIONAL,
	    .words = "values before a change"),
	FIELD(log_item, after, SHAPE_JSON, .flags = SHAPE_OPTIONAL,
	    .words = "and after it"),
	FIELD(log_item, ip_address, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(log_item, request_id, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .words = "X-Request-ID of the reply"),
	FIELD(log_item, duration_ms, SHAPE_INT, .flags = SHAPE_OPTIONAL),
	NAMED("_id", log_item, id, SHAPE_TEXT),
};
static SHAPE(log_item, "LogItem", SHAPE_BODY);

struct log_page { struct shape_list items; int64_t total, page, page_size; };

static const struct shape_field log_page_fields[] = {
	FIELD(log_page, items, SHAPE_OBJECTS, .sub = &log_item_shape),
	FIELD(log_page, total, SHAPE_INT, .words = "at most 100000 are counted"),
	FIELD(log_page, page, SHAPE_INT),
	FIELD(log_page, page_size, SHAPE_INT),
};
SHAPE(log_page, "LogPage", SHAPE_BODY);

struct log_kind { const char *level, *module; };

static const struct shape_field log_kind_fields[] = {
	FIELD(log_kind, level, SHAPE_TEXT),
	FIELD(log_kind, module, SHAPE_TEXT),
};
static SHAPE(log_kind, "LogKind", SHAPE_BODY);

struct log_group { const struct log_kind *kind; int64_t count; };

static const struct shape_field log_group_fields[] = {
	NAMED("_id", log_group, kind, SHAPE_OBJECT, .sub = &log_kind_shape),
	FIELD(log_group, count, SHAPE_INT),
};
static SHAPE(log_group, "LogGroup", SHAPE_BODY);

struct log_groups { struct shape_list stats; };

static const struct shape_field log_groups_fields[] = {
	FIELD(log_groups, stats, SHAPE_OBJECTS, .sub = &log_group_shape),
};
SHAPE(log_groups, "LogStats", SHAPE_BODY);

static const char *
or_null(const char *s)
{
	return text_empty(s) ? NULL : s;
}

static int64_t
end_of(const char *s)
{
	int64_t t;

	if (clock_read_date(s, &t))
		return t + CLOCK_DAY - 1;
	return clock_read(s, &t) ? t : INT64_MAX;
}

static struct audit_list_in
question(struct req *r, const struct log_find *in)
{
	char *start = arena_take(r->arena, ID_TEXT), *end = arena_take(r->arena, ID_TEXT);
	int64_t from, to = end_of(in->end);
	struct audit_list_in ask = {
		.level = text_empty(in->level) ? NULL :
		    text_upper(r->arena, in->level),
		.module = or_null(in->module), .user_id = or_null(in->user_id),
		.role = or_null(in->role), .start_id = start, .end_id = end,
		.limit = in->page_size ? *in->page_size : PAGE_USUAL };

	id_least(clock_read(in->start, &from) ? from : 0, start);
	id_least(to < INT64_MAX ? to + 1 : to, end);
	ask.skip = ((in->page ? *in->page : 1) - 1) * ask.limit;
	ask.upto = ask.skip + ask.limit;
	ask.lead = ask.user_id ? "user" : ask.role ? "role" : ask.module ? "module" :
	    ask.level && !text_same(ask.level, "INFO") ? "level" : "time";
	return ask;
}

static void
fill(const struct audit_list_row *row, struct log_item *out)
{
	*out = (struct log_item){
		.id = row->audit_id, .timestamp = row->logged_at, .level = row->level,
		.module = row->module, .action = row->action, .endpoint = row->endpoint,
		.user_id = row->user_id, .role = row->role, .subject = row->subject,
		.details = row->details, .before = row->before_values,
		.after = row->after_values, .ip_address = row->ip_address,
		.request_id = row->request_id, .duration_ms = row->duration_ms };
}

enum err
log_list(struct req *r)
{
	const struct audit_list_in ask = question(r, r->in);
	struct audit_total_row total;
	struct audit_list_row *rows;
	struct log_item *items;
	size_t n = 0;
	enum err e = q_audit_total(r->db, &(struct audit_total_in){
	    .lead = ask.lead, .user_id = ask.user_id, .role = ask.role,
	    .module = ask.module, .level = ask.level, .start_id = ask.start_id,
	    .end_id = ask.end_id, .limit = PAGED }, &total);

	if (!e && ask.skip < total.total)
		e = q_audit_list(r->db, &ask, &rows, &n);
	if (e)
		return e;
	items = arena_array(r->arena, struct log_item, n);
	for (size_t i = 0; i < n; i++)
		fill(&rows[i], &items[i]);
	return reply(r, 200, &(struct log_page){ .items = { items, n },
	    .total = total.total, .page = ask.skip / ask.limit + 1,
	    .page_size = ask.limit });
}

enum err
log_stats(struct req *r)
{
	struct audit_groups_row *rows;
	struct log_group *out;
	struct log_kind *kinds;
	size_t n;
	enum err e = q_audit_groups(r->db, &rows, &n);

	if (e)
		return e;
	out = arena_array(r->arena, struct log_group, n);
	kinds = arena_array(r->arena, struct log_kind, n);
	for (size_t i = 0; i < n; i++) {
		kinds[i] = (struct log_kind){ rows[i].level, rows[i].module };
		out[i] = (struct log_group){ &kinds[i], rows[i].n };
	}
	return reply(r, 200, &(struct log_groups){ { out, n } });
}
