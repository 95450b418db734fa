/* SPDX-License-Identifier: MIT */
/*
 * The record between form and database. Registration and change go the same way:
 * a draft (empty, or made from the stored row), what the form says put over it, the
 * same checks, the two identity values sealed.
 */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "farmer.h"
#include "fields.h"
#include "front.h"
#include "seal.h"
#include "text.h"

enum { AGE_MIN = 18, AGE_MAX = 120, ITEMS_MAX = 20 };

/* Where the country lies, roughly: catches swapped and mistyped positions. */
#define LATITUDE_MIN (-18.0)
#define LATITUDE_MAX (-8.0)
#define LONGITUDE_MIN 21.0
#define LONGITUDE_MAX 34.0

static enum err
open_identity(struct req *r, const struct farmer_get_row *row, const char **nrc,
    const char **birth)
{
	*nrc = seal_open(r->arena, "farmer.nrc", row->farmer_row_id, row->nrc_sealed);
	*birth = seal_open(r->arena, "farmer.birth", row->farmer_row_id,
	    row->birth_sealed);
	return *nrc && *birth ? OK : ERR_BROKEN;
}

enum err
farmer_draft_from(struct req *r, const struct farmer_get_row *row,
    struct farmer_draft *draft)
{
	draft->row = (struct farmer_update_in){
		.farmer_row_id = row->farmer_row_id, .farmer_id = row->farmer_id,
		.registration_status = row->registration_status,
		.is_active = row->is_active,
		.first_name = row->first_name, .last_name = row->last_name,
		.phone_primary = row->phone_primary,
		.phone_secondary = row->phone_secondary,
		.contact_email = row->contact_email, .gender = row->gender,
		.nrc_sealed = row->nrc_sealed, .nrc_hash = row->nrc_hash,
		.birth_sealed = row->birth_sealed, .ethnic_group = row->ethnic_group,
		.province_code = row->province_code,
		.province_name = row->province_name,
		.district_code = row->district_code,
		.district_name = row->district_name,
		.chiefdom_code = row->chiefdom_code,
		.chiefdom_name = row->chiefdom_name, .village = row->village,
		.street = row->street, .gps_latitude = row->gps_latitude,
		.gps_longitude = row->gps_longitude,
		.farm_size_hectares = row->farm_size_hectares,
		.crops_grown = row->crops_grown,
		.livestock_types = row->livestock_types,
		.has_irrigation = row->has_irrigation,
		.years_farming = row->years_farming,
		.household_size = row->household_size,
		.number_of_dependents = row->number_of_dependents,
		.primary_income_source = row->primary_income_source,
		.review_notes = row->review_notes
	};
	draft->created_by = row->created_by;
	draft->created_at = row->created_at;
	return open_identity(r, row, &draft->nrc, &draft->birth_date);
}

/* What is said wins over what is there. */
#define PUT(to, value) do { if (value) (to) = (value); } while (0)

static void
apply_person(const struct farmer_person *p, struct farmer_draft *d)
{
	PUT(d->row.first_name, p->first_name);
	PUT(d->row.last_name, p->last_name);
	PUT(d->row.phone_primary, p->phone_primary);
	PUT(d->row.phone_secondary, p->phone_secondary);
	PUT(d->row.contact_email, p->email);
	PUT(d->row.gender, farmer_gender(p->gender));
	PUT(d->row.ethnic_group, p->ethnic_group);
	PUT(d->nrc, p->nrc);
	PUT(d->birth_date, p->date_of_birth);
}

static void
apply_address(const struct farmer_address *p, struct farmer_draft *d)
{
	PUT(d->row.province_code, p->province_code);
	PUT(d->row.province_name, p->province_name);
	PUT(d->row.district_code, p->district_code);
	PUT(d->row.district_name, p->district_name);
	PUT(d->row.chiefdom_code, p->chiefdom_code);
	PUT(d->row.chiefdom_name, p->chiefdom_name);
	PUT(d->row.village, p->village);
	PUT(d->row.street, p->street);
	PUT(d->row.gps_latitude, p->gps_latitude);
	PUT(d->row.gps_longitude, p->gps_longitude);
}

static void
apply_farm(struct arena *a, const struct farmer_farm *p, struct farmer_draft *d)
{
	static const bool dry = false;

	PUT(d->row.farm_size_hectares, p->farm_size_hectares);
	PUT(d->row.years_farming, p->years_farming);
	PUT(d->row.has_irrigation, p->has_irrigation);
	if (p->crops_grown.items)
		d->row.crops_grown = texts_join(a, &p->crops_grown);
	if (p->livestock_types.items)
		d->row.livestock_types = texts_join(a, &p->livestock_types);
	if (!d->row.has_irrigation)
		d->row.has_irrigation = &dry;
}

static void
apply_household(const struct farmer_household *p, struct farmer_draft *d)
{
	PUT(d->row.household_size, p->household_size);
	PUT(d->row.number_of_dependents, p->number_of_dependents);
	PUT(d->row.primary_income_source, p->primary_income_source);
}

void
farmer_draft_bare(struct farmer_draft *draft)
{
	struct farmer_update_in *row = &draft->row;

	row->phone_secondary = row->contact_email = row->ethnic_group = NULL;
	row->chiefdom_code = row->chiefdom_name = row->street = NULL;
	row->gps_latitude = row->gps_longitude = row->farm_size_hectares = NULL;
	row->crops_grown = row->livestock_types = row->primary_income_source = NULL;
	row->has_irrigation = NULL;
	row->years_farming = row->household_size = row->number_of_dependents = NULL;
}

void
farmer_draft_apply(struct req *r, const struct farmer_form *form,
    struct farmer_draft *draft)
{
	if (form->personal_info)
		apply_person(form->personal_info, draft);
	if (form->address)
		apply_address(form->address, draft);
	if (form->farm_info)
		apply_farm(r->arena, form->farm_info, draft);
	if (form->household_info)
		apply_household(form->household_info, draft);
}

/* ######/##/# in ASCII digits, all of it. */
static bool
nrc_holds(const char *s)
{
	static const char form[] = "dddddd/dd/d";

	if (strlen(s) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
			return false;
	return true;
}

/* The list of a 400: what is wrong, in the words that the client shows. The page's
 * form also wants to know of which field. */
static void
complain(struct req *r, struct buf *b, const char *field, const char *words)
{
	(void)fail_fault(r, field, "value_error", words); /* noted; the reply is a 400 */
	buf_text(b, b->n ? "; " : "Validation failed: ");
	buf_text(b, words);
}

static void
check_birth(struct req *r, struct buf *b, const char *birth_date)
{
	static const char field[] = "body.personal_info.date_of_birth";
	int64_t birth;
	int age;

	if (!clock_read_date(birth_date, &birth)) {
		complain(r, b, field,
		    "Invalid date_of_birth format (expected YYYY-MM-DD)");
		return;
	}
	age = clock_years(birth, r->now);
	if (age < AGE_MIN)
		complain(r, b, field, "Farmer must be at least 18 years old");
	if (age > AGE_MAX)
		complain(r, b, field, "Invalid date of birth (age > 120)");
}

static bool
same_real(const double *a, const double *b)
{
	return a == b || (a && b && fabs(*a - *b) < 1e-12);
}

static void
check_position(struct req *r, struct buf *b, const struct farmer_update_in *row)
{
	if (!row->gps_latitude || !row->gps_longitude)
		return;
	if (*row->gps_latitude < LATITUDE_MIN || *row->gps_latitude > LATITUDE_MAX)
		complain(r, b, "body.address.gps_latitude",
		    "Latitude out of Zambia bounds (-18.0 to -8.0)");
	if (*row->gps_longitude < LONGITUDE_MIN || *row->gps_longitude > LONGITUDE_MAX)
		complain(r, b, "body.address.gps_longitude",
		    "Longitude out of Zambia bounds (21.0 to 34.0)");
}

/* A section is whole or not there: half of one could not be shown as a farm. */
static bool
farm_whole(const struct farmer_update_in *row)
{
	bool any = row->farm_size_hectares || row->years_farming ||
	    row->has_irrigation || row->crops_grown || row->livestock_types;

	return !any || (row->farm_size_hectares && row->years_farming);
}

static bool
household_whole(const struct farmer_update_in *row)
{
	bool any = row->household_size || row->number_of_dependents ||
	    row->primary_income_source;

	return !any || (row->household_size && row->number_of_dependents &&
	    row->primary_income_source);
}

const char *
farmer_draft_complaints(struct req *r, const struct farmer_draft *draft,
    const struct farmer_draft *before)
{
	struct buf wrong = buf_make(r->arena, 128);

	if (draft->nrc && (!before || !text_same(before->nrc, draft->nrc)) &&
	    !nrc_holds(draft->nrc))
		complain(r, &wrong, "body.personal_info.nrc",
		    "Invalid NRC format (expected ######/##/#)");
	if (draft->birth_date &&
	    (!before || !text_same(before->birth_date, draft->birth_date)))
		check_birth(r, &wrong, draft->birth_date);
	if (!before || !same_real(before->row.gps_latitude, draft->row.gps_latitude) ||
	    !same_real(before->row.gps_longitude, draft->row.gps_longitude))
		check_position(r, &wrong, &draft->row);
	return wrong.bytes;
}

enum err
farmer_draft_check(struct req *r, const struct farmer_draft *draft,
    const struct farmer_draft *before)
{
	const char *wrong;

	if (!farm_whole(&draft->row))
		return fail_fault(r, "body.farm_info", "missing",
		    "Field required: farm_size_hectares and years_farming");
	if (!household_whole(&draft->row))
		return fail_fault(r, "body.household_info", "missing", "Field required: "
		    "household_size, number_of_dependents and primary_income_source");
	wrong = farmer_draft_complaints(r, draft, before);
	return *wrong ? fail(r, ERR_BAD, "%s", wrong) : OK;
}

void
farmer_draft_seal(struct req *r, struct farmer_draft *draft)
{
	draft->row.nrc_hash = seal_hash(r->arena, draft->nrc, 0);
	farmer_draft_hide(r, draft);
}

void
farmer_draft_hide(struct req *r, struct farmer_draft *draft)
{
	struct farmer_update_in *row = &draft->row;

	row->nrc_sealed = seal_text(r->arena, "farmer.nrc", row->farmer_row_id,
	    draft->nrc);
	row->birth_sealed = seal_text(r->arena, "farmer.birth", row->farmer_row_id,
	    draft->birth_date);
}

struct farmer_copy_in
farmer_draft_row(const struct farmer_draft *draft)
{
	return (struct farmer_copy_in){ FARMER_COLUMNS(draft), .is_active = true,
		.created_at = draft->row.now, .updated_at = draft->row.now };
}

enum err
farmer_draft_insert(struct req *r, const struct farmer_draft *draft)
{
	return q_farmer_insert(r->db, &(struct farmer_insert_in){ FARMER_COLUMNS(draft),
	    .now = draft->row.now });
}

static const char *
file_path(struct arena *a, const char *file_id)
{
	return file_id ? arena_print(a, "/api/files/%s", file_id) : NULL;
}

static void
fill_sections(struct req *r, const struct farmer_get_row *row, struct farmer_out *out)
{
	struct farmer_address *address = arena_take(r->arena, sizeof(*address));
	struct farmer_farm *farm = arena_take(r->arena, sizeof(*farm));
	struct farmer_household *home = arena_take(r->arena, sizeof(*home));

	*address = (struct farmer_address){
		row->province_code, row->province_name, row->district_code,
		row->district_name, row->chiefdom_code, row->chiefdom_name,
		row->village, row->street, row->gps_latitude, row->gps_longitude
	};
	out->address = address;
	if (row->farm_size_hectares) {
		*farm = (struct farmer_farm){
			row->farm_size_hectares,
			texts_split(r->arena, row->crops_grown, ITEMS_MAX),
			texts_split(r->arena, row->livestock_types, ITEMS_MAX),
			row->has_irrigation, row->years_farming
		};
		out->farm_info = farm;
	}
	if (row->household_size) {
		*home = (struct farmer_household){ row->household_size,
			row->number_of_dependents, row->primary_income_source };
		out->household_info = home;
	}
}

/* The member of documents that a kind of document goes by. */
static const char **
document_place(struct farmer_documents *documents, const char *doc_type)
{
	return text_same(doc_type, "nrc") ? &documents->nrc_card :
	    text_same(doc_type, "land_title") ? &documents->land_title :
	    text_same(doc_type, "license") ? &documents->license :
	    &documents->certificate;
}

static enum err
fill_documents(struct req *r, const struct farmer_get_row *row, struct farmer_out *out)
{
	struct farmer_documents *documents = arena_take(r->arena, sizeof(*documents));
	struct farmer_document *items;
	struct document_list_row *rows;
	size_t n;
	enum err e = q_document_list(r->db, &(struct document_list_in){
	    .farmer_id = row->farmer_id }, &rows, &n);

	if (e)
		return e;
	items = arena_array(r->arena, struct farmer_document, n);
	for (size_t i = 0; i < n; i++) {
		items[i] = (struct farmer_document){ .doc_type = rows[i].doc_type,
			.file_path = file_path(r->arena, rows[i].file_id),
			.file_id = rows[i].file_id,
			.uploaded_at = rows[i].uploaded_at };
		*document_place(documents, rows[i].doc_type) = items[i].file_path;
	}
	out->identification_documents = (struct shape_list){ items, n };
	documents->photo = file_path(r->arena, row->photo_file_id);
	documents->qr_code = out->qr_code_path;
	if (n || documents->photo || documents->qr_code)
		out->documents = documents;
	return OK;
}

static enum err
fill_files(struct req *r, const struct farmer_get_row *row, struct farmer_out *out)
{

	out->photo_file_id = row->photo_file_id;
	out->id_card_file_id = row->card_file_id;
	out->id_card_path = file_path(r->arena, row->card_file_id);
	out->id_card_generated_at = row->card_issued_at;
	if (row->card_file_id)
		out->qr_code_path = arena_print(r->arena, "/api/farmers/%s/qr",
		    row->farmer_id);
	return fill_documents(r, row, out);
}

void
farmer_fill_ahead(struct req *r, const char *farmer_id)
{
	struct document_list_in *in = arena_take(r->arena, sizeof(*in));

	in->farmer_id = farmer_id;
	q_document_list_ahead(r->db, in);
}

enum err
farmer_fill(struct req *r, const struct farmer_get_row *row, struct farmer_out *out)
{
	struct farmer_person *person = arena_take(r->arena, sizeof(*person));
	enum err e;

	*person = (struct farmer_person){
		.first_name = row->first_name, .last_name = row->last_name,
		.phone_primary = row->phone_primary,
		.phone_secondary = row->phone_secondary, .email = row->contact_email,
		.gender = row->gender, .ethnic_group = row->ethnic_group
	};
	*out = (struct farmer_out){
		.id = row->farmer_row_id, .farmer_id = row->farmer_id,
		.registration_status = row->registration_status,
		.created_at = row->created_at, .updated_at = row->updated_at,
		.created_by = row->created_by, .personal_info = person,
		.is_active = row->is_active, .review_notes = row->review_notes,
		.reviewed_by = row->reviewed_by, .reviewed_at = row->reviewed_at
	};
	fill_sections(r, row, out);
	e = fill_files(r, row, out);
	return e ? e : open_identity(r, row, &person->nrc, &person->date_of_birth);
}
