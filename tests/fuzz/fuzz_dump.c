/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as an exported collection: records are cut out, numbered and parsed, each
 * one goes on, and what a record says of a shape's fields is text.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "front.h"
#include "import_dump.h"
#include "json.h"
#include "path.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_pairs(struct arena *arena, const struct shape *shape, const struct json *json)
{
	struct import_pairs p;

	import_pairs_of(arena, shape, json, &p);
	if (p.n > IMPORT_PAIRS)
		abort();
	for (size_t i = 0; i < p.n; i++)
		if (!text_utf8(p.items[i].value, strlen(p.items[i].value)))
			abort();
	import_pairs_set(&p, "gender", "Male");
	if (p.n && p.n < IMPORT_PAIRS && strcmp(import_pairs_get(&p, "gender"), "Male"))
		abort();
}

static void
check_record(struct arena *arena, const struct json *json)
{
	int64_t t;

	if (json_kind(json) != JSON_MAP)
		abort();
	if (import_time(json_get(json, "created_at"), &t) && (t < INT64_C(-62167219200) *
	    1000000 || t > INT64_C(253402387200) * 1000000))
		abort();
	(void)import_value(arena, json_get(json, "_id"));
	for (size_t i = 0; i < farmer_form_shape.n_fields; i++)
		check_pairs(arena, farmer_form_shape.fields[i].sub,
		    json_get(json, farmer_form_shape.fields[i].name));
	check_pairs(arena, &supply_form_shape, json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *arena;
	struct import_records f;
	struct import_record record;
	int64_t number = 0;
	size_t at;

	if (!arena)
		arena = arena_make(64 << 20, NULL);
	import_records_open(&f, (const char *)data, size);
	for (at = f.at; import_records_next(&f, arena, &record); at = f.at) {
		if (record.number != ++number || f.at <= at || f.at > size ||
		    !record.json == !record.why)
			abort();
		if (record.json)
			check_record(arena, record.json);
		json_free(record.json);
		arena_reset(arena);
	}
	return 0;
}
