/* SPDX-License-Identifier: MIT */
/* The OpenAPI document: sound JSON, whole, and the same each time. */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "route.h"
#include "test.h"

static const char *const who_words[] = { "anybody", "administrators" };
static const char *const kinds[] = { "a", "b", NULL };
static const struct shape_rule kind_rule = { .choices = kinds };

static const struct shape_field place_fields[] = {
	{ .name = "x", .kind = SHAPE_REAL, .flags = SHAPE_REQUIRED | SHAPE_ABOVE,
	    .limited = true, .min = -90, .max = 90 },
};
static const struct shape place = { .name = "Place", .fields = place_fields,
	.n_fields = 1, .size = 8 };
static const struct shape_field farmer_fields[] = {
	{ .name = "name", .kind = SHAPE_TEXT, .flags = SHAPE_REQUIRED, .limited = true,
	    .min = 2, .max = 60, .words = "As \"written\" on the card" },
	{ .name = "kind", .kind = SHAPE_TEXT, .flags = SHAPE_OPTIONAL, .offset = 8,
	    .rule = &kind_rule },
	{ .name = "at", .kind = SHAPE_TIME, .offset = 16 },
	{ .name = "place", .kind = SHAPE_OBJECT, .flags = SHAPE_OPTIONAL, .offset = 24,
	    .sub = &place },
	{ .name = "places", .kind = SHAPE_OBJECTS, .offset = 32, .sub = &place,
	    .limited = true, .max = 9 },
};
static const struct shape farmer = { .name = "Farmer", .fields = farmer_fields,
	.n_fields = 5, .size = 48 };
static const struct shape farmers = { .name = "Farmers", .list_of = &farmer };
static const struct shape_field find_fields[] = {
	{ .name = "limit", .kind = SHAPE_INT, .flags = SHAPE_OPTIONAL, .limited = true,
	    .min = 1, .max = 500, .words = "At most" },
};
static const struct shape find = { .name = "Find", .place = SHAPE_QUERY,
	.fields = find_fields, .n_fields = 1, .size = 8 };
static const struct shape card = { .name = "Card", .place = SHAPE_FILE,
	.media = "application/pdf" };

static const struct shape_field list_fields[] = {
	{ .name = "paths", .kind = SHAPE_TEXTS, .flags = SHAPE_REQUIRED, .limited = true,
	    .max = 9 },
};
static const struct shape list = { .name = "Paths", .place = SHAPE_LIST,
	.fields = list_fields, .n_fields = 1, .size = sizeof(struct shape_texts) };
static const struct shape_upload many = { .part = "files", .max_files = 3 };
static const struct shape many_files = { .name = "Many", .place = SHAPE_UPLOAD,
	.upload = &many };

static const struct shape page = { .name = "Page", .place = SHAPE_PAGE };

static const struct route routes[] = {
	{ "GET", "/api/farmers", "farmer_index", NULL, 1, &find, &farmers, "List them" },
	{ "GET", "/api/farmers/{farmer_id}/card", "farmer_card", NULL, 0, NULL, &card,
	    "Card" },
	{ "POST", "/api/farmers/", "farmer_enrol", NULL, 1, &farmer, &farmer, "Add one" },
	{ "POST", "/files/delete", "file_delete", NULL, 1, &list, &nothing_shape,
	    "Delete" },
	{ "POST", "/files/put/{file_path:path}", "file_put", NULL, 1, &many_files,
	    &nothing_shape, "Put" },
	{ "POST", "/api/photo", "farmer_photo", NULL, 1, &upload_shape, &nothing_shape,
	    "Photo" },
	{ "GET", "/", "home_page", NULL, 1, NULL, &page, "A page" },
	{ "GET", "/api/all", "farmer_index", NULL, 1, &find, &farmers, "List them" },
};

static struct arena *arena;
static const struct json *root;

/* The value at the end of a way of keys that are separated by blanks. */
static const struct json *
at(const char *way)
{
	const struct json *j = root;
	size_t n;

	for (; *way && j; way += n, way += *way == ' ') {
		n = strcspn(way, " ");
		j = json_get(j, arena_copy(arena, way, n));
	}
	return j;
}

static bool
is(const char *way, const char *json)
{
	return strcmp(json_dump(arena, at(way), 4000), json) == 0;
}

static void
test_paths(void)
{
	ok(is("openapi", "\"3.1.0\"") && is("info title", "\"cem\""), "what it is");
	ok(json_kind(at("info version")) == JSON_TEXT, "and its version");
	ok(at("paths /api/farmers get") && at("paths /api/farmers post"),
	    "rows of one path stand together, with a slash or not");
	ok(is("paths /api/farmers get operationId", "\"farmer_index\"") &&
	    is("paths /api/all get operationId", "\"farmer_index_2\""),
	    "names are unique");
	ok(is("paths /api/farmers get x-who", "\"administrators\""), "who may");
	ok(is("paths /api/farmers get summary", "\"List them\""), "what it does");
	ok(is("paths /api/farmers get parameters",
	    "[{\"name\":\"limit\",\"in\":\"query\","
	    "\"description\":\"At most\",\"schema\":{\"type\":\"integer\",\"minimum\":1,"
	    "\"maximum\":500}}]"), "keys of the query");
	ok(is("paths /api/farmers/{farmer_id}/card get parameters",
	    "[{\"name\":\"farmer_id\","
	    "\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\"}}]"),
	    "names in the path");
	ok(!at("paths /api/photo post parameters"), "no parameters");
	ok(is("paths /api/farmers post requestBody content application/json schema",
	    "{\"$ref\":\"#/components/schemas/Farmer\"}"), "a body");
	ok(at("paths /api/photo post requestBody content multipart/form-data schema"),
	    "an upload");
	ok(is("paths /api/farmers get responses 2XX content application/json schema",
	    "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Farmer\"}}"),
	    "a list");
	ok(is("paths /api/farmers/{farmer_id}/card get responses 2XX content",
	    "{\"application/pdf\":{}}"), "a file");
	ok(!at("paths /api/photo post responses 2XX content"), "nothing");
	ok(at("paths /api/farmers get responses 422") &&
	    !at("paths /api/farmers/{farmer_id}/card get responses 422"),
	    "input can be wrong where there is some");
	ok(is("paths /api/photo post responses default content application/json schema",
	    "{\"$ref\":\"#/components/schemas/Error\"}"), "failures");
	ok(is("paths /files/delete post requestBody content application/json schema",
	    "{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"maxItems\":9}"),
	    "a bare list");
	ok(is("paths /files/put/{file_path} post parameters", "[{\"name\":\"file_path\","
	    "\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\"}}]"),
	    "a name that takes the rest of the path");
	ok(is("paths /files/put/{file_path} post requestBody content multipart/form-data "
	    "schema properties", "{\"files\":{\"type\":\"array\",\"items\":{\"type\":"
	    "\"string\",\"contentMediaType\":\"application/octet-stream\"}}}"),
	    "several files");
	ok(is("paths /files/delete post responses 422 content application/json schema",
	    "{\"$ref\":\"#/components/schemas/HTTPValidationError\"}"),
	    "their faults are a list");
}

static void
test_components(void)
{
	ok(is("components schemas Farmer", "{\"type\":\"object\",\"properties\":{"
	    "\"name\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":60,"
	    "\"description\":\"As \\\"written\\\" on the card\"},"
	    "\"kind\":{\"type\":[\"string\",\"null\"],\"enum\":[\"a\",\"b\"]},"
	    "\"at\":{\"type\":\"string\",\"format\":\"date-time\"},"
	    "\"place\":{\"anyOf\":[{\"$ref\":\"#/components/schemas/Place\"},"
	    "{\"type\":\"null\"}]},"
	    "\"places\":{\"type\":\"array\","
	    "\"items\":{\"$ref\":\"#/components/schemas/Place\"},"
	    "\"maxItems\":9}},\"required\":[\"name\"]}"), "a shape");
	ok(is("components schemas Place", "{\"type\":\"object\",\"properties\":{\"x\":"
	    "{\"type\":\"number\",\"exclusiveMinimum\":-90,\"maximum\":90}},"
	    "\"required\":[\"x\"]}"), "a shape within it");
	ok(at("components schemas Error") && at("components schemas ValidationError"),
	    "failures");
	ok(!at("components schemas Find") && !at("components schemas Farmers") &&
	    !at("components schemas Card"), "and no others");
}

int
main(void)
{
	struct buf once, again;
	const char *why = "";
	size_t place_of = 0;

	arena = arena_make(4 << 20, NULL);
	once = buf_make(arena, 100);
	again = buf_make(arena, 100);
	openapi_write(routes, sizeof(routes) / sizeof(routes[0]), who_words, &once);
	openapi_write(routes, sizeof(routes) / sizeof(routes[0]), who_words, &again);
	ok(once.n == again.n && strcmp(once.bytes, again.bytes) == 0,
	    "the same each time");
	root = json_read(arena, once.bytes, once.n, &why, &place_of);
	ok(root, "the document is JSON");
	if (!root)
		printf("# %s at %zu\n", why, place_of);
	test_paths();
	test_components();
	ok(!strstr(once.bytes, "home_page"), "pages are left out");
	json_free(root);
	once.n = 0;
	openapi_write(routes, 0, who_words, &once);
	root = json_read(arena, once.bytes, once.n, &why, &place_of);
	ok(is("paths", "{}"), "no routes");
	json_free(root);
	arena_end(arena);
	return test_end();
}
