/* SPDX-License-Identifier: MIT */
/* Reading and writing by shape: each kind, each fault with its wire form. */
#include <math.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "faults.h"
#include "json.h"
#include "shape.h"
#include "text.h"
#include "test.h"

struct point { double x, y; };
struct form {
	const char *name, *role, *phone, *extra;
	int64_t count;
	const int64_t *limit;
	double size;
	const double *share;
	bool is_on;
	const bool *maybe;
	const int64_t *at;
	const struct point *point;
	struct shape_texts tags;
	struct shape_list points;
	const char *new_password;
};

#define AT(type, member) .offset = offsetof(struct type, member)

static const struct shape_field point_fields[] = {
	{ .name = "x", .kind = SHAPE_REAL, .flags = SHAPE_REQUIRED, AT(point, x) },
	{ .name = "y", .kind = SHAPE_REAL, AT(point, y), .limited = true, .min = 0,
	    .max = 90 },
};
static const struct shape point_shape = { .name = "Point", .fields = point_fields,
	.n_fields = 2, .size = sizeof(struct point) };

static bool
is_phone(const char *s)
{
	return s[0] == '+';
}

static const char *const roles[] = { "ADMIN", "OPERATOR", "FARMER", NULL };
static const struct shape_rule role_rule = { .choices = roles };
static const struct shape_rule phone_rule = { .type = "string_pattern_mismatch",
	.msg = "String should match pattern '^\\+'", .pattern = "^\\+",
	.holds = is_phone };
static const struct shape_rule mail_rule = { .type = "value_error",
	.msg = "value is not a valid email address: no", .holds = is_phone };

static const struct shape_field fields[] = {
	{ .name = "name", .kind = SHAPE_TEXT, .flags = SHAPE_REQUIRED, AT(form, name),
	    .limited = true, .min = 2, .max = 5, .alias = "full_name" },
	{ .name = "role", .kind = SHAPE_TEXT, AT(form, role), .rule = &role_rule },
	{ .name = "phone", .kind = SHAPE_TEXT, .flags = SHAPE_OPTIONAL, AT(form, phone),
	    .rule = &phone_rule },
	{ .name = "extra", .kind = SHAPE_JSON, .flags = SHAPE_HIDDEN, AT(form, extra) },
	{ .name = "count", .kind = SHAPE_INT, AT(form, count), .limited = true,
	    .min = 0, .max = 100 },
	{ .name = "limit", .kind = SHAPE_INT, .flags = SHAPE_OPTIONAL | SHAPE_NOT_NULL,
	    AT(form, limit) },
	{ .name = "size", .kind = SHAPE_REAL, .flags = SHAPE_ABOVE, AT(form, size),
	    .limited = true, .min = 0, .max = (double)INFINITY },
	{ .name = "share", .kind = SHAPE_REAL, .flags = SHAPE_OPTIONAL, AT(form, share) },
	{ .name = "is_on", .kind = SHAPE_BOOL, AT(form, is_on) },
	{ .name = "maybe", .kind = SHAPE_BOOL, .flags = SHAPE_OPTIONAL, AT(form, maybe) },
	{ .name = "at", .kind = SHAPE_TIME, .flags = SHAPE_OPTIONAL, AT(form, at) },
	{ .name = "point", .kind = SHAPE_OBJECT, .flags = SHAPE_OPTIONAL,
	    AT(form, point), .sub = &point_shape },
	{ .name = "tags", .kind = SHAPE_TEXTS, AT(form, tags), .limited = true, .min = 1,
	    .max = 2 },
	{ .name = "points", .kind = SHAPE_OBJECTS, AT(form, points),
	    .sub = &point_shape },
	{ .name = "new_password", .kind = SHAPE_TEXT, .flags = SHAPE_HIDDEN,
	    AT(form, new_password), .limited = true, .min = 8, .max = 20 },
};
static const struct shape form_shape = { .name = "Form", .fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]), .size = sizeof(struct form) };

static struct arena *arena;
static struct form form;
static struct faults faults;

/* Read the form from JSON; the faults are in faults. */
static bool
reads(const char *text)
{
	const char *why;
	size_t at;
	const struct json *j = json_read(arena, text, strlen(text), &why, &at);
	bool fine;

	faults = (struct faults){ .arena = arena };
	fine = shape_read(&form_shape, j, arena, &form, &faults);
	json_free(j);
	return fine;
}

/* The faults of a text as their list in JSON; "" if the reading went well. */
static const char *
faults_of(const char *text)
{
	struct buf out = buf_make(arena, 200);

	if (reads(text))
		return "";
	faults_write(&faults, &out);
	return out.bytes;
}

/* The only fault of a text is of this type, with this message. */
static bool
fault_is(const char *text, const char *type, const char *msg)
{
	bool is = !reads(text) && faults.n == 1 && strcmp(faults.items[0].type,
	    type) == 0 &&
	    strcmp(faults.items[0].msg, msg) == 0;

	if (!is)
		printf("# %s\n", faults_of(text));
	return is;
}

#define ONE(field) "{\"name\":\"abc\"," field "}"

static void
test_read(void)
{
	ok(reads("{\"name\":\"\xc5\x8b\xc5\x8b\xc5\x8b\xc5\x8b\xc5\x8b\",\"count\":7,"
	    "\"limit\":8,\"size\":0.5,\"share\":2,\"is_on\":true,\"maybe\":false,"
	    "\"point\":{\"x\":1,\"y\":90},\"tags\":[\"a\",\"b\"],"
	    "\"points\":[{\"x\":1},{\"x\":2.5}],\"unknown\":1,\"role\":\"ADMIN\","
	    "\"phone\":\"+1\",\"extra\":{\"a\" : [1.50]},\"at\":\"2026\"}"),
	    "all kinds are read");
	ok(strlen(form.name) == 10, "a text of five code points, ten bytes");
	ok(form.count == 7 && *form.limit == 8, "integers");
	ok(form.size - 0.5 == 0 && *form.share - 2 == 0, "decimals, also from integers");
	ok(form.is_on && form.maybe && !*form.maybe, "booleans");
	ok(form.point && form.point->y - 90 == 0, "an object");
	ok(form.tags.n == 2 && strcmp(form.tags.items[1], "b") == 0, "texts");
	ok(form.points.n == 2 && ((struct point *)form.points.items)[1].x - 2.5 == 0,
	    "objects");
	ok(strcmp(form.extra, "{\"a\":[1.5]}") == 0, "any JSON, rewritten");
	ok(!form.at, "a time is not for input");
	ok(reads("{\"full_name\":\"abc\"}") && strcmp(form.name, "abc") == 0, "an alias");
	ok(!form.role && !form.limit && !form.point && !form.tags.n && !form.share,
	    "what is absent is zero");
	ok(reads(ONE("\"phone\":null,\"share\":null,\"tags\":null,\"points\":null,"
	    "\"point\":null,\"extra\":null,\"count\":null")) && !form.extra,
	    "null is as absent");
}

static void
test_lenient(void)
{
	ok(reads(ONE("\"count\":\"12\"")) && form.count == 12, "a text as an integer");
	ok(reads(ONE("\"count\":\" +12.0 \"")) && form.count == 12, "with sign and zero");
	ok(reads(ONE("\"count\":3.0")) && form.count == 3, "3.0 is 3");
	ok(reads(ONE("\"share\":\"-1.5e1\"")) && *form.share + 15 == 0,
	    "a text as a decimal");
	ok(reads(ONE("\"is_on\":\"YES\"")) && form.is_on, "yes");
	ok(reads(ONE("\"is_on\":1")) && form.is_on, "1");
	ok(reads(ONE("\"is_on\":1.0")) && form.is_on, "1.0");
	ok(reads(ONE("\"is_on\":\"off\"")) && !form.is_on, "off");
	ok(reads(ONE("\"is_on\":\"f\"")) && !form.is_on, "f");
}

static void
test_text_faults(void)
{
	ok(fault_is("{}", "missing", "Field required"), "a required field is absent");
	ok(fault_is("{\"name\":null}", "string_type", "Input should be a valid string"),
	    "a required field is null");
	ok(fault_is("{\"name\":5}", "string_type", "Input should be a valid string"),
	    "a number is no text");
	ok(fault_is("{\"name\":\"a\"}", "string_too_short",
	    "String should have at least 2 characters"), "one too short");
	ok(fault_is("{\"name\":\"abcdef\"}", "string_too_long",
	    "String should have at most 5 characters"), "one too long");
	ok(fault_is(ONE("\"role\":\"admin\""), "literal_error",
	    "Input should be 'ADMIN', 'OPERATOR' or 'FARMER'"), "none of the choices");
	ok(fault_is(ONE("\"phone\":\"1\""), "string_pattern_mismatch", phone_rule.msg),
	    "a rule is broken");
}

struct mark { const char *key; };

/* A key that must be said, even if it is null. */
static void
test_present(void)
{
	static const struct shape_field key[] = {
		{ .name = "key", .kind = SHAPE_TEXT, AT(mark, key),
		    .flags = SHAPE_OPTIONAL | SHAPE_PRESENT },
	};
	static const struct shape mark_shape = { .name = "Mark", .fields = key,
		.n_fields = 1, .size = sizeof(struct mark) };
	static const struct { const char *text, *key; bool fine; } cases[] = {
		{ "{\"key\":\"a\"}", "a", true }, { "{\"key\":null}", NULL, true },
		{ "{}", NULL, false }, { "{\"key\":1}", NULL, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why;
		size_t at;
		const struct json *j = json_read(arena, cases[i].text,
		    strlen(cases[i].text), &why, &at);
		struct mark mark;

		faults = (struct faults){ .arena = arena };
		ok(shape_read(&mark_shape, j, arena, &mark, &faults) == cases[i].fine &&
		    text_same(mark.key, cases[i].key), cases[i].text);
		json_free(j);
	}
}

static void
test_number_faults(void)
{
	ok(fault_is(ONE("\"count\":\"x\""), "int_parsing",
	    "Input should be a valid integer, "
	    "unable to parse string as an integer"), "a text that is no integer");
	ok(fault_is(ONE("\"count\":\"\""), "int_parsing",
	    "Input should be a valid integer, "
	    "unable to parse string as an integer"), "nor an empty one");
	ok(fault_is(ONE("\"count\":1.5"), "int_from_float", "Input should be a valid "
	    "integer, got a number with a fractional part"), "a half is no integer");
	ok(fault_is(ONE("\"count\":true"), "int_type", "Input should be a valid integer"),
	    "a boolean is no integer");
	ok(fault_is(ONE("\"count\":101"), "less_than_equal",
	    "Input should be less than or equal to 100"), "one too many");
	ok(fault_is(ONE("\"count\":-1"), "greater_than_equal",
	    "Input should be greater than or equal to 0"), "one too few");
	ok(fault_is(ONE("\"limit\":null"), "int_type", "Input should be a valid integer"),
	    "null where it is refused");
	ok(fault_is(ONE("\"limit\":1e300"), "int_parsing_size", "Unable to parse input "
	    "string as an integer, exceeded maximum size"), "beyond 64 bits");
	ok(fault_is(ONE("\"size\":0"), "greater_than", "Input should be greater than 0"),
	    "the limit itself, where it is refused");
	ok(fault_is(ONE("\"share\":\"nan\""), "float_parsing", "Input should be a valid "
	    "number, unable to parse string as a number"), "nan is no number");
	ok(fault_is(ONE("\"share\":[]"), "float_type", "Input should be a valid number"),
	    "a list is no number");
	ok(fault_is(ONE("\"is_on\":\"maybe\""), "bool_parsing", "Input should be a valid "
	    "boolean, unable to interpret input"), "maybe is no boolean");
	ok(fault_is(ONE("\"is_on\":2"), "bool_parsing", "Input should be a valid "
	    "boolean, unable to interpret input"), "nor is 2");
	ok(fault_is(ONE("\"is_on\":{}"), "bool_type", "Input should be a valid boolean"),
	    "nor an object");
}

static void
test_list_faults(void)
{
	ok(fault_is(ONE("\"tags\":[\"a\",\"b\",\"c\"]"), "too_long",
	    "List should have at most 2 items after validation, not 3"), "a long list");
	ok(fault_is(ONE("\"tags\":[]"), "too_short",
	    "List should have at least 1 item after validation, not 0"), "a short list");
	ok(fault_is(ONE("\"tags\":\"a\""), "list_type", "Input should be a valid list"),
	    "a text is no list");
	ok(fault_is(ONE("\"points\":{}"), "list_type", "Input should be a valid list"),
	    "an object is no list");
	ok(fault_is(ONE("\"point\":[]"), "model_attributes_type",
	    "Input should be a valid "
	    "dictionary or object to extract fields from"), "a list is no object");
	ok(fault_is("[]", "model_attributes_type",
	    "Input should be a valid dictionary or "
	    "object to extract fields from"), "nor is the body");
}

static void
test_wire(void)
{
	const char *list = faults_of("{\"name\":\"a\","
	    "\"points\":[{\"x\":1},{\"y\":91}]}");

	ok(strcmp(list, "[{\"type\":\"string_too_short\",\"loc\":[\"body\",\"name\"],"
	    "\"msg\":\"String should have at least 2 characters\",\"input\":\"a\","
	    "\"ctx\":{\"min_length\":2}},"
	    "{\"type\":\"missing\",\"loc\":[\"body\",\"points\",1,\"x\"],"
	    "\"msg\":\"Field required\",\"input\":null},"
	    "{\"type\":\"less_than_equal\",\"loc\":[\"body\",\"points\",1,\"y\"],"
	    "\"msg\":\"Input should be less than or equal to 90\",\"input\":91,"
	    "\"ctx\":{\"le\":90}}]") == 0, "all faults with their places");
	ok(strcmp(faults_detail(&faults), "Validation error: name: String should have at "
	    "least 2 characters; points.1.x: Field required; points.1.y: Input should be "
	    "less than or equal to 90") == 0, "the same for people");
	ok(strstr(faults_of(ONE("\"phone\":\"1\"")), "\"ctx\":{\"pattern\":\"^\\\\+\"}"),
	    "a pattern in the context");
	ok(strstr(faults_of(ONE("\"role\":\"x\"")),
	    "\"ctx\":{\"expected\":\"'ADMIN', 'OPERATOR' or 'FARMER'\"}"), "choices too");
	ok(strstr(faults_of("[]"), "\"loc\":[\"body\"]") &&
	    strstr(faults_detail(&faults), "error: body: Input"), "the body itself");
	ok(!strstr(faults_of(ONE("\"new_password\":\"hunter\"")), "hunter"),
	    "a password is never sent back");
	ok(!strstr(faults_of(ONE("\"new_password\":[\"hunter\"]")), "hunter") &&
	    !strstr(faults_of("{\"name\":{\"token\":\"hunter\"}}"), "hunter"),
	    "nor inside of something");
}

static void
test_bounds(void)
{
	struct buf text = buf_make(arena, 300000);
	size_t used;

	buf_text(&text, "{\"name\":\"abc\",\"points\":[0");
	for (int i = 1; i < 1000; i++)
		buf_text(&text, ",0");
	buf_text(&text, "]}");
	ok(!reads(text.bytes) && faults.n == 50 && faults_full(&faults),
	    "of a thousand faults fifty are kept");
	ok(strstr(faults_detail(&faults), "; and 47 more"), "and the rest is counted");
	text.n = 0;
	buf_text(&text, "{\"name\":\"abc\",\"points\":[0");
	for (int i = 0; i < 100000; i++)
		buf_text(&text, ",0");
	buf_text(&text, "]}");
	used = arena_used(arena);
	ok(fault_is(text.bytes, "too_long",
	    "List should have at most 1000 items after validation, not 100001"),
	    "a list without a limit has one");
	ok(arena_used(arena) - used < 10000, "and what is beyond costs nothing");
	text.n = 0;
	buf_text(&text, "{\"name\":\"abc\",\"extra\":[0");
	for (int i = 0; i < 33000; i++)
		buf_text(&text, ",0");
	buf_text(&text, "]}");
	ok(fault_is(text.bytes, "value_error", "Value should have at most 65536 bytes"),
	    "so has any JSON");
	ok(reads(ONE("\"extra\":\"...\"")) && strcmp(form.extra, "\"...\"") == 0,
	    "three dots are no such fault");
}

struct find {
	const char *word;
	const int64_t *limit;
	bool mine;
	struct shape_texts status;
};

static const struct shape_field find_fields[] = {
	{ .name = "word", .kind = SHAPE_TEXT, AT(find, word), .limited = true, .max = 5 },
	{ .name = "limit", .kind = SHAPE_INT, .flags = SHAPE_OPTIONAL, AT(find, limit),
	    .limited = true, .min = 1, .max = 500 },
	{ .name = "mine", .kind = SHAPE_BOOL, .flags = SHAPE_REQUIRED, AT(find, mine) },
	{ .name = "status", .kind = SHAPE_TEXTS, AT(find, status), .rule = &role_rule,
	    .limited = true, .min = 0, .max = 2 },
};
static const struct shape find_shape = { .name = "Find", .place = SHAPE_QUERY,
	.fields = find_fields, .n_fields = 4, .size = sizeof(struct find) };

static bool
queries(const char *query, struct find *find)
{
	faults = (struct faults){ .arena = arena };
	return shape_read_query(&find_shape, query, arena, find, &faults);
}

static bool
query_fault(const char *query, const char *type, const char *loc)
{
	struct find find;

	return !queries(query, &find) && faults.n == 1 &&
	    strcmp(faults.items[0].type, type) == 0 && strcmp(faults.items[0].loc,
	    loc) == 0;
}

static void
test_query(void)
{
	struct find find;

	ok(queries("word=a+b&limit=5&mine=yes&t=1&limit=7", &find), "a query");
	ok(strcmp(find.word, "a b") == 0 && *find.limit == 7 && find.mine,
	    "with its values; the last of two");
	ok(queries("mine=0&status=ADMIN&status=FARMER", &find) && find.status.n == 2 &&
	    strcmp(find.status.items[1], "FARMER") == 0 && !find.limit,
	    "a key twice is a list");
	ok(query_fault("", "missing", "[\"query\",\"mine\"]"), "a required key");
	ok(query_fault("mine=1&limit=501", "less_than_equal", "[\"query\",\"limit\"]"),
	    "too much");
	ok(query_fault("mine=1&limit=", "int_parsing", "[\"query\",\"limit\"]"),
	    "no number");
	ok(query_fault("mine=1&word=%ff", "string_unicode", "[\"query\",\"word\"]"),
	    "what is no UTF-8");
	ok(query_fault("mine=1&status=ADMIN&status=x", "literal_error",
	    "[\"query\",\"status\",1]"), "a wrong item");
	ok(query_fault("mine=1&status=ADMIN&status=ADMIN&status=ADMIN", "too_long",
	    "[\"query\",\"status\"]"), "too many items");
	ok(queries("mine=1&other=%ff", &find), "other keys don't matter");
}

static void
test_write(void)
{
	const int64_t limit = -5, at = 0;
	const double share = (double)NAN;
	const bool maybe = true;
	const struct point point = { 1, 2.5 };
	const char *tags[] = { "a", "\"" };
	struct form out = { .name = "n", .count = 3, .limit = &limit, .size = 2,
		.share = &share, .maybe = &maybe, .at = &at, .point = &point,
		.tags = { tags, 2 }, .extra = "[1]" };
	struct buf text = buf_make(arena, 10);

	shape_write(&form_shape, &out, &text);
	ok(strcmp(text.bytes,
	    "{\"name\":\"n\",\"role\":null,\"phone\":null,\"extra\":[1],"
	    "\"count\":3,\"limit\":-5,\"size\":2.0,\"share\":null,\"is_on\":false,"
	    "\"maybe\":true,\"at\":\"1970-01-01T00:00:00.000000+00:00\","
	    "\"point\":{\"x\":1.0,\"y\":2.5},\"tags\":[\"a\",\"\\\"\"],"
	    "\"points\":[]}") == 0,
	    "all kinds are written; what is hidden is left out");
	text.n = 0;
	shape_write_list(&point_shape, (struct point[]){ { 1, 2 }, { 3, 4 } }, 2, &text);
	ok(strcmp(text.bytes, "[{\"x\":1.0,\"y\":2.0},{\"x\":3.0,\"y\":4.0}]") == 0,
	    "a list");
	text.n = 0;
	shape_write_list(&point_shape, NULL, 0, &text);
	shape_write(&nothing_shape, NULL, &text);
	ok(strcmp(text.bytes, "[]{}") == 0, "an empty list, and an object of nothing");
}

/* shape_check of a shape of this one field says the words; NULL: it is sound. */
static bool
check_says(struct shape_field field, const char *words)
{
	struct shape shape = { .name = "S", .fields = &field, .n_fields = 1,
		.size = sizeof(struct form) };
	const char *said = shape_check(&shape);

	return words ? said && strstr(said, words) : !said;
}

static void
test_check(void)
{
	struct shape_field twice[2] = { fields[0], fields[1] };
	struct shape circle = { .name = "Circle", .size = 8, .n_fields = 1 };
	struct shape_field back = { .name = "a", .kind = SHAPE_OBJECT, .sub = &circle };

	ok(!shape_check(&form_shape) && !shape_check(&find_shape) &&
	    !shape_check(&nothing_shape) && !shape_check(&upload_shape), "sound shapes");
	ok(check_says((struct shape_field){ .name = "a" }, NULL), "a sound field");
	ok(check_says((struct shape_field){ .name = "a b" }, "plain name"), "its name");
	ok(check_says((struct shape_field){ .name = "a",
	    .offset = sizeof(struct form) - 4,
	    .kind = SHAPE_INT }, "outside"), "its place");
	ok(check_says((struct shape_field){ .name = "a", .offset = 4 }, "aligned"),
	    "its alignment");
	ok(check_says((struct shape_field){ .name = "a", .kind = SHAPE_OBJECT },
	    "no sub"),
	    "its sub");
	ok(check_says((struct shape_field){ .name = "a", .limited = true, .min = 2 },
	    "wrong way"), "its limits");
	ok(check_says((struct shape_field){ .name = "a", .rule = &mail_rule,
	    .kind = SHAPE_INT }, "rule"), "its rule");
	twice[1].name = "full_name";
	ok(shape_check(&(struct shape){ .name = "S", .fields = twice, .n_fields = 2,
	    .size = sizeof(struct form) }), "a name that is another's alias");
	ok(shape_check(&(struct shape){ .name = "S", .place = SHAPE_LIST,
	    .fields = form_shape.fields, .n_fields = 1, .size = sizeof(struct form) }),
	    "a bare list of what is none");
	circle.fields = &back;
	ok(shape_check(&circle) && strstr(shape_check(&circle), "circle"), "a circle");
}

int
main(void)
{
	arena = arena_make(8 << 20, NULL);
	test_read();
	test_lenient();
	test_text_faults();
	test_present();
	test_number_faults();
	test_list_faults();
	test_wire();
	test_bounds();
	test_query();
	test_write();
	test_check();
	arena_end(arena);
	return test_end();
}
