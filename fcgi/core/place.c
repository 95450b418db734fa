/* SPDX-License-Identifier: MIT */
/*
 * The initial places of the country. The CSV files are inside the program
 * (core/data.S); their fields hold no commas or quotes, which a test checks.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "db.h"
#include "place.h"
#include "queries.h"
#include "text.h"

enum { FIELDS = 7 };

extern const char data_provinces[], data_provinces_end[];
extern const char data_districts[], data_districts_end[];
extern const char data_chiefdoms[], data_chiefdoms_end[];

typedef enum err row_fn(struct db *db, const char *const field[FIELDS]);

static const char *
or_null(const char *s)
{
	return text_empty(s) ? NULL : s;
}

/* province_id,province_name,capital,total_districts */
static enum err
load_province(struct db *db, const char *const f[FIELDS])
{
	return q_geo_province_load(db, &(struct geo_province_load_in){
	    .province_code = f[0], .province_name = f[1], .capital = or_null(f[2]) },
	    NULL);
}

/* district_id,district_name,province_id,province_name */
static enum err
load_district(struct db *db, const char *const f[FIELDS])
{
	return q_geo_district_load(db, &(struct geo_district_load_in){
	    .district_code = f[0], .district_name = f[1], .province_code = f[2] }, NULL);
}

/* chiefdom_id,chief_name,title,ethnic_group,district_id,district_name,province_id */
static enum err
load_chiefdom(struct db *db, const char *const f[FIELDS])
{
	return q_geo_chiefdom_load(db, &(struct geo_chiefdom_load_in){
	    .chiefdom_code = f[0], .chiefdom_name = f[1], .title = or_null(f[2]),
	    .ethnic_group = or_null(f[3]), .district_code = f[4] }, NULL);
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
			e = load(db, field);
		heading = false;
	}
	return e;
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
		return db_commit(db);
	db_rollback(db);
	return e;
}
