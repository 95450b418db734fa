/* SPDX-License-Identifier: MIT */
/*
 * Columns and cells. The columns have the names that the API's fields have; those of
 * our own report farmers-details are known as well, so what was exported can come back.
 * What only the register decides (the number, the standing) is known and not taken.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "csv.h"
#include "front.h"
#include "import.h"
#include "path.h"
#include "req.h"
#include "text.h"

enum kind {
	TEXT, LIST,
	WHOLE_NAME,	/* the last word is the last name */
	LAND, CROPS,	/* of the report: 0 hectares and "None" mean no farm */
	NOT_TAKEN
};

/* In the order of the form's own fields. */
enum { NONE, PERSON, ADDRESS, FARM, HOUSEHOLD, N_SECTIONS };

static const struct column {
	const char *name;	/* in the first row, folded by head_name */
	const char *field;	/* of the API */
	int section;
	enum kind kind;
} columns[] = {
	{ "first_name", "first_name", PERSON, TEXT },
	{ "last_name", "last_name", PERSON, TEXT },
	{ "full_name", "last_name", PERSON, WHOLE_NAME },
	{ "nrc", "nrc", PERSON, TEXT },
	{ "nrc_number", "nrc", PERSON, TEXT },
	{ "date_of_birth", "date_of_birth", PERSON, TEXT },
	{ "gender", "gender", PERSON, TEXT },
	{ "ethnic_group", "ethnic_group", PERSON, TEXT },
	{ "phone_primary", "phone_primary", PERSON, TEXT },
	{ "phone_secondary", "phone_secondary", PERSON, TEXT },
	{ "email", "email", PERSON, TEXT },
	{ "province_code", "province_code", ADDRESS, TEXT },
	{ "province_name", "province_name", ADDRESS, TEXT },
	{ "province", "province_name", ADDRESS, TEXT },
	{ "district_code", "district_code", ADDRESS, TEXT },
	{ "district_name", "district_name", ADDRESS, TEXT },
	{ "district", "district_name", ADDRESS, TEXT },
	{ "chiefdom_code", "chiefdom_code", ADDRESS, TEXT },
	{ "chiefdom_name", "chiefdom_name", ADDRESS, TEXT },
	{ "village", "village", ADDRESS, TEXT },
	{ "street", "street", ADDRESS, TEXT },
	{ "gps_latitude", "gps_latitude", ADDRESS, TEXT },
	{ "gps_longitude", "gps_longitude", ADDRESS, TEXT },
	{ "farm_size_hectares", "farm_size_hectares", FARM, TEXT },
	{ "total_land_size", "farm_size_hectares", FARM, LAND },
	{ "years_farming", "years_farming", FARM, TEXT },
	{ "crops_grown", "crops_grown", FARM, LIST },
	{ "crops", "crops_grown", FARM, CROPS },
	{ "livestock_types", "livestock_types", FARM, LIST },
	{ "has_irrigation", "has_irrigation", FARM, TEXT },
	{ "household_size", "household_size", HOUSEHOLD, TEXT },
	{ "number_of_dependents", "number_of_dependents", HOUSEHOLD, TEXT },
	{ "primary_income_source", "primary_income_source", HOUSEHOLD, TEXT },
	{ "farmer_id", NULL, NONE, NOT_TAKEN },
	{ "registration_status", NULL, NONE, NOT_TAKEN },
	{ "registered_by", NULL, NONE, NOT_TAKEN },
	{ "registration_date", NULL, NONE, NOT_TAKEN },
	{ "constituency", NULL, NONE, NOT_TAKEN },
	{ "ward", NULL, NONE, NOT_TAKEN },
};

enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };
_Static_assert((int)N_COLUMNS <= (int)IMPORT_COLUMNS, "there is room for each column");

/* "First name " is first_name. */
static const char *
head_name(struct arena *a, const char *cell)
{
	char *name = text_lower(a, text_trim(a, cell));

	for (char *p = name; *p; p++)
		if (*p == ' ' || *p == '-')
			*p = '_';
	return name;
}

static int
find_column(const char *name)
{
	for (int i = 0; i < N_COLUMNS; i++)
		if (text_same(columns[i].name, name))
			return i;
	return -1;
}

/* Does a column that the table has say the field? */
static bool
has_field(const struct import_columns *c, const char *field)
{
	for (int i = 0; i < N_COLUMNS; i++)
		if (c->cell[i] >= 0 && (text_same(columns[i].field, field) ||
		    (columns[i].kind == WHOLE_NAME && text_same(field, "first_name"))))
			return true;
	return false;
}

/* Two columns for one field, such as nrc and nrc_number. */
static bool
is_doubled(const struct import_columns *c, int at)
{
	for (int i = 0; i < N_COLUMNS; i++) {
		if (i == at || c->cell[i] < 0 || !columns[at].field)
			continue;
		if (text_same(columns[i].field, columns[at].field) ||
		    (columns[at].kind == WHOLE_NAME &&
		    text_same(columns[i].field, "first_name")) ||
		    (columns[i].kind == WHOLE_NAME &&
		    text_same(columns[at].field, "first_name")))
			return true;
	}
	return c->cell[at] >= 0;
}

/* The names of a list that is told; a reply has room for so many of this length. */
static void
add_name(struct buf *list, const char *name)
{
	if (list->n > 400)
		return;
	buf_text(list, list->n ? ", " : "");
	buf_text(list, strlen(name) > 60 ? "(a long name)" : *name ? name :
	    "(without a name)");
}

static enum err
check_needed(struct req *r, const struct import_columns *c)
{
	static const char *const needed[] = { "first_name", "last_name", "nrc",
		"date_of_birth", "gender", "phone_primary", "village" };
	struct buf missing = buf_make(r->arena, 100);

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!has_field(c, needed[i]))
			add_name(&missing, needed[i]);
	if (!has_field(c, "district_code") && !has_field(c, "district_name"))
		add_name(&missing, "district_code or district_name");
	return missing.n ? fail(r, ERR_BAD, "Columns are missing: %s", missing.bytes) :
	    OK;
}

enum err
import_head(struct req *r, const struct csv_row *row, struct import_columns *c)
{
	struct buf unknown = buf_make(r->arena, 100), twice = buf_make(r->arena, 100);

	if (row->why)
		return fail(r, ERR_BAD, "The first row can't be read: %s", row->why);
	c->n_cells = row->n;
	for (int i = 0; i < IMPORT_COLUMNS; i++)
		c->cell[i] = -1;
	for (size_t i = 0; i < row->n; i++) {
		const char *name = head_name(r->arena, row->cells[i]);
		int at = find_column(name);

		if (at < 0)
			add_name(&unknown, row->cells[i]);
		else if (is_doubled(c, at))
			add_name(&twice, name);
		else
			c->cell[at] = (int)i;
	}
	if (unknown.n)
		return fail(r, ERR_BAD, "Unknown columns: %s", unknown.bytes);
	if (twice.n)
		return fail(r, ERR_BAD, "Columns that say what another one says: %s",
		    twice.bytes);
	return check_needed(r, c);
}

/* What the table says in a column; "" if nothing. */
static const char *
said(struct arena *a, const struct import_columns *c, const struct csv_row *row, int at)
{
	const char *text = c->cell[at] < 0 ? "" :
	    text_trim(a, csv_meant(row->cells[c->cell[at]]));

	if ((columns[at].kind == LAND && text_same(text, "0")) ||
	    (columns[at].kind == CROPS && text_same(text, "None")))
		return "";
	return text;
}

/* The names and texts of a section, as they are found. */
struct section {
	struct arena *arena;
	struct path_pair *items;
	size_t n, room;
};

static void
add_pair(struct section *s, const char *name, const char *value)
{
	struct path_pair *more;

	if (text_empty(value))
		return;
	if (s->n == s->room) {
		s->room = s->room ? s->room * 2 : 16;
		more = arena_array(s->arena, struct path_pair, s->room);
		if (s->n)
			memcpy(more, s->items, s->n * sizeof(*more));
		s->items = more;
	}
	s->items[s->n++] = (struct path_pair){ name, value };
}

/* "maize; beans": two items. */
static void
add_list(struct section *s, const char *name, const char *value)
{
	for (size_t n; *value; value += n, value += *value != '\0') {
		n = strcspn(value, ",;");
		add_pair(s, name, text_trim(s->arena, arena_copy(s->arena, value, n)));
	}
}

/* "Mary Ann Banda": all but the last word are first names. */
static void
add_whole_name(struct section *s, const char *value)
{
	const char *last = strrchr(value, ' ');

	if (!last) {
		add_pair(s, "first_name", value);
		return;
	}
	add_pair(s, "first_name", text_trim(s->arena,
	    arena_copy(s->arena, value, (size_t)(last - value))));
	add_pair(s, "last_name", last + 1);
}

static void
add_cell(struct section *s, const struct column *column, const char *value)
{
	if (column->kind == WHOLE_NAME)
		add_whole_name(s, value);
	else if (column->kind == LIST || column->kind == CROPS)
		add_list(s, column->field, value);
	else
		add_pair(s, column->field, value);
}

static void
add_place(struct section *s, const struct import_place *p)
{
	add_pair(s, "province_code", p->province_code);
	add_pair(s, "province_name", p->province_name);
	add_pair(s, "district_code", p->district_code);
	add_pair(s, "district_name", p->district_name);
	add_pair(s, "chiefdom_code", p->chiefdom_code);
	add_pair(s, "chiefdom_name", p->chiefdom_name);
}

/* Where a field of the address goes that has a code and a name; NULL: none of those. */
static const char **
place_of(struct import_place *p, const char *field)
{
	const struct { const char *name, **at; } places[] = {
		{ "province_code", &p->province_code },
		{ "province_name", &p->province_name },
		{ "district_code", &p->district_code },
		{ "district_name", &p->district_name },
		{ "chiefdom_code", &p->chiefdom_code },
		{ "chiefdom_name", &p->chiefdom_name },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (text_same(places[i].name, field))
			return places[i].at;
	return NULL;
}

/* All that the row says of a section. */
static void
gather(struct section *s, const struct import_columns *c, const struct csv_row *row,
    int section, struct import_place *place)
{
	for (int i = 0; i < N_COLUMNS; i++) {
		const char *value, **at;

		if (columns[i].section != section || c->cell[i] < 0)
			continue;
		value = said(s->arena, c, row, i);
		at = section == ADDRESS ? place_of(place, columns[i].field) : NULL;
		if (at)
			*at = value;
		else
			add_cell(s, &columns[i], value);
	}
}

/* One section of the form; person and address are always there. */
static bool
read_section(struct req *r, const struct import_form_of *of, const struct csv_row *row,
    int section, struct farmer_form *form)
{
	const struct shape_field *field = &farmer_form_shape.fields[section - PERSON];
	struct import_place place = { "", "", "", "", "", "" };
	struct section s = { .arena = r->arena };
	bool good = true;
	void *out;

	gather(&s, of->columns, row, section, &place);
	if (section == ADDRESS) {
		good = import_places_find(of->places, r, &place);
		add_place(&s, &place);
	}
	if (section > ADDRESS && !s.n)
		return true;
	out = arena_take(r->arena, field->sub->size);
	memcpy((char *)form + field->offset, &out, sizeof(out));
	return shape_read_pairs(field->sub, &(struct shape_pairs){ .items = s.items,
	    .n = s.n, .section = field->name }, r->arena, out, &r->faults) && good;
}

/* As many cells as the first row has; empty ones more do no harm. */
static enum err
check_cells(struct req *r, const struct import_columns *c, const struct csv_row *row)
{
	if (row->why)
		return fail(r, ERR_BAD, "%s", row->why);
	if (row->n < c->n_cells)
		return fail(r, ERR_BAD, "The row has %zu cells instead of %zu", row->n,
		    c->n_cells);
	for (size_t i = c->n_cells; i < row->n; i++)
		if (*row->cells[i])
			return fail(r, ERR_BAD, "The row has %zu cells instead of %zu",
			    row->n, c->n_cells);
	return OK;
}

enum err
import_read(struct req *r, const struct import_form_of *of, const struct csv_row *row,
    struct farmer_form *form)
{
	bool good = true;

	r->faults.n = 0;
	r->detail = NULL;
	*form = (struct farmer_form){ .personal_info = NULL };
	if (check_cells(r, of->columns, row))
		return ERR_BAD;
	for (int i = PERSON; i < N_SECTIONS; i++)
		good = read_section(r, of, row, i, form) && good;
	return good ? OK : fail(r, ERR_INVALID, "%s", faults_detail(&r->faults));
}
