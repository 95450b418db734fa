/* SPDX-License-Identifier: MIT */
/* CSV: quotes, empty cells, and texts that a spreadsheet would run. */
#include <math.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "csv.h"
#include "test.h"

static struct arena *arena;

static bool
cell_is(const char *s, const char *expected)
{
	struct buf b = buf_make(arena, 4);

	csv_text(&b, s);
	return strcmp(b.bytes, expected) == 0;
}

static void
test_quotes(void)
{
	ok(cell_is("Mary", "Mary"), "a plain text stays as it is");
	ok(cell_is("Ŋoma Ng'andu", "Ŋoma Ng'andu"), "letters beyond ASCII stay");
	ok(cell_is("", "\"\""), "an empty text is an empty cell");
	ok(cell_is(NULL, "\"\""), "NULL is an empty cell");
	ok(cell_is("a,b", "\"a,b\""), "a comma is quoted");
	ok(cell_is("say \"no\"", "\"say \"\"no\"\"\""), "quotes are doubled");
	ok(cell_is("a\nb", "\"a\nb\""), "a line end is quoted");
	ok(cell_is("a\rb", "\"a\rb\""), "a carriage return is quoted");
	ok(cell_is("\"", "\"\"\"\""), "a single quote mark");
}

static void
test_formulas(void)
{
	ok(cell_is("=1+1", "'=1+1"), "= is disarmed");
	ok(cell_is("+260977123456", "'+260977123456"), "+ is disarmed");
	ok(cell_is("-1", "'-1"), "- is disarmed");
	ok(cell_is("@SUM(A1)", "'@SUM(A1)"), "@ is disarmed");
	ok(cell_is("\t=1", "'\t=1"), "a tab is disarmed");
	ok(cell_is("\r=1", "\"'\r=1\""), "a CR is disarmed inside its quotes");
	ok(cell_is("=\"a\",b", "\"'=\"\"a\"\",b\""), "= with quotes and comma");
	ok(cell_is("\n=1", "\"'\n=1\""), "a line end is disarmed inside its quotes");
	ok(cell_is("  =1", "'  =1"), "blanks that a program drops hide no =");
	ok(cell_is("\u00a0\u3000@A", "'\u00a0\u3000@A"), "nor do blanks beyond ASCII");
	ok(cell_is("\uff1d1", "'\uff1d1"), "a wide = is disarmed");
	ok(cell_is("\uff0b1", "'\uff0b1") && cell_is("\uff0d1", "'\uff0d1") &&
	    cell_is("\uff20A", "'\uff20A"), "so are the other wide signs");
	ok(cell_is(" Mary", " Mary"), "a blank alone is harmless");
	ok(cell_is("a=1", "a=1"), "= further on is harmless");
}

static bool
comes_back(const char *s)
{
	struct buf b = buf_make(arena, 4);

	csv_text(&b, s);
	return strcmp(csv_meant(b.bytes), s) == 0;
}

static void
test_meant(void)
{
	ok(comes_back("+260977123456") && comes_back(" =1") && comes_back("\uff1d1"),
	    "the apostrophe is taken away again");
	ok(comes_back("'tis") && comes_back("Ng'andu") && comes_back("'"),
	    "one that belongs to the text stays");
}

static void
test_lines(void)
{
	struct buf b = buf_make(arena, 4);

	csv_begin(&b);
	csv_text(&b, "name");
	csv_text(&b, NULL);
	csv_int(&b, -5);
	csv_end(&b);
	csv_real(&b, 0.1 + 0.2);
	csv_real(&b, (double)NAN);
	csv_int(&b, INT64_MIN);
	csv_end(&b);
	ok(strcmp(b.bytes, "\xef\xbb\xbf" "name,\"\",-5\r\n"
	    "0.30000000000000004,\"\",-9223372036854775808\r\n") == 0,
	    "mark, commas between cells, CR LF at the end of lines");
	b = buf_make(arena, 4);
	csv_begin(&b);
	csv_text(&b, "");
	csv_text(&b, "");
	csv_end(&b);
	ok(strcmp(b.bytes, "\xef\xbb\xbf" "\"\",\"\"\r\n") == 0,
	    "a line of empty cells has its comma");
}

int
main(void)
{
	arena = arena_make(1024 * 1024, NULL);
	test_quotes();
	test_formulas();
	test_meant();
	test_lines();
	arena_end(arena);
	return test_end();
}
