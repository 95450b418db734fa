/* SPDX-License-Identifier: MIT */
/* Finding the file in a multipart body, and refusing what is not one. */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "multipart.h"
#include "test.h"

#define MEDIA "multipart/form-data; boundary=xyz"
#define FORM "Content-Disposition: form-data; name=\"file\"; "
#define BODY(head, bytes) "--xyz\r\n" head "\r\n\r\n" bytes "\r\n--xyz--\r\n"

static struct arena *arena;
static struct multipart m;
static struct req_file file;

static enum err
find_n(const char *media, const char *body, size_t n)
{
	arena_reset(arena);
	m = (struct multipart){ .arena = arena, .media = media,
		.bytes = (const uint8_t *)body, .n = n };
	file = (struct req_file){ .fd = -1 };
	return multipart_file(&m, &file);
}

static bool
finds(const char *body, const char *bytes)
{
	return find_n(MEDIA, body, strlen(body)) == OK && file.size == strlen(bytes) &&
	    memcmp(file.bytes, bytes, file.size) == 0 &&
	    file.bytes == (const uint8_t *)body + file.offset;
}

static bool
named(const char *parameter, const char *name)
{
	struct buf body = buf_make(arena, 1000);
	char copy[2000];

	buf_print(&body, "--xyz\r\nContent-Disposition: form-data; name=file; %s\r\n\r\n"
	    "a\r\n--xyz--", parameter);
	memcpy(copy, body.bytes, body.n + 1);
	if (find_n(MEDIA, copy, strlen(copy)))
		return !name && m.why;
	return name && strcmp(file.name, name) == 0;
}

static bool
bad(const char *body, const char *words)
{
	bool is = find_n(MEDIA, body, strlen(body)) == ERR_BAD && m.why &&
	    strstr(m.why, words);

	if (!is)
		printf("# %s\n", m.why ? m.why : "fine");
	return is;
}

static void
test_find(void)
{
	ok(finds(BODY(FORM "filename=\"a.png\"\r\nContent-Type: image/png", "\x89PNG"),
	    "\x89PNG") && strcmp(file.name, "a.png") == 0 &&
	    strcmp(file.media, "image/png") == 0, "a file with name and type");
	ok(finds(BODY(FORM "filename=a", ""), ""), "an empty file");
	ok(finds("--xyz\r\n" FORM "filename=a\r\n\r\n--xyz--", ""),
	    "one without its line");
	ok(finds(BODY("content-disposition:form-data;name=file;filename=a;", "\r\n"),
	    "\r\n"),
	    "any case, no blanks, a line end as the content");
	ok(finds("before\r\n" BODY(FORM "filename=a", "x") "after", "x"),
	    "preamble and epilogue");
	ok(finds("--xyz  \t\r\n" FORM "filename=a\r\n\r\nx\r\n--xyz--", "x"), "padding");
	ok(finds(BODY(FORM "filename=a", "\r\n--xy\r\n--xyzz\r\n--xyz-\r\n--xyz x"),
	    "\r\n--xy\r\n--xyzz\r\n--xyz-\r\n--xyz x"),
	    "what only resembles a delimiter");
	ok(finds("--xyz\r\nContent-Disposition: form-data; "
	    "name=\"a\"\r\n\r\n1\r\n--xyz\r\n"
	    FORM "filename=b\r\n\r\n2\r\n--xyz\r\n\r\n3\r\n--xyz--", "2"),
	    "among other parts, one without a header");
	ok(find_n("Multipart/Form-Data; charset=utf-8; boundary=\"a b\"",
	    "--a b\r\n" FORM "filename=a\r\n\r\nx\r\n--a b--", 0) == ERR_BAD,
	    "no body at all is cut off");
	ok(find_n("Multipart/Form-Data; charset=utf-8; boundary=\"a b\"",
	    "--a b\r\n" FORM "filename=a\r\n\r\nx\r\n--a b--", 77) == OK &&
	    file.size == 1,
	    "a quoted boundary");
}

static void
test_names(void)
{
	char longest[400] = "filename=";

	ok(named("filename=\"C:\\dir\\photo.jpg\"", "photo.jpg"),
	    "a path with backslashes");
	ok(named("filename=\"../../etc/passwd\"", "passwd"), "a path with slashes");
	ok(named("filename=\"..\"", "file") && named("filename=\"a/\"", "file") &&
	    named("filename=\"\"", "file"), "a path that names nothing");
	ok(named("filename=\"a%22b\\\"c;d.png\"", "a\"b\"c;d.png"), "quotation marks");
	ok(named("filename=\"a%20b\"", "a%20b"), "other escapes are left alone");
	ok(named("filename=\"\xc5\x8b.png\"", "\xc5\x8b.png"), "UTF-8");
	ok(named("filename=\"x\"; filename*=UTF-8''%c5%8b%20.png", "\xc5\x8b .png"),
	    "the extended name wins");
	ok(named("filename=\"x\"; filename*=ISO-8859-1''%e9", "x"),
	    "but not in another character set");
	ok(named("filename*=utf-8'en'a%2Fb", "b"), "its path goes too");
	ok(named("filename=\"\xff\"", NULL), "malformed UTF-8 is refused");
	ok(named("filename*=UTF-8''%ff", NULL), "there as well");
	ok(named("filename=\"a\x01\x7f\"", "a__"), "control characters are replaced");
	memset(longest + 9, 'n', 300);
	memcpy(longest + 9 + 254, "\xc5\x8b", 2);
	ok(named(longest, NULL) == false && strlen(file.name) == 254,
	    "a long name is cut between characters");
}

static void
test_missing(void)
{
	ok(find_n("application/json", "{}", 2) == ERR_MISSING, "another type");
	ok(find_n("multipart/mixed; boundary=x", "--x--", 5) == ERR_MISSING,
	    "not form-data");
	ok(find_n(MEDIA, "--xyz--", 7) == ERR_MISSING, "no parts");
	ok(find_n(MEDIA, BODY(FORM "x=y", "a"), strlen(BODY(FORM "x=y", "a"))) ==
	    ERR_MISSING,
	    "a field of that name is no file");
	ok(find_n(MEDIA, BODY("Content-Type: x/y", "a"),
	    strlen(BODY("Content-Type: x/y", "a"))) == ERR_MISSING,
	    "a part without a name");
}

static void
test_bad(void)
{
	struct buf many;
	char boundary[300];

	ok(bad("", "cut off"), "nothing");
	ok(bad("--xyz\r\n" FORM "filename=a\r\n\r\nabc", "cut off"),
	    "no closing boundary");
	ok(bad("--xyz\r\n" FORM "filename=a\r\n\r\nabc\r\n--xyz\r\n",
	    "ends in the middle"),
	    "only another beginning");
	ok(bad("--xyz\r\n" FORM "filename=a", "ends in the middle"), "half a header");
	ok(bad("--xyz\r\n" FORM "filename=a\r\n\r\na\r\n--xyz\r\n" FORM
	    "filename=b\r\n\r\nb\r\n--xyz--", "more than one"), "two files");
	ok(bad(BODY(FORM "filename=\"a", "b"), "Content-Disposition"), "an open quote");
	ok(bad(BODY(FORM "filename=\"a\"b", "b"), "Content-Disposition"),
	    "after the quote");
	ok(bad(BODY("no colon", "b"), "malformed header"), "a line that is no header");
	ok(bad(BODY("A: b\r\n folded", "b"), "malformed header"), "a folded line");
	ok(bad(BODY(FORM "filename=a\r\nContent-Transfer-Encoding: base64", "b"),
	    "transfer encoding"), "an encoded file");
	ok(find_n("multipart/form-data", "--", 2) == ERR_BAD && strstr(m.why, "boundary"),
	    "no boundary");
	ok(find_n("multipart/form-data; boundary=\"a\xc3\xa9\"", "--", 2) == ERR_BAD,
	    "a boundary of other bytes");
	memcpy(boundary, "multipart/form-data; boundary=", 30);
	memset(boundary + 30, 'b', 201);
	boundary[30 + 201] = '\0';
	ok(find_n(boundary, "--", 2) == ERR_BAD && strstr(m.why, "boundary"),
	    "one too long");
	boundary[30 + 200] = '\0';
	ok(find_n(boundary, "--", 2) == ERR_BAD && strstr(m.why, "cut off"),
	    "the longest");
	many = buf_make(arena, 10000);
	for (int i = 0; i < 21; i++)
		buf_text(&many, "--xyz\r\n\r\n\r\n");
	buf_text(&many, "--xyz--");
	ok(bad(strdupa(many.bytes), "too many parts"), "21 parts");
}

static void
test_header_size(void)
{
	const size_t over = MULTIPART_HEADER + 100;
	char *body = malloc(over + 200), *p = body;

	if (!body)
		return;
	memset(body, 'x', over + 200);
	p = mempcpy(p, "--xyz\r\nA: ", 10);
	memcpy(body + 7 + MULTIPART_HEADER - 4, "\r\n\r\n", 4);
	memcpy(body + 7 + MULTIPART_HEADER, "b\r\n--xyz--", 10);
	ok(find_n(MEDIA, body, 7 + MULTIPART_HEADER + 10) == ERR_MISSING,
	    "longest header");
	memset(p, 'x', over);
	memcpy(body + 7 + MULTIPART_HEADER - 3, "\r\n\r\n", 4);
	memcpy(body + 7 + MULTIPART_HEADER + 1, "b\r\n--xyz--", 10);
	ok(find_n(MEDIA, body, 7 + MULTIPART_HEADER + 11) == ERR_BAD &&
	    strstr(m.why, "too long"), "one byte longer");
	free(body);
}

/* 20 MB of what looks most like a delimiter, and of line ends. */
static void
test_time(void)
{
	static const char *const worst[] = { "\r\n--xy", "\r\n--", "\r", "\r\n", "-" };
	const size_t n = 20 << 20;
	char *body = malloc(n);
	int64_t longest = 0;

	if (!body)
		return;
	for (size_t i = 0; i < sizeof(worst) / sizeof(worst[0]); i++) {
		size_t len = strlen(worst[i]);
		int64_t began;

		for (size_t k = 0; k + len <= n; k += len)
			memcpy(body + k, worst[i], len);
		memcpy(body, "--xyz\r\n\r\n", 9);
		memcpy(body + n - 9, "\r\n--xyz--", 9);
		began = clock_steady();
		ok(find_n(MEDIA, body, n) == ERR_MISSING, "20 MB are looked through");
		began = clock_steady() - began;
		longest = began > longest ? began : longest;
	}
	printf("# slowest: %lld ms\n", (long long)(longest / 1000));
	ok(longest < 2 * CLOCK_SECOND, "in a time that does not grow faster than they");
	free(body);
}

int
main(void)
{
	arena = arena_make(1 << 20, NULL);
	test_find();
	test_names();
	test_missing();
	test_bad();
	test_header_size();
	test_time();
	arena_end(arena);
	return test_end();
}
