/* SPDX-License-Identifier: MIT */
/*
 * Records of the office in a dump: ethnic groups, accounts, the operators among them,
 * and requests for supplies. Password hashes are taken as they are, if they can be
 * checked at a sign-in and at a bearable price; they are hashed anew at the first.
 */
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "fields.h"
#include "front.h"
#include "id.h"
#include "import_dump.h"
#include "json.h"
#include "login.h"
#include "password.h"
#include "path.h"
#include "queries.h"
#include "text.h"

enum { PLACES_MAX = 200, NAME_MAX = 100 };

static const char *
text_of(const struct import_dump *d, const struct json *json, const char *name)
{
	const char *s = import_value(d->r.arena, json_get(json, name));

	return s ? text_trim(d->r.arena, s) : "";
}

static const char *
or_null(const char *s)
{
	return *s ? s : NULL;
}

/* True unless it is said to be false. */
static bool
is_active(const struct import_dump *d, const struct json *json)
{
	return !text_same(text_of(d, json, "is_active"), "false");
}

static enum err
record(struct import_dump *d, const char *module, const char *subject)
{
	return front_audit(&d->r, &(struct audit_event){ .module = module,
	    .action = "import", .subject = subject });
}

enum err
import_dump_ethnic(struct import_dump *d, const struct json *json,
    enum import_verdict *out)
{
	const char *name = text_of(d, json, "name"), *key = text_fold(d->r.arena, name);
	struct dump_ethnic_find_row *rows;
	int64_t created, updated;
	size_t n;
	enum err e;

	if (!*key || !name_rule.holds(name)) {
		*out = import_refuse(d, "its name is empty or too long");
		return OK;
	}
	e = q_dump_ethnic_find(d->db, &(struct dump_ethnic_find_in){ .ethnic_id = d->id,
	    .ethnic_key = key }, &rows, &n);
	*out = n || import_known(d, "ethnic", key) ? IMPORT_THERE : IMPORT_TAKEN;
	if (e || *out == IMPORT_THERE)
		return e;
	import_know(d, "ethnic", key);
	import_times(d, json, &created, &updated);
	if (d->dry_run)
		return OK;
	e = q_ethnic_insert(d->db, &(struct ethnic_insert_in){ .ethnic_id = d->id,
	    .ethnic_name = name, .ethnic_key = key, .is_active = is_active(d, json),
	    .now = created }, NULL);
	return e ? e : record(d, "ethnic_groups", name);
}

struct roles { bool admin, operator, farmer; };

static struct roles
roles_of(const struct import_dump *d, const struct json *list)
{
	struct roles roles = { false, false, false };

	for (size_t i = 0; i < json_count(list); i++) {
		const char *s = import_value(d->r.arena, json_item(list, i));
		const char *role = s ? text_upper(d->r.arena, s) : "";

		if (text_same(role, "ADMIN"))
			roles.admin = true;
		else if (text_same(role, "OPERATOR"))
			roles.operator = true;
		else if (text_same(role, "FARMER"))
			roles.farmer = true;
		else
			import_note(d, "a role that is not ADMIN, OPERATOR or FARMER "
			    "was left out");
	}
	return roles;
}

static enum err
insert_user(struct import_dump *d, const struct json *json, const char *email,
    const struct roles *roles)
{
	int64_t created, updated, login;
	bool has_login = import_time(json_get(json, "last_login"), &login);
	enum err e;

	import_times(d, json, &created, &updated);
	e = q_dump_account_insert(d->db, &(struct dump_account_insert_in){
	    .account_id = d->id, .email = email,
	    .password_hash = text_of(d, json, "password_hash"),
	    .is_admin = roles->admin, .is_operator = roles->operator,
	    .is_farmer = roles->farmer, .is_active = is_active(d, json),
	    .full_name = or_null(text_of(d, json, "full_name")),
	    .phone = or_null(text_of(d, json, "phone")),
	    .created_by = or_null(text_of(d, json, "created_by")),
	    .created_at = created, .now = d->r.now,
	    .last_login_at = has_login ? &login : NULL });
	return e ? e : record(d, "users", email);
}

/* What is wrong with an account on its own; NULL: nothing. */
static const char *
user_fault(const struct import_dump *d, const struct json *json, const char *email)
{
	const char *at = strchr(email, '@');

	if (!at || at == email || !at[1] || strlen(email) > 254 ||
	    strpbrk(email, " \t\r\n\"<>") || !plain_rule.holds(email))
		return "its e-mail address is none";
	if (!password_takes(text_of(d, json, "password_hash")))
		return "its password hash is of no kind that can be checked";
	if (!name_rule.holds(text_of(d, json, "full_name")) ||
	    !name_rule.holds(text_of(d, json, "phone")) ||
	    !name_rule.holds(text_of(d, json, "created_by")))
		return "its name or phone is too long, or has control characters";
	return NULL;
}

enum err
import_dump_user(struct import_dump *d, const struct json *json,
    enum import_verdict *out)
{
	const char *email = text_lower(d->r.arena, text_of(d, json, "email"));
	const char *fault = user_fault(d, json, email);
	const struct roles roles = roles_of(d, json_get(json, "roles"));
	struct dump_account_find_row *rows;
	size_t n;
	enum err e;

	if (!fault && !roles.admin && !roles.operator && !roles.farmer)
		fault = "it has no role";
	if (fault) {
		*out = import_refuse(d, "%s", fault);
		return OK;
	}
	e = q_dump_account_find(d->db, &(struct dump_account_find_in){
	    .account_id = d->id, .email = email }, &rows, &n);
	if (e)
		return e;
	*out = n && text_same(rows[0].account_id, d->id) ? IMPORT_THERE :
	    n || import_known(d, "email", email) ?
	    import_refuse(d, "another account has its e-mail address") : IMPORT_TAKEN;
	if (*out == IMPORT_REFUSED)
		return OK;
	import_know(d, "email", email);
	import_know(d, "account", d->id);
	return *out == IMPORT_THERE || d->dry_run ? OK :
	    insert_user(d, json, email, &roles);
}

/* The account of an operator: by its id, else by its e-mail. */
static enum err
find_account(struct import_dump *d, const struct json *json,
    struct dump_account_find_row *account, bool *taken)
{
	const char *number = text_of(d, json, "operator_id");
	const char *email = text_lower(d->r.arena, text_of(d, json, "email"));
	const char *id = text_of(d, json, "user_id");
	struct dump_account_find_row *rows;
	size_t n;
	enum err e = q_dump_account_find(d->db, &(struct dump_account_find_in){
	    .account_id = id, .email = email, .operator_id = number }, &rows, &n);

	*account = (struct dump_account_find_row){ .account_id = NULL };
	*taken = false;
	for (size_t i = 0; i < n && !e; i++)
		if (text_same(rows[i].account_id, id) || (!account->account_id &&
		    text_same(rows[i].email, email)))
			*account = rows[i];
	for (size_t i = 0; i < n && !e; i++)
		*taken = *taken || (text_same(rows[i].operator_id, number) &&
		    !text_same(rows[i].account_id, account->account_id));
	if (!e && !account->account_id && d->dry_run && import_known(d, "account", id))
		account->account_id = id;
	return e;
}

static struct login_places
places_of(const struct import_dump *d, const struct json *list, const char *account_id)
{
	struct login_places p = { .account_id = account_id,
		.names = arena_array(d->r.arena, const char *, PLACES_MAX) };

	for (size_t i = 0; i < json_count(list) && p.n < PLACES_MAX; i++) {
		const char *s = import_value(d->r.arena, json_item(list, i));
		bool twice = false;

		for (size_t k = 0; k < p.n && s; k++)
			twice = twice || text_same(p.names[k], s);
		if (!text_empty(s) && name_rule.holds(s) && !twice)
			p.names[p.n++] = s;
	}
	return p;
}

/* The names are kept as they are, as the farmers have them too; but it is told. */
static enum err
check_districts(struct import_dump *d, const struct login_places *p)
{
	enum err e = OK;

	for (size_t i = 0; i < p->n && !e; i++) {
		e = login_district_known(d->db, p->names[i]);
		if (e != ERR_MISSING)
			continue;
		import_note(d, "a district of it is in no list: %s", p->names[i]);
		e = OK;
	}
	return e;
}

static enum err
insert_operator(struct import_dump *d, const struct json *json, const char *account_id)
{
	const struct login_places districts = places_of(d,
	    json_get(json, "assigned_districts"), account_id);
	const struct login_places regions = places_of(d,
	    json_get(json, "assigned_regions"), account_id);
	const char *number = text_of(d, json, "operator_id");
	enum err e = check_districts(d, &districts);

	if (e || d->dry_run)
		return e;
	e = q_dump_operator_update(d->db, &(struct dump_operator_update_in){
	    .account_id = account_id, .operator_id = number,
	    .full_name = or_null(text_of(d, json, "full_name")),
	    .phone = or_null(text_of(d, json, "phone")),
	    .still_active = is_active(d, json) });
	if (!e)
		e = login_set_districts(d->db, &districts);
	if (!e)
		e = login_set_regions(d->db, &regions);
	return e ? e : record(d, "operators", number);
}

enum err
import_dump_operator(struct import_dump *d, const struct json *json,
    enum import_verdict *out)
{
	const char *number = text_of(d, json, "operator_id");
	struct dump_account_find_row account;
	bool taken;
	enum err e;

	if (!*number || strlen(number) > 40 || !plain_rule.holds(number) ||
	    !name_rule.holds(text_of(d, json, "full_name")) ||
	    !name_rule.holds(text_of(d, json, "phone"))) {
		*out = import_refuse(d, "its number, name or phone is missing or wrong");
		return OK;
	}
	e = find_account(d, json, &account, &taken);
	if (e)
		return e;
	*out = !account.account_id ? import_refuse(d, "its account is not there") :
	    text_same(account.operator_id, number) ? IMPORT_THERE :
	    taken || account.operator_id || import_known(d, "operator", number) ?
	    import_refuse(d, "its number, or its account, is another operator's") :
	    IMPORT_TAKEN;
	if (*out != IMPORT_TAKEN)
		return OK;
	import_know(d, "operator", number);
	return insert_operator(d, json, account.account_id);
}

/* A request by the rules of a new one, and of a decision. */
static const char *
supply_fault(struct import_dump *d, const struct json *json)
{
	const struct shape *shapes[] = { &supply_form_shape, &supply_decision_shape };
	struct import_pairs p;
	void *in;

	for (size_t i = 0; i < 2; i++) {
		import_pairs_of(d->r.arena, shapes[i], json, &p);
		in = arena_take(d->r.arena, shapes[i]->size);
		d->r.faults.n = 0;
		if (!shape_read_pairs(shapes[i], &(struct shape_pairs){ p.items, p.n,
		    "request" }, d->r.arena, in, &d->r.faults))
			return faults_detail(&d->r.faults);
	}
	return NULL;
}

static enum err
insert_supply(struct import_dump *d, const struct json *json, const char *farmer_id)
{
	const struct json *list = json_get(json, "items");
	struct shape_texts items = { .n = json_count(list) };
	int64_t created, updated;
	enum err e;

	items.items = arena_array(d->r.arena, const char *, items.n);
	for (size_t i = 0; i < items.n; i++)
		items.items[i] = import_value(d->r.arena, json_item(list, i));
	import_times(d, json, &created, &updated);
	e = q_supply_insert(d->db, &(struct supply_insert_in){ .supply_id = d->id,
	    .farmer_id = farmer_id, .supply_items = texts_join(d->r.arena, &items),
	    .supply_quantity = text_of(d, json, "quantity"),
	    .supply_urgency = text_of(d, json, "urgency"),
	    .supply_notes = or_null(text_of(d, json, "notes")),
	    .supply_status = text_of(d, json, "status"),
	    .admin_notes = or_null(text_of(d, json, "admin_notes")),
	    .created_at = created, .updated_at = updated }, NULL);
	return e ? e : record(d, "supplies", d->id);
}

/* Is there such a farmer, before the dump or by it? */
static enum err
farmer_there(struct import_dump *d, const char *farmer_id, bool *there)
{
	struct farmer_exists_row row;
	enum err e = q_farmer_exists(d->db, &(struct farmer_exists_in){
	    .farmer_id = farmer_id }, &row);

	*there = !e || import_known(d, "farmer", farmer_id);
	return e == ERR_MISSING ? OK : e;
}

enum err
import_dump_supply(struct import_dump *d, const struct json *json,
    enum import_verdict *out)
{
	const char *farmer_id = text_of(d, json, "farmer_id");
	const char *fault = supply_fault(d, json);
	struct dump_supply_find_row *rows;
	bool there;
	size_t n;
	enum err e;

	if (fault) {
		*out = import_refuse(d, "%s", fault);
		return OK;
	}
	e = q_dump_supply_find(d->db, &(struct dump_supply_find_in){
	    .supply_id = d->id }, &rows, &n);
	if (!e)
		e = farmer_there(d, farmer_id, &there);
	if (e)
		return e;
	*out = n ? IMPORT_THERE : there ? IMPORT_TAKEN :
	    import_refuse(d, "its farmer is not in the register");
	return *out != IMPORT_TAKEN || d->dry_run ? OK :
	    insert_supply(d, json, farmer_id);
}
