/* SPDX-License-Identifier: MIT */
/* Texts, buffers, arenas, times: what everything else stands on. */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "id.h"
#include "test.h"
#include "text.h"

static struct arena *a;

static void
test_arena(void)
{
	struct buf b = buf_make(a, 1);
	char *p = arena_take(a, 100000);
	size_t used;

	ok(p[0] == 0 && p[99999] == 0, "what is taken is zeroed");
	memset(p, 'x', 100000);
	for (int i = 0; i < 5000; i++)
		buf_print(&b, "%d,", i % 10);
	ok(b.n == 10000 && b.bytes[b.n] == '\0' && !strncmp(b.bytes, "0,1,2,", 6),
	    "a buffer grows and stays a text");
	used = arena_used(a);
	arena_reset(a);
	ok(used > 110000 && arena_used(a) == 0, "a reset gives everything back");
	p = arena_take(a, 64);
	ok(p[0] == 0 && p[63] == 0, "what is taken after a reset is zeroed again");
	b = buf_make(a, 4);
	buf_number(&b, INT64_MIN);
	buf_char(&b, ' ');
	buf_number(&b, 0);
	ok(text_same(b.bytes, "-9223372036854775808 0"), "numbers are whole");
}

static void
test_utf8(void)
{
	ok(text_utf8("Ng'andu \xc5\x8b", 10), "good UTF-8 is accepted");
	ok(!text_utf8("a\xc0\xaf", 3), "an overlong form is refused");
	ok(!text_utf8("\xed\xa0\x80", 3), "a surrogate is refused");
	ok(!text_utf8("\xf4\x90\x80\x80", 4), "beyond U+10FFFF is refused");
	ok(!text_utf8("\xe2\x82", 2), "a cut character is refused");
	ok(!text_utf8("a\0b", 3), "a NUL is refused");
	ok(text_utf8("", 0), "nothing is fine");
	ok(text_points("Lin\xcc\x83omo \xc5\xb4") == 9, "code points are counted");
}

static void
test_numbers(void)
{
	int64_t n = 7;

	ok(text_number("12", 0, 99, &n) && n == 12, "a plain number");
	ok(text_number("-5", -9, 9, &n) && n == -5, "a negative number");
	n = 7;
	ok(!text_number("100", 0, 99, &n) && n == 7, "one too large leaves it alone");
	ok(!text_number("", 0, 99, &n) && !text_number("-", -9, 9, &n), "no digits");
	ok(!text_number("1 ", 0, 99, &n) && !text_number("0x1", 0, 99, &n), "signs");
	ok(!text_number("9999999999999999999999", 0, INT64_MAX, &n), "no overflow");
	ok(!text_number(NULL, 0, 99, &n), "NULL is no number");
}

static void
test_fold(void)
{
	ok(text_same(text_fold(a, "Ng'andu"), "ngandu"), "apostrophe");
	ok(text_same(text_fold(a, "Ng\xe2\x80\x99" "andu"), "ngandu"), "curly one");
	ok(text_same(text_fold(a, "\xc5\x8aoma"), "noma"), "eng is n");
	ok(text_same(text_fold(a, "Li\xc3\xb1omo"), "linomo"), "n with tilde");
	ok(text_same(text_fold(a, "\xc5\xb4" "anda"), "wanda"), "w with circumflex");
	ok(text_same(text_fold(a, "Ren\xc3\xa9" "e"), "renee"), "e with acute");
	ok(text_same(text_fold(a, "  Mary--Ann  BANDA "), "mary ann banda"), "gaps");
	ok(text_same(text_fold(a, "\xc3\x86sop"), "aesop"), "two letters for one");
	ok(text_same(text_fold(a, "%_'; DROP"), "drop"), "signs vanish");
	ok(text_same(text_fold(a, ""), ""), "nothing stays nothing");
}

static void
test_codes(void)
{
	uint8_t bytes[3] = { 0 };
	size_t n;

	ok(text_same(text_hex(a, "\x01\xab", 2), "01ab"), "hex");
	ok(text_hex_read("01AB02", bytes, 3) && bytes[1] == 0xab, "hex is read");
	ok(!text_hex_read("01ab0", bytes, 3) && !text_hex_read("01ab0g", bytes, 3),
	    "half and wrong hex is refused");
	ok(text_same(text_base64(a, "\xfb\xff", 2), "-_8"), "base64url");
	ok(text_base64_read(a, "-_8=", 4, &n) && n == 2, "padding is accepted");
	ok(!text_base64_read(a, "-_9", 3, &n), "stray bits are refused");
	ok(!text_base64_read(a, "+/8", 3, &n), "the other alphabet is refused");
	ok(text_same_secret("abc", "abc") && !text_same_secret("abc", "abd") &&
	    !text_same_secret("abc", "ab") && !text_same_secret(NULL, NULL), "secrets");
	ok(text_same(text_trim(a, " \tx y\r\n"), "x y"), "blanks at the ends go");
}

static void
test_clock(void)
{
	char out[CLOCK_TEXT];
	int64_t day, born;

	clock_text(INT64_C(1767323045123456), out);
	ok(text_same(out, "2026-01-02T03:04:05.123456+00:00"), "RFC 3339 with zone");
	clock_text(-1, out);
	ok(text_same(out, "1969-12-31T23:59:59.999999+00:00"), "before 1970");
	ok(clock_read_date("2024-02-29", &day), "a leap day");
	clock_date(day, out);
	ok(text_same(out, "2024-02-29"), "a date comes back");
	ok(!clock_read_date("2023-02-29", &day) && !clock_read_date("2024-13-01", &day) &&
	    !clock_read_date("2024-00-10", &day) && !clock_read_date("2024-04-31", &day),
	    "days that do not exist");
	ok(!clock_read_date("1990-1-5", &day) && !clock_read_date("1990-01-05 ", &day) &&
	    !clock_read_date("", &day) && !clock_read_date(NULL, &day), "other forms");
	ok(clock_read("2024-02-29T01:02:03.5+02:00", &day) &&
	    clock_text(day, out) && text_same(out, "2024-02-28T23:02:03.500000+00:00"),
	    "a time with an offset");
	ok(clock_read("2024-02-29 01:02", &born) &&
	    clock_read("2024-02-29T01:02:00Z", &day) && born == day,
	    "a time without seconds and offset is UTC");
	ok(clock_read("2024-02-29T01:02:00 01:00", &born) && day - born == CLOCK_HOUR,
	    "a blank stands for +");
	ok(clock_read("2024-02-29T01:02:00.1234567-01:00", &born) &&
	    born - day == CLOCK_HOUR + 123456, "six digits count");
	ok(clock_read("2024-02-29", &born) && day - born == 62 * CLOCK_MINUTE, "a day");
	ok(!clock_read("2024-02-29T", &day) && !clock_read("2024-02-29T1:02", &day) &&
	    !clock_read("2024-02-29T24:00", &day) &&
	    !clock_read("2024-02-29T01:60", &day) &&
	    !clock_read("2024-02-29T01:02:60", &day) &&
	    !clock_read("2024-02-29T01:02:00.", &day) &&
	    !clock_read("2024-02-29T01:02:00+1", &day) &&
	    !clock_read("2024-02-29T01:02:00+01:00x", &day) &&
	    !clock_read("2024-02-30T01:02", &day) && !clock_read("yesterday", &day) &&
	    !clock_read("", &day) && !clock_read(NULL, &day), "no times");
	(void)clock_read_date("2008-02-29", &born);
	(void)clock_read_date("2026-02-28", &day);
	ok(clock_years(born, day) == 17, "not yet 18");
	ok(clock_years(born, day + CLOCK_DAY) == 18, "18 the day after");
	clock_date(clock_add_years(born, 5), out);
	ok(text_same(out, "2013-02-28"), "a leap day five years on");
}

static void
test_id(void)
{
	char one[ID_TEXT], two[ID_TEXT], at[ID_TEXT], least[ID_TEXT], number[11];

	id_make(one);
	id_make(two);
	id_make_at(INT64_C(1767323045123456), at);
	id_least(INT64_C(1767323045123456), least);
	ok(strncmp(at, "695735a51e240", 13) == 0 && id_valid(at) &&
	    id_time(at) == INT64_C(1767323045123456), "an id tells its time");
	ok(strcmp(least, at) <= 0 && strncmp(least, at, strlen(least)) == 0,
	    "and comes after all that are earlier");
	id_least(INT64_C(1767323045123457), least);
	ok(strcmp(least, at) > 0, "and before what is later");
	ok(strcmp("65f0c0ffee65f0c0ffee00aa", at) < 0, "as an ObjectId of its second");
	ok(id_valid(one) && id_valid(two) && strcmp(one, two) <= 0 &&
	    !text_same(one, two), "ids are valid, new, and sort by age");
	ok(!id_valid("") && !id_valid(NULL) && !id_valid("65F0C0FFEE65F0C0FFEE00AA") &&
	    !id_valid("65f0c0ffee65f0c0ffee00a") &&
	    !id_valid("65f0c0ffee65f0c0ffee00aa/"), "other forms are no ids");
	id_number("ZM", number);
	ok(strlen(number) == 10 && strspn(number + 2, "0123456789ABCDEF") == 8,
	    "a farmer's number");
}

int
main(void)
{
	a = arena_make(4 * 1024 * 1024, NULL);
	test_arena();
	test_utf8();
	test_numbers();
	test_fold();
	test_codes();
	test_clock();
	test_id();
	arena_end(a);
	return test_end();
}
