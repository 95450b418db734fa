/* SPDX-License-Identifier: MIT */
/*
 * Registering and editing in the browser. A form is a flat list of texts; they are put
 * into the same JSON as the API's clients send, so that one shape and one set of rules
 * decide for both. What is wrong comes back beside its input, with all that was typed.
 * An edit sends the whole record: what was emptied is taken away.
 */
#include <string.h>

#include "arena.h"
#include "fields.h"
#include "front.h"
#include "json.h"
#include "page.h"
#include "path.h"
#include "queries.h"
#include "seen.h"
#include "templates.h"
#include "text.h"
#include "farmer.h"
#include "farmer_page.h"

enum input_kind { TEXT, LIST, CHOICE, TICK };

struct farmer_text {
	const char *seen;	/* the state of the record that was edited */
#define INPUT(kind, section, name, label, rule) const char *name;
#include "farmer_text.def"
#undef INPUT
};

/* Limits are the record's; these only keep nonsense out. */
static const struct shape_field farmer_text_fields[] = {
	FIELD(farmer_text, seen, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 20)),
#define INPUT(kind, section, name, label, rule) \
	FIELD(farmer_text, name, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 3000)),
#include "farmer_text.def"
#undef INPUT
};
SHAPE(farmer_text, "FarmerText", SHAPE_FORM);

static const struct input {
	enum input_kind kind;
	const char *section, *name, *label, *rule;
	size_t text_at, page_at;
} inputs[] = {
#define INPUT(kind, section, name, label, rule) \
	{ kind, #section, #name, label, rule, offsetof(struct farmer_text, name), \
	    offsetof(struct farmer_form_page, name) },
#include "farmer_text.def"
#undef INPUT
};

enum { N_INPUTS = sizeof(inputs) / sizeof(inputs[0]) };

static const char *
sent(const struct farmer_text *text, const struct input *in)
{
	const char *value;

	memcpy(&value, (const char *)text + in->text_at, sizeof(value));
	return value ? value : "";
}

/* What was typed, without blanks around it; "" if nothing. */
static const char *
typed(struct arena *a, const struct farmer_text *text, const struct input *in)
{
	return text_trim(a, sent(text, in));
}

static void
write_name(struct buf *b, const char *name)
{
	if (b->bytes[b->n - 1] != '{')
		buf_char(b, ',');
	json_write_text(b, name);
	buf_char(b, ':');
}

static void
write_pair(struct buf *b, const char *name, const char *value)
{
	if (text_empty(value))
		return;
	write_name(b, name);
	json_write_text(b, value);
}

/* "maize, beans,": two items. */
static void
write_list(struct buf *b, const char *value)
{
	const char *before = "";

	buf_char(b, '[');
	for (size_t n; *value; value += n, value += *value == ',') {
		const char *item;

		n = strcspn(value, ",");
		item = text_trim(b->arena, arena_copy(b->arena, value, n));
		if (!*item)
			continue;
		buf_text(b, before);
		json_write_text(b, item);
		before = ",";
	}
	buf_char(b, ']');
}

static void
write_input(struct buf *b, const struct input *in, const char *value)
{
	if (!*value)
		return;
	if (in->kind != LIST && in->kind != TICK) {
		write_pair(b, in->name, value);
		return;
	}
	write_name(b, in->name);
	if (in->kind == LIST)
		write_list(b, value);
	else
		buf_text(b, text_same(value, "true") ? "true" : "false");
}

/* The names that go with the chosen codes; and that nobody knew the village, nor does. */
struct places {
	const char *province_code, *province_name, *district_name, *chiefdom_name;
	bool no_village;
};

static enum err
find_district(struct req *r, const char *code, const struct farmer_get_row *row,
    struct places *p)
{
	struct geo_district_row district;
	struct geo_province_row province;
	enum err e;

	if (!*code)
		return OK; /* the shape says that it is missing */
	if (row && text_same(code, row->district_code)) {
		p->province_code = row->province_code;
		p->province_name = row->province_name;
		p->district_name = row->district_name;
		return OK;
	}
	e = q_geo_district(r->db, &(struct geo_district_in){ .district_code = code },
	    &district);
	if (e == ERR_MISSING)
		return fail_fault(r, "body.address.district_code", "value_error", "");
	if (!e)
		e = q_geo_province(r->db, &(struct geo_province_in){
		    .province_code = district.province_code }, &province);
	if (e)
		return e;
	p->province_code = province.province_code;
	p->province_name = province.province_name;
	p->district_name = district.district_name;
	return OK;
}

static enum err
find_chiefdom(struct req *r, const char *code, const char *district_code,
    const struct farmer_get_row *row, struct places *p)
{
	struct geo_chiefdom_row chiefdom;
	enum err e;

	if (!*code)
		return OK;
	if (row && text_same(code, farmer_page_chiefdom(row)) &&
	    text_same(district_code, row->district_code)) {
		p->chiefdom_name = row->chiefdom_name;
		return OK;
	}
	e = q_geo_chiefdom(r->db, &(struct geo_chiefdom_in){ .chiefdom_code = code },
	    &chiefdom);
	if (e && e != ERR_MISSING)
		return e;
	if (e || !text_same(chiefdom.district_code, district_code))
		return fail_fault(r, "body.address.chiefdom_code", "value_error", "");
	p->chiefdom_name = chiefdom.chiefdom_name;
	return OK;
}

static enum err
find_places(struct req *r, const struct farmer_text *text,
    const struct farmer_get_row *row, struct places *p)
{
	enum err e;

	*p = (struct places){ .no_village = row && !*row->village && !*text->village };
	e = find_district(r, text->district_code, row, p);
	return e ? e : find_chiefdom(r, text->chiefdom_code, text->district_code, row,
	    p);
}

/* Person and address are always there; the others if any of their inputs is. */
static bool
section_said(const struct farmer_text *text, const char *section)
{
	if (text_same(section, "personal_info") || text_same(section, "address"))
		return true;
	for (size_t i = 0; i < N_INPUTS; i++)
		if (text_same(inputs[i].section, section) && *sent(text, &inputs[i]))
			return true;
	return false;
}

static void
write_section(struct buf *b, const struct farmer_text *text, const char *section,
    const struct places *p)
{
	if (!section_said(text, section))
		return;
	write_name(b, section);
	buf_char(b, '{');
	for (size_t i = 0; i < N_INPUTS; i++)
		if (text_same(inputs[i].section, section))
			write_input(b, &inputs[i], sent(text, &inputs[i]));
	if (text_same(section, "address")) {
		if (p->no_village) {
			write_name(b, "village");
			json_write_text(b, "");
		}
		write_pair(b, "province_code", p->province_code);
		write_pair(b, "province_name", p->province_name);
		write_pair(b, "district_name", p->district_name);
		write_pair(b, "chiefdom_name", p->chiefdom_name);
	}
	buf_char(b, '}');
}

static const char *
real_text(struct arena *a, const double *x)
{
	return x ? arena_print(a, "%.15g", *x) : NULL;
}

static const char *
int_text(struct arena *a, const int64_t *n)
{
	return n ? arena_print(a, "%lld", (long long)*n) : NULL;
}

static void
text_of_sections(struct arena *a, const struct farmer_out *f, struct farmer_text *out)
{
	const struct farmer_farm *farm = f->farm_info;
	const struct farmer_household *home = f->household_info;

	if (farm) {
		out->farm_size_hectares = real_text(a, farm->farm_size_hectares);
		out->years_farming = int_text(a, farm->years_farming);
		out->crops_grown = page_joined(a, &farm->crops_grown);
		out->livestock_types = page_joined(a, &farm->livestock_types);
		out->has_irrigation = farm->has_irrigation && *farm->has_irrigation ?
		    "true" : NULL;
	}
	if (home) {
		out->household_size = int_text(a, home->household_size);
		out->number_of_dependents = int_text(a, home->number_of_dependents);
		out->primary_income_source = home->primary_income_source;
	}
}

/* The stored record as the texts of the form. */
static void
text_of(struct arena *a, const struct farmer_out *f, struct farmer_text *out)
{
	const struct farmer_person *p = f->personal_info;
	const struct farmer_address *at = f->address;

	*out = (struct farmer_text){
		.first_name = p->first_name, .last_name = p->last_name, .nrc = p->nrc,
		.date_of_birth = p->date_of_birth, .gender = p->gender,
		.ethnic_group = p->ethnic_group, .phone_primary = p->phone_primary,
		.phone_secondary = p->phone_secondary, .email = p->email,
		.district_code = at->district_code, .chiefdom_code = at->chiefdom_code,
		.village = at->village, .street = at->street,
		.gps_latitude = real_text(a, at->gps_latitude),
		.gps_longitude = real_text(a, at->gps_longitude)
	};
	text_of_sections(a, f, out);
}

/* What a form says: texts without the blanks around them, but what was not touched as
 * it is stored, so that nobody changes a name that he did not mean to. */
static enum err
read_texts(struct req *r, const struct farmer_text *text,
    const struct farmer_get_row *row, struct farmer_text *out)
{
	struct farmer_text stored = { .seen = NULL };
	struct farmer_out f;
	enum err e = row ? farmer_fill(r, row, &f) : OK;

	if (e)
		return e;
	if (row)
		text_of(r->arena, &f, &stored);
	*out = *text;
	for (size_t i = 0; i < N_INPUTS; i++) {
		const char *value = typed(r->arena, text, &inputs[i]);

		if (text_same(value, typed(r->arena, &stored, &inputs[i])))
			value = sent(&stored, &inputs[i]);
		memcpy((char *)out + inputs[i].text_at, &value, sizeof(value));
	}
	return OK;
}

/* Some rules are only checked on a whole record. A form that is not even one should
 * tell of those as well, and not in a second round. */
static void
look_further(struct req *r, const struct farmer_form *form)
{
	struct farmer_draft draft = { .nrc = NULL };

	if (form->personal_info) {
		draft.nrc = form->personal_info->nrc;
		draft.birth_date = form->personal_info->date_of_birth;
	}
	if (form->address) {
		draft.row.gps_latitude = form->address->gps_latitude;
		draft.row.gps_longitude = form->address->gps_longitude;
	}
	(void)farmer_draft_complaints(r, &draft, NULL); /* kept in r->faults */
}

/* The record that the form describes; row is the stored one, or NULL. ERR_INVALID
 * with r->faults. */
static enum err
read_form(struct req *r, const struct farmer_text *text,
    const struct farmer_get_row *row, struct farmer_form *form)
{
	static const char *const sections[] = {
		"personal_info", "address", "farm_info", "household_info"
	};
	struct buf b = buf_make(r->arena, 1000);
	struct farmer_text said;
	const struct json *json;
	struct places places;
	const char *why;
	size_t at;
	bool good;
	enum err e = read_texts(r, text, row, &said);

	if (e)
		return e;
	e = find_places(r, &said, row, &places);
	if (e && e != ERR_INVALID)
		return e;
	if (text_same(said.chiefdom_code, CHIEFDOM_NAMED))
		said.chiefdom_code = row ? row->chiefdom_code : NULL;
	buf_char(&b, '{');
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		write_section(&b, &said, sections[i], &places);
	buf_char(&b, '}');
	json = json_read(r->arena, b.bytes, b.n, &why, &at);
	if (!json)
		return fail(r, ERR_BAD, "The form can't be read: %s", why);
	good = shape_read(row ? &farmer_edit_shape : &farmer_form_shape, json, r->arena,
	    form, &r->faults);
	json_free(json);
	if (good && !e)
		return OK;
	if (!row)
		look_further(r, form);
	return ERR_INVALID;
}

/* The faults of a form as a page shows them. */
struct troubles {
	struct page_fault items[N_INPUTS + 1];
	size_t n;
};

/* Does the way to a fault, "farm_info.crops_grown.3", go through a name? */
static bool
goes_through(const char *path, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = path; *p; p += strcspn(p, "."), p += *p == '.')
		if (strncmp(p, name, n) == 0 && (p[n] == '.' || !p[n]))
			return true;
	return false;
}

/* The fault of an input, or of what comes with it; NULL if it is fine. */
static const struct fault *
fault_of(const struct req *r, const struct input *in)
{
	for (size_t i = 0; i < r->faults.n; i++)
		if (goes_through(r->faults.items[i].path, in->name))
			return &r->faults.items[i];
	return NULL;
}

static void
set_error(struct farmer_form_page *page, const struct input *in, const char *words)
{
	void *at = (char *)page + in->page_at;

	if (in->kind == CHOICE)
		((struct page_select *)at)->error = words;
	else if (in->kind != TICK)
		((struct page_field *)at)->error = words;
}

static const char *
fault_words(const struct input *in, const struct fault *f)
{
	if (!text_same(f->type, "missing") && !text_same(f->type, "string_too_short"))
		return in->rule;
	if (text_same(in->section, "farm_info") || text_same(in->section,
	    "household_info"))
		return "Needed as soon as anything of this section is filled in";
	return in->kind == CHOICE ? "Please choose" : "Please fill this in";
}

/* A refusal that is of no single input still belongs to one. */
static const char *
input_of(const struct req *r, enum err e)
{
	if (e == ERR_CONFLICT)
		return r->detail && strstr(r->detail, "NRC") ? "nrc" : "first_name";
	return e == ERR_DENIED && !front_viewer(r)->is_farmer ? "district_code" :
	    "first_name";
}

static void
show_troubles(struct req *r, enum err e, struct farmer_form_page *page)
{
	struct troubles *t = arena_take(r->arena, sizeof(*t));

	for (size_t i = 0; i < N_INPUTS; i++) {
		const struct fault *f = fault_of(r, &inputs[i]);
		const char *words;

		if (!f)
			continue;
		words = fault_words(&inputs[i], f);
		set_error(page, &inputs[i], words);
		t->items[t->n++] = (struct page_fault){ inputs[i].name,
			arena_print(r->arena, "%s: %s", inputs[i].label, words) };
	}
	if (!t->n)
		t->items[t->n++] = (struct page_fault){ input_of(r, e),
			page_words(r, e) };
	page->faults = t->items;
	page->n_faults = t->n;
}

static void
show_typed(struct arena *a, const struct farmer_text *text,
    struct farmer_form_page *page)
{
	for (size_t i = 0; i < N_INPUTS; i++) {
		const char *value = typed(a, text, &inputs[i]);
		void *at = (char *)page + inputs[i].page_at;

		if (inputs[i].kind == TICK)
			*(bool *)at = text_same(value, "true");
		else if (inputs[i].kind == CHOICE)
			((struct page_select *)at)->value = value;
		else
			((struct page_field *)at)->value = value;
	}
}

/* Where there is but one choice, it is made. */
static void
choose_only(struct page_select *s)
{
	if (s->n_groups == 1 && s->groups[0].n == 1)
		s->value = s->groups[0].choices[0].value;
}

/* The form: of row, or of a new farmer; filled with text; e: why it is shown again. */
static enum err
show(struct req *r, enum err e, const struct farmer_get_row *row,
    const struct farmer_text *text)
{
	struct farmer_form_page page = { .frame = page_frame_of(r,
	    row ? "Edit a farmer" : "Register a farmer", row ? "" : "/farmers/new") };
	enum err failed = farmer_page_choices(r, row, &page);

	if (failed)
		return failed;
	show_typed(r->arena, text, &page);
	if (e)
		show_troubles(r, e, &page);
	else if (!row)
		choose_only(&page.district_code);
	if (!row) {
		page_farmer_new(page_begin(r, reply_status(e)), &page);
		return page_end(r);
	}
	page.farmer_id = row->farmer_id;
	page.full_name = arena_print(r->arena, "%s %s", row->first_name, row->last_name);
	page.seen = arena_print(r->arena, "%lld", (long long)row->updated_at);
	page_farmer_edit(page_begin(r, reply_status(e)), &page);
	return page_end(r);
}

/* What can be put right in the form. */
static bool
is_correctable(enum err e)
{
	return e == ERR_BAD || e == ERR_INVALID || e == ERR_CONFLICT || e == ERR_DENIED;
}

enum err
farmer_page_new(struct req *r)
{
	return show(r, OK, NULL, &(struct farmer_text){ .seen = NULL });
}

enum err
farmer_page_enrol(struct req *r)
{
	struct farmer_form form;
	const char *farmer_id;
	enum err e = read_form(r, r->in, NULL, &form);

	if (!e)
		e = farmer_register(r, &form, &farmer_id);
	if (!e)
		return page_go(r, arena_print(r->arena, "/farmers/%s?done=registered",
		    farmer_id));
	if (!is_correctable(e))
		return e;
	front_undo(r);
	return show(r, e, NULL, r->in);
}

enum err
farmer_page_edit(struct req *r)
{
	struct farmer_get_row row;
	struct farmer_out f;
	struct farmer_text text;
	enum err e = farmer_read(r, req_param(r, "farmer_id"), &row);

	if (!e)
		e = farmer_fill(r, &row, &f);
	if (!e)
		e = seen_farmer(r, "get_success", row.farmer_id);
	if (e)
		return e;
	text_of(r->arena, &f, &text);
	text.chiefdom_code = farmer_page_chiefdom(&row);
	return show(r, OK, &row, &text);
}

/* The form shows a state of the record; another may have been stored since. */
static enum err
check_seen(struct req *r, const struct farmer_text *text,
    const struct farmer_get_row *row)
{
	int64_t seen;

	if (text->seen && text_number(text->seen, 0, INT64_MAX, &seen) &&
	    seen == row->updated_at)
		return OK;
	return fail(r, ERR_CONFLICT, "This record was changed while you were editing it. "
	    "Below is what you typed. Look at the record in another window first; "
	    "saving now puts your version in its place.");
}

enum err
farmer_page_change(struct req *r)
{
	const char *farmer_id = req_param(r, "farmer_id");
	struct farmer_change change = { .is_whole = true };
	struct farmer_get_row row;
	enum err again, e = farmer_read(r, farmer_id, &row);

	if (e)
		return e;
	e = check_seen(r, r->in, &row);
	if (!e)
		e = read_form(r, r->in, &row, &change.form);
	if (!e)
		e = farmer_amend(r, farmer_id, &change);
	if (!e)
		return page_go(r, arena_print(r->arena, "/farmers/%s?done=saved",
		    farmer_id));
	if (!is_correctable(e))
		return e;
	front_undo(r);
	again = farmer_read(r, farmer_id, &row);
	return again ? again : show(r, e, &row, r->in);
}
