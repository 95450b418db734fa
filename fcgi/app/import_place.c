/* SPDX-License-Identifier: MIT */
/*
 * A table names a district by code or by name, as it was kept; the record has both.
 * Names are compared folded, with or without the word "District"; a
 * name that stands for two places is refused. Where code and name are given
 * both stay as they are, as in the API, which knows places outside the lists.
 */
#include <string.h>

#include "arena.h"
#include "import.h"
#include "queries.h"
#include "req.h"
#include "text.h"

struct place {
	const char *code, *name, *key;
	const struct place *in;		/* the province of a district, and so on */
};

struct list { struct place *items; size_t n; };

struct import_places { struct list provinces, districts, chiefdoms; };

static const struct place *
by_code(const struct list *list, const char *code)
{
	for (size_t i = 0; i < list->n; i++)
		if (text_same(list->items[i].code, code))
			return &list->items[i];
	return NULL;
}

static enum err
load_provinces(struct req *r, struct arena *a, struct list *list)
{
	struct geo_provinces_row *rows;
	size_t n;
	enum err e = q_geo_provinces(r->db, &rows, &n);

	if (e)
		return e;
	*list = (struct list){ arena_array(a, struct place, n), n };
	for (size_t i = 0; i < n; i++)
		list->items[i] = (struct place){ arena_text(a, rows[i].province_code),
			arena_text(a, rows[i].province_name),
			text_fold(a, rows[i].province_name), NULL };
	return OK;
}

static enum err
load_districts(struct req *r, struct arena *a, struct import_places *p)
{
	struct geo_districts_row *rows;
	struct list *list = &p->districts;
	size_t n;
	enum err e = q_geo_districts(r->db, &(struct geo_districts_in){ NULL }, &rows,
	    &n);

	if (e)
		return e;
	*list = (struct list){ arena_array(a, struct place, n), n };
	for (size_t i = 0; i < n; i++)
		list->items[i] = (struct place){ arena_text(a, rows[i].district_code),
			arena_text(a, rows[i].district_name),
			text_fold(a, rows[i].district_name),
			by_code(&p->provinces, rows[i].province_code) };
	return OK;
}

static enum err
load_chiefdoms(struct req *r, struct arena *a, struct import_places *p)
{
	struct geo_chiefdoms_row *rows;
	struct list *list = &p->chiefdoms;
	size_t n;
	enum err e = q_geo_chiefdoms(r->db, &(struct geo_chiefdoms_in){ NULL }, &rows,
	    &n);

	if (e)
		return e;
	*list = (struct list){ arena_array(a, struct place, n), n };
	for (size_t i = 0; i < n; i++)
		list->items[i] = (struct place){ arena_text(a, rows[i].chiefdom_code),
			arena_text(a, rows[i].chiefdom_name),
			text_fold(a, rows[i].chiefdom_name),
			by_code(&p->districts, rows[i].district_code) };
	return OK;
}

enum err
import_places_load(struct req *r, struct arena *a, const struct import_places **places)
{
	struct import_places *p = arena_take(a, sizeof(*p));
	enum err e = load_provinces(r, a, &p->provinces);

	if (!e)
		e = load_districts(r, a, p);
	if (!e)
		e = load_chiefdoms(r, a, p);
	*places = p;
	return e;
}

/* "chibombo" and "chibombo district" are the same key. */
static bool
same_key(const char *key, const char *asked)
{
	size_t n = strlen(asked);

	return n && strncmp(key, asked, n) == 0 && (!key[n] ||
	    text_same(key + n, " district") || text_same(key + n, " province"));
}

/* The only place of that name, within another if that is known; NULL: none, or two. */
static const struct place *
by_name(const struct list *list, const char *key, const struct place *in)
{
	const struct place *found = NULL;

	for (size_t i = 0; i < list->n; i++) {
		if ((in && list->items[i].in != in) ||
		    !same_key(list->items[i].key, key))
			continue;
		if (found)
			return NULL;
		found = &list->items[i];
	}
	return found;
}

/* Fill in the code for a name or the name for a code. *at is the place itself, or
 * NULL: nothing is said, or both are. */
static bool
complete(const struct list *list, struct req *r, const char **code, const char **name,
    const struct place **at)
{
	const struct place *in = *at;

	*at = NULL;
	if (!**code == !**name)
		return true;
	*at = **code ? by_code(list, *code) :
	    by_name(list, text_fold(r->arena, *name), in);
	if (!*at)
		return false;
	*code = (*at)->code;
	*name = (*at)->name;
	return true;
}

static bool
refuse(struct req *r, const char *path, const char *words)
{
	(void)fail_fault(r, path, "value_error", words); /* kept in r->faults */
	return false;
}

bool
import_places_find(const struct import_places *places, struct req *r,
    struct import_place *p)
{
	const struct place *at = NULL, *province, *district;
	bool good = true;

	if (!complete(&places->provinces, r, &p->province_code, &p->province_name, &at))
		good = refuse(r, "body.address.province_name",
		    "Value error, there is no such province");
	province = *p->province_code ? by_code(&places->provinces, p->province_code) :
	    NULL;
	district = province;
	if (!complete(&places->districts, r, &p->district_code, &p->district_name,
	    &district))
		good = refuse(r, "body.address.district_name",
		    "Value error, there is no such district, or more than one");
	if (district && district->in && !*p->province_code && !*p->province_name) {
		p->province_code = district->in->code;
		p->province_name = district->in->name;
	}
	at = *p->district_code ? by_code(&places->districts, p->district_code) : NULL;
	if (!complete(&places->chiefdoms, r, &p->chiefdom_code, &p->chiefdom_name, &at))
		good = refuse(r, "body.address.chiefdom_name",
		    "Value error, there is no such chiefdom, or more than one");
	return good;
}
