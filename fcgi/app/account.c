/* SPDX-License-Identifier: MIT */
/*
 * Accounts as administrators manage them: /api/users and /api/auth/register. How an
 * account is stored, changed and ended stands in core/login.c; here is what the
 * API asks and answers. In paths an account is named by its e-mail or its id.
 */
#include "arena.h"
#include "fields.h"
#include "front.h"
#include "log.h"
#include "login.h"
#include "password.h"
#include "queries.h"
#include "seen.h"
#include "text.h"

enum { LIMIT_USUAL = 100, LIMIT_MAX = 200, PHONE_MAX = 40, NAME_MAX_POINTS = 200 };

static const char *const roles[] = { "ADMIN", "OPERATOR", "FARMER", NULL };
static const struct shape_rule role_rule = {
	.type = "literal_error", .choices = roles,
	.msg = "Input should be 'ADMIN', 'OPERATOR' or 'FARMER'"
};

/* A new account. */
struct account_form {
	const char *email, *password, *full_name, *phone;
	struct shape_texts roles;
};

static const struct shape_field account_form_fields[] = {
	FIELD(account_form, email, SHAPE_TEXT, .flags = SHAPE_REQUIRED, LIMIT(0, 400),
	    .rule = &mail_rule),
	FIELD(account_form, password, SHAPE_TEXT, .flags = SHAPE_REQUIRED,
	    LIMIT(PASSWORD_MIN, PASSWORD_MAX)),
	FIELD(account_form, roles, SHAPE_TEXTS, .flags = SHAPE_NOT_NULL, LIMIT(1, 10),
	    .rule = &role_rule, .words = "FARMER unless told"),
	FIELD(account_form, full_name, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    LIMIT(1, NAME_MAX_POINTS), .rule = &plain_rule),
	FIELD(account_form, phone, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    LIMIT(0, PHONE_MAX), .rule = &plain_rule),
};
SHAPE(account_form, "UserForm", SHAPE_BODY);

/* A change: what is not said stays. */
struct account_change {
	const char *email, *password, *full_name, *phone;
	struct shape_texts roles;
	const bool *is_active;
};

static const struct shape_field account_change_fields[] = {
	FIELD(account_change, email, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 400),
	    .rule = &mail_rule),
	FIELD(account_change, password, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    LIMIT(PASSWORD_MIN, PASSWORD_MAX)),
	FIELD(account_change, roles, SHAPE_TEXTS, .flags = SHAPE_OPTIONAL, LIMIT(1, 10),
	    .rule = &role_rule),
	FIELD(account_change, full_name, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    LIMIT(1, NAME_MAX_POINTS), .rule = &plain_rule),
	FIELD(account_change, phone, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    LIMIT(0, PHONE_MAX), .rule = &plain_rule, .words = "empty: take it away"),
	FIELD(account_change, is_active, SHAPE_BOOL, .flags = SHAPE_OPTIONAL),
};
SHAPE(account_change, "UserChange", SHAPE_BODY);

struct account_status { bool is_active; };

static const struct shape_field account_status_fields[] = {
	FIELD(account_status, is_active, SHAPE_BOOL, .flags = SHAPE_REQUIRED),
};
SHAPE(account_status, "UserStatus", SHAPE_BODY);

struct account_find {
	const int64_t *skip, *limit;
	const char *role;
};

static const struct shape_field account_find_fields[] = {
	FIELD(account_find, skip, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(0, 1e9)),
	FIELD(account_find, limit, SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    LIMIT(1, LIMIT_MAX), .words = "100 unless told"),
	FIELD(account_find, role, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 20),
	    .words = "ADMIN, OPERATOR or FARMER"),
};
SHAPE(account_find, "UserFind", SHAPE_QUERY);

/* One account in the list. */
struct account_item {
	const char *id, *email, *role, *full_name;
	struct shape_texts roles;
	bool is_active;
	int64_t created_at;
	const int64_t *last_login;
};

static const struct shape_field account_item_fields[] = {
	NAMED("_id", account_item, id, SHAPE_TEXT),
	FIELD(account_item, email, SHAPE_TEXT),
	FIELD(account_item, role, SHAPE_TEXT, .words = "the first of roles, or UNKNOWN"),
	FIELD(account_item, roles, SHAPE_TEXTS),
	FIELD(account_item, full_name, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(account_item, is_active, SHAPE_BOOL),
	FIELD(account_item, created_at, SHAPE_TIME),
	FIELD(account_item, last_login, SHAPE_TIME, .flags = SHAPE_OPTIONAL),
};
static SHAPE(account_item, "UserListItem", SHAPE_BODY);

struct account_items {
	struct shape_list users;
	int64_t count, total;
};

static const struct shape_field account_items_fields[] = {
	FIELD(account_items, users, SHAPE_OBJECTS, .sub = &account_item_shape),
	FIELD(account_items, count, SHAPE_INT, .words = "of users here"),
	FIELD(account_items, total, SHAPE_INT, .words = "of users in all"),
};
SHAPE(account_items, "Users", SHAPE_BODY);

/* What the audit keeps of an account. */
static const struct shape_field facts_fields[] = {
	FIELD(user_out, email, SHAPE_TEXT),
	FIELD(user_out, roles, SHAPE_TEXTS),
	FIELD(user_out, full_name, SHAPE_TEXT),
	FIELD(user_out, is_active, SHAPE_BOOL),
};
static const struct shape facts_shape = { .name = "UserFacts", .fields = facts_fields,
	.n_fields = 4, .size = sizeof(struct user_out) };

static const char *
facts(struct req *r, const struct account_by_email_row *row)
{
	struct buf out = buf_make(r->arena, 200);
	struct user_out user;

	user_fill(r->arena, row, &user);
	shape_write(&facts_shape, &user, &out);
	return out.bytes;
}

static enum err
check_password(struct req *r, const char *password)
{
	const char *weakness = password ? password_weakness(password) : NULL;

	return weakness ? fail_fault(r, "body.password", "value_error",
	    arena_print(r->arena, "Value error, %s", weakness)) : OK;
}

/* The account that the path names. */
static enum err
find(struct req *r, struct account_by_email_row *row)
{
	const char *name = text_lower(r->arena, text_trim(r->arena,
	    req_param(r, "user")));
	enum err e = login_get(r->db, name, row);

	return e == ERR_MISSING ? fail(r, e, "User not found") : e;
}

/* Both ways to make an account; they differ in how they refuse one that is there. */
static enum err
make(struct req *r, const char *module, const char *action,
    struct account_by_email_row *row)
{
	const struct account_form *in = r->in;
	const bool none = !in->roles.n;
	const char *id, *phone = text_empty(in->phone) ? NULL : in->phone;
	enum err e = check_password(r, in->password);

	if (!e)
		e = login_make(r->db, r->arena, &(struct login_new){
		    .email = login_email(r->arena, in->email), .password = in->password,
		    .full_name = in->full_name, .phone = phone,
		    .created_by = front_viewer(r)->mark,
		    .is_admin = texts_has(&in->roles, "ADMIN"),
		    .is_operator = texts_has(&in->roles, "OPERATOR"),
		    .is_farmer = none || texts_has(&in->roles, "FARMER"),
		    .now = r->now }, &id);
	if (!e)
		e = login_get(r->db, id, row);
	if (!e)
		e = front_audit(r, &(struct audit_event){ .module = module,
		    .action = action, .subject = row->email, .after = facts(r, row) });
	if (!e)
		log_write(LOG_INFO, "account made account=%s who=%s", row->account_id,
		    front_viewer(r)->mark);
	return e;
}

static enum err
show(struct req *r, const struct account_by_email_row *row)
{
	struct user_out out;

	user_fill(r->arena, row, &out);
	return reply(r, 200, &out);
}

enum err
account_register(struct req *r)
{
	const struct account_form *in = r->in;
	struct account_by_email_row row;
	enum err e = make(r, "auth", "register", &row);

	if (e == ERR_CONFLICT)
		return fail(r, e, "User with email %s already exists",
		    login_email(r->arena, in->email));
	return e ? e : show(r, &row);
}

enum err
account_create(struct req *r)
{
	struct account_by_email_row row;
	enum err e = make(r, "users", "create_user_success", &row);

	if (e == ERR_CONFLICT)
		return fail(r, ERR_BAD, "User already exists");
	return e ? e : show(r, &row);
}

enum err
account_me(struct req *r)
{
	struct account_by_email_row row;
	enum err e = login_get(r->db, front_viewer(r)->account_id, &row);

	return e ? e : show(r, &row);
}

static void
fill_item(struct req *r, const struct account_by_email_row *row,
    struct account_item *out)
{
	*out = (struct account_item){
		.id = row->account_id, .email = row->email,
		.roles = user_roles(r->arena, row), .full_name = row->full_name,
		.is_active = row->is_active, .created_at = row->created_at,
		.last_login = row->last_login_at
	};
	out->role = out->roles.n ? out->roles.items[0] : "UNKNOWN";
}

enum err
account_index(struct req *r)
{
	const struct account_find *in = r->in;
	const char *role = text_empty(in->role) ? NULL : in->role;
	struct account_by_email_row *rows;
	struct account_count_row count;
	struct account_item *items;
	size_t n;
	enum err e;

	e = q_account_page(r->db, &(struct account_page_in){ .role = role,
	    .limit = in->limit ? *in->limit : LIMIT_USUAL,
	    .skip = in->skip ? *in->skip : 0 }, &rows, &n);
	if (!e)
		e = q_account_count(r->db, &(struct account_count_in){ .role = role },
		    &count);
	if (!e)
		e = seen_rows(r, &(struct seen){ .module = "users",
		    .action = "list_users", .skip = in->skip ? *in->skip : 0, .n = n });
	if (e)
		return e;
	items = arena_array(r->arena, struct account_item, n);
	for (size_t i = 0; i < n; i++)
		fill_item(r, &rows[i], &items[i]);
	return reply(r, 200, &(struct account_items){ { items, n }, (int64_t)n,
	    count.n });
}

/* Nobody takes his own rights away: it is always a mistake, and the last
 * administrator's would lock everybody out. */
static enum err
check_own(struct req *r, const struct account_by_email_row *row, const char *what)
{
	if (text_same(row->account_id, front_viewer(r)->account_id))
		return fail(r, ERR_BAD, "Cannot %s your own account", what);
	return OK;
}

static enum err
refuse_last(struct req *r, const char *what)
{
	return fail(r, ERR_BAD, "Cannot %s the last active admin account", what);
}

static enum err
check_email(struct req *r, const struct account_by_email_row *row, const char *email)
{
	struct account_by_email_row other;
	enum err e;

	if (!email || text_same(email, row->email))
		return OK;
	e = q_account_by_email(r->db, &(struct account_by_email_in){ .email = email },
	    &other);
	if (e)
		return e == ERR_MISSING ? OK : e;
	return fail(r, ERR_CONFLICT, "User with email %s already exists", email);
}

/* Write a change and say so in the audit; row is then as it became. */
static enum err
amend(struct req *r, struct account_by_email_row *row, const struct login_change *in,
    const char *action)
{
	const char *before = facts(r, row), *what = "deactivate";
	bool off = in->is_active && !*in->is_active;
	enum err e = check_email(r, row, in->email);

	if (!off)
		what = "take the role from";
	if (!e)
		e = login_amend(r->db, r->arena, row, in);
	if (e == ERR_DENIED)
		return refuse_last(r, what);
	if (e == ERR_BAD)
		return fail(r, e, "Administrators can only be of the organisation that "
		    "keeps the register");
	if (!e && (off || (in->is_admin && !*in->is_admin)))
		e = check_own(r, row, what);
	if (!e)
		e = login_get(r->db, row->account_id, row);
	if (!e)
		e = front_audit(r, &(struct audit_event){ .module = "users",
		    .action = action, .subject = row->email, .before = before,
		    .after = facts(r, row), .details = in->password ?
		    "{\"password_changed\":true}" : NULL });
	return e;
}

enum err
account_edit(struct req *r)
{
	const struct account_change *in = r->in;
	const bool admin = texts_has(&in->roles, "ADMIN"),
	    operator = texts_has(&in->roles, "OPERATOR"),
	    farmer = texts_has(&in->roles, "FARMER"), said = in->roles.n > 0;
	struct account_by_email_row row;
	enum err e = check_password(r, in->password);

	if (!e && !said && !in->email && !in->password && !in->full_name &&
	    !in->phone && !in->is_active)
		return fail(r, ERR_BAD, "No fields to update");
	if (!e)
		e = find(r, &row);
	if (!e)
		e = amend(r, &row, &(struct login_change){
		    .email = in->email ? login_email(r->arena, in->email) : NULL,
		    .password = in->password, .full_name = in->full_name,
		    .phone = in->phone, .is_admin = said ? &admin : NULL,
		    .is_operator = said ? &operator : NULL,
		    .is_farmer = said ? &farmer : NULL, .is_active = in->is_active,
		    .now = r->now }, "update_user");
	return e ? e : show(r, &row);
}

static enum err
set_active(struct req *r, bool on)
{
	struct account_by_email_row row;
	enum err e = find(r, &row);

	if (!e)
		e = amend(r, &row, &(struct login_change){ .is_active = &on,
		    .now = r->now }, "update_user_status");
	if (e)
		return e;
	return reply(r, 200, &(struct account_done){ on ? "User activated successfully" :
	    "User deactivated successfully", row.email });
}

enum err
account_switch(struct req *r)
{
	const struct account_status *in = r->in;

	return set_active(r, in->is_active);
}

enum err
account_deactivate(struct req *r)
{
	return set_active(r, false);
}

enum err
account_delete(struct req *r)
{
	struct account_by_email_row row;
	int64_t n = 0;
	enum err e = find(r, &row);

	if (!e)
		e = login_registered(r->db, row.operator_id, &n);
	if (!e && n)
		return fail(r, ERR_BAD, "Cannot delete operator with %lld assigned "
		    "farmers", (long long)n);
	if (!e)
		e = login_end(r->db, &row);
	if (e == ERR_DENIED)
		return refuse_last(r, "delete");
	if (!e)
		e = check_own(r, &row, "delete");
	if (!e)
		e = front_audit(r, &(struct audit_event){ .module = "users",
		    .action = "delete_user_success", .subject = row.email,
		    .before = facts(r, &row) });
	if (e)
		return e;
	log_write(LOG_INFO, "account deleted account=%s who=%s", row.account_id,
	    front_viewer(r)->mark);
	return reply(r, 200, &(struct account_done){ "User deleted successfully",
	    row.email });
}
