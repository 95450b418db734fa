/* SPDX-License-Identifier: MIT */
/*
 * The farmer's shapes: what a registration must say, what a change may say, and
 * what is shown. The three share their sections; NEEDED is what a registration
 * insists on and a change does not.
 */
#include <string.h>
#include <strings.h>

#include "farmer.h"
#include "fields.h"
#include "front.h"
#include "text.h"

static bool
is_digits(const char *s, size_t n)
{
	return strlen(s) == n && strspn(s, "0123456789") == n;
}

static bool
phone_holds(const char *s)
{
	return *s == '0' ? is_digits(s + 1, 9) :
	    strncmp(s, "+260", 4) == 0 && is_digits(s + 4, 9);
}

static const struct shape_rule phone_rule = {
	.type = "string_pattern_mismatch", .pattern = "^(\\+260|0)[0-9]{9}$",
	.msg = "String should match pattern '^(\\+260|0)[0-9]{9}$'", .holds = phone_holds
};

/* ^[\w\.-]+@[\w\.-]+\.\w+$ of ASCII letters: what the client checks as well. */
static bool
email_holds(const char *s)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t local = strspn(s, word), domain;
	const char *dot;

	if (!local || s[local] != '@')
		return false;
	s += local + 1;
	domain = strspn(s, word);
	dot = strrchr(s, '.');
	return domain && !s[domain] && dot && dot > s && dot[1] && !strchr(dot, '-');
}

static const struct shape_rule email_rule = {
	.type = "string_pattern_mismatch", .pattern = "^[\\w\\.-]+@[\\w\\.-]+\\.\\w+$",
	.msg = "String should match pattern '^[\\w\\.-]+@[\\w\\.-]+\\.\\w+$'",
	.holds = email_holds
};

static const char *const genders[] = { "Male", "Female", "Other", NULL };
static const struct shape_rule gender_rule = {
	.type = "literal_error", .choices = genders,
	.msg = "Input should be 'Male', 'Female' or 'Other'"
};

/* The existing client registers with capitals, and edits without. */
static const char *const edited_genders[] = {
	"Male", "Female", "Other", "male", "female", "other", NULL
};
static const struct shape_rule edited_gender_rule = {
	.type = "literal_error", .choices = edited_genders,
	.msg = "Input should be 'Male', 'Female' or 'Other'"
};

const char *
farmer_gender(const char *s)
{
	for (size_t i = 0; s && genders[i]; i++)
		if (strcasecmp(s, genders[i]) == 0)
			return genders[i];
	return s;
}

static const char *const statuses[] = {
	"pending", "registered", "under_review", "verified", "rejected",
	"pending_documents", "approved", "under_verification", NULL
};
const struct shape_rule farmer_status_rule = {
	.type = "literal_error", .choices = statuses,
	.msg = "Input should be 'pending', 'registered', 'under_review', 'verified', "
	    "'rejected', 'pending_documents' or 'approved'"
};

const char *
farmer_status(const char *s)
{
	return text_same(s, "under_verification") ? "under_review" : s;
}

#define PERSON(type, NEEDED, gender_rule) \
	FIELD(type, first_name, SHAPE_TEXT, .flags = NEEDED, LIMIT(1, 100), \
	    .rule = &plain_rule), \
	FIELD(type, last_name, SHAPE_TEXT, .flags = NEEDED, LIMIT(1, 100), \
	    .rule = &plain_rule), \
	FIELD(type, phone_primary, SHAPE_TEXT, .flags = NEEDED, LIMIT(0, 20), \
	    .rule = &phone_rule), \
	FIELD(type, phone_secondary, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, \
	    LIMIT(0, 20), .rule = &phone_rule), \
	FIELD(type, email, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 254), \
	    .rule = &email_rule), \
	FIELD(type, nrc, SHAPE_TEXT, .flags = NEEDED, LIMIT(0, 40), \
	    .words = "######/##/#"), \
	FIELD(type, date_of_birth, SHAPE_TEXT, .flags = NEEDED, LIMIT(0, 40), \
	    .words = "YYYY-MM-DD"), \
	FIELD(type, gender, SHAPE_TEXT, .flags = NEEDED, .rule = &(gender_rule)), \
	FIELD(type, ethnic_group, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 100), \
	    .rule = &plain_rule)

#define ADDRESS(type, NEEDED) \
	FIELD(type, province_code, SHAPE_TEXT, .flags = NEEDED, LIMIT(0, 10), \
	    .rule = &plain_rule), \
	FIELD(type, province_name, SHAPE_TEXT, .flags = NEEDED, LIMIT(0, 100), \
	    .rule = &plain_rule), \
	FIELD(type, district_code, SHAPE_TEXT, .flags = NEEDED, LIMIT(0, 10), \
	    .rule = &plain_rule), \
	FIELD(type, district_name, SHAPE_TEXT, .flags = NEEDED, LIMIT(0, 100), \
	    .rule = &plain_rule), \
	FIELD(type, chiefdom_code, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 20), \
	    .rule = &plain_rule), \
	FIELD(type, chiefdom_name, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 100), \
	    .rule = &plain_rule), \
	FIELD(type, village, SHAPE_TEXT, .flags = NEEDED, LIMIT(0, 100), \
	    .rule = &plain_rule), \
	FIELD(type, street, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 200), \
	    .rule = &plain_rule), \
	FIELD(type, gps_latitude, SHAPE_REAL, .flags = SHAPE_OPTIONAL, \
	    LIMIT(-90, 90)), \
	FIELD(type, gps_longitude, SHAPE_REAL, .flags = SHAPE_OPTIONAL, LIMIT(-180, 180))

#define FARM(type, NEEDED, ABOVE) \
	FIELD(type, farm_size_hectares, SHAPE_REAL, \
	    .flags = SHAPE_OPTIONAL | NEEDED | ABOVE, LIMIT(0, 1e7)), \
	FIELD(type, crops_grown, SHAPE_TEXTS, .flags = SHAPE_NOT_NULL, LIMIT(0, 20), \
	    .rule = &item_rule), \
	FIELD(type, livestock_types, SHAPE_TEXTS, .flags = SHAPE_NOT_NULL, \
	    LIMIT(0, 20), .rule = &item_rule), \
	FIELD(type, has_irrigation, SHAPE_BOOL, .flags = SHAPE_OPTIONAL), \
	FIELD(type, years_farming, SHAPE_INT, .flags = SHAPE_OPTIONAL | NEEDED, \
	    LIMIT(0, 100))

#define HOUSEHOLD(type, NEEDED) \
	FIELD(type, household_size, SHAPE_INT, .flags = SHAPE_OPTIONAL | NEEDED, \
	    LIMIT(1, 1000)), \
	FIELD(type, number_of_dependents, SHAPE_INT, .flags = SHAPE_OPTIONAL | NEEDED, \
	    LIMIT(0, 1000)), \
	FIELD(type, primary_income_source, SHAPE_TEXT, .flags = NEEDED, LIMIT(0, 100), \
	    .rule = &plain_rule)

#define SECTION(symbol, words, type, table) \
	static const struct shape symbol = { .name = (words), .fields = table, \
		.n_fields = sizeof(table) / sizeof(table[0]), \
		.size = sizeof(struct type) }

/* Crops and animals: short plain texts. */
static bool
item_holds(const char *s)
{
	return text_points(s) <= 100 && plain_rule.holds(s);
}

static const struct shape_rule item_rule = {
	.type = "value_error", .holds = item_holds,
	.msg = "Value error, at most 100 plain characters are allowed"
};

static const struct shape_field new_person[] = {
	PERSON(farmer_person, SHAPE_REQUIRED, gender_rule)
};
static const struct shape_field new_address[] = {
	ADDRESS(farmer_address, SHAPE_REQUIRED)
};
static const struct shape_field new_farm[] = {
	FARM(farmer_farm, SHAPE_REQUIRED, SHAPE_ABOVE)
};
static const struct shape_field new_household[] = {
	HOUSEHOLD(farmer_household, SHAPE_REQUIRED)
};
/* The size 0 is what the existing client writes into a farm that nobody measured. */
static const struct shape_field edited_farm[] = {
	FARM(farmer_farm, SHAPE_REQUIRED, 0)
};
SECTION(new_person_shape, "NewPerson", farmer_person, new_person);
SECTION(new_address_shape, "NewAddress", farmer_address, new_address);
SECTION(new_farm_shape, "NewFarm", farmer_farm, new_farm);
SECTION(edited_farm_shape, "EditedFarm", farmer_farm, edited_farm);
SECTION(new_household_shape, "NewHousehold", farmer_household, new_household);

static const struct shape_field any_person[] = {
	PERSON(farmer_person, SHAPE_OPTIONAL, edited_gender_rule)
};
static const struct shape_field any_address[] = {
	ADDRESS(farmer_address, SHAPE_OPTIONAL)
};
static const struct shape_field any_farm[] = {
	FARM(farmer_farm, SHAPE_OPTIONAL, 0)
};
static const struct shape_field any_household[] = {
	HOUSEHOLD(farmer_household, SHAPE_OPTIONAL)
};
SECTION(any_person_shape, "Person", farmer_person, any_person);
SECTION(any_address_shape, "Address", farmer_address, any_address);
SECTION(any_farm_shape, "Farm", farmer_farm, any_farm);
SECTION(any_household_shape, "Household", farmer_household, any_household);

#define FORM(FARM_SHAPE) \
	FIELD(farmer_form, personal_info, SHAPE_OBJECT, .flags = SHAPE_REQUIRED, \
	    .sub = &new_person_shape), \
	FIELD(farmer_form, address, SHAPE_OBJECT, .flags = SHAPE_REQUIRED, \
	    .sub = &new_address_shape), \
	FIELD(farmer_form, farm_info, SHAPE_OBJECT, .flags = SHAPE_OPTIONAL, \
	    .sub = &(FARM_SHAPE)), \
	FIELD(farmer_form, household_info, SHAPE_OBJECT, .flags = SHAPE_OPTIONAL, \
	    .sub = &new_household_shape)

static const struct shape_field farmer_form_fields[] = { FORM(new_farm_shape) };
SHAPE(farmer_form, "FarmerForm", SHAPE_BODY);

static const struct shape_field farmer_edit_fields[] = { FORM(edited_farm_shape) };
const struct shape farmer_edit_shape = { .name = "FarmerEdit", .place = SHAPE_BODY,
	.fields = farmer_edit_fields, .n_fields = 4, .size = sizeof(struct farmer_form) };

static const struct shape_field farmer_change_fields[] = {
	NAMED("personal_info", farmer_change, form.personal_info, SHAPE_OBJECT,
	    .flags = SHAPE_OPTIONAL, .sub = &any_person_shape),
	NAMED("address", farmer_change, form.address, SHAPE_OBJECT,
	    .flags = SHAPE_OPTIONAL, .sub = &any_address_shape),
	NAMED("farm_info", farmer_change, form.farm_info, SHAPE_OBJECT,
	    .flags = SHAPE_OPTIONAL, .sub = &any_farm_shape),
	NAMED("household_info", farmer_change, form.household_info, SHAPE_OBJECT,
	    .flags = SHAPE_OPTIONAL, .sub = &any_household_shape),
	FIELD(farmer_change, registration_status, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .rule = &farmer_status_rule),
	FIELD(farmer_change, is_active, SHAPE_BOOL, .flags = SHAPE_OPTIONAL),
	FIELD(farmer_change, review_notes, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    LIMIT(0, 2000), .rule = &note_rule),
};
SHAPE(farmer_change, "FarmerChange", SHAPE_BODY);

static const struct shape_field farmer_documents_fields[] = {
	FIELD(farmer_documents, photo, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(farmer_documents, nrc_card, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(farmer_documents, land_title, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(farmer_documents, license, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(farmer_documents, certificate, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(farmer_documents, qr_code, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
};
static SHAPE(farmer_documents, "Documents", SHAPE_BODY);

static const struct shape_field farmer_document_fields[] = {
	FIELD(farmer_document, doc_type, SHAPE_TEXT),
	FIELD(farmer_document, file_path, SHAPE_TEXT),
	FIELD(farmer_document, file_id, SHAPE_TEXT),
	FIELD(farmer_document, uploaded_at, SHAPE_TIME),
};
static SHAPE(farmer_document, "IdentificationDocument", SHAPE_BODY);

static const struct shape_field farmer_out_fields[] = {
	NAMED("_id", farmer_out, id, SHAPE_TEXT),
	FIELD(farmer_out, farmer_id, SHAPE_TEXT),
	FIELD(farmer_out, registration_status, SHAPE_TEXT, .rule = &farmer_status_rule),
	FIELD(farmer_out, created_at, SHAPE_TIME),
	FIELD(farmer_out, updated_at, SHAPE_TIME),
	FIELD(farmer_out, personal_info, SHAPE_OBJECT, .sub = &any_person_shape),
	FIELD(farmer_out, address, SHAPE_OBJECT, .sub = &any_address_shape),
	FIELD(farmer_out, farm_info, SHAPE_OBJECT, .flags = SHAPE_OPTIONAL,
	    .sub = &any_farm_shape),
	FIELD(farmer_out, household_info, SHAPE_OBJECT, .flags = SHAPE_OPTIONAL,
	    .sub = &any_household_shape),
	FIELD(farmer_out, documents, SHAPE_OBJECT, .flags = SHAPE_OPTIONAL,
	    .sub = &farmer_documents_shape),
	FIELD(farmer_out, identification_documents, SHAPE_OBJECTS,
	    .sub = &farmer_document_shape),
	FIELD(farmer_out, is_active, SHAPE_BOOL),
	FIELD(farmer_out, created_by, SHAPE_TEXT,
	    .words = "operator_id, or e-mail of an administrator"),
	FIELD(farmer_out, review_notes, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(farmer_out, reviewed_by, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(farmer_out, reviewed_at, SHAPE_TIME, .flags = SHAPE_OPTIONAL),
	FIELD(farmer_out, photo_file_id, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(farmer_out, id_card_file_id, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(farmer_out, qr_code_file_id, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(farmer_out, id_card_path, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(farmer_out, qr_code_path, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(farmer_out, id_card_generated_at, SHAPE_TIME, .flags = SHAPE_OPTIONAL),
};
SHAPE(farmer_out, "Farmer", SHAPE_BODY);

static const struct shape_field farmer_item_fields[] = {
	NAMED("_id", farmer_item, id, SHAPE_TEXT),
	FIELD(farmer_item, farmer_id, SHAPE_TEXT),
	FIELD(farmer_item, registration_status, SHAPE_TEXT),
	FIELD(farmer_item, created_at, SHAPE_TIME),
	FIELD(farmer_item, first_name, SHAPE_TEXT),
	FIELD(farmer_item, last_name, SHAPE_TEXT),
	FIELD(farmer_item, phone_primary, SHAPE_TEXT),
	FIELD(farmer_item, phone, SHAPE_TEXT, .words = "the same as phone_primary"),
	FIELD(farmer_item, nrc, SHAPE_TEXT),
	FIELD(farmer_item, village, SHAPE_TEXT),
	FIELD(farmer_item, district_name, SHAPE_TEXT),
	FIELD(farmer_item, is_active, SHAPE_BOOL),
	FIELD(farmer_item, review_notes, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
};
static SHAPE(farmer_item, "FarmerListItem", SHAPE_BODY);
const struct shape farmer_items_shape = {
	.name = "Farmers", .list_of = &farmer_item_shape
};

static const struct shape_field farmer_find_fields[] = {
	FIELD(farmer_find, skip, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(0, 1e9)),
	FIELD(farmer_find, limit, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(1, 100),
	    .words = "20 unless told"),
	FIELD(farmer_find, status, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .rule = &farmer_status_rule),
	FIELD(farmer_find, district, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 100),
	    .words = "exact name"),
	FIELD(farmer_find, search, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 200),
	    .words = "beginnings of names, number or phone"),
	FIELD(farmer_find, farmer_id_exact, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    LIMIT(0, 40), .words = "wins over nrc and search"),
	FIELD(farmer_find, nrc, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 40),
	    .words = "wins over search"),
};
SHAPE(farmer_find, "FarmerFind", SHAPE_QUERY);
