/* SPDX-License-Identifier: MIT */
/* Reading JSON from outside, and writing texts and numbers. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "test.h"

static struct arena *arena;
static const char *why;
static size_t at;

static const struct json *
read_n(const char *s, size_t n)
{
	why = NULL;
	at = 0;
	return json_read(arena, s, n, &why, &at);
}

static const struct json *
read_text(const char *s)
{
	return read_n(s, strlen(s));
}

static bool
refused(const char *s)
{
	const struct json *j = read_text(s);

	json_free(j);
	return !j && why && *why && at <= strlen(s);
}

static bool
same_again(const char *s)
{
	const struct json *j = read_text(s);
	bool same = j && strcmp(json_dump(arena, j, 1000), s) == 0;

	json_free(j);
	return same;
}

static void
test_read(void)
{
	const struct json *j = read_text("{\"a\":[1,2.5,true,null,\"x\"],\"n\":-7}");

	ok(json_kind(j) == JSON_MAP, "an object is a map");
	ok(json_count(json_get(j, "a")) == 5, "a list has its items");
	ok(json_int(json_item(json_get(j, "a"), 0)) == 1, "an integer");
	ok(json_number(json_item(json_get(j, "a"), 1)) - 2.5 == 0, "a decimal");
	ok(json_number(json_get(j, "n")) + 7 == 0, "an integer as a number");
	ok(json_bool(json_item(json_get(j, "a"), 2)), "true");
	ok(json_kind(json_item(json_get(j, "a"), 3)) == JSON_NONE, "null is none");
	ok(strcmp(json_text(json_item(json_get(j, "a"), 4)), "x") == 0, "a text");
	ok(!json_get(j, "b") && json_kind(json_get(j, "b")) == JSON_NONE,
	    "an absent key is NULL");
	ok(!json_item(json_get(j, "a"), 5), "an item past the end is NULL");
	json_free(j);
	j = read_text("\"\xc5\x8b and \\u014b\"");
	ok(strcmp(json_text(j), "\xc5\x8b and \xc5\x8b") == 0, "UTF-8 and \\u escapes");
	json_free(j);
	json_free(NULL);
}

static void
test_refused(void)
{
	ok(refused(""), "nothing is refused");
	ok(refused(" \n"), "blanks are refused");
	ok(refused("{\"a\":1} x"), "bytes after the value are refused");
	ok(refused("{\"a\":1,\"a\":2}"), "a key given twice is refused");
	ok(refused("[NaN]") && refused("[Infinity]"), "NaN and Infinity are refused");
	ok(refused("\"\\u0000\""), "an escaped NUL is refused");
	ok(!read_n("\"a\0b\"", 5) && why, "a NUL byte is refused");
	ok(refused("\"\xff\"") && refused("\"\xc0\xaf\"") && refused("\"\xed\xa0\x80\""),
	    "malformed UTF-8 is refused");
	ok(refused("\"\\ud800\""), "half a surrogate pair is refused");
	ok(refused("9223372036854775808"), "an integer of 2^63 is refused");
	ok(refused("1e999"), "a decimal beyond double is refused");
	ok(refused("{\"a\":1,}") && refused("[1") && refused("'a'"),
	    "bad syntax is refused");
	ok(refused("[1, x]") && at >= 4 && at <= 5, "the place of the error is told");
	ok(same_again("9223372036854775807") && same_again("-9223372036854775808"),
	    "the ends of the integers are kept");
}

static void
test_depth(void)
{
	char deep[2 * JSON_DEPTH + 3] = "";

	memset(deep, '[', JSON_DEPTH);
	memset(deep + JSON_DEPTH, ']', JSON_DEPTH);
	ok(same_again(deep), "the greatest depth is read and written");
	memset(deep, '[', JSON_DEPTH + 1);
	memset(deep + JSON_DEPTH + 1, ']', JSON_DEPTH + 1);
	ok(refused(deep) && at == JSON_DEPTH, "one deeper is refused, at its place");
	ok(same_again("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\""),
	    "brackets in a text don't count");
	ok(same_again("[\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]"),
	    "nor after an escaped quotation mark");
}

static void
test_dump(void)
{
	const struct json *j = read_text(" { \"b\" : [ ] , \"a\" : { \"x\" : 0.1 } } ");

	ok(strcmp(json_dump(arena, j, 100), "{\"b\":[],\"a\":{\"x\":0.1}}") == 0,
	    "written compactly, keys in their order");
	ok(strcmp(json_dump(arena, j, 22), "{\"b\":[],\"a\":{\"x\":0.1}}") == 0,
	    "exactly as long as allowed");
	ok(strcmp(json_dump(arena, j, 21), "\"...\"") == 0, "one byte too long");
	ok(strcmp(json_dump(arena, NULL, 21), "null") == 0, "nothing is null");
	json_free(j);
	j = read_text("{\"a\":1,\"b\":null}");
	ok(json_put_text(j, "b", "x\"") && json_put_text(j, "c", "") &&
	    strcmp(json_dump(arena, j, 100), "{\"a\":1,\"b\":\"x\\\"\",\"c\":\"\"}") == 0,
	    "texts are put in place and at the end");
	json_free(j);
	ok(same_again("[[],{},[{}],[[]],\"\",0,-1,1.0,true,false,null]"), "all kinds");
	ok(same_again("{\"a\":{\"b\":{\"c\":[1,2,{\"d\":[]}]}},\"e\":1}"),
	    "nested kinds");
}

static const char *
text_written(const char *s)
{
	struct buf out = buf_make(arena, 1);

	json_write_text(&out, s);
	return out.bytes;
}

static const char *
real_written(double x)
{
	struct buf out = buf_make(arena, 1);

	json_write_real(&out, x);
	return out.bytes;
}

static void
test_write(void)
{
	const double hard[] = { 1.0 / 3, 5e-324, DBL_MAX, DBL_MIN, 123456789.123456789,
		9007199254740993.0, 1e22, 1e23, 4.35, -0.1 };
	bool all_same = true;

	ok(strcmp(text_written("a\"b\\c\n\x01\x7f"),
	    "\"a\\\"b\\\\c\\n\\u0001\x7f\"") == 0,
	    "texts are escaped");
	ok(strcmp(text_written(""), "\"\"") == 0, "an empty text");
	ok(strcmp(text_written(NULL), "null") == 0, "no text");
	ok(strcmp(text_written("\xc5\x8b\xf0\x9f\x8c\xbe"),
	    "\"\xc5\x8b\xf0\x9f\x8c\xbe\"") == 0,
	    "UTF-8 stays as it is");
	ok(strcmp(real_written(2.5), "2.5") == 0, "2.5");
	ok(strcmp(real_written(3), "3.0") == 0, "3.0 keeps its point");
	ok(strcmp(real_written(0.1), "0.1") == 0, "0.1");
	ok(strcmp(real_written(-0.0), "-0.0") == 0, "minus zero");
	ok(strcmp(real_written(5e-324), "5e-324") == 0, "the smallest double");
	ok(strcmp(real_written((double)NAN), "null") == 0, "NaN is null");
	ok(strcmp(real_written((double)INFINITY), "null") == 0, "infinity is null");
	for (size_t i = 0; i < sizeof(hard) / sizeof(hard[0]); i++)
		all_same = all_same && strtod(real_written(hard[i]), NULL) - hard[i] == 0;
	ok(all_same, "hard numbers read back as they were");
}

int
main(void)
{
	arena = arena_make(1 << 20, NULL);
	test_read();
	test_refused();
	test_depth();
	test_dump();
	test_write();
	arena_end(arena);
	return test_end();
}
