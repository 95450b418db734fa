/* SPDX-License-Identifier: MIT */
/*
 * Requests for supplies. A farmer is who the token says, never who has an e-mail
 * address: he asks, sees his own, and may take back what nobody decided on yet.
 * Administrators see all, decide, and delete.
 */
#include "arena.h"
#include "buf.h"
#include "fields.h"
#include "front.h"
#include "id.h"
#include "json.h"
#include "queries.h"
#include "seen.h"
#include "session.h"
#include "text.h"

enum { ITEMS_MAX = 50, OWN_USUAL = 100, ALL_USUAL = 500, ASKED_MAX = 50 };

static const char *const urgencies[] = { "low", "medium", "high", NULL };
static const struct shape_rule urgency_rule = {
	.type = "literal_error", .choices = urgencies,
	.msg = "Input should be 'low', 'medium' or 'high'"
};

static const char *const states[] = {
	"pending", "approved", "rejected", "fulfilled", NULL
};
static const struct shape_rule state_rule = {
	.type = "literal_error", .choices = states,
	.msg = "Input should be 'pending', 'approved', 'rejected' or 'fulfilled'"
};

static bool
item_holds(const char *s)
{
	return *s && text_points(s) <= 200 && plain_rule.holds(s);
}

static const struct shape_rule item_rule = {
	.type = "value_error", .holds = item_holds,
	.msg = "Value error, an item has 1 to 200 characters and no control characters"
};

struct supply_form {
	struct shape_texts items;
	const char *quantity, *urgency, *notes;
};

static const struct shape_field supply_form_fields[] = {
	FIELD(supply_form, items, SHAPE_TEXTS, .flags = SHAPE_REQUIRED,
	    LIMIT(1, ITEMS_MAX), .rule = &item_rule),
	FIELD(supply_form, quantity, SHAPE_TEXT, .flags = SHAPE_REQUIRED, LIMIT(1, 200),
	    .rule = &plain_rule),
	FIELD(supply_form, urgency, SHAPE_TEXT, .flags = SHAPE_REQUIRED,
	    .rule = &urgency_rule),
	FIELD(supply_form, notes, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 2000),
	    .rule = &note_rule),
};
SHAPE(supply_form, "SupplyForm", SHAPE_BODY);

struct supply_decision { const char *status, *admin_notes; };

static const struct shape_field supply_decision_fields[] = {
	FIELD(supply_decision, status, SHAPE_TEXT, .flags = SHAPE_REQUIRED,
	    .rule = &state_rule),
	FIELD(supply_decision, admin_notes, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    LIMIT(0, 2000), .rule = &note_rule, .words = "empty keeps the last ones"),
};
SHAPE(supply_decision, "SupplyDecision", SHAPE_BODY);

struct supply_find { const char *status; const int64_t *skip, *limit; };

static const struct shape_field supply_find_fields[] = {
	FIELD(supply_find, status, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .rule = &state_rule),
	FIELD(supply_find, skip, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(0, 1e9)),
	FIELD(supply_find, limit, SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    LIMIT(1, ALL_USUAL)),
};
SHAPE(supply_find, "SupplyFind", SHAPE_QUERY);

static const struct shape_field supply_own_find_fields[] = {
	FIELD(supply_find, skip, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(0, 1e9)),
	FIELD(supply_find, limit, SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    LIMIT(1, OWN_USUAL)),
};
const struct shape supply_own_find_shape = { .name = "SupplyOwnFind",
	.place = SHAPE_QUERY, .fields = supply_own_find_fields, .n_fields = 2,
	.size = sizeof(struct supply_find) };

struct supply_out {
	const char *id, *farmer_id, *farmer_email, *farmer_name, *quantity, *urgency,
	    *notes, *status, *admin_notes;
	struct shape_texts items;
	int64_t created_at, updated_at;
};

#define EMAIL FIELD(supply_out, farmer_email, SHAPE_TEXT, .flags = SHAPE_OPTIONAL)
#define REST \
	FIELD(supply_out, farmer_name, SHAPE_TEXT), \
	FIELD(supply_out, items, SHAPE_TEXTS), \
	FIELD(supply_out, quantity, SHAPE_TEXT), \
	FIELD(supply_out, urgency, SHAPE_TEXT), \
	FIELD(supply_out, notes, SHAPE_TEXT, .flags = SHAPE_OPTIONAL), \
	FIELD(supply_out, status, SHAPE_TEXT), \
	FIELD(supply_out, admin_notes, SHAPE_TEXT, .flags = SHAPE_OPTIONAL), \
	FIELD(supply_out, created_at, SHAPE_TIME), \
	FIELD(supply_out, updated_at, SHAPE_TIME)
#define SHOWN(symbol, words, table) \
	static const struct shape symbol = { .name = (words), .fields = table, \
		.n_fields = sizeof(table) / sizeof(table[0]), \
		.size = sizeof(struct supply_out) }

/* The reply to a new one, an item of the farmer's list, and of the office's. */
static const struct shape_field supply_new_fields[] = {
	FIELD(supply_out, farmer_id, SHAPE_TEXT), EMAIL, REST,
	NAMED("_id", supply_out, id, SHAPE_TEXT),
};
SHOWN(supply_new_shape, "SupplyNew", supply_new_fields);

static const struct shape_field supply_own_fields[] = {
	FIELD(supply_out, id, SHAPE_TEXT), FIELD(supply_out, farmer_id, SHAPE_TEXT),
	REST,
};
SHOWN(supply_own_shape, "SupplyOwn", supply_own_fields);

static const struct shape_field supply_item_fields[] = {
	FIELD(supply_out, id, SHAPE_TEXT), FIELD(supply_out, farmer_id, SHAPE_TEXT),
	EMAIL, REST,
};
SHOWN(supply_item_shape, "SupplyItem", supply_item_fields);

struct supply_made {
	const char *message, *request_id;
	const struct supply_out *request;
};

static const struct shape_field supply_made_fields[] = {
	FIELD(supply_made, message, SHAPE_TEXT),
	FIELD(supply_made, request_id, SHAPE_TEXT),
	FIELD(supply_made, request, SHAPE_OBJECT, .sub = &supply_new_shape),
};
SHAPE(supply_made, "SupplyMade", SHAPE_BODY);

struct supply_page { struct shape_list requests; int64_t total; };

static const struct shape_field supply_owns_fields[] = {
	FIELD(supply_page, requests, SHAPE_OBJECTS, .sub = &supply_own_shape),
	FIELD(supply_page, total, SHAPE_INT, .words = "how many there are in all"),
};
const struct shape supply_owns_shape = { .name = "SupplyOwns", .place = SHAPE_BODY,
	.fields = supply_owns_fields, .n_fields = 2,
	.size = sizeof(struct supply_page) };

static const struct shape_field supply_items_fields[] = {
	FIELD(supply_page, requests, SHAPE_OBJECTS, .sub = &supply_item_shape),
	FIELD(supply_page, total, SHAPE_INT, .words = "how many there are in all"),
};
const struct shape supply_items_shape = { .name = "SupplyItems", .place = SHAPE_BODY,
	.fields = supply_items_fields, .n_fields = 2,
	.size = sizeof(struct supply_page) };

struct supply_done { const char *message, *request_id; };

static const struct shape_field supply_done_fields[] = {
	FIELD(supply_done, message, SHAPE_TEXT),
	FIELD(supply_done, request_id, SHAPE_TEXT),
};
SHAPE(supply_done, "SupplyDone", SHAPE_BODY);

static struct supply_out
shown(struct arena *a, const struct supply_get_row *row)
{
	return (struct supply_out){ .id = row->supply_id, .farmer_id = row->farmer_id,
		.farmer_email = row->contact_email,
		.farmer_name = arena_print(a, "%s %s", row->first_name, row->last_name),
		.items = texts_split(a, row->supply_items, ITEMS_MAX),
		.quantity = row->supply_quantity, .urgency = row->supply_urgency,
		.notes = row->supply_notes, .status = row->supply_status,
		.admin_notes = row->admin_notes, .created_at = row->created_at,
		.updated_at = row->updated_at };
}

/* The id in the path, in the form that is stored; NULL if it is none. */
static const char *
path_id(struct req *r)
{
	const char *id = text_lower(r->arena, req_param(r, "request_id"));

	return id_valid(id) ? id : NULL;
}

/* The request of the path, if the viewer may see it. */
static enum err
get(struct req *r, struct supply_get_row *row)
{
	const struct viewer *v = front_viewer(r);
	const char *id = path_id(r);
	enum err e;

	if (!id)
		return fail(r, ERR_BAD, "Invalid request ID");
	e = q_supply_get(r->db, &(struct supply_get_in){ .supply_id = id,
	    .viewer_all = v->all, .viewer_farmer_id = v->farmer_id }, row);
	return e == ERR_MISSING ? fail(r, e, "Supply request not found") : e;
}

/* What the audit keeps of a request: its standing; what it asks for is the farmer's. */
static const char *
values(struct arena *a, const char *farmer_id, const char *status, const char *urgency)
{
	struct buf b = buf_make(a, 100);

	buf_text(&b, "{\"farmer_id\":");
	json_write_text(&b, farmer_id);
	buf_text(&b, ",\"status\":");
	json_write_text(&b, status);
	buf_text(&b, ",\"urgency\":");
	json_write_text(&b, urgency);
	buf_char(&b, '}');
	return b.bytes;
}

static enum err
insert(struct req *r, const char *id)
{
	const struct supply_form *in = r->in;
	const char *farmer_id = front_viewer(r)->farmer_id;
	enum err e = q_supply_insert(r->db, &(struct supply_insert_in){
	    .supply_id = id, .farmer_id = farmer_id,
	    .supply_items = texts_join(r->arena, &in->items),
	    .supply_quantity = in->quantity, .supply_urgency = in->urgency,
	    .supply_notes = text_empty(in->notes) ? NULL : in->notes,
	    .supply_status = "pending", .created_at = r->now, .updated_at = r->now },
	    NULL);

	return e ? e : front_audit(r, &(struct audit_event){ .module = "supplies",
	    .action = "create_request_success", .subject = id,
	    .after = values(r->arena, farmer_id, "pending", in->urgency) });
}

enum err
supply_ask(struct req *r)
{
	const struct viewer *v = front_viewer(r);
	struct supply_get_row row;
	struct supply_out out;
	char id[ID_TEXT];
	enum err e = v->farmer_id ? OK : ERR_MISSING;

	if (!e)
		e = front_throttle(r, &(struct throttle){ .kind = "supply",
		    .subject = v->farmer_id, .limit = ASKED_MAX });
	if (!e)
		e = q_farmer_exists(r->db, &(struct farmer_exists_in){
		    .farmer_id = v->farmer_id }, &(struct farmer_exists_row){ NULL });
	if (e == ERR_MISSING)
		return fail(r, e, "Farmer profile not found");
	id_make(id);
	if (!e)
		e = insert(r, id);
	if (!e)
		e = q_supply_get(r->db, &(struct supply_get_in){ .supply_id = id,
		    .viewer_all = false, .viewer_farmer_id = v->farmer_id }, &row);
	if (e)
		return e;
	out = shown(r->arena, &row);
	return reply(r, 200, &(struct supply_made){
	    .message = "Supply request created successfully", .request_id = out.id,
	    .request = &out });
}

/* A page while it is read. Who asks for no certain one, as the existing client does, gets
 * as many as fit in; anybody else could miss some, and is refused. */
struct page {
	struct req *r;
	struct supply_out *items;
	size_t n;
	int64_t skip, limit;
	bool may_end, has_ended;
};

static struct page
page_of(struct req *r, int64_t usual)
{
	const struct supply_find *in = r->in;
	const int64_t limit = in->limit ? *in->limit : usual;

	return (struct page){ .r = r, .skip = in->skip ? *in->skip : 0, .limit = limit,
		.items = arena_array(r->arena, struct supply_out, (size_t)limit),
		.may_end = !in->skip && !in->limit };
}

/* What is copied outlives the row. */
static enum err
add(void *context, const struct supply_get_row *row)
{
	struct page *p = context;
	struct arena *a = p->r->arena;
	struct supply_out *out = &p->items[p->n];

	p->has_ended = p->may_end && front_full(p->r);
	if (p->has_ended)
		return ERR_BIG;
	if (front_full(p->r))
		return front_room(p->r, p->n);
	p->n++;
	*out = shown(a, row);
	out->id = arena_text(a, row->supply_id);
	out->farmer_id = arena_text(a, row->farmer_id);
	out->farmer_email = arena_text(a, row->contact_email);
	out->quantity = arena_text(a, row->supply_quantity);
	out->urgency = arena_text(a, row->supply_urgency);
	out->notes = arena_text(a, row->supply_notes);
	out->status = arena_text(a, row->supply_status);
	out->admin_notes = arena_text(a, row->admin_notes);
	return OK;
}

/* e: how reading it ended. */
static enum err
reply_page(const struct page *p, enum err e, int64_t total)
{
	const struct viewer *v = front_viewer(p->r);

	if (e && !p->has_ended)
		return e;
	e = seen_rows(p->r, &(struct seen){ .module = "supplies", .n = p->n,
	    .action = v->all ? "get_all_requests" : "get_my_requests",
	    .subject = v->all ? NULL : v->farmer_id, .skip = p->skip });
	if (e)
		return e;
	front_body(p->r);
	return reply(p->r, 200, &(struct supply_page){ { p->items, p->n }, total });
}

enum err
supply_list_own(struct req *r)
{
	const char *farmer_id = front_viewer(r)->farmer_id;
	struct page p = page_of(r, OWN_USUAL);
	struct supply_own_count_row total = { 0 };
	enum err e = q_supply_own_count(r->db, &(struct supply_own_count_in){
	    .viewer_farmer_id = farmer_id }, &total);

	if (!e)
		e = q_supply_own(r->db, &(struct supply_own_in){
		    .viewer_farmer_id = farmer_id, .skip = p.skip, .limit = p.limit },
		    add, &p);
	return reply_page(&p, e, total.n);
}

static enum err
list_state(struct page *p, const char *status)
{
	const bool all = front_viewer(p->r)->all;
	struct supply_count_state_row total = { 0 };
	enum err e = q_supply_count_state(p->r->db, &(struct supply_count_state_in){
	    .viewer_all = all, .supply_status = status }, &total);

	if (!e)
		e = q_supply_list_state(p->r->db, &(struct supply_list_state_in){
		    .viewer_all = all, .supply_status = status, .skip = p->skip,
		    .limit = p->limit }, add, p);
	return reply_page(p, e, total.n);
}

enum err
supply_list_all(struct req *r)
{
	const struct supply_find *in = r->in;
	const bool all = front_viewer(r)->all;
	struct page p = page_of(r, ALL_USUAL);
	struct supply_count_row total = { 0 };
	enum err e;

	if (in->status)
		return list_state(&p, in->status);
	e = q_supply_count(r->db, &(struct supply_count_in){ .viewer_all = all },
	    &total);
	if (!e)
		e = q_supply_list(r->db, &(struct supply_list_in){ .viewer_all = all,
		    .skip = p.skip, .limit = p.limit }, add, &p);
	return reply_page(&p, e, total.n);
}

enum err
supply_decide(struct req *r)
{
	const struct supply_decision *in = r->in;
	struct supply_get_row row;
	enum err e = get(r, &row);

	if (!e)
		e = q_supply_update(r->db, &(struct supply_update_in){
		    .supply_id = row.supply_id, .supply_status = in->status,
		    .admin_notes = text_empty(in->admin_notes) ? NULL : in->admin_notes,
		    .now = r->now, .viewer_all = front_viewer(r)->all }, NULL);
	if (!e)
		e = front_audit(r, &(struct audit_event){ .module = "supplies",
		    .action = "update_request_success", .subject = row.supply_id,
		    .before = values(r->arena, row.farmer_id, row.supply_status,
		    row.supply_urgency),
		    .after = values(r->arena, row.farmer_id, in->status,
		    row.supply_urgency) });
	return e ? e : reply(r, 200, &(struct supply_done){
	    "Supply request updated successfully", row.supply_id });
}

enum err
supply_delete(struct req *r)
{
	const struct viewer *v = front_viewer(r);
	struct supply_get_row row;
	int64_t n = 0;
	enum err e;

	if (!v->all && !v->farmer_id)
		return fail(r, ERR_DENIED, "Access denied. Required roles: "
		    "['ADMIN', 'FARMER']. Your roles: ['%s']",
		    session_roles(r->arena, v));
	e = get(r, &row);
	if (!e)
		e = q_supply_delete(r->db, &(struct supply_delete_in){
		    .supply_id = row.supply_id, .viewer_all = v->all,
		    .viewer_farmer_id = v->farmer_id }, &n);
	if (!e && !n)
		return fail(r, ERR_DENIED, "Only a pending request can be deleted");
	if (!e)
		e = front_audit(r, &(struct audit_event){ .module = "supplies",
		    .action = "delete_request_success", .subject = row.supply_id,
		    .before = values(r->arena, row.farmer_id, row.supply_status,
		    row.supply_urgency) });
	return e ? e : reply(r, 200, &(struct supply_done){
	    "Supply request deleted successfully", row.supply_id });
}
