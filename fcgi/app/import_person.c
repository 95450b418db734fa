/* SPDX-License-Identifier: MIT */
/*
 * A farmer in a dump. The record is brought into the form of a registration, as far as
 * the system before let it slip (dates, the case of the gender, places by name only),
 * and then goes through the same shape and checks. Its id, number, status, dates and
 * registrar stay. Nothing is made up: without a good NRC and birth date it is refused;
 * a farm or household that is not whole is left out, and that is told.
 */
#include <string.h>

#include "arena.h"
#include "farmer_tally.h"
#include "fields.h"
#include "front.h"
#include "import_dump.h"
#include "json.h"
#include "path.h"
#include "queries.h"
#include "seal.h"
#include "text.h"

enum { NUMBER_MAX = 40 };

/* What a farmer has beside the registration. */
struct rest {
	const char *farmer_id, *status, *created_by, *review_notes, *reviewed_by;
	int64_t created_at, reviewed_at;
	bool is_active, was_reviewed;
};

static const char *
text_of(const struct import_dump *d, const struct json *json, const char *name)
{
	const char *s = import_value(d->r.arena, json_get(json, name));

	return s ? text_trim(d->r.arena, s) : "";
}

/* 1990-1-5, 05-01-1990, 05/01/1990 and 1990/01/05 are 1990-01-05. Other texts stay as
 * they are, and are refused as what they are. */
static const char *
date_of(struct arena *a, const char *s)
{
	int64_t part[3];
	const char *p = s;

	for (int i = 0; i < 3; i++, p += *p != '\0') {
		size_t n = strspn(p, "0123456789");

		if (!n || n > 4 || (i < 2 ? p[n] != '-' && p[n] != '/' : p[n] != '\0') ||
		    !text_number(arena_copy(a, p, n), 0, 9999, &part[i]))
			return s;
		p += n;
	}
	if (part[0] > 31)
		return arena_print(a, "%04d-%02d-%02d", (int)part[0], (int)part[1],
		    (int)part[2]);
	return arena_print(a, "%04d-%02d-%02d", (int)part[2], (int)part[1],
	    (int)part[0]);
}

static void
mend_person(struct import_dump *d, struct import_pairs *p)
{
	char *gender = text_lower(d->r.arena, import_pairs_get(p, "gender"));

	if (*gender >= 'a' && *gender <= 'z')
		*gender = (char)(*gender - 'a' + 'A');
	import_pairs_set(p, "gender", gender);
	import_pairs_set(p, "date_of_birth", date_of(d->r.arena,
	    import_pairs_get(p, "date_of_birth")));
}

/* Places by name only get their codes; names that are in no list stay, with the code
 * that the system before showed for them. */
static void
mend_address(struct import_dump *d, const struct json *json, struct import_pairs *p)
{
	struct import_place place = {
		.province_code = import_pairs_get(p, "province_code"),
		.province_name = import_pairs_get(p, "province_name"),
		.district_code = import_pairs_get(p, "district_code"),
		.district_name = import_pairs_get(p, "district_name"),
		.chiefdom_code = import_pairs_get(p, "chiefdom_code"),
		.chiefdom_name = import_pairs_get(p, "chiefdom_name")
	};

	if (!*place.province_name)
		place.province_name = text_of(d, json, "province");
	if (!*place.district_name)
		place.district_name = text_of(d, json, "district");
	if (!import_places_find(d->places, &d->r, &place))
		d->r.faults.n = 0;
	if (*place.province_name && !*place.province_code)
		place.province_code = "LEGACY";
	if (*place.district_name && !*place.district_code)
		place.district_code = "LEGACY";
	import_pairs_set(p, "province_code", place.province_code);
	import_pairs_set(p, "province_name", place.province_name);
	import_pairs_set(p, "district_code", place.district_code);
	import_pairs_set(p, "district_name", place.district_name);
	import_pairs_set(p, "chiefdom_code", place.chiefdom_code);
	import_pairs_set(p, "chiefdom_name", place.chiefdom_name);
}

/* One section into the form. The last two may be left out. */
static void
read_section(struct import_dump *d, const struct json *json,
    const struct shape_field *field, struct farmer_form *form)
{
	const bool needed = (field->flags & SHAPE_REQUIRED) != 0;
	const struct json *section = json_get(json, field->name);
	void *out = arena_take(d->r.arena, field->sub->size);
	struct import_pairs p;

	if (!needed && json_kind(section) != JSON_MAP)
		return;
	import_pairs_of(d->r.arena, field->sub, section, &p);
	if (text_same(field->name, "personal_info"))
		mend_person(d, &p);
	if (text_same(field->name, "address"))
		mend_address(d, section, &p);
	if (!shape_read_pairs(field->sub, &(struct shape_pairs){ p.items, p.n,
	    field->name }, d->r.arena, out, &d->r.faults) && !needed) {
		import_note(d, "its %s is not whole and was left out", field->name);
		d->r.faults.n = 0;
		return;
	}
	memcpy((char *)form + field->offset, &out, sizeof(out));
}

/* Needed sections first, so that a fault of them is not forgotten with the others'. */
static bool
read_form(struct import_dump *d, const struct json *json, struct farmer_form *form)
{
	*form = (struct farmer_form){ .personal_info = NULL };
	d->r.faults.n = 0;
	for (size_t i = 0; i < 2; i++)
		read_section(d, json, &farmer_form_shape.fields[i], form);
	if (d->r.faults.n)
		return false;
	for (size_t i = 2; i < farmer_form_shape.n_fields; i++)
		read_section(d, json, &farmer_form_shape.fields[i], form);
	return true;
}

/* The number, or what the system before showed for one without. */
static const char *
number_of(const struct import_dump *d, const struct json *json)
{
	const char *number = text_of(d, json, "farmer_id");

	return *number ? number : arena_print(d->r.arena, "LEGACY_%s",
	    text_upper(d->r.arena, d->id + strlen(d->id) - 8));
}

static bool
number_holds(const char *s)
{
	return strlen(s) <= NUMBER_MAX && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(s);
}

static const char *
status_of(const struct import_dump *d, const struct json *json)
{
	const char *s = text_of(d, json, "registration_status");
	const char *const *choice = farmer_status_rule.choices;

	for (; *choice; choice++)
		if (text_same(*choice, s))
			return farmer_status(s);
	return *s ? NULL : "registered";
}

/* The registrar's mark as ours have it: an operator's number instead of the e-mail. */
static enum err
registrar_of(struct import_dump *d, const struct json *json, const char **mark)
{
	const char *name = text_of(d, json, "created_by");
	struct dump_account_find_row *rows;
	size_t n;
	enum err e;

	*mark = *name && name_rule.holds(name) ? name : "unknown";
	if (!strchr(*mark, '@'))
		return OK;
	*mark = text_lower(d->r.arena, name);
	e = q_dump_account_find(d->db, &(struct dump_account_find_in){ .email = *mark },
	    &rows, &n);
	if (!e && n && rows->operator_id && !rows->is_admin)
		*mark = rows->operator_id;
	return e;
}

static enum err
read_rest(struct import_dump *d, const struct json *json, struct rest *rest)
{
	int64_t updated;

	*rest = (struct rest){ .farmer_id = number_of(d, json),
		.status = status_of(d, json),
		.is_active = !text_same(text_of(d, json, "is_active"), "false"),
		.review_notes = import_value(d->r.arena, json_get(json, "review_notes")),
		.reviewed_by = import_value(d->r.arena, json_get(json, "reviewed_by")) };
	if (rest->review_notes && (!note_rule.holds(rest->review_notes) ||
	    text_points(rest->review_notes) > 2000)) {
		import_note(d, "its review_notes are not plain text and were left out");
		rest->review_notes = NULL;
	}
	if (rest->reviewed_by && !name_rule.holds(rest->reviewed_by))
		rest->reviewed_by = NULL;
	rest->was_reviewed = import_time(json_get(json, "reviewed_at"),
	    &rest->reviewed_at);
	import_times(d, json, &rest->created_at, &updated);
	return registrar_of(d, json, &rest->created_by);
}

static enum err
insert(struct import_dump *d, struct farmer_draft *draft, const struct rest *rest)
{
	farmer_draft_seal(&d->r, draft);
	return q_dump_farmer_insert(d->db, &(struct dump_farmer_insert_in){
	    FARMER_COLUMNS(draft), .is_active = draft->row.is_active,
	    .created_at = rest->created_at, .now = d->r.now,
	    .review_notes = rest->review_notes, .reviewed_by = rest->reviewed_by,
	    .reviewed_at = rest->was_reviewed ? &rest->reviewed_at : NULL });
}

/* Is the NRC somebody else's, in the register or in the dump? */
static enum err
check_nrc(struct import_dump *d, const char *nrc, enum import_verdict *out)
{
	const char *hash = seal_hash(d->r.arena, nrc, 0);
	struct farmer_by_nrc_row *row;
	enum err e = farmer_by_nrc(&d->r, nrc, &row);

	if (!e && row)
		*out = import_refuse(d, "farmer %s has the same NRC", row->farmer_id);
	else if (!e && import_known(d, "nrc", hash))
		*out = import_refuse(d, "a farmer before it has the same NRC");
	import_know(d, "nrc", hash);
	return e;
}

/* Is this farmer there already, or its id or number another's? */
static enum err
look_for(struct import_dump *d, const char *farmer_id, enum import_verdict *out)
{
	struct dump_farmer_find_row *rows;
	size_t n;
	enum err e = q_dump_farmer_find(d->db, &(struct dump_farmer_find_in){
	    .farmer_row_id = d->id, .farmer_id = farmer_id }, &rows, &n);

	if (e)
		return e;
	*out = n == 1 && text_same(rows->farmer_row_id, d->id) &&
	    text_same(rows->farmer_id, farmer_id) ? IMPORT_THERE :
	    n || import_known(d, "farmer", farmer_id) ?
	    import_refuse(d, "its number, or its id, is another farmer's") :
	    IMPORT_TAKEN;
	return OK;
}

static bool
has_files(const struct json *json)
{
	static const char *const names[] = { "documents", "photo_file_id",
		"id_card_file_id", "id_card_path", "qr_code_path" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (json_kind(json_get(json, names[i])) != JSON_NONE)
			return true;
	return json_count(json_get(json, "identification_documents")) > 0;
}

static enum err
take(struct import_dump *d, const struct json *json, const struct rest *rest,
    enum import_verdict *out)
{
	struct farmer_draft draft = { .created_by = rest->created_by,
		.created_at = rest->created_at, .row = { .farmer_row_id = d->id,
		    .farmer_id = rest->farmer_id,
		    .registration_status = rest->status,
		    .is_active = rest->is_active, .now = d->r.now } };
	struct farmer_form form;
	enum err e;

	if (!read_form(d, json, &form)) {
		*out = import_refuse(d, "%s", faults_detail(&d->r.faults));
		return OK;
	}
	farmer_draft_apply(&d->r, &form, &draft);
	if (farmer_draft_check(&d->r, &draft, NULL)) {
		*out = import_refuse(d, "%s", d->r.detail);
		return OK;
	}
	e = check_nrc(d, draft.nrc, out);
	if (e || *out != IMPORT_TAKEN)
		return e;
	import_know(d, "farmer", rest->farmer_id);
	if (has_files(json))
		import_note(d, "photo, documents and card are not in an export: send "
		    "them in again");
	if (d->dry_run)
		return OK;
	e = insert(d, &draft, rest);
	return e ? e : farmer_complete(&d->r, &draft, d->tally);
}

enum err
import_dump_farmer(struct import_dump *d, const struct json *json,
    enum import_verdict *out)
{
	struct rest rest;
	enum err e = read_rest(d, json, &rest);

	if (e)
		return e;
	*out = !number_holds(rest.farmer_id) ? import_refuse(d,
	    "its farmer_id has other signs than letters and digits") :
	    !rest.status ? import_refuse(d, "its status is unknown") : IMPORT_TAKEN;
	if (*out == IMPORT_TAKEN)
		e = look_for(d, rest.farmer_id, out);
	return e || *out != IMPORT_TAKEN ? e : take(d, json, &rest, out);
}
