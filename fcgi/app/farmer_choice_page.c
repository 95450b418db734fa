/* SPDX-License-Identifier: MIT */
/*
 * What the form on farmers lets choose: gender, districts below their provinces,
 * chiefdoms below their districts. An operator is offered his own districts only. A
 * record may have a place that is no longer in the tables; it stays to be chosen.
 */
#include "arena.h"
#include "front.h"
#include "queries.h"
#include "text.h"
#include "farmer_page.h"

static const struct page_choice genders[] = {
	{ "Female", "Female" }, { "Male", "Male" }, { "Other", "Other" }
};
static const struct page_group gender_group = { .choices = genders, .n = 3 };

/* The tables of places, and which districts are offered. */
struct places {
	struct arena *arena;
	struct geo_provinces_row *provinces;
	struct geo_districts_row *districts;
	struct geo_chiefdoms_row *chiefdoms;
	struct account_district_list_row *own;
	size_t n_provinces, n_districts, n_chiefdoms, n_own;
	bool all;
	const char *kept;	/* name of the district that the record has */
};

static bool
is_offered(const struct places *p, const struct geo_districts_row *d)
{
	if (p->all || text_same(p->kept, d->district_name))
		return true;
	for (size_t i = 0; i < p->n_own; i++)
		if (text_same(p->own[i].district_name, d->district_name))
			return true;
	return false;
}

/* Keep those that are offered. */
static void
narrow(struct places *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_districts; i++)
		if (is_offered(p, &p->districts[i]))
			p->districts[n++] = p->districts[i];
	p->n_districts = n;
}

static enum err
load(struct req *r, struct places *p)
{
	const struct viewer *v = front_viewer(r);
	enum err e = q_geo_provinces(r->db, &p->provinces, &p->n_provinces);

	if (!e)
		e = q_geo_districts(r->db, &(struct geo_districts_in){
		    .of_province = NULL }, &p->districts, &p->n_districts);
	if (!e)
		e = q_geo_chiefdoms(r->db, &(struct geo_chiefdoms_in){
		    .of_district = NULL }, &p->chiefdoms, &p->n_chiefdoms);
	if (!e && !v->all && v->account_id)
		e = q_account_district_list(r->db, &(struct account_district_list_in){
		    .account_id = v->account_id }, &p->own, &p->n_own);
	return e;
}

/* One more group, of the one choice that a record has and the tables don't. */
static void
keep(struct arena *a, struct page_group *group, const char *code, const char *name)
{
	struct page_choice *choice = arena_take(a, sizeof(*choice));

	*choice = (struct page_choice){ code, text_empty(name) ? code : name };
	*group = (struct page_group){ .choices = choice, .n = 1 };
}

static bool
is_known_district(const struct places *p, const char *code)
{
	for (size_t i = 0; i < p->n_districts; i++)
		if (text_same(p->districts[i].district_code, code))
			return true;
	return text_empty(code);
}

/* Listed are those of the districts that are offered. */
static bool
is_listed_chiefdom(const struct places *p, const char *code)
{
	for (size_t i = 0; i < p->n_chiefdoms; i++)
		if (text_same(p->chiefdoms[i].chiefdom_code, code))
			return is_known_district(p, p->chiefdoms[i].district_code);
	return text_empty(code);
}

static void
list_districts(const struct places *p, const struct farmer_get_row *row,
    struct page_select *out)
{
	struct page_group *groups = arena_array(p->arena, struct page_group,
	    p->n_provinces + 1);

	if (row && !is_known_district(p, row->district_code))
		keep(p->arena, &groups[out->n_groups++], row->district_code,
		    row->district_name);
	for (size_t i = 0; i < p->n_provinces; i++) {
		struct page_choice *choices = arena_array(p->arena, struct page_choice,
		    p->n_districts + 1);
		size_t n = 0;

		for (size_t k = 0; k < p->n_districts; k++)
			if (text_same(p->districts[k].province_code,
			    p->provinces[i].province_code))
				choices[n++] = (struct page_choice){
					p->districts[k].district_code,
					p->districts[k].district_name };
		if (n)
			groups[out->n_groups++] = (struct page_group){
				.label = p->provinces[i].province_name,
				.key = p->provinces[i].province_code,
				.choices = choices, .n = n };
	}
	out->groups = groups;
}

static void
list_chiefdoms(const struct places *p, const struct farmer_get_row *row,
    struct page_select *out)
{
	struct page_group *groups = arena_array(p->arena, struct page_group,
	    p->n_districts + 1);

	if (row && !is_listed_chiefdom(p, farmer_page_chiefdom(row)))
		keep(p->arena, &groups[out->n_groups++], farmer_page_chiefdom(row),
		    row->chiefdom_name);
	for (size_t i = 0; i < p->n_districts; i++) {
		const char *code = p->districts[i].district_code;
		struct page_choice *choices = NULL;
		size_t n = 0, room = 0;

		for (size_t k = 0; k < p->n_chiefdoms; k++)
			room += text_same(p->chiefdoms[k].district_code, code);
		choices = arena_array(p->arena, struct page_choice, room + 1);
		for (size_t k = 0; k < p->n_chiefdoms; k++)
			if (text_same(p->chiefdoms[k].district_code, code))
				choices[n++] = (struct page_choice){
					p->chiefdoms[k].chiefdom_code,
					p->chiefdoms[k].chiefdom_name };
		if (n)
			groups[out->n_groups++] = (struct page_group){ .key = code,
				.label = p->districts[i].district_name,
				.choices = choices, .n = n };
	}
	out->groups = groups;
}

const char *
farmer_page_chiefdom(const struct farmer_get_row *row)
{
	return text_empty(row->chiefdom_code) && !text_empty(row->chiefdom_name) ?
	    CHIEFDOM_NAMED : row->chiefdom_code;
}

/* The ethnic groups in use, as proposals. */
static enum err
list_ethnic_groups(struct req *r, struct farmer_form_page *page)
{
	struct ethnic_list_row *rows;
	const char **names;
	size_t n;
	enum err e = q_ethnic_list(r->db, &(struct ethnic_list_in){ .all_too = false },
	    &rows, &n);

	if (e)
		return e;
	names = arena_array(r->arena, const char *, n);
	for (size_t i = 0; i < n; i++)
		names[i] = rows[i].ethnic_name;
	page->ethnic_groups = names;
	page->n_ethnic_groups = n;
	return OK;
}

enum err
farmer_page_choices(struct req *r, const struct farmer_get_row *row,
    struct farmer_form_page *page)
{
	struct places p = { .arena = r->arena, .all = front_viewer(r)->all,
		.kept = row ? row->district_name : NULL };
	enum err e = load(r, &p);

	if (!e)
		e = list_ethnic_groups(r, page);
	if (e)
		return e;
	page->gender.groups = &gender_group;
	page->gender.n_groups = 1;
	narrow(&p);
	list_districts(&p, row, &page->district_code);
	list_chiefdoms(&p, row, &page->chiefdom_code);
	return OK;
}
