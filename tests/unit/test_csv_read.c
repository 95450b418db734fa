/* SPDX-License-Identifier: MIT */
/* Reading CSV: separators, quotes, line ends, row numbers, limits, and bad rows. */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "csv_read.h"
#include "test.h"

static struct arena *arena;

/* The whole file as "number[cell|cell]" a row, or "number!" for one that is refused. */
static const char *
all(const char *bytes, size_t size)
{
	struct buf out = buf_make(arena, 100);
	struct csv_file f;
	struct csv_row row;

	csv_open(&f, bytes, size);
	while (csv_next(&f, arena, &row)) {
		buf_number(&out, row.number);
		buf_text(&out, row.why ? "!" : "[");
		for (size_t i = 0; i < row.n; i++)
			buf_print(&out, "%s%s", i ? "|" : "", row.cells[i]);
		buf_text(&out, row.why ? "" : "]");
	}
	return out.bytes;
}

static bool
reads(const char *text, const char *expected)
{
	const char *got = all(text, strlen(text));

	if (strcmp(got, expected) != 0)
		printf("# %s\n", got);
	return strcmp(got, expected) == 0;
}

static void
test_plain(void)
{
	ok(reads("", ""), "an empty file has no rows");
	ok(reads("\xef\xbb\xbf", ""), "nor has a byte order mark alone");
	ok(reads("a,b\nc,d\n", "1[a|b]2[c|d]"), "LF ends rows");
	ok(reads("a,b\r\nc,d\r\n", "1[a|b]2[c|d]"), "CR LF ends rows");
	ok(reads("a,b\nc,d", "1[a|b]2[c|d]"), "the last line needs no end");
	ok(reads("a,b\nc,d\r", "1[a|b]2[c|d]"), "or half of one");
	ok(reads("\xef\xbb\xbf" "a\nŊoma\n", "1[a]2[Ŋoma]"), "UTF-8 with a mark");
	ok(reads("a\n\nb\n\n", "1[a]2[]3[b]4[]"), "empty lines are rows");
	ok(reads(",\n,,\n", "1[|]2[||]"), "empty cells");
	ok(reads("a;b;c\n1,5;2;3\n", "1[a|b|c]2[1,5|2|3]"), "semicolons");
	ok(reads("a\tb\n1\t2\n", "1[a|b]2[1|2]"), "tabs");
	ok(reads("\"a;b;c\",d\n1;2,3\n", "1[a;b;c|d]2[1;2|3]"),
	    "what is in quotes does not choose the separator");
	ok(reads("a\n1;2\n", "1[a]2[1;2]"), "only the first line chooses it");
	ok(reads(" a , b\n", "1[ a | b]"), "blanks belong to the cell");
}

static void
test_quotes(void)
{
	ok(reads("\"a\",\"b\"\n", "1[a|b]"), "quotes are taken away");
	ok(reads("\"\",\"\"\n", "1[|]"), "empty ones too");
	ok(reads("\"a,b\"\n", "1[a,b]"), "a separator in quotes");
	ok(reads("\"say \"\"no\"\"\"\n", "1[say \"no\"]"), "doubled quotes");
	ok(reads("\"\"\"\"", "1[\"]"), "a quote mark alone");
	ok(reads("a,\"1\n2\r\n3\"\nb\n", "1[a|1\n2\r\n3]2[b]"),
	    "line ends in quotes; rows are counted, not lines");
	ok(reads("h\n5\" pipe\n6\" pipe\nx\n", "1[h]2!3!4[x]"),
	    "a quote mark inside a cell costs its own row only");
	ok(reads("h\n\"a\"b,c\nx\n", "1[h]2!3[x]"), "text after the closing quote");
	ok(reads("h\n\"a\nb\nc\n", "1[h]2!3[b]4[c]"), "an unclosed quote");
	ok(reads("h\n\"a\"\"\nb\n", "1[h]2!3[b]"), "one that looks closed");
	ok(reads("h\n\"", "1[h]2!"), "one at the very end");
	ok(reads("a\rb\nc\n", "1!2[c]"), "a CR alone ends nothing");
	ok(reads("\"a\"\r\n\"b\"\r", "1[a]2[b]"), "CR after a closing quote");
}

static void
test_bytes(void)
{
	ok(strcmp(all("a\nb\0c\nd\n", 8), "1[a]2!3[d]") == 0, "NUL");
	ok(strcmp(all("\0", 1), "1!") == 0, "NUL alone");
	ok(reads("a\nM\xfcller\nd\n", "1[a]2!3[d]"), "Latin-1 is not UTF-8");
	ok(reads("a\n\xed\xa0\x80\nd\n", "1[a]2!3[d]"), "nor is a surrogate");
	ok(reads("\xff\xfe" "a\n", "1!"), "UTF-16 is refused");
}

/* A row of n bytes c, after "h\n", before "\nx\n". */
static const char *
long_row(const char *before, size_t n, char c, const char *after)
{
	struct buf b = buf_make(arena, n + 100);

	buf_print(&b, "h\n%s", before);
	for (size_t i = 0; i < n; i++)
		buf_char(&b, c);
	buf_print(&b, "%s\nx\n", after);
	return all(b.bytes, b.n);
}

static bool
begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static bool
ends(const char *s, const char *with)
{
	size_t n = strlen(s), m = strlen(with);

	return n >= m && strcmp(s + n - m, with) == 0;
}

static void
test_limits(void)
{
	ok(begins(long_row("", 8192, 'a', ""), "1[h]2[aaa"), "the longest cell");
	ok(strcmp(long_row("", 8193, 'a', ""), "1[h]2!3[x]") == 0, "one byte more");
	ok(strcmp(long_row("\"", 8193, 'a', "\""), "1[h]2!3[x]") == 0, "in quotes too");
	ok(ends(long_row("", 99, ',', ""), "|]3[x]"), "100 cells");
	ok(strcmp(long_row("", 100, ',', ""), "1[h]2!3[x]") == 0, "101 cells");
	ok(strcmp(long_row("", 65537, 'a', ""), "1[h]2!3[x]") == 0, "a huge row");
	ok(strcmp(long_row("\"", 65537, 'a', "\""), "1[h]2!3[x]") == 0,
	    "a huge row in quotes");
}

static void
test_resume(void)
{
	static const char text[] = "h,i\n\"a\nb\",c\r\n\"d\",e\n";
	struct csv_file f, g;
	struct csv_row row;

	csv_open(&f, text, sizeof(text) - 1);
	(void)csv_next(&f, arena, &row);
	(void)csv_next(&f, arena, &row);
	csv_open(&g, text, sizeof(text) - 1);
	g.at = f.at;
	g.row = f.row;
	ok(csv_next(&g, arena, &row) && row.number == 3 && row.n == 2 &&
	    strcmp(row.cells[0], "d") == 0, "reading goes on from a kept place");
	ok(!csv_next(&g, arena, &row), "to the end");
	ok(!csv_next(&g, arena, &row), "which stays the end");
}

static void
test_blank(void)
{
	struct csv_file f;
	struct csv_row row;

	csv_open(&f, ",,\n, ,\n\"", 8);
	ok(csv_next(&f, arena, &row) && csv_is_blank(&row), "separators alone");
	ok(csv_next(&f, arena, &row) && !csv_is_blank(&row), "a blank is something");
	ok(csv_next(&f, arena, &row) && !csv_is_blank(&row), "a bad row is no blank one");
}

int
main(void)
{
	arena = arena_make(8 * 1024 * 1024, NULL);
	test_plain();
	test_quotes();
	test_bytes();
	test_limits();
	test_resume();
	test_blank();
	arena_end(arena);
	return test_end();
}
