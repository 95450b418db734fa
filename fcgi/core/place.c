/* SPDX-License-Identifier: MIT */
/*
 * The initial places and ethnic groups of the country. The CSV files are inside the
 * program (core/data.S); their fields hold no commas or quotes, which a test checks.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "db.h"
#include "id.h"
#include "place.h"
#include "queries.h"
#include "text.h"

enum { FIELDS = 7 };

extern const char data_provinces[], data_provinces_end[];
extern const char data_districts[], data_districts_end[];
extern const char data_chiefdoms[], data_chiefdoms_end[];
extern const char data_ethnic_groups[], data_ethnic_groups_end[];

typedef enum err row_fn(struct db *db, struct arena *a, const char *const f[FIELDS]);

static const char *
or_null(const char *s)
{
	return text_empty(s) ? NULL : s;
}

/* province_id,province_name,capital,total_districts */
static enum err
load_province(struct db *db, struct arena *a, const char *const f[FIELDS])
{
	(void)a;
	return q_geo_province_load(db, &(struct geo_province_load_in){
	    .province_code = f[0], .province_name = f[1], .capital = or_null(f[2]) },
	    NULL);
}

/* district_id,district_name,province_id,province_name */
static enum err
load_district(struct db *db, struct arena *a, const char *const f[FIELDS])
{
	(void)a;
	return q_geo_district_load(db, &(struct geo_district_load_in){
	    .district_code = f[0], .district_name = f[1], .province_code = f[2] }, NULL);
}

/* chiefdom_id,chief_name,title,ethnic_group,district_id,district_name,province_id */
static enum err
load_chiefdom(struct db *db, struct arena *a, const char *const f[FIELDS])
{
	(void)a;
	return q_geo_chiefdom_load(db, &(struct geo_chiefdom_load_in){
	    .chiefdom_code = f[0], .chiefdom_name = f[1], .title = or_null(f[2]),
	    .ethnic_group = or_null(f[3]), .district_code = f[4] }, NULL);
}

/* name */
static enum err
load_ethnic_group(struct db *db, struct arena *a, const char *const f[FIELDS])
{
	char id[ID_TEXT];

	id_make(id);
	return q_ethnic_insert(db, &(struct ethnic_insert_in){ .ethnic_id = id,
	    .ethnic_name = f[0], .ethnic_key = text_fold(a, f[0]), .is_active = true,
	    .now = clock_now() }, NULL);
}

/* Cut line at its commas; fields that are not there are "". */
static void
split(char *line, const char *field[FIELDS])
{
	for (int i = 0; i < FIELDS; i++) {
		field[i] = line;
		line += strcspn(line, ",");
		if (*line)
			*line++ = '\0';
	}
}

static enum err
load_file(struct db *db, struct arena *arena, const char *start, const char *end,
    row_fn *load)
{
	char *p = arena_copy(arena, start, (size_t)(end - start));
	const char *field[FIELDS];
	bool heading = true;
	enum err e = OK;

	while (*p && !e) {
		char *line = p;

		p += strcspn(p, "\r\n");
		while (*p == '\r' || *p == '\n')
			*p++ = '\0';
		split(line, field);
		if (!heading)
			e = load(db, arena, field);
		heading = false;
	}
	return e;
}

static enum err
load_ethnic_groups(struct db *db, struct arena *arena)
{
	struct ethnic_list_row *rows;
	size_t n;
	enum err e = q_ethnic_list(db, &(struct ethnic_list_in){ .all_too = true },
	    &rows, &n);

	if (e || n)
		return e;
	return load_file(db, arena, data_ethnic_groups, data_ethnic_groups_end,
	    load_ethnic_group);
}

enum err
place_load(struct db *db, struct arena *arena)
{
	struct geo_provinces_row *rows;
	size_t n;
	enum err e;

	e = db_begin(db);
	if (!e)
		e = q_geo_provinces(db, &rows, &n);
	if (!e && !n)
		e = load_file(db, arena, data_provinces, data_provinces_end,
		    load_province);
	if (!e && !n)
		e = load_file(db, arena, data_districts, data_districts_end,
		    load_district);
	if (!e && !n)
		e = load_file(db, arena, data_chiefdoms, data_chiefdoms_end,
		    load_chiefdom);
	if (!e)
		e = load_ethnic_groups(db, arena);
	if (!e)
		return db_commit(db);
	db_rollback(db);
	return e;
}
