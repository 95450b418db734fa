/* SPDX-License-Identifier: MIT */
/* Finding the file in a multipart body, and refusing what is not one. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "log.h"
#include "multipart.h"
#include "test.h"

#define MEDIA "multipart/form-data; boundary=xyz"
#define FORM "Content-Disposition: form-data; name=\"file\"; "
#define BODY(head, bytes) "--xyz\r\n" head "\r\n\r\n" bytes "\r\n--xyz--\r\n"

static struct arena *arena;
static struct multipart m;
static struct req_file file;
static size_t window;

/* A file of the bytes, for one search. */
static int
file_of(const char *bytes, size_t n)
{
	static int fd = -1;

	if (fd >= 0)
		(void)close(fd);
	fd = memfd_create("body", 0);
	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
		abort();
	return fd;
}

static enum err
find_n(const char *media, const char *body, size_t n)
{
	enum err e;

	arena_reset(arena);
	m = (struct multipart){ .arena = arena, .media = media, .size = n,
		.fd = file_of(body, n), .part = "file", .max_files = 1,
		.window = window };
	e = multipart_read(&m);
	file = m.n_files ? m.files[0] : (struct req_file){ .fd = -1 };
	return e;
}

static bool
finds(const char *body, const char *bytes)
{
	return find_n(MEDIA, body, strlen(body)) == OK && file.size == strlen(bytes) &&
	    memcmp(body + file.offset, bytes, file.size) == 0 && file.fd == m.fd;
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

	memset(longest + 9, 'n', 255);
	ok(named("filename=\"C:\\dir\\photo.jpg\"", "photo.jpg"),
	    "a path with backslashes");
	ok(named("filename=\"../../etc/passwd\"", "passwd"), "a path with slashes");
	ok(named("filename=\"..\"", "") && named("filename=\"a/\"", "") &&
	    named("filename=\"\"", ""), "a path that names nothing");
	ok(named("filename=\"a%22b\\\"c;d.png\"", "a\"b\"c;d.png"), "quotation marks");
	ok(named("filename=\"a%20b\"", "a%20b"), "other escapes are left alone");
	ok(named("filename=\"\xc5\x8b.png\"", "\xc5\x8b.png"), "UTF-8");
	ok(named("filename=\"a%0D%0ab\"", "a__b"), "line ends");
	ok(named("filename=\"100%\"", "100%"), "a percent sign at the end");
	ok(named("filename=\"x\"; filename*=UTF-8''y", "x"),
	    "the extended name does not count");
	ok(named("filename*=UTF-8''%c5%8b%20.png", "\xc5\x8b .png") &&
	    named("filename*=utf-8'en'a%2Fb", "b"), "unless it is the only one");
	ok(named("filename*=ISO-8859-1''%e9", NULL), "not in another character set");
	ok(named("filename=\"\xff\"", NULL) && named("filename*=UTF-8''%ff", NULL),
	    "malformed UTF-8 is refused");
	ok(named("filename=\"a\x01\x7f\"", "a__"), "control characters are replaced");
	ok(named(longest, longest + 9), "the longest name");
	longest[9 + 255] = 'n';
	ok(named(longest, NULL) && strstr(m.why, "too long"), "one byte longer");
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
	ok(bad(BODY(FORM "filename=a; filename=b", "x"), "Content-Disposition") &&
	    bad(BODY(FORM "name=file; filename=a", "x"), "Content-Disposition") &&
	    bad(BODY(FORM "filename*=UTF-8''a; filename*=UTF-8''b", "x"),
	    "Content-Disposition"), "a name twice");
	ok(bad(BODY("Content-Disposition: form-data\r\n" FORM "filename=a", "x"),
	    "Content-Disposition"), "two dispositions");
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
	ok(find_n(MEDIA "; boundary=abc", BODY(FORM "filename=a", "x"), 60) == ERR_BAD,
	    "two boundaries");
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

/* 20 MB of what looks most like a delimiter, and of line ends. The window is small
 * because the address sanitizer looks at all of it with every search. */
static void
test_time(void)
{
	static const char *const worst[] = { "\r\n--xy", "\r\n--", "\r", "\r\n", "-",
		"\r\n--xyz x", "\r\n--xyz-x" };
	const size_t most = 20 << 20;
	char *body = malloc(most + 9);
	clock_t longest = 0;

	if (!body)
		return;
	window = 16 * 1024;
	for (size_t i = 0; i < sizeof(worst) / sizeof(worst[0]); i++) {
		size_t len = strlen(worst[i]), n = 9;
		clock_t began;

		memcpy(body, "--xyz\r\n\r\n", 9);
		for (; n + len <= most; n += len)
			memcpy(body + n, worst[i], len);
		memcpy(body + n, "\r\n--xyz--", 9);
		began = clock(); /* what others take does not count */
		ok(find_n(MEDIA, body, n + 9) == ERR_MISSING, "20 MB are looked through");
		began = clock() - began;
		longest = began > longest ? began : longest;
	}
	printf("# slowest: %lld ms\n", (long long)longest * 1000 / CLOCKS_PER_SEC);
	ok(longest < (clock_t)10 * CLOCKS_PER_SEC,
	    "in a time that does not grow faster than they");
	free(body);
	window = 0;
}

/* Several files and texts, as many as there may be, and one more. */
static struct multipart
read_all(const struct buf *body, size_t max, bool texts)
{
	struct multipart all = { .arena = arena, .media = MEDIA, .size = body->n,
		.fd = file_of(body->bytes, body->n), .part = "file", .max_files = max,
		.wants_texts = texts, .window = window };

	if (multipart_read(&all) == ERR_BAD && !all.why)
		abort();
	return all;
}

static void
text_part(struct buf *body, const char *name, const char *value)
{
	buf_print(body, "--xyz\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n"
	    "%s\r\n", name, value);
}

static void
test_many(void)
{
	struct buf body;
	struct multipart all;
	bool right = true;

	arena_reset(arena);
	body = buf_make(arena, 300000);
	for (int i = 0; i < 1001; i++)
		buf_print(&body, "--xyz\r\n" FORM "filename=%d\r\n\r\n%0*d\r\n", i,
		    i % 50 + 1, i);
	buf_text(&body, "--xyz--");
	all = read_all(&body, 1001, false);
	for (size_t i = 0; i < all.n_files; i++)
		right = right && all.files[i].size >= i % 50 + 1 &&
		    strtoul(body.bytes + all.files[i].offset, NULL, 10) == i &&
		    strtoul(all.files[i].name, NULL, 10) == i;
	ok(!all.why && all.n_files == 1001 && right, "a thousand files and one");
	all = read_all(&body, 1000, false);
	ok(all.why && strstr(all.why, "more than 1000 files"), "are one too many");
}

static void
test_texts(void)
{
	char big[MULTIPART_TEXT + 2] = "";
	struct buf body;
	struct multipart all;

	arena_reset(arena);
	body = buf_make(arena, 50000);
	memset(big, 'x', MULTIPART_TEXT);
	text_part(&body, "key", "a/b");
	text_part(&body, "policy", big);
	text_part(&body, "empty", "");
	buf_text(&body, "--xyz\r\n" FORM "filename=a\r\n\r\n123\r\n");
	text_part(&body, "late", "x");
	buf_text(&body, "--xyz--");
	all = read_all(&body, 1, true);
	ok(!all.why && all.n_texts == 3 && strcmp(all.texts[0].name, "key") == 0 &&
	    strcmp(all.texts[0].value, "a/b") == 0 && all.n_files == 1 &&
	    strcmp(all.texts[1].value, big) == 0 && !*all.texts[2].value &&
	    all.files[0].size == 3, "texts before the file, with the longest and an "
	    "empty one");
	all = read_all(&body, 1, false);
	ok(!all.why && all.n_texts == 0, "only if they are wanted");
	body.n = 0;
	big[MULTIPART_TEXT] = 'x';
	text_part(&body, "policy", big);
	buf_text(&body, "--xyz--");
	ok(strstr(read_all(&body, 1, true).why, "too long"), "one byte longer");
	body.n = 0;
	text_part(&body, "Key", "1");
	text_part(&body, "key", "2");
	buf_text(&body, "--xyz--");
	ok(strstr(read_all(&body, 1, true).why, "twice"), "one name twice");
	body.n = 0;
	text_part(&body, "key", "\xff");
	buf_text(&body, "--xyz--");
	ok(strstr(read_all(&body, 1, true).why, "UTF-8"), "malformed UTF-8");
	body.n = 0;
	for (int i = 0; i < 21; i++)
		text_part(&body, arena_print(arena, "n%d", i), "x");
	buf_text(&body, "--xyz--");
	ok(strstr(read_all(&body, 1, true).why, "too many parts"), "21 of them");
}

/* Headers that are within the limit one by one. */
static void
test_headers(void)
{
	struct buf body;
	char pad[4000] = "";

	arena_reset(arena);
	body = buf_make(arena, 1200000);
	memset(pad, 'x', sizeof(pad) - 1);
	for (int i = 0; i < 270; i++)
		buf_print(&body, "--xyz\r\n" FORM "filename=a\r\nX: %s\r\n\r\n\r\n",
		    pad);
	buf_text(&body, "--xyz--");
	ok(strstr(read_all(&body, 1000, false).why, "too long together"),
	    "too much in all headers");
}

/* Every edge of a window: all of the above with the smallest that there can be. */
static void
test_all(void)
{
	test_find();
	test_names();
	test_missing();
	test_bad();
	test_header_size();
	test_many();
	test_texts();
}

/* One body, whose every byte once is the first of a window. */
static void
test_edges(void)
{
	static const char body[] = "--xyz\r\n" FORM "filename=a\r\n\r\n"
	    "12\r\n--xy\r\r\n--xyz x\r\n--xyz \t\r\n" FORM
	    "filename=b\r\n\r\n\r\n--xyz--";
	int wrong = 0;

	for (window = 1; window < sizeof(body) + 2; window++) {
		struct multipart all;
		struct buf copy;

		arena_reset(arena);
		copy = buf_make(arena, sizeof(body));
		buf_text(&copy, body);
		all = read_all(&copy, 2, false);
		wrong += all.why || all.n_files != 2 || all.files[0].size != 18 ||
		    memcmp(body + all.files[0].offset, "12\r\n--xy\r\r\n--xyz x", 18) ||
		    all.files[1].size != 0;
	}
	ok(!wrong, "nothing is lost between two windows");
	window = 0;
}

/* What is read does not grow with the body: a hole of 6 GB costs none. */
static void
test_large(void)
{
	static const char head[] = "--xyz\r\n" FORM "filename=a\r\n\r\n";
	const off_t hole = (off_t)6 << 30;
	int fd = memfd_create("body", 0);
	int64_t began = clock_steady();

	arena_reset(arena);
	if (fd < 0 || write(fd, head, sizeof(head) - 1) != sizeof(head) - 1 ||
	    pwrite(fd, "\r\n--xyz--", 9, hole) != 9)
		abort();
	m = (struct multipart){ .arena = arena, .media = MEDIA, .fd = fd,
		.size = (size_t)hole + 9, .part = "file", .max_files = 1 };
	ok(multipart_read(&m) == OK && m.files[0].size == (size_t)hole -
	    (sizeof(head) - 1) && m.files[0].offset == sizeof(head) - 1,
	    "a file of 6 GB");
	ok(arena_used(arena) < 80 * 1024, "in a window of 64 KB");
	printf("# 6 GB in %lld ms\n", (long long)((clock_steady() - began) / 1000));
	m.size += 1000;
	ok(multipart_read(&m) == ERR_BROKEN, "a body that ends too early is our fault");
	(void)close(fd);
}

int
main(void)
{
	log_limit(LOG_ERROR + 1);
	arena = arena_make(8 << 20, NULL);
	test_all();
	window = 1;
	test_all();
	window = 0;
	test_edges();
	test_headers();
	test_large();
	test_time();
	arena_end(arena);
	return test_end();
}
